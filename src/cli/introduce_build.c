/* "build" for a job: what its words mean in the workspace, and with the environment of the step. */
#include "cli/introduce.h"

#include "base/num.h"
#include "cli/build_flags.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>

enum { CHECK_MAX = 16 * 1024 * 1024 };

struct job_build {
	const struct runner_command *c;
	struct arena *a;
	struct build_flags flags;
	struct build_spec spec;
	struct remote *remote;
	VEC(int) secret_fds;
};

static void job_build_done(struct job_build *b)
{
	VEC_EACH(&b->secret_fds, fd)
		fd_close(*fd);
	vec_done(&b->secret_fds);
	remote_free(b->remote);
	build_flags_done(&b->flags);
}
CLEANUP_VAL(job_build_done, struct job_build);

/* ---- paths ---- */

static int path_of_fd(int fd, struct arena *a, const char **ret, struct err *err)
{
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path));
	if (n <= 0 || (size_t)n == sizeof(path))
		return err_sys(err, "read '%s'", link);
	*ret = arena_cstr(a, str_n(path, (size_t)n));
	return 0;
}

static bool is_granted(const struct runner_command *c, const char *path)
{
	char name[64];
	for (const int *fd = c->granted_fds; fd && *fd > 0; fd++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", *fd);
		if (strcmp(path, name) == 0)
			return true;
	}
	return false;
}

/* Where it really is, links resolved inside the job's folders. */
static int resolve(struct job_build *b, const char *path, const char **ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (is_granted(b->c, path)) {
		*ret = path;
		return 0;
	}
	if (runner_open_in(b->c, path, O_PATH, &fd, err) < 0)
		return -1;
	return path_of_fd(fd, b->a, ret, err);
}

/* The same for what is going to be made. */
static int resolve_new(struct job_build *b, const char *path, const char **ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	const char *name, *folder;
	struct stat st;
	if (runner_parent_in(b->c, path, b->a, &fd, &name, err) < 0 ||
		path_of_fd(fd, b->a, &folder, err) < 0)
		return -1;
	/* It would be followed as the host sees it. */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return err_set(err, ERR_INPUT, "'%s' is a symlink", path);
	*ret = arena_fmt(b->a, "%s/%s", folder, name).p;
	return 0;
}

/* A folder that is there already may be named by a symlink: as the job sees it. */
static int resolve_folder(struct job_build *b, const char *path, const char **ret, struct err *err)
{
	struct err missing = {0};
	if (resolve(b, path, ret, &missing) == 0)
		return 0;
	if (missing.kind == ERR_NOT_FOUND)
		return resolve_new(b, path, ret, err);
	*err = missing;
	return -1;
}

static bool is_elsewhere(const char *context)
{
	struct str s = str_of(context);
	return str_has(s, S("://")) || str_starts(s, S("git@"));
}

static int resolve_contexts(struct job_build *b, struct err *err)
{
	struct build_spec *s = &b->spec;
	struct build_context *list = ARENA_ARRAY(b->a, struct build_context, s->n_contexts + 1);
	if ((s->file && strcmp(s->file, "-") == 0) || strcmp(s->context, "-") == 0)
		return err_set(err, ERR_UNSUPPORTED, "there is no standard input in a job");
	if (!is_elsewhere(s->context)) {
		if (resolve(b, s->context, &s->context, err) < 0)
			return err_wrap(err, "context");
		if (s->file && resolve(b, s->file, &s->file, err) < 0)
			return err_wrap(err, "Dockerfile");
	}
	for (size_t i = 0; i < s->n_contexts; i++) {
		list[i] = s->contexts[i];
		if (!is_elsewhere(list[i].value) &&
			resolve(b, list[i].value, &list[i].value, err) < 0)
			return err_wrap(err, "context '%s'", list[i].name);
	}
	s->contexts = list;
	return 0;
}

static int resolve_outputs(struct job_build *b, struct err *err)
{
	struct build_spec *s = &b->spec;
	struct build_output *list = ARENA_ARRAY(b->a, struct build_output, s->n_outputs + 1);
	struct stat st;
	for (size_t i = 0; i < s->n_outputs; i++) {
		list[i] = s->outputs[i];
		if (list[i].kind == BUILD_OUT_IMAGE)
			continue;
		if (!list[i].dest || strcmp(list[i].dest, "-") == 0) {
			err_set(err, ERR_UNSUPPORTED, "an output to nowhere");
			return err_hint(err, "add dest=PATH");
		}
		if (resolve_new(b, list[i].dest, &list[i].dest, err) < 0)
			return err_wrap(err, "output");
		if (list[i].kind == BUILD_OUT_OCI && stat(list[i].dest, &st) == 0 &&
			S_ISDIR(st.st_mode))
			list[i].is_folder = true;
	}
	s->outputs = list;
	return 0;
}

static int resolve_caches(struct job_build *b, const struct build_cache **caches, size_t n,
	struct err *err)
{
	struct build_cache *list = ARENA_ARRAY(b->a, struct build_cache, n + 1);
	for (size_t i = 0; i < n; i++) {
		list[i] = (*caches)[i];
		if (list[i].kind == BUILD_CACHE_LOCAL &&
			resolve_folder(b, list[i].ref, &list[i].ref, err) < 0)
			return err_wrap(err, "cache");
	}
	*caches = list;
	return 0;
}

/* ---- environment ---- */

static const char *env_value(const struct runner_command *c, const char *name)
{
	size_t n = strlen(name);
	for (const char *const *e = c->env; e && *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

/* A --build-arg without a value takes the step's. */
static void fill_in_args(struct job_build *b)
{
	struct build_spec *s = &b->spec;
	struct build_pair *list = ARENA_ARRAY(b->a, struct build_pair, s->n_args + 1);
	size_t n = 0;
	for (size_t i = 0; i < s->n_args; i++) {
		struct build_pair p = s->args[i];
		if (!p.value)
			p.value = env_value(b->c, p.key);
		if (p.value)
			list[n++] = p;
	}
	s->args = list;
	s->n_args = n;
}

static int secret_of_env(struct job_build *b, struct build_secret *s, struct err *err)
{
	const char *value = env_value(b->c, s->env);
	CLEANUP(fd_close) int fd = memfd_create("knarr-secret", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "memfd_create");
	if (value && fs_write_fd(fd, value, strlen(value), err) < 0)
		return err_wrap(err, "secret '%s'", s->id);
	s->file = arena_fmt(b->a, "/proc/self/fd/%d", fd).p;
	s->env = NULL;
	vec_push(&b->secret_fds, TAKE_FD(fd));
	return 0;
}

/* A variable that the step does not have is a secret that was not given. */
static int resolve_secrets(struct job_build *b, struct err *err)
{
	struct build_spec *s = &b->spec;
	struct build_secret *list = ARENA_ARRAY(b->a, struct build_secret, s->n_secrets + 1);
	size_t n = 0;
	for (size_t i = 0; i < s->n_secrets; i++) {
		struct build_secret one = s->secrets[i];
		if (one.env && !env_value(b->c, one.env))
			continue;
		if (one.env ? secret_of_env(b, &one, err) < 0
			    : resolve(b, one.file, &one.file, err) < 0)
			return err_wrap(err, "secret '%s'", one.id);
		list[n++] = one;
	}
	s->secrets = list;
	s->n_secrets = n;
	return 0;
}

static int read_epoch(struct job_build *b, struct err *err)
{
	const char *text = env_value(b->c, "SOURCE_DATE_EPOCH");
	int64_t seconds;
	b->spec.has_epoch = false;
	if (!text || !*text)
		return 0;
	if (num_parse_i64(str_of(text), 0, INT64_MAX / CLOCK_SECOND, &seconds, err) < 0)
		return err_wrap(err, "SOURCE_DATE_EPOCH");
	b->spec.has_epoch = true;
	b->spec.epoch_ns = seconds * CLOCK_SECOND;
	return 0;
}

/* ---- all ---- */

static int read_flags(struct introduction *i, struct job_build *b, struct err *err)
{
	struct cmd_globals g = *i->s->g;
	int argc = 0;
	while (b->c->argv[argc])
		argc++;
	char **argv = ARENA_ARRAY(b->a, char *, (size_t)argc + 1);
	for (int k = 0; k < argc; k++)
		argv[k] = arena_cstr(b->a, str_of(b->c->argv[k]));
	int rc = build_flags_parse(&b->flags, cmd_find(S("build")), &g, argc, argv, err);
	if (rc > 0)
		return err_set(err, ERR_USAGE, "'--help' is no input");
	if (rc < 0)
		return -1;
	pthread_mutex_lock(&i->lock);
	rc = build_flags_spec(&b->flags, i->s, &b->spec, err);
	pthread_mutex_unlock(&i->lock);
	return rc;
}

static int make_spec(struct introduction *i, struct job_build *b, struct err *err)
{
	struct build_spec *s = &b->spec;
	if (read_flags(i, b, err) < 0)
		return -1;
	if (b->flags.ssh.n) {
		err_set(err, ERR_UNSUPPORTED, "input 'ssh' is not supported");
		return err_hint(err, "use a secret: RUN --mount=type=secret");
	}
	s->events = b->c->events;
	s->event_parent = b->c->event_parent;
	s->cancel = b->c->cancel;
	s->stdin_fd = s->stdout_fd = -1;
	s->runtime_env_path = NULL;
	fill_in_args(b);
	if (resolve_contexts(b, err) < 0 || resolve_outputs(b, err) < 0 ||
		resolve_caches(b, &s->cache_from, s->n_cache_from, err) < 0 ||
		resolve_caches(b, &s->cache_to, s->n_cache_to, err) < 0 ||
		resolve_secrets(b, err) < 0 || read_epoch(b, err) < 0 ||
		introduce_remote(i, b->c, &b->remote, err) < 0)
		return -1;
	s->remote = b->remote;
	return 0;
}

/* Findings are told line by line; any makes the step fail, as the action does. */
static int check(struct job_build *b, struct runner_command_result *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(CHECK_MAX);
	size_t n = 0;
	if (build_check(&b->spec, false, &out, &n, err) < 0)
		return -1;
	event_output(b->c->events, b->c->event_parent, 1, buf_str(&out));
	ret->status = n > 0;
	return 0;
}

static int run(struct job_build *b, struct runner_command_result *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf metadata = BUF(64 * 1024);
	struct build_result result;
	char text[DIGEST_TEXT];
	if (build_run(&b->spec, b->a, &result, err) < 0)
		return -1;
	build_flags_add_metadata(&b->flags, &result, &metadata);
	if (buf_check(&metadata, "metadata of the build", err) < 0)
		return -1;
	ret->image_id = arena_str(b->a, str_of(digest_text(&result.config, text)));
	ret->digest = arena_str(b->a, str_of(digest_text(&result.manifest.digest, text)));
	ret->metadata = arena_str(b->a, buf_str(&metadata));
	return 0;
}

/* A Dockerfile is named as in the workspace. */
static void shorten_place(const struct runner_command *c, struct err *err)
{
	for (size_t i = 0; i < c->n_folders; i++) {
		size_t n = strlen(c->folders[i].path);
		if (strncmp(err->at.file, c->folders[i].path, n) == 0 && err->at.file[n] == '/')
			memmove(err->at.file, err->at.file + n + 1,
				strlen(err->at.file + n + 1) + 1);
	}
}

int introduce_build(struct introduction *i, const struct runner_command *c, struct arena *a,
	struct runner_command_result *ret, struct err *err)
{
	CLEANUP(job_build_done) struct job_build b = {.c = c, .a = a};
	if (make_spec(i, &b, err) < 0)
		return -1;
	int rc = b.flags.is_check ? check(&b, ret, err) : run(&b, ret, err);
	if (rc < 0)
		shorten_place(c, err);
	return rc;
}
