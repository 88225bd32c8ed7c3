#include "repo_priv.h"

#include "fs/fs.h"

static struct str without_git(struct str s)
{
	while (str_ends(s, S("/")))
		s.n--;
	return str_ends(s, S(".git")) ? str_sub(s, 0, s.n - 4) : s;
}

/* The last two names of a path, "owner/name". */
static bool last_two(struct str path, struct str *ret)
{
	path = without_git(path);
	ssize_t slash = str_rchr(path, '/');
	if (slash <= 0 || (size_t)slash + 1 == path.n)
		return false;
	ssize_t before = str_rchr(str_sub(path, 0, (size_t)slash), '/');
	*ret = str_skip(path, (size_t)(before + 1));
	return (size_t)slash > (size_t)(before + 1);
}

/* git@host:owner/name.git */
static bool parse_scp(struct str url, struct arena *a, struct str *ret_server, struct str *ret_name)
{
	ssize_t colon = str_chr(url, ':'), slash = str_chr(url, '/');
	if (colon <= 0 || (slash >= 0 && slash < colon))
		return false;
	struct str host = str_sub(url, 0, (size_t)colon);
	host = str_skip(host, (size_t)(str_chr(host, '@') + 1));
	CLEANUP(buf_done) struct buf path = BUF(4096);
	buf_add_ch(&path, '/');
	buf_add(&path, str_skip(url, (size_t)colon + 1));
	struct str name;
	if (!host.n || !last_two(arena_str(a, buf_str(&path)), &name))
		return false;
	*ret_server = arena_fmt(a, "https://%.*s", STR_ARG(host));
	*ret_name = name;
	return true;
}

bool repo_parse_url(struct str url, struct arena *a, struct str *ret_server, struct str *ret_name)
{
	static const char *const schemes[] = {"https://", "http://", "ssh://", "git://"};
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!str_starts(url, str_of(schemes[i])))
			continue;
		struct str rest = str_skip(url, strlen(schemes[i]));
		ssize_t slash = str_chr(rest, '/');
		if (slash <= 0 || !last_two(str_skip(rest, (size_t)slash), ret_name))
			return false;
		struct str host = str_sub(rest, 0, (size_t)slash);
		host = str_skip(host, (size_t)(str_rchr(host, '@') + 1));
		if (i >= 2 && str_chr(host, ':') >= 0) /* the port is not that of its pages */
			host = str_sub(host, 0, (size_t)str_chr(host, ':'));
		*ret_server =
			arena_fmt(a, "%s%.*s", i == 1 ? "http://" : "https://", STR_ARG(host));
		return host.n > 0;
	}
	if (str_starts(url, S("file:")) || str_starts(url, S("/")) || str_starts(url, S(".")))
		return false;
	return parse_scp(url, a, ret_server, ret_name);
}

struct str repo_owner(struct str name)
{
	ssize_t slash = str_chr(name, '/');
	return slash < 0 ? S("") : str_sub(name, 0, (size_t)slash);
}

struct str repo_base(struct str name)
{
	return str_skip(name, (size_t)(str_rchr(name, '/') + 1));
}

/* "local/<folder>": what is legal in names, the rest as '-'. */
static struct str made_up_name(const char *top, struct arena *a)
{
	struct str base = path_base(str_of(top));
	char *room = arena_cstr(a, base);
	for (size_t i = 0; i < base.n; i++)
		if (!ch_is_alnum(room[i]) && !strchr("._-", room[i]))
			room[i] = '-';
	return arena_fmt(a, "local/%s", str_is(base, "/") || !base.n ? "repository" : room);
}

static int look_at_git(struct repo *r, struct arena *a, struct err *err)
{
	struct str url;
	struct err why = {0};
	if (git_head(r->top, a, &r->sha, &r->branch, err) < 0)
		return -1;
	r->has_commit = r->sha.n > 0;
	if (!r->has_commit)
		r->sha = S(REPO_NO_SHA);
	if (git_default_branch(r->top, a, &r->default_branch, err) < 0)
		return -1;
	if (git_remote_url(r->top, "origin", a, &url, &why) == 0 &&
		repo_parse_url(url, a, &r->server_url, &r->name))
		r->is_local = false;
	return 0;
}

int repo_look(const char *dir, struct arena *a, struct repo *ret, struct err *err)
{
	struct err why = {0};
	struct str top;
	*ret = (struct repo){.sha = S(REPO_NO_SHA),
		.default_branch = S("main"),
		.server_url = S("https://github.com"),
		.is_local = true};
	bool is_git = git_find(dir, a, &top, &why) == 0;
	if (!is_git) {
		struct stat st;
		char path[PATH_MAX];
		if (stat(dir, &st) < 0 || !realpath(dir, path))
			return err_sys(err, "open '%s'", dir);
		top = arena_str(a, str_of(path));
	}
	ret->top = top.p;
	ret->name = made_up_name(ret->top, a);
	return is_git ? look_at_git(ret, a, err) : 0;
}
