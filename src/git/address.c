#include "git/git_priv.h"

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* The part between "://" and the next "/". */
static struct str authority(struct str url)
{
	ssize_t at = str_find(url, S("://"));
	struct str rest = at < 0 ? STR_NONE : str_skip(url, (size_t)at + 3);
	ssize_t slash = str_chr(rest, '/');
	return slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
}

bool git_url_login(const char *url, struct buf *ret_with, struct buf *ret_without)
{
	struct str u = str_of(url), host = authority(u);
	ssize_t at = str_rchr(host, '@');
	if (at < 0 || !(str_starts(u, S("http://")) || str_starts(u, S("https://"))))
		return false;
	struct str scheme = str_sub(u, 0, (size_t)(host.p - u.p));
	buf_fmt(ret_with, "%.*s%.*s/", STR_ARG(scheme), STR_ARG(host));
	buf_fmt(ret_without, "%.*s%.*s/", STR_ARG(scheme), STR_ARG(str_skip(host, (size_t)at + 1)));
	return true;
}

void git_url_clean(const char *url, struct buf *ret)
{
	CLEANUP(buf_done) struct buf with = BUF(GIT_PATH_MAX);
	size_t start = ret->n;
	if (!git_url_login(url, &with, ret)) {
		buf_add_cstr(ret, url);
		return;
	}
	size_t n = with.n < strlen(url) ? with.n : strlen(url);
	buf_add_cstr(ret, url + n);
	if (n < with.n && ret->n > start)
		buf_cut(ret, ret->n - 1); /* "https://host" has no slash */
}

static int refuse(const char *url, const char *why, struct err *err)
{
	CLEANUP(buf_done) struct buf clean = BUF(GIT_PATH_MAX);
	git_url_clean(url, &clean);
	return err_set(err, ERR_INPUT, "git URL '%s': %s", buf_cstr(&clean), why);
}

static int check_scheme(const char *url, struct str scheme, bool accepts_local, bool *ret_is_local,
	struct err *err)
{
	static const char *const known[] = {"https", "http", "ssh", "git"};
	struct str host = authority(str_of(url));
	ssize_t at = str_rchr(host, '@');
	if (str_is(scheme, "file")) {
		*ret_is_local = true;
		return accepts_local ? 0
				     : refuse(url, "local repositories are not allowed here", err);
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(scheme, known[i])) {
			struct str name = str_skip(host, (size_t)(at + 1));
			if (!name.n || name.p[0] == '-' || host.p[0] == '-')
				return refuse(url, "it names no host", err);
			return 0;
		}
	return refuse(url, "expected https, http, ssh or git", err);
}

int git_check_url(const char *url, bool accepts_local, bool *ret_is_local, struct err *err)
{
	struct str u = str_of(url);
	*ret_is_local = false;
	if (!u.n || u.n >= GIT_PATH_MAX || has_control(u) || u.p[0] == '-')
		return refuse(url, "expected a repository", err);
	ssize_t colon = str_chr(u, ':'), slash = str_chr(u, '/');
	if (colon < 0 || (slash >= 0 && slash < colon)) {
		*ret_is_local = true;
		return accepts_local ? 0
				     : refuse(url, "local repositories are not allowed here", err);
	}
	struct str before = str_sub(u, 0, (size_t)colon), after = str_skip(u, (size_t)colon + 1);
	if (str_starts(after, S("//")))
		return check_scheme(url, before, accepts_local, ret_is_local, err);
	/* "ext::…" starts the program git-remote-ext, and so for every name (gitremote-helpers(7)). */
	if (str_starts(after, S(":")))
		return refuse(url, "remote helpers are not allowed", err);
	ssize_t at = str_rchr(before, '@');
	struct str host = str_skip(before, (size_t)(at + 1)); /* user@host:path, for ssh */
	if (!host.n || host.p[0] == '-' || before.p[0] == '-')
		return refuse(url, "it names no host", err);
	return after.n ? 0 : refuse(url, "it names no path", err);
}

static bool is_ref_char(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !strchr("~^:?*[\\", c);
}

static bool is_ref(struct str ref)
{
	struct str rest = ref, part;
	for (size_t i = 0; i < ref.n; i++)
		if (!is_ref_char(ref.p[i]))
			return false;
	while (str_cut(&rest, '/', &part))
		if (!part.n || part.p[0] == '.' || str_ends(part, S(".lock")))
			return false;
	return ref.n && ref.n < 1024 && ref.p[0] != '-' && !str_is(ref, "@") &&
		!str_has(ref, S("..")) && !str_has(ref, S("@{")) && !str_ends(ref, S("."));
}

int git_check_ref(const char *ref, struct err *err)
{
	if (!is_ref(str_of(ref)))
		return err_set(err, ERR_INPUT, "'%s' is no name of a branch, tag or commit", ref);
	return 0;
}

int git_check_rev(const char *rev, struct err *err)
{
	if (!rev[0] || rev[0] == '-' || strlen(rev) >= 1024 || has_control(str_of(rev)))
		return err_set(err, ERR_INPUT, "'%s' is no revision", rev);
	return 0;
}

bool git_is_commit_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ch_hex(s.p[i]) < 0)
			return false;
	return s.n == 40 || s.n == 64;
}
