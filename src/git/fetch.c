/* A checkout, step by step; each is one git.
 *
 *	tidy       nothing in an old .git may run or lead elsewhere
 *	ls-remote  what the name is: branch, tag, other ref; and the kind of ids    (not for an id)
 *	init       again for an old one: its configuration is new then
 *	clean, reset                                                     when asked
 *	fetch      only what is needed
 *	sparse-checkout, checkout, submodule update
 *	remove .git                                                      unless it is kept
 *
 * git is told where .git is, so that it never finds the repository of a folder above.
 */
#include "git/git_priv.h"

#include "fs/fs.h"

#include <fcntl.h>

enum { LIST_BYTES = 16 << 20 };

struct fetch {
	const struct git_fetch *f;
	int dir_fd;
	bool is_local;
	struct buf url;       /* without password; a path is absolute */
	struct argv env;      /* for init and ls-remote */
	struct argv repo_env; /* and where the repository is */
	struct argv submodule_env;
	/* What to get and what to check out. */
	struct buf spec, rev;
	struct buf branch; /* "" = detached */
	bool is_commit, is_sha256, is_old;
};

static void fetch_done(struct fetch *x)
{
	fd_close(x->dir_fd);
	buf_done(&x->url);
	buf_done(&x->spec);
	buf_done(&x->rev);
	buf_done(&x->branch);
	argv_done(&x->env);
	argv_done(&x->repo_env);
	argv_done(&x->submodule_env);
}
CLEANUP_VAL(fetch_done, struct fetch);

/* ---- running ---- */

struct heard {
	const struct git_fetch *f;
	struct buf *out; /* NULL = stdout is for people, too */
	struct proc_tail tail;
};

static int hear(void *ctx, int stream, struct str text, struct err *err)
{
	struct heard *h = ctx;
	if (stream == 1 && h->out) {
		buf_add(h->out, text);
		return buf_check(h->out, "git's answer", err);
	}
	proc_tail_add(&h->tail, text);
	return h->f->on_output ? h->f->on_output(h->f->ctx, stream, text, err) : 0;
}

struct step {
	const struct argv *argv;
	const struct argv *env;
	struct str stdin_text;
	bool is_elsewhere; /* not in the checkout's folder */
	struct buf *out;
};

static int run_step(struct fetch *x, const struct step *s, struct err *err)
{
	struct heard heard = {.f = x->f, .out = s->out};
	struct proc_end end;
	struct proc_run r = {.spec = {.argv = argv_list(s->argv),
				     .env = argv_list(s->env),
				     .cwd_fd = s->is_elsewhere ? -1 : x->dir_fd,
				     .cwd = "/",
				     .has_own_session = true, /* git's helpers end with it */
				     .has_usual_umask = true},
		.stdin_text = s->stdin_text,
		.on_output = hear,
		.ctx = &heard,
		.cancel = x->f->cancel};
	if (proc_run(&r, &end, err) < 0)
		return -1;
	return end.status ? git_failed(argv_list(s->argv), &end, &heard.tail, err) : 0;
}

/* "git" and the words up to NULL. */
static void add_words(struct argv *a, const char *const *words)
{
	for (; *words; words++)
		argv_add(a, *words);
}
#define ADD(a, ...) add_words(a, (const char *const[]){__VA_ARGS__, NULL})

static int run_words(struct fetch *x, const struct argv *env, const char *const *words,
	struct err *err)
{
	CLEANUP(argv_done) struct argv a = {0};
	add_words(&a, words);
	return run_step(x, &(struct step){.argv = &a, .env = env}, err);
}
#define RUN(x, env, err, ...)                                                                      \
	run_words(x, env, (const char *const[]){"git", __VA_ARGS__, NULL}, err)

/* ---- environment ---- */

static void add_given(struct argv *env, const char *const *given)
{
	for (; given && *given; given++) {
		struct str value = str_of(*given), name;
		if (str_cut(&value, '=', &name) && name.n && value.p)
			argv_set(env, name, value);
	}
}

static void make_env(struct fetch *x, struct argv *env, bool has_dir, bool accepts_local)
{
	CLEANUP(buf_done) struct buf with = BUF(GIT_PATH_MAX);
	CLEANUP(buf_done) struct buf without = BUF(GIT_PATH_MAX);
	CLEANUP(buf_done) struct buf key = BUF(2 * GIT_PATH_MAX);
	argv_set(env, S("GIT_CONFIG_GLOBAL"), S("/dev/null"));
	git_add_env(env);
	add_given(env, x->f->env);
	argv_set(env, S("GIT_CONFIG_NOSYSTEM"), S("1"));
	argv_set(env, S("GIT_ALLOW_PROTOCOL"),
		accepts_local ? S("https:http:ssh:git:file") : S("https:http:ssh:git"));
	git_add_config(env, "safe.directory", "*"); /* git_tidy has seen to it */
	git_add_config(env, "core.hooksPath", "/dev/null");
	git_add_config(env, "core.fsmonitor", "false");
	git_add_config(env, "init.defaultBranch", "main");
	git_add_config(env, "advice.detachedHead", "false");
	git_add_config(env, "gc.auto", "0");
	git_add_config(env, "maintenance.auto", "false");
	git_add_config(env, "http.lowSpeedLimit", "1");
	git_add_config(env, "http.lowSpeedTime", "120");
	if (git_url_login(x->f->url, &with, &without)) {
		buf_fmt(&key, "url.%s.insteadOf", buf_cstr(&with));
		git_add_config(env, buf_cstr(&key), buf_cstr(&without));
	}
	if (has_dir) {
		argv_set(env, S("GIT_DIR"), S(".git"));
		argv_set(env, S("GIT_WORK_TREE"), S("."));
	}
}

/* ---- what to fetch ---- */

/* A repository of another user is believed: git upload-pack runs nothing that it names. */
#define OTHERS_UPLOAD_PACK "--upload-pack=git -c 'safe.directory=*' upload-pack"

static void want_commit(struct fetch *x, struct str id)
{
	buf_add(&x->spec, id);
	buf_add(&x->rev, id);
	x->is_commit = true;
	x->is_sha256 = id.n == 64;
}

/* Where a ref of the other side is kept here, and how it is checked out. */
static void want_ref(struct fetch *x, struct str ref)
{
	if (str_starts(ref, S("refs/heads/"))) {
		buf_add(&x->branch, str_skip(ref, 11));
		buf_fmt(&x->rev, "refs/remotes/origin/%s", buf_cstr(&x->branch));
	} else if (str_starts(ref, S("refs/pull/"))) {
		buf_fmt(&x->rev, "refs/remotes/%.*s", STR_ARG(str_skip(ref, 5)));
	} else {
		buf_add(&x->rev, ref);
	}
	buf_fmt(&x->spec, "+%.*s:%s", STR_ARG(ref), buf_cstr(&x->rev));
}

/* Which of a name's meanings the other side has: a branch before a tag. */
static struct str choose_ref(struct str list, const char *name, bool *ret_is_sha256,
	struct str *ret_id)
{
	static const char *const kinds[] = {"refs/heads/", "refs/tags/", ""};
	struct str line, best = STR_NONE;
	size_t best_kind = ARRAY_LEN(kinds);
	while (str_line(&list, &line)) {
		struct git_remote_ref r;
		if (!git_parse_remote_ref(line, &r))
			continue;
		if (!name && str_is(r.ref, "HEAD") && str_starts(r.target, S("refs/heads/")))
			best = r.target;
		if (r.id.n && !name && str_is(r.ref, "HEAD"))
			*ret_id = r.id;
		*ret_is_sha256 = *ret_is_sha256 || r.id.n == 64;
		for (size_t k = 0; name && r.id.n && k < best_kind; k++) {
			struct str kind = str_of(kinds[k]);
			bool is_full = kind.n || str_starts(r.ref, S("refs/"));
			if (is_full && str_starts(r.ref, kind) &&
				str_is(str_skip(r.ref, kind.n), name)) {
				best = r.ref;
				best_kind = k;
			}
		}
	}
	return best;
}

static int find_ref(struct fetch *x, struct err *err)
{
	CLEANUP(buf_done) struct buf list = BUF(LIST_BYTES);
	CLEANUP(argv_done) struct argv a = {0};
	const char *name = x->f->ref;
	ADD(&a, "git", "ls-remote", "--symref");
	if (x->is_local)
		argv_add(&a, OTHERS_UPLOAD_PACK);
	ADD(&a, "--", buf_cstr(&x->url), name ? name : "HEAD");
	struct step s = {.argv = &a, .env = &x->env, .is_elsewhere = true, .out = &list};
	if (run_step(x, &s, err) < 0)
		return -1;
	struct str id = STR_NONE;
	struct str ref = choose_ref(buf_str(&list), name, &x->is_sha256, &id);
	if (ref.n) {
		struct err bad; /* what the other side calls a ref goes into a command line */
		CLEANUP(buf_done) struct buf text = BUF(GIT_PATH_MAX);
		buf_add(&text, ref);
		if (git_check_ref(buf_cstr(&text), &bad) == 0) {
			want_ref(x, ref);
			return 0;
		}
	}
	if (!name && id.n) {
		want_commit(x, id); /* its HEAD is detached */
		return 0;
	}
	if (!name)
		return err_set(err, ERR_NOT_FOUND, "git repository '%s' has no default branch",
			buf_cstr(&x->url));
	return err_set(err, ERR_NOT_FOUND, "git repository '%s' has no branch or tag '%s'",
		buf_cstr(&x->url), name);
}

/* ---- the steps ---- */

static int init(struct fetch *x, struct err *err)
{
	if (RUN(x, &x->env, err, "init", "--quiet", "--template=",
		    x->is_sha256 ? "--object-format=sha256" : "--object-format=sha1") < 0)
		return -1;
	return RUN(x, &x->repo_env, err, "remote", "add", "--", "origin", buf_cstr(&x->url));
}

/* git-lfs writes its filters into the configuration of this repository alone, and no hooks. */
static int use_lfs(struct fetch *x, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(GIT_PATH_MAX);
	if (proc_find("git-lfs", argv_value(&x->env, S("PATH")), &path, err) < 0)
		return err_hint(err, "install git-lfs, or do without: lfs: false");
	return RUN(x, &x->repo_env, err, "lfs", "install", "--local", "--skip-repo");
}

static int clean(struct fetch *x, struct err *err)
{
	if (RUN(x, &x->repo_env, err, "clean", "-ffdxq") < 0)
		return -1;
	return RUN(x, &x->repo_env, err, "reset", "--quiet", "--hard");
}

static int fetch(struct fetch *x, unsigned depth, struct err *err)
{
	CLEANUP(argv_done) struct argv a = {0};
	struct stat st;
	ADD(&a, "git", "fetch", "--force", "--prune", "--no-recurse-submodules", "--no-tags");
	if (x->is_local)
		argv_add(&a, OTHERS_UPLOAD_PACK);
	if (depth)
		argv_fmt(&a, "--depth=%u", depth);
	else if (fstatat(x->dir_fd, ".git/shallow", &st, AT_SYMLINK_NOFOLLOW) == 0)
		argv_add(&a, "--unshallow");
	if (x->f->filter)
		argv_fmt(&a, "--filter=%s", x->f->filter);
	ADD(&a, "--", "origin");
	if (!depth)
		argv_add(&a, "+refs/heads/*:refs/remotes/origin/*");
	if (!depth || x->f->has_tags)
		argv_add(&a, "+refs/tags/*:refs/tags/*");
	bool is_there = !depth && (x->branch.n || str_starts(buf_str(&x->rev), S("refs/tags/")));
	if (!is_there)
		argv_add_str(&a, buf_str(&x->spec));
	return run_step(x, &(struct step){.argv = &a, .env = &x->repo_env}, err);
}

/* Not every server gives out a commit by its id (uploadpack.allowReachableSHA1InWant): what it does
 * give out is all branches and tags, with the commit in one of them or not. */
static int fetch_commit(struct fetch *x, struct err *err)
{
	if (fetch(x, x->f->depth, err) == 0)
		return 0;
	if (err->kind != ERR_FAILED)
		return -1;
	struct err first = *err;
	buf_clear(&x->spec);
	buf_add(&x->spec, S("HEAD"));
	if (fetch(x, 0, err) < 0)
		return -1;
	if (RUN(x, &x->repo_env, err, "cat-file", "-e", buf_cstr(&x->rev)) == 0)
		return 0;
	*err = first;
	err->kind = ERR_NOT_FOUND;
	return err_wrap(err, "git repository '%s' has no commit '%s'", buf_cstr(&x->url),
		buf_cstr(&x->rev));
}

static int choose_files(struct fetch *x, struct err *err)
{
	CLEANUP(argv_done) struct argv a = {0};
	CLEANUP(buf_done) struct buf patterns = BUF(1 << 20);
	if (!x->f->sparse)
		return 0;
	for (const char *const *p = x->f->sparse; *p; p++)
		buf_fmt(&patterns, "%s\n", *p);
	if (buf_check(&patterns, "sparse checkout", err) < 0)
		return -1;
	ADD(&a, "git", "sparse-checkout", "set", x->f->sparse_is_cone ? "--cone" : "--no-cone",
		"--stdin");
	struct step s = {.argv = &a, .env = &x->repo_env, .stdin_text = buf_str(&patterns)};
	return run_step(x, &s, err);
}

static int check_out(struct fetch *x, struct err *err)
{
	if (x->branch.n)
		return RUN(x, &x->repo_env, err, "checkout", "--quiet", "--force", "-B",
			buf_cstr(&x->branch), buf_cstr(&x->rev), "--");
	return RUN(x, &x->repo_env, err, "checkout", "--quiet", "--force", "--detach",
		buf_cstr(&x->rev), "--");
}

static int get_submodules(struct fetch *x, struct err *err)
{
	CLEANUP(argv_done) struct argv a = {0};
	ADD(&a, "git", "submodule", "--quiet", "update", "--init", "--force");
	if (x->f->depth)
		argv_fmt(&a, "--depth=%u", x->f->depth);
	if (x->f->is_recursive)
		argv_add(&a, "--recursive");
	return run_step(x, &(struct step){.argv = &a, .env = &x->submodule_env}, err);
}

static int run_steps(struct fetch *x, struct err *err)
{
	int old = git_tidy(x->dir_fd, err);
	if (old < 0)
		return -1;
	x->is_old = old > 0;
	if (!x->is_commit && find_ref(x, err) < 0)
		return -1;
	if (x->is_sha256 && x->is_old) { /* never mixed: see needs_its_config */
		x->is_old = false;
		if (fs_remove_tree(x->dir_fd, ".git", err) < 0)
			return -1;
	}
	if (init(x, err) < 0 || (x->f->is_clean && x->is_old && clean(x, err) < 0))
		return -1;
	if (x->f->has_lfs && use_lfs(x, err) < 0)
		return -1;
	if (x->is_commit ? fetch_commit(x, err) < 0 : fetch(x, x->f->depth, err) < 0)
		return -1;
	if (choose_files(x, err) < 0 || check_out(x, err) < 0)
		return -1;
	return x->f->has_submodules ? get_submodules(x, err) : 0;
}

/* ---- beginning and end ---- */

static bool has_line_or_dash(const char *s)
{
	return s[0] == '-' || strchr(s, '\n') || strchr(s, '\r');
}

static int check_words(const struct git_fetch *f, bool *ret_is_local, struct err *err)
{
	if (git_check_url(f->url, f->accepts_local, ret_is_local, err) < 0 ||
		(f->ref && git_check_ref(f->ref, err) < 0))
		return -1;
	if (f->filter && (has_line_or_dash(f->filter) || !f->filter[0]))
		return err_set(err, ERR_INPUT, "'%s' is no filter for git", f->filter);
	for (const char *const *p = f->sparse; p && *p; p++)
		if (strchr(*p, '\n') || strchr(*p, '\r'))
			return err_set(err, ERR_INPUT, "a sparse checkout pattern has two lines");
	return 0;
}

static int set_url(struct fetch *x, struct err *err)
{
	char path[PATH_MAX];
	bool is_path = x->is_local && !str_starts(str_of(x->f->url), S("file:"));
	if (is_path && !realpath(x->f->url, path)) {
		err_sys(err, "open git repository '%s'", x->f->url);
		err->kind = ERR_NOT_FOUND;
		return -1;
	}
	git_url_clean(is_path ? path : x->f->url, &x->url);
	return buf_check(&x->url, "git URL", err);
}

int git_fetch(const struct git_fetch *f, struct arena *a, struct git_commit *ret, struct err *err)
{
	CLEANUP(fetch_done)
	struct fetch x = {.f = f,
		.dir_fd = -1,
		.url = BUF(GIT_PATH_MAX),
		.spec = BUF(2 * GIT_PATH_MAX),
		.rev = BUF(GIT_PATH_MAX),
		.branch = BUF(GIT_PATH_MAX)};
	if (check_words(f, &x.is_local, err) < 0 || set_url(&x, err) < 0)
		return -1;
	make_env(&x, &x.env, false, f->accepts_local);
	make_env(&x, &x.repo_env, true, f->accepts_local);
	make_env(&x, &x.submodule_env, false, f->accepts_local_submodules);
	if (f->ref && git_is_commit_id(str_of(f->ref)))
		want_commit(&x, str_of(f->ref));
	if (fs_mkdirs(AT_FDCWD, f->into, 0755, err) < 0 ||
		fs_open(AT_FDCWD, f->into, O_RDONLY | O_DIRECTORY, 0, &x.dir_fd, err) < 0)
		return -1;
	if (run_steps(&x, err) < 0 || git_show_commit(f->into, "HEAD", a, ret, err) < 0)
		return -1;
	return f->keeps_git_dir ? 0 : git_remove_dirs(x.dir_fd, err);
}
