/* Where a build's files come from: a folder, an archive, a git repository, standard input; and its
 * Dockerfile, ignore file and time. */
#include "build/build_priv.h"

#include "base/num.h"
#include "build/add.h"
#include "fs/fs.h"
#include "fs/stream.h"
#include "git/git.h"
#include "layer/layer.h"

#include <fcntl.h>
#include <limits.h>

enum { IGNORE_MAX = 1024 * 1024 };

/* A folder of our own for what is unpacked or cloned. */
static int make_temp_dir(struct build *b, struct err *err)
{
	struct fs_temp temp = FS_TEMP_NONE;
	int tmp_fd;
	if (store_dir(b->spec->store, "tmp", &tmp_fd, err) < 0 ||
		fs_temp_dir(tmp_fd, &temp, err) < 0)
		return -1;
	b->temp_dir = arena_cstr(b->arena, str_of(temp.name));
	fd_close(temp.fd);
	return 0;
}

static const char *temp_path(const struct build *b)
{
	return arena_fmt(b->arena, "%s/tmp/%s", store_root(b->spec->store), b->temp_dir).p;
}

static int unpack_archive(struct build *b, struct source *from, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (make_temp_dir(b, err) < 0 ||
		fs_open(AT_FDCWD, temp_path(b), O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	struct layer_extract x = {
		.archive = from,
		.tree_fd = fd,
		.uid = -1,
		.gid = -1,
		.cancel = b->spec->cancel,
	};
	return layer_extract(&x, err) < 0 ? err_wrap(err, "context") : 0;
}

static int fetch_repository(struct build *b, const char **ret_dir, struct err *err)
{
	struct str rest = str_of(b->spec->context), url = STR_NONE, ref = STR_NONE;
	struct git_commit commit;
	if (make_temp_dir(b, err) < 0)
		return -1;
	(void)str_cut(&rest, '#', &url); /* a context is not NULL */
	(void)str_cut(&rest, ':', &ref);
	struct git_fetch f = {
		.url = arena_cstr(b->arena, url),
		.ref = ref.n ? arena_cstr(b->arena, ref) : NULL,
		.into = temp_path(b),
		.depth = 1,
		.has_submodules = true,
		.is_recursive = true,
		.keeps_git_dir =
			true, /* for the commit's time; not part of the context by default */
		.cancel = b->spec->cancel,
	};
	if (git_fetch(&f, b->arena, &commit, err) < 0)
		return err_wrap(err, "context '%s'", b->spec->context);
	*ret_dir = rest.n ? arena_fmt(b->arena, "%s/%.*s", f.into, STR_ARG(rest)).p : f.into;
	b->created_ns = commit.time_ns;
	return 0;
}

/* A pipe cannot be read twice: its bytes go into a file without a name first. */
static int rewindable(struct build *b, int fd, int *ret_fd, struct err *err)
{
	uint64_t n;
	int tmp_fd;
	*ret_fd = -1;
	if (lseek(fd, 0, SEEK_SET) == 0) {
		*ret_fd = dup(fd);
		return *ret_fd < 0 ? err_sys(err, "read the context") : 0;
	}
	if (store_dir(b->spec->store, "tmp", &tmp_fd, err) < 0)
		return -1;
	CLEANUP(fd_close) int file = openat(tmp_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0)
		return err_sys(err, "make a temporary file");
	if (fs_copy_fd(fd, file, &n, err) < 0)
		return err_wrap(err, "context");
	*ret_fd = TAKE_FD(file);
	return lseek(*ret_fd, 0, SEEK_SET) < 0 ? err_sys(err, "read the context") : 0;
}

/* Standard input or a file: an archive is the context; anything else is the Dockerfile itself. */
static int read_stream(struct build *b, int stream_fd, const char **ret_dir, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(buf_done) struct buf text = BUF(DOCKERFILE_MAX_BYTES);
	if (rewindable(b, stream_fd, &fd, err) < 0)
		return -1;
	struct fs_source from = fs_source(fd);
	int is_archive = layer_is_archive(&from.source, err);
	if (is_archive < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "read the context");
	if (is_archive) {
		if (unpack_archive(b, &from.source, err) < 0)
			return -1;
	} else {
		if (fs_read_fd(fd, &text, err) < 0 || make_temp_dir(b, err) < 0)
			return -1;
		b->dockerfile_text = arena_str(b->arena, buf_str(&text));
		b->dockerfile_name = S("-");
	}
	*ret_dir = temp_path(b);
	return 0;
}

static int find_folder(struct build *b, const char **ret_dir, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	const char *context = b->spec->context;
	struct stat st;
	if (strcmp(context, "-") == 0)
		return read_stream(b, b->spec->stdin_fd, ret_dir, err);
	if (add_is_git(str_of(context)))
		return fetch_repository(b, ret_dir, err);
	if (add_is_url(str_of(context))) {
		if (add_download(b, str_of(context), &fd, err) < 0)
			return err_wrap(err, "context '%s'", context);
		return read_stream(b, fd, ret_dir, err);
	}
	if (fs_open(AT_FDCWD, context, O_RDONLY, 0, &fd, err) < 0)
		return err_wrap(err, "context");
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat '%s'", context);
	if (S_ISDIR(st.st_mode)) {
		*ret_dir = context;
		return 0;
	}
	return read_stream(b, fd, ret_dir, err);
}

/* ---- the Dockerfile ---- */

/* 1 = read, 0 = no such file. */
static int try_file(struct build *b, const char *path, const char *shown, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(DOCKERFILE_MAX_BYTES);
	struct err missing = {0};
	if (fs_read_file(AT_FDCWD, path, &text, &missing) < 0) {
		if (missing.kind == ERR_NOT_FOUND)
			return 0;
		*err = missing;
		return -1;
	}
	b->dockerfile_text = arena_str(b->arena, buf_str(&text));
	b->dockerfile_name = arena_str(b->arena, str_of(shown));
	b->dockerfile_path = arena_cstr(b->arena, str_of(path));
	return 1;
}

static int read_stdin(struct build *b, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(DOCKERFILE_MAX_BYTES);
	if (fs_read_fd(b->spec->stdin_fd, &text, err) < 0)
		return err_wrap(err, "Dockerfile on standard input");
	b->dockerfile_text = arena_str(b->arena, buf_str(&text));
	b->dockerfile_name = S("-");
	return 0;
}

/* -f is relative to where we are, as docker has it; inside the context as a second guess. */
static int read_dockerfile(struct build *b, const char *dir, struct err *err)
{
	const char *file = b->spec->file;
	bool is_ours = strcmp(dir, b->spec->context) == 0;
	int found = 0;
	if (b->dockerfile_text.p)
		return 0;
	if (file && strcmp(file, "-") == 0)
		return read_stdin(b, err);
	if (file && is_ours)
		found = try_file(b, file, file, err);
	if (file && !found && file[0] != '/')
		found = try_file(b, arena_fmt(b->arena, "%s/%s", dir, file).p, file, err);
	if (!file) {
		const char *path = arena_fmt(b->arena, "%s/Dockerfile", dir).p;
		bool is_here = !is_ours || strcmp(dir, ".") == 0;
		found = try_file(b, path, is_here ? "Dockerfile" : path, err);
	}
	if (found != 0)
		return found < 0 ? -1 : 0;
	err_set(err, ERR_NOT_FOUND, "no Dockerfile '%s'",
		file ? file : arena_fmt(b->arena, "%s/Dockerfile", b->spec->context).p);
	return err_hint(err, "name it with -f FILE");
}

/* Dockerfile.dockerignore wins over the context's .dockerignore. */
static int read_ignore(struct build *b, const char *dir, struct buf *text, const char **ret_name,
	struct err *err)
{
	struct err missing = {0};
	if (b->dockerfile_path) {
		*ret_name = arena_fmt(b->arena, "%s.dockerignore", b->dockerfile_path).p;
		if (fs_read_file(AT_FDCWD, *ret_name, text, &missing) == 0)
			return 1;
	}
	if (missing.kind == ERR_NONE || missing.kind == ERR_NOT_FOUND) {
		missing = (struct err){0};
		*ret_name = arena_fmt(b->arena, "%s/.dockerignore", dir).p;
		if (fs_read_file(AT_FDCWD, *ret_name, text, &missing) == 0)
			return 1;
	}
	if (missing.kind == ERR_NOT_FOUND)
		return 0;
	*err = missing;
	return -1;
}

static int open_folder(struct build *b, const char *dir, bool has_ignore, struct context **ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf ignore = BUF(IGNORE_MAX);
	struct context_spec spec = {.dir = dir};
	int found = has_ignore ? read_ignore(b, dir, &ignore, &spec.ignore_file, err) : 0;
	if (found < 0 || store_dir(b->spec->store, "cache", &spec.cache_dir_fd, err) < 0)
		return -1;
	if (found)
		spec.ignore = buf_str(&ignore);
	if (b->temp_dir)
		spec.cache_dir_fd = -1;
	return context_open(&spec, ret, err);
}

int source_open_folder(const char *dir, const char *dockerfile, struct context **ret,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf ignore = BUF(IGNORE_MAX);
	struct build b = {.arena = &a};
	struct context_spec spec = {.dir = dir, .cache_dir_fd = -1};
	b.dockerfile_path = dockerfile ? dockerfile : arena_fmt(&a, "%s/Dockerfile", dir).p;
	int found = read_ignore(&b, dir, &ignore, &spec.ignore_file, err);
	if (found < 0)
		return -1;
	if (found)
		spec.ignore = buf_str(&ignore);
	return context_open(&spec, ret, err);
}

static int open_named(struct build *b, struct err *err)
{
	const struct build_spec *spec = b->spec;
	b->contexts = ARENA_ARRAY(b->arena, struct named_context, spec->n_contexts + 1);
	for (size_t i = 0; i < spec->n_contexts; i++) {
		const struct build_context *c = &spec->contexts[i];
		struct named_context *n = &b->contexts[b->n_contexts++];
		struct str value = str_of(c->value);
		n->name = c->name;
		if (str_starts(value, S("docker-image://"))) {
			n->image_name = c->value + strlen("docker-image://");
		} else if (str_find(value, S("://")) >= 0) {
			err_set(err, ERR_UNSUPPORTED, "--build-context %s=%s", c->name, c->value);
			return err_hint(err, "a folder or docker-image://NAME");
		} else if (open_folder(b, c->value, false, &n->context, err) < 0) {
			return err_wrap(err, "--build-context %s", c->name);
		}
	}
	return 0;
}

/* ---- time ---- */

/* The time of HEAD, asked of git once per commit. */
static int commit_time(struct build *b, const char *dir, struct err *err)
{
	struct str top, sha, branch, answer;
	struct err no_repository = {0};
	struct git_commit commit;
	if (git_find(dir, b->arena, &top, &no_repository) < 0 ||
		git_head(top.p, b->arena, &sha, &branch, &no_repository) < 0 || !sha.n)
		return 0; /* not under git, or no commit yet */
	struct digest question = digest_of(arena_fmt(b->arena, "commit-time/1 %.*s", STR_ARG(sha)));
	int known = cache_recall(b->spec->store, &question, b->arena, &answer, err);
	if (known > 0)
		return num_parse_i64(answer, INT64_MIN, INT64_MAX, &b->created_ns, err);
	if (known < 0)
		return -1;
	if (git_show_commit(top.p, sha.p, b->arena, &commit, &no_repository) < 0)
		return 0;
	b->created_ns = commit.time_ns;
	answer = arena_fmt(b->arena, "%lld", (long long)commit.time_ns);
	return cache_remember(b->spec->store, &question, answer, err);
}

const char *context_site(const struct build *b)
{
	return b->temp_dir ? b->spec->context : context_dir(b->context);
}

int source_open(struct build *b, struct err *err)
{
	const char *dir = NULL;
	b->platform = b->spec->platform ? *b->spec->platform : image_platform_host();
	if (find_folder(b, &dir, err) < 0 || read_dockerfile(b, dir, err) < 0 ||
		open_folder(b, dir, true, &b->context, err) < 0 || open_named(b, err) < 0)
		return -1;
	if (b->spec->has_epoch)
		b->created_ns = b->spec->epoch_ns;
	else if (!b->created_ns)
		return commit_time(b, dir, err);
	return 0;
}

void source_close(struct build *b)
{
	struct err ignored = {0}; /* what stays is swept later */
	int tmp_fd;
	context_close(b->context);
	for (size_t i = 0; i < b->n_contexts; i++)
		context_close(b->contexts[i].context);
	if (b->temp_dir && store_dir(b->spec->store, "tmp", &tmp_fd, &ignored) == 0)
		(void)fs_remove_tree(tmp_fd, b->temp_dir, &ignored);
}
