/* Reading .git without git. What counts: gitrepository-layout(5).
 *
 *	top/.git               a folder, or a link to one, or a file "gitdir: <git_dir>"
 *	<git_dir>/HEAD         "ref: refs/heads/x", or an id, or (old) a symlink to refs/heads/x
 *	<git_dir>/commondir    of a linked work tree: where refs are (else git_dir itself)
 *	<common>/refs/heads/x  an id, or "ref: ..." again; else a line of <common>/packed-refs
 */
#include "git/git_priv.h"

#include "fs/fs.h"

#include <fcntl.h>

enum { MAX_LINKS = 5, SMALL_BYTES = 64 * 1024 };

struct dirs {
	struct buf own, common;
};

static void dirs_done(struct dirs *d)
{
	buf_done(&d->own);
	buf_done(&d->common);
}
CLEANUP_VAL(dirs_done, struct dirs);

/* The first line of dir/name. 0 and empty when there is no such file. */
static int read_line(const char *dir, const char *name, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(GIT_PATH_MAX);
	buf_fmt(&path, "%s/%s", dir, name);
	if (buf_check(&path, "path of a repository", err) < 0)
		return -1;
	struct err why = {0};
	if (fs_read_file(AT_FDCWD, buf_cstr(&path), ret, &why) < 0 && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	ssize_t newline = str_chr(buf_str(ret), '\n');
	if (newline >= 0)
		buf_cut(ret, (size_t)newline);
	buf_cut(ret, str_trim_right(buf_str(ret)).n);
	return 0;
}

/* dir/text, or text alone when it is absolute. */
static int join(const char *dir, struct str text, struct buf *ret, struct err *err)
{
	if (!str_starts(text, S("/")))
		buf_fmt(ret, "%s/", dir);
	buf_add(ret, text);
	return buf_check(ret, "path of a repository", err);
}

static bool exists(const char *dir, const char *name)
{
	CLEANUP(buf_done) struct buf path = BUF(GIT_PATH_MAX);
	struct stat st;
	buf_fmt(&path, "%s/%s", dir, name);
	return !path.is_over && lstat(buf_cstr(&path), &st) == 0;
}

static int find_own(const char *top, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(SMALL_BYTES);
	if (exists(top, ".git/HEAD"))
		return join(top, S(".git"), ret, err);
	if (!exists(top, ".git")) {
		if (exists(top, "HEAD") && exists(top, "objects") && exists(top, "refs"))
			return join(top, S("."), ret, err);
		return err_set(err, ERR_NOT_FOUND, "'%s' is not a git repository", top);
	}
	struct err why;
	if (read_line(top, ".git", &text, &why) < 0 && why.sys != EISDIR) {
		*err = why;
		return -1;
	}
	if (!str_starts(buf_str(&text), S("gitdir: ")))
		return err_set(err, ERR_NOT_FOUND, "'%s/.git' is not a git repository", top);
	return join(top, str_skip(buf_str(&text), 8), ret, err);
}

static int find_dirs(const char *top, struct dirs *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(SMALL_BYTES);
	ret->own = BUF(GIT_PATH_MAX);
	ret->common = BUF(GIT_PATH_MAX);
	if (find_own(top, &ret->own, err) < 0 ||
		read_line(buf_cstr(&ret->own), "commondir", &text, err) < 0)
		return -1;
	if (text.n)
		return join(buf_cstr(&ret->own), buf_str(&text), &ret->common, err);
	buf_add(&ret->common, buf_str(&ret->own));
	return 0;
}

int git_find(const char *dir, struct arena *a, struct str *ret_top, struct err *err)
{
	char path[PATH_MAX];
	if (!realpath(dir, path)) {
		int number = errno;
		err_sys(err, "open '%s'", dir);
		if (number == ENOENT || number == ENOTDIR)
			err->kind = ERR_NOT_FOUND;
		return -1;
	}
	for (size_t n = strlen(path);; path[n] = '\0') {
		struct str top = str_n(path, n ? n : 1); /* "/" itself is the last */
		CLEANUP(buf_done) struct buf text = BUF(SMALL_BYTES);
		struct err ignored;
		if (exists(path, ".git/HEAD") ||
			(exists(path, ".git") && read_line(path, ".git", &text, &ignored) == 0 &&
				str_starts(buf_str(&text), S("gitdir: ")))) {
			*ret_top = arena_str(a, n ? top : S("/"));
			return 0;
		}
		if (n == 0)
			return err_set(err, ERR_NOT_FOUND, "'%s' is in no git repository", dir);
		while (n && path[n - 1] != '/')
			n--;
		n -= n > 0; /* and the slash */
	}
}

/* HEAD's text, also of a HEAD that is a symlink. */
static int read_head(const struct dirs *d, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(GIT_PATH_MAX);
	char target[1024];
	buf_fmt(&path, "%s/HEAD", buf_cstr(&d->own));
	ssize_t n = readlink(buf_cstr(&path), target, sizeof(target));
	if (n <= 0)
		return read_line(buf_cstr(&d->own), "HEAD", ret, err);
	buf_fmt(ret, "ref: %.*s", (int)n, target);
	return 0;
}

static int bad_ref(const char *text, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "git repository: expected a commit or ref, got '%s'",
		text);
}

/* The text of a ref, from its file or from packed-refs; empty when it does not exist. */
static int read_ref(const struct dirs *d, const char *ref, struct buf *ret, struct err *err)
{
	/* These belong to one work tree (gitrepository-layout(5) "refs"). */
	bool is_own = str_starts(str_of(ref), S("refs/bisect/")) ||
		str_starts(str_of(ref), S("refs/worktree/")) ||
		str_starts(str_of(ref), S("refs/rewritten/"));
	struct err why = {0};
	if (read_line(buf_cstr(is_own ? &d->own : &d->common), ref, ret, &why) < 0 &&
		why.sys != EISDIR) { /* a folder: branches a/b, and a is gone */
		*err = why;
		return -1;
	}
	if (ret->n || is_own)
		return 0;
	CLEANUP(buf_done) struct buf path = BUF(GIT_PATH_MAX);
	CLEANUP(buf_done) struct buf packed = BUF(GIT_MAX_REFS_BYTES);
	buf_fmt(&path, "%s/packed-refs", buf_cstr(&d->common));
	if (fs_read_file(AT_FDCWD, buf_cstr(&path), &packed, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	buf_add(ret, git_packed_ref(buf_str(&packed), str_of(ref)));
	return 0;
}

/* git keeps refs in a database here ("reftable", since 2.45): only git can tell. */
static int ask_git(const char *top, struct arena *a, struct str *ret_sha, struct str *ret_branch,
	struct err *err)
{
	CLEANUP(buf_done) struct buf sha = BUF(SMALL_BYTES);
	CLEANUP(buf_done) struct buf ref = BUF(SMALL_BYTES);
	const char *const show[] = {"git", "rev-parse", "--verify", "--quiet", "HEAD", NULL};
	const char *const name[] = {"git", "symbolic-ref", "--quiet", "HEAD", NULL};
	int status; /* 1 = no commit yet; detached */
	if (git_read(&(struct git_read){.top = top, .argv = show, .ret_status = &status}, &sha,
		    err) < 0 ||
		git_read(&(struct git_read){.top = top, .argv = name, .ret_status = &status}, &ref,
			err) < 0)
		return -1;
	struct str branch = str_trim(buf_str(&ref));
	*ret_sha = arena_str(a, str_trim(buf_str(&sha)));
	*ret_branch = arena_str(a,
		str_starts(branch, S("refs/heads/")) ? str_skip(branch, 11) : STR_NONE);
	return 0;
}

int git_head(const char *top, struct arena *a, struct str *ret_sha, struct str *ret_branch,
	struct err *err)
{
	CLEANUP(dirs_done) struct dirs d = {0};
	CLEANUP(buf_done) struct buf text = BUF(SMALL_BYTES);
	struct str branch = STR_NONE;
	if (find_dirs(top, &d, err) < 0 || read_head(&d, &text, err) < 0)
		return -1;
	for (int i = 0; str_starts(buf_str(&text), S("ref: ")); i++) {
		CLEANUP(buf_done) struct buf ref = BUF(SMALL_BYTES);
		buf_add(&ref, str_trim(str_skip(buf_str(&text), 5)));
		if (str_is(buf_str(&ref), "refs/heads/.invalid"))
			return ask_git(top, a, ret_sha, ret_branch, err);
		if (i == MAX_LINKS || !str_starts(buf_str(&ref), S("refs/")) ||
			git_check_ref(buf_cstr(&ref), err) < 0)
			return bad_ref(buf_cstr(&ref), err);
		if (i == 0 && str_starts(buf_str(&ref), S("refs/heads/")))
			branch = arena_str(a, str_skip(buf_str(&ref), 11));
		buf_clear(&text);
		if (read_ref(&d, buf_cstr(&ref), &text, err) < 0)
			return -1;
	}
	if (text.n ? !git_is_commit_id(buf_str(&text)) : !branch.n)
		return bad_ref(buf_cstr(&text), err);
	*ret_sha = arena_str(a, buf_str(&text));
	*ret_branch = branch.p ? branch : arena_str(a, STR_NONE);
	return 0;
}

int git_default_branch(const char *top, struct arena *a, struct str *ret, struct err *err)
{
	CLEANUP(dirs_done) struct dirs d = {0};
	CLEANUP(buf_done) struct buf text = BUF(SMALL_BYTES);
	static const struct str origin = S("ref: refs/remotes/origin/");
	if (find_dirs(top, &d, err) < 0 ||
		read_line(buf_cstr(&d.common), "refs/remotes/origin/HEAD", &text, err) < 0)
		return -1;
	if (str_starts(buf_str(&text), origin)) {
		*ret = arena_str(a, str_skip(buf_str(&text), origin.n));
		return 0;
	}
	CLEANUP(buf_done) struct buf value = BUF(SMALL_BYTES);
	const char *const argv[] = {"git", "config", "--get", "init.defaultBranch", NULL};
	int status;
	if (git_read(&(struct git_read){.top = top, .argv = argv, .ret_status = &status}, &value,
		    err) < 0)
		return -1;
	struct str name = str_trim(buf_str(&value));
	*ret = arena_str(a, status == 0 && name.n ? name : S("main"));
	return 0;
}
