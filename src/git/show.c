#include "git/git_priv.h"

#include "base/num.h"
#include "base/vec.h"

enum { COMMIT_BYTES = 16 << 20, PATHS_BYTES = 256 << 20, VALUE_BYTES = 64 * 1024 };

/* "<id> commit <size>\n<commit>\n", or "<what was asked> missing". */
static int parse_answer(const char *rev, struct str answer, struct arena *a, struct git_commit *ret,
	struct err *err)
{
	struct str line = STR_NONE, id = STR_NONE, type = STR_NONE, size = STR_NONE;
	struct str rest = answer;
	uint64_t n;
	struct git_commit c = {0};
	(void)str_cut(&rest, '\n', &line); /* an answer without one has no words either */
	struct str words = line;
	bool is_commit = str_word(&words, &id) && str_word(&words, &type) &&
		str_word(&words, &size) && str_is(type, "commit") && git_is_commit_id(id);
	if (!is_commit)
		return err_set(err, ERR_NOT_FOUND, "git revision '%s' not found", rev);
	if (num_parse_u64(size, 0, rest.n, &n, err) < 0)
		return -1;
	c.sha = arena_str(a, id);
	if (git_parse_commit(str_sub(rest, 0, n), a, &c, err) < 0)
		return -1;
	*ret = c;
	return 0;
}

int git_show_commit(const char *top, const char *rev, struct arena *a, struct git_commit *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf ask = BUF(2048);
	CLEANUP(buf_done) struct buf answer = BUF(COMMIT_BYTES);
	/* The revision goes through stdin: there it can be nothing else. */
	const char *const argv[] = {"git", "cat-file", "--batch", NULL};
	if (git_check_rev(rev, err) < 0)
		return -1;
	buf_fmt(&ask, "%s^{commit}\n", rev);
	struct git_read r = {.top = top, .argv = argv, .stdin_text = buf_str(&ask)};
	if (git_read(&r, &answer, err) < 0)
		return -1;
	return parse_answer(rev, buf_str(&answer), a, ret, err);
}

int git_is_dirty(const char *top, bool *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(PATHS_BYTES);
	const char *const argv[] = {
		"git", "status", "--porcelain", "-z", "--untracked-files=normal", NULL};
	if (git_read(&(struct git_read){.top = top, .argv = argv, .runs_config = true}, &out, err) <
		0)
		return -1;
	*ret = out.n > 0;
	return 0;
}

int git_remote_url(const char *top, const char *remote, struct arena *a, struct str *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf key = BUF(2048);
	CLEANUP(buf_done) struct buf value = BUF(VALUE_BYTES);
	CLEANUP(buf_done) struct buf url = BUF(VALUE_BYTES);
	int status;
	if (git_check_ref(remote, err) < 0)
		return -1;
	buf_fmt(&key, "remote.%s.url", remote);
	const char *const argv[] = {"git", "config", "--get", buf_cstr(&key), NULL};
	struct git_read r = {.top = top, .argv = argv, .ret_status = &status};
	if (git_read(&r, &value, err) < 0)
		return -1;
	buf_cut(&value, str_trim_right(buf_str(&value)).n);
	if (status || !value.n)
		return err_set(err, ERR_NOT_FOUND, "'%s' has no git remote '%s'", top, remote);
	git_url_clean(buf_cstr(&value), &url);
	*ret = arena_str(a, buf_str(&url));
	return 0;
}

static bool is_zeros(const char *s)
{
	return *s && s[strspn(s, "0")] == '\0';
}

/* NUL-terminated paths, one behind the other. */
static void split_paths(struct str text, struct arena *a, struct str **ret, size_t *ret_n)
{
	size_t n = 0, i = 0;
	for (const char *p = text.p; (p = memchr(p, '\0', (size_t)(text.p + text.n - p))); p++)
		n++;
	struct str *paths = ARENA_ARRAY(a, struct str, n), rest = text, path;
	while (i < n && str_cut(&rest, '\0', &path))
		paths[i++] = arena_str(a, path);
	*ret = paths;
	*ret_n = n;
}

int git_changed_paths(const char *top, const char *before, const char *after, struct arena *a,
	struct str **ret, size_t *ret_n, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(PATHS_BYTES);
	struct git_commit from = {0}, to;
	if (git_show_commit(top, after, a, &to, err) < 0 ||
		(!is_zeros(before) && git_show_commit(top, before, a, &from, err) < 0))
		return -1;
	const char *const all[] = {
		"git", "ls-tree", "-r", "-z", "--name-only", "--full-tree", to.sha.p, NULL};
	const char *const changed[] = {"git", "diff-tree", "-r", "-z", "--name-only",
		"--no-renames", "--no-ext-diff", is_zeros(before) ? "" : from.sha.p, to.sha.p,
		NULL};
	struct git_read r = {.top = top, .argv = is_zeros(before) ? all : changed};
	if (git_read(&r, &out, err) < 0)
		return -1;
	split_paths(buf_str(&out), a, ret, ret_n);
	return 0;
}
