/* actions/checkout: the commit of the run out of the repository given, or another repository.
 *
 * The commit comes from the folder the workflow was started in, not over the network; its remote is
 * still called what GitHub calls it. Credentials for git are in a file of RUNNER_TEMP that .git/config
 * includes, and are gone with the post step.
 * Source: actions/checkout README.
 */
#include "native_priv.h"

#include "base/base64.h"
#include "base/num.h"

enum { CONFIG_MAX = 1 << 20, PATH_ROOM = 4096, DEPTH_MAX = 1 << 30 };

struct checkout {
	struct step *s;
	struct str server, repository, ref, path; /* path: below the workspace, "" = itself */
	bool is_own;                              /* the repository of the run */
	struct str token;                         /* that this server may see; empty = none */
	bool persists;
	struct git_fetch fetch;
	VEC(const char *) sparse;
	struct argv env;
};

static void checkout_done(struct checkout *c)
{
	vec_done(&c->sparse);
	argv_done(&c->env);
}
CLEANUP_VAL(checkout_done, struct checkout);

/* ---- inputs ---- */

static int refuse_ssh(const struct step *s, struct err *err)
{
	if (!native_input(s, "ssh-key").n)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "input 'ssh-key' of actions/checkout is not supported");
	return err_hint(err, "use a token: 'token: ${{ secrets.NAME }}'");
}

static int read_depth(struct checkout *c, struct err *err)
{
	struct str text = native_input(c->s, "fetch-depth");
	struct err ignored;
	uint64_t n;
	bool is_number = num_parse_u64(text, 0, DEPTH_MAX, &n, &ignored) == 0;
	c->fetch.depth = is_number ? (unsigned)n : 0; /* as the action: anything else is all */
	return native_flag(c->s, "fetch-tags", &c->fetch.has_tags, err);
}

static int read_submodules(struct checkout *c, struct err *err)
{
	struct str text = native_input(c->s, "submodules");
	c->fetch.is_recursive = str_eq_nocase(text, S("recursive"));
	c->fetch.has_submodules = c->fetch.is_recursive || str_eq_nocase(text, S("true"));
	return native_flag(c->s, "lfs", &c->fetch.has_lfs, err);
}

static int read_sparse(struct checkout *c, struct err *err)
{
	struct str rest = native_input(c->s, "sparse-checkout"), line;
	struct str filter = native_input(c->s, "filter");
	while (str_line(&rest, &line))
		if (str_trim(line).n)
			vec_push(&c->sparse, arena_cstr(c->s->a, str_trim(line)));
	if (filter.n)
		c->fetch.filter = arena_cstr(c->s->a, filter);
	if (!c->sparse.n)
		return 0;
	vec_push(&c->sparse, NULL);
	c->fetch.sparse = c->sparse.p;
	return native_flag(c->s, "sparse-checkout-cone-mode", &c->fetch.sparse_is_cone, err);
}

/* A token that the run made for itself is for our own registry: no other server gets to see it. */
static struct str token_for_git(const struct step *s)
{
	struct str token = native_input(s, "token");
	return s->job->has_minted && str_eq(token, s->job->token) ? S("") : token;
}

static int read_repository(struct checkout *c, struct err *err)
{
	const struct repo_event *e = &c->s->job->run->choice->event;
	struct str server = native_input(c->s, "github-server-url");
	c->repository = native_input(c->s, "repository");
	c->server = server.n ? server : e->server_url;
	while (str_ends(c->server, S("/")))
		c->server.n--;
	c->is_own = str_eq_nocase(c->repository, e->repository) && str_eq(c->server, e->server_url);
	if (repo_owner(c->repository).n && repo_base(c->repository).n)
		return 0;
	return err_set(err, ERR_INPUT, "Invalid repository '%.*s'. Expected format {owner}/{repo}.",
		STR_ARG(c->repository));
}

static int read_path(struct checkout *c, struct err *err)
{
	CLEANUP(buf_done) struct buf clean = BUF(PATH_ROOM);
	struct str path = native_input(c->s, "path"), workspace;
	workspace = str_of(c->s->job->place.workspace);
	path_clean(&clean, str_starts(path, S("/")) ? S("/") : workspace, path);
	struct str all = buf_str(&clean);
	bool is_below =
		str_starts(all, workspace) && (all.n == workspace.n || all.p[workspace.n] == '/');
	if (clean.is_over || !is_below || str_chr(path, '\0') >= 0)
		return err_set(err, ERR_INPUT, "Repository path '%.*s' is not under '%s'",
			STR_ARG(all), workspace.p);
	c->path = arena_str(c->s->a, str_skip(all, workspace.n + (all.n > workspace.n)));
	return 0;
}

static int read_inputs(struct checkout *c, struct err *err)
{
	if (refuse_ssh(c->s, err) < 0 || read_repository(c, err) < 0 || read_path(c, err) < 0 ||
		native_flag(c->s, "clean", &c->fetch.is_clean, err) < 0 ||
		native_flag(c->s, "persist-credentials", &c->persists, err) < 0 ||
		read_depth(c, err) < 0 || read_submodules(c, err) < 0 || read_sparse(c, err) < 0)
		return -1;
	c->ref = native_input(c->s, "ref");
	c->token = token_for_git(c->s);
	return 0;
}

/* ---- where from ---- */

static void warn_if_dirty(struct checkout *c)
{
	bool is_dirty = false;
	struct err ignored; /* who cannot be asked is not warned */
	if (git_is_dirty(c->s->job->run->repo->top, &is_dirty, &ignored) == 0 && is_dirty)
		step_notef(c->s, EVENT_WARNING,
			"changes that are not committed are left out: the workspace has the files of "
			"commit %.7s",
			c->s->job->run->choice->event.sha.p);
}

/* The ref of the run when it still leads to the run's commit, so that the workspace is on a branch;
 * else the commit. */
static struct str own_ref(const struct checkout *c)
{
	const struct run *r = c->s->job->run;
	const struct repo_event *e = &r->choice->event;
	struct git_commit there;
	struct err ignored;
	bool is_there = git_show_commit(r->repo->top, arena_cstr(c->s->a, e->ref), c->s->a, &there,
				&ignored) == 0;
	return is_there && str_eq(there.sha, e->sha) ? e->ref : e->sha;
}

static int choose_own(struct checkout *c, struct err *err)
{
	const struct repo *r = c->s->job->run->repo;
	if (!r->has_commit) {
		err_set(err, ERR_NOT_FOUND, "there is no commit to check out in '%s'", r->top);
		return err_hint(err, "git add -A && git commit");
	}
	c->fetch.url = r->top;
	c->fetch.accepts_local = true;
	if (!c->ref.n) {
		c->ref = own_ref(c);
		warn_if_dirty(c);
	}
	return 0;
}

/* "AUTHORIZATION: basic …" as GitHub wants it. */
static struct str authorization(struct checkout *c)
{
	CLEANUP(buf_done) struct buf plain = BUF(RUNNER_MAX_SECRET + 64);
	CLEANUP(buf_done) struct buf text = BUF(2 * RUNNER_MAX_SECRET + 256);
	struct err ignored; /* too many secrets: what is told was masked as far as it goes */
	buf_fmt(&plain, "x-access-token:");
	buf_add(&plain, c->token);
	buf_add(&text, S("AUTHORIZATION: basic "));
	base64_add(&text, buf_str(&plain));
	(void)masker_add(c->s->job->run->masker, str_skip(buf_str(&text), 21), &ignored);
	return arena_str(c->s->a, buf_str(&text));
}

static void choose_other(struct checkout *c)
{
	c->fetch.url =
		arena_fmt(c->s->a, "%.*s/%.*s.git", STR_ARG(c->server), STR_ARG(c->repository)).p;
	if (!c->token.n)
		return;
	struct str key = arena_fmt(c->s->a, "http.%.*s/.extraheader", STR_ARG(c->server));
	argv_set(&c->env, S("GIT_CONFIG_COUNT"), S("1"));
	argv_set(&c->env, S("GIT_CONFIG_KEY_0"), key);
	argv_set(&c->env, S("GIT_CONFIG_VALUE_0"), authorization(c));
	c->fetch.env = argv_list(&c->env);
}

/* The folder without links, so that git writes nowhere else. */
static int make_folder(struct checkout *c, struct err *err)
{
	int workspace_fd = c->s->job->place.workspace_fd;
	const char *path = c->path.n ? arena_cstr(c->s->a, c->path) : ".";
	CLEANUP(fd_close) int fd = -1;
	char link[64], real[PATH_ROOM];
	if (fs_mkdirs_in(workspace_fd, path, 0755, err) < 0 ||
		fs_open_in(workspace_fd, path, O_PATH | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, real, sizeof(real));
	if (n <= 0 || (size_t)n == sizeof(real))
		return err_sys(err, "open '%s'", path);
	c->fetch.into = arena_cstr(c->s->a, str_n(real, (size_t)n));
	return 0;
}

static int hear(void *ctx, int stream, struct str text, struct err *err)
{
	struct step *s = ctx;
	event_output(s->job->run->events, s->node, stream, text);
	return 0;
}

/* ---- .git/config ---- */

/* The remote as GitHub calls it, and where credentials are. */
static void rewrite(const struct checkout *c, struct str config, const char *credentials,
	struct buf *ret)
{
	struct str line;
	while (str_line(&config, &line)) {
		if (c->is_own && str_starts(str_trim(line), S("url = ")))
			buf_fmt(ret, "\turl = %.*s/%.*s\n", STR_ARG(c->server),
				STR_ARG(c->repository));
		else
			buf_fmt(ret, "%.*s\n", STR_ARG(line));
	}
	if (credentials)
		buf_fmt(ret, "[includeIf \"gitdir:%s/.git\"]\n\tpath = %s\n", c->fetch.into,
			credentials);
}

static int write_credentials(struct checkout *c, const char *name, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * RUNNER_MAX_SECRET);
	buf_fmt(&b, "[http \"%.*s/\"]\n\textraheader = \"", STR_ARG(c->server));
	buf_add(&b, authorization(c));
	buf_add(&b, S("\"\n"));
	if (buf_check(&b, "credentials of git", err) < 0)
		return -1;
	return fs_write_file(c->s->job->place.temp_fd, name, buf_str(&b), 0600, FS_NO_SYNC, err);
}

static int write_config(struct checkout *c, const char *credentials, struct err *err)
{
	CLEANUP(buf_done) struct buf old = BUF(CONFIG_MAX);
	CLEANUP(buf_done) struct buf new = BUF(2 * CONFIG_MAX);
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(AT_FDCWD, c->fetch.into, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0 ||
		fs_read_file_in(fd, ".git/config", &old, err) < 0)
		return -1;
	rewrite(c, buf_str(&old), credentials, &new);
	if (buf_check(&new, ".git/config", err) < 0)
		return -1;
	return fs_write_file(fd, ".git/config", buf_str(&new), 0644, FS_NO_SYNC, err);
}

static int forget_credentials(struct step *s, struct post *p, struct err *err)
{
	const char *name = p->data;
	if (unlinkat(s->job->place.temp_fd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove '%s'", name);
	return 0;
}

/* ---- all ---- */

static int keep_credentials(struct checkout *c, const char **ret_path, struct err *err)
{
	struct step *s = c->s;
	*ret_path = NULL;
	if (!c->persists || !c->token.n)
		return 0;
	struct str name = arena_fmt(s->a, "git-credentials-%u.config", ++s->job->n_exports);
	if (write_credentials(c, name.p, err) < 0)
		return -1;
	step_add_post(s,
		&(struct post){.name = arena_fmt(s->a, "Post %.*s", STR_ARG(s->name)),
			.run = forget_credentials,
			.data = name.p});
	*ret_path = arena_fmt(s->a, "%s/%s", s->job->place.temp, name.p).p;
	return 0;
}

static int check_out(struct checkout *c, struct err *err)
{
	struct git_commit commit;
	const char *credentials;
	c->fetch.ref = c->ref.n ? arena_cstr(c->s->a, c->ref) : NULL;
	c->fetch.keeps_git_dir = true;
	c->fetch.cancel = &c->s->active.stop;
	c->fetch.on_output = hear;
	c->fetch.ctx = c->s;
	if (make_folder(c, err) < 0)
		return -1;
	if (git_fetch(&c->fetch, c->s->a, &commit, err) < 0)
		return err_wrap(err, "checkout of '%.*s'", STR_ARG(c->repository));
	if (keep_credentials(c, &credentials, err) < 0 || write_config(c, credentials, err) < 0)
		return -1;
	step_printf(c->s, "%.*s %.*s\n", STR_ARG(c->ref), STR_ARG(commit.sha));
	step_set_output(c->s, S("ref"), c->ref);
	step_set_output(c->s, S("commit"), commit.sha);
	return 0;
}

static int run(struct step *s, struct err *err)
{
	CLEANUP(checkout_done) struct checkout c = {.s = s};
	if (read_inputs(&c, err) < 0)
		return -1;
	if (native_is_dry(s)) {
		step_set_output(s, S("ref"), c.ref.n ? c.ref : s->job->run->choice->event.ref);
		step_set_output(s, S("commit"), s->job->run->choice->event.sha);
		return 0;
	}
	if (c.is_own && choose_own(&c, err) < 0)
		return -1;
	if (!c.is_own)
		choose_other(&c);
	return check_out(&c, err);
}

static const struct native_input inputs[] = {{"repository", "@repository"}, {"ref"},
	{"token", "@token"}, {"ssh-key"}, {"ssh-known-hosts"}, {"ssh-strict", "true"},
	{"ssh-user", "git"}, {"persist-credentials", "true"}, {"path"}, {"clean", "true"},
	{"filter"}, {"sparse-checkout"}, {"sparse-checkout-cone-mode", "true"},
	{"fetch-depth", "1"}, {"fetch-tags", "false"}, {"show-progress", "true"}, {"lfs", "false"},
	{"submodules", "false"}, {"set-safe-directory", "true"}, {"github-server-url"},
	{"allow-unsafe-pr-checkout", "false"}, {NULL}};

const struct native native_checkout = {"actions/checkout", inputs, run};
