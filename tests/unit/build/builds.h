/* builds -- builds FROM scratch in this process: a context, a Dockerfile, a store and its clock.
 *
 *	struct builds *g = *state;			(CASE sets one up)
 *	temp_dir_file(&g->context, "a", "text");
 *	builds_ok(g, "FROM scratch\nCOPY a /\n", &result);
 */
#ifndef UNIT_BUILD_BUILDS_H
#define UNIT_BUILD_BUILDS_H

#include "../local/images.h"

#include "build/build_priv.h"

struct builds {
	struct images *images;
	struct temp_dir context, out;
	struct build_spec spec; /* what a test changes of it */
	struct arena arena;
};

static inline struct store *builds_store(const struct builds *g)
{
	return g->images->store;
}

static inline int builds_up(void **state)
{
	static const struct image_platform platform = {
		.os = {"linux", 5}, .architecture = {"amd64", 5}};
	struct builds *g = NEW(struct builds);
	g->images = images_open();
	g->context = temp_dir_quick();
	g->out = temp_dir_quick();
	g->spec = (struct build_spec){
		.store = g->images->store,
		.context = g->context.path,
		.platform = &platform,
		.stdin_fd = -1,
		.stdout_fd = -1,
	};
	*state = g;
	return 0;
}

static inline int builds_down(void **state)
{
	struct builds *g = *state;
	arena_done(&g->arena);
	temp_dir_done(&g->context);
	temp_dir_done(&g->out);
	images_close(g->images);
	free(g);
	return 0;
}

#undef CASE
#define CASE(f) cmocka_unit_test_setup_teardown(f, builds_up, builds_down)

/* The Dockerfile lies outside of the context, so that COPY . does not take it. */
static inline void builds_write(struct builds *g, const char *dockerfile)
{
	temp_dir_file(&g->out, "Dockerfile", dockerfile);
	g->spec.file = arena_fmt(&g->arena, "%s/Dockerfile", g->out.path).p;
}

static inline int builds_run(struct builds *g, const char *dockerfile, struct build_result *ret,
	struct err *err)
{
	builds_write(g, dockerfile);
	return build_run(&g->spec, &g->arena, ret, err);
}

static inline void builds_ok(struct builds *g, const char *dockerfile, struct build_result *ret)
{
	struct err err = {0};
	if (builds_run(g, dockerfile, ret, &err) < 0)
		fail_msg("%u:%u: %s\n%s", err.at.line, err.at.col, err.what, dockerfile);
}

static inline void builds_fails(struct builds *g, const char *dockerfile, enum err_kind kind,
	uint32_t line, const char *words)
{
	struct err err = {0};
	struct build_result r;
	if (builds_run(g, dockerfile, &r, &err) == 0)
		fail_msg("did not fail:\n%s", dockerfile);
	if (err.kind != kind || err.at.line != line || !strstr(err.what, words))
		fail_msg("%s at %u: %s\n%s", err_kind_name(err.kind), err.at.line, err.what,
			dockerfile);
}

static inline void builds_image(struct builds *g, const struct build_result *r,
	struct local_documents *ret)
{
	struct err err = {0};
	OK(local_read(builds_store(g), &r->manifest, g->spec.platform, &g->arena, ret, &err));
}

/* ---- what came out ---- */

static inline void builds_tell(int fd, const char *path, struct buf *ret)
{
	struct err err = {0};
	CLEANUP(fs_entries_done) struct fs_entries names = {0};
	CLEANUP(fd_close) int dir = openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	OK(fs_list(dir, &names, &err));
	VEC_EACH(&names, e) {
		CLEANUP(buf_done) struct buf below = BUF(4096), text = BUF(4096);
		struct stat st;
		char link[256];
		bool is_top = strcmp(path, ".") == 0;
		buf_fmt(&below, "%s%s%s", is_top ? "" : path, is_top ? "" : "/", e->name);
		assert_int_equal(fstatat(fd, buf_cstr(&below), &st, AT_SYMLINK_NOFOLLOW), 0);
		buf_fmt(ret, "%s", buf_cstr(&below));
		if (!S_ISLNK(st.st_mode))
			buf_fmt(ret, " %o", st.st_mode & 07777);
		if (geteuid() == 0 && (st.st_uid || st.st_gid))
			buf_fmt(ret, " %u:%u", st.st_uid, st.st_gid);
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlinkat(fd, buf_cstr(&below), link, sizeof(link));
			buf_fmt(ret, " -> %.*s", (int)n, link);
		} else if (S_ISREG(st.st_mode)) {
			OK(fs_read_file(fd, buf_cstr(&below), &text, &err));
			buf_fmt(ret, " '%s'", buf_cstr(&text));
		}
		buf_add_ch(ret, '\n');
		if (S_ISDIR(st.st_mode))
			builds_tell(fd, buf_cstr(&below), ret);
	}
}

/* Builds, and compares the files of the image: "path mode 'text'" a line. */
static inline void builds_gives(struct builds *g, const char *dockerfile, const char *expected)
{
	struct err err = {0};
	struct build_result r;
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	const char *dest = arena_fmt(&g->arena, "%s/files", g->out.path).p;
	struct build_output out = {.kind = BUILD_OUT_LOCAL, .dest = dest};
	OK(fs_remove_tree(AT_FDCWD, dest, &err));
	g->spec.outputs = &out;
	g->spec.n_outputs = 1;
	builds_ok(g, dockerfile, &r);
	g->spec.n_outputs = 0;
	CLEANUP(fd_close) int fd = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	builds_tell(fd, ".", &text);
	if (!str_is(buf_str(&text), expected))
		fail_msg("%s\ngave:\n%swanted:\n%s", dockerfile, buf_cstr(&text), expected);
}

#endif
