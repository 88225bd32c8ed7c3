#include "../tempdir.h"

#include "base/arena.h"
#include "base/clock.h"
#include "build/build.h"
#include "build/context.h"

static struct context *opened(const struct temp_dir *dir, const char *ignore)
{
	struct err err = {0};
	struct context *c = NULL;
	struct context_spec spec = {.dir = dir->path,
		.ignore = ignore ? str_of(ignore) : STR_NONE,
		.ignore_file = ".dockerignore",
		.cache_dir_fd = -1};
	OK(context_open(&spec, &c, &err));
	return c;
}

static void lists(struct context *c, const char *path, const char *expected)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct view *v = context_view(c);
	struct view_entry e;
	char **names;
	size_t n;
	OK(v->find(v, str_of(path), true, &a, &e, &err));
	OK(v->list(v, &e, &a, &names, &n, &err));
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", names[i]);
	STR_IS(buf_str(&b), expected);
}

static int find(struct context *c, const char *path, struct view_entry *ret, struct arena *a,
	struct err *err)
{
	struct view *v = context_view(c);
	return v->find(v, str_of(path), true, a, ret, err);
}

static void context_hides_what_the_ignore_file_says(void **state)
{
	static const struct {
		const char *ignore, *top, *folder;
	} cases[] = {
		{NULL, "a b d", "x y z.txt"},
		{"", "a b d", "x y z.txt"},
		{"a\n", "b d", "x y z.txt"},
		{"*\n!b\n", "b", NULL},
		{"d\n", "a b", NULL},
		{"d\n!d/y\n", "a b d", "y"},
		{"d/*\n!d/*.txt\n", "a b d", "z.txt"},
		{"d/*\n", "a b d", ""},
		{"**/x\n", "a b d", "y z.txt"},
		{"# a\n\n/b\n", "a d", "x y z.txt"},
		{"*\n!d/y\n", "d", "y"},
	};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	static const char *const files[] = {"a", "b", "d/x", "d/y", "d/z.txt"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		temp_dir_file(&dir, files[i], "");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(context_close) struct context *c = opened(&dir, cases[i].ignore);
		CLEANUP(arena_done) struct arena a = {0};
		struct view_entry e;
		struct err err = {0};
		lists(c, ".", cases[i].top);
		if (cases[i].folder)
			lists(c, "d", cases[i].folder);
		else
			FAILS(ERR_NOT_FOUND, find(c, "d", &e, &a, &err));
	}
}

static void context_find_says_why_a_file_is_not_there(void **state)
{
	struct err err = {0};
	struct view_entry e;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	temp_dir_file(&dir, "hidden", "");
	temp_dir_file(&dir, "there", "");
	CLEANUP(context_close) struct context *c = opened(&dir, "hidden\n");
	FAILS(ERR_NOT_FOUND, find(c, "hidden", &e, &a, &err));
	assert_string_equal(err.what, "'hidden' is hidden by .dockerignore");
	FAILS(ERR_NOT_FOUND, find(c, "gone", &e, &a, &err));
	assert_string_equal(err.what, "'gone' is not in the context");
	FAILS(ERR_NOT_FOUND, find(c, "there/below", &e, &a, &err));
	assert_true(context_hides(c, S("hidden")));
	assert_false(context_hides(c, S("there")));
}

static void context_find_stays_inside(void **state)
{
	static const struct {
		const char *path, *found; /* NULL = not found */
	} cases[] = {
		{".", "."},
		{"", "."},
		{"./d/../d/f", "d/f"},
		{"../../d/f", "d/f"},
		{"/d/f", "d/f"},
		{"d//f", "d/f"},
		{"up", "."},
		{"up/d/f", "d/f"},
		{"root/d/f", "d/f"},
		{"passwd", NULL},
		{"d/there/f", "d/f"},
		{"hop", "d/f"},
	};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	temp_dir_file(&dir, "d/f", "");
	assert_int_equal(symlinkat("../../..", dir.fd, "up"), 0);
	assert_int_equal(symlinkat("/", dir.fd, "root"), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir.fd, "passwd"), 0);
	assert_int_equal(symlinkat("../d", dir.fd, "d/there"), 0);
	assert_int_equal(symlinkat("root/d/there/f", dir.fd, "hop"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct view_entry e;
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(context_close) struct context *c = opened(&dir, NULL);
		int rc = find(c, cases[i].path, &e, &a, &err);
		if ((rc == 0) != (cases[i].found != NULL))
			fail_msg("'%s': %d %s", cases[i].path, rc, err.what);
		if (rc == 0)
			assert_string_equal(e.path, cases[i].found);
	}
}

/* A symlink does not lead around the ignore file. */
static void context_find_through_a_symlink_respects_the_ignore_file(void **state)
{
	struct err err = {0};
	struct view_entry e;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	temp_dir_file(&dir, "secret/key", "");
	assert_int_equal(symlinkat("secret", dir.fd, "way"), 0);
	assert_int_equal(symlinkat("secret/key", dir.fd, "link"), 0);
	CLEANUP(context_close) struct context *c = opened(&dir, "secret\n");
	FAILS(ERR_NOT_FOUND, find(c, "way/key", &e, &a, &err));
	FAILS(ERR_NOT_FOUND, find(c, "link", &e, &a, &err));
}

static void context_modes_are_gits_in_a_work_tree(void **state)
{
	static const struct {
		mode_t mode, outside, inside;
	} cases[] = {
		{0644, 0644, 0644},
		{0600, 0600, 0644},
		{0666, 0666, 0644},
		{0755, 0755, 0755},
		{0700, 0700, 0755},
		{0744, 0744, 0755},
		{0654, 0654, 0644},
		{04755, 04755, 0755},
	};
	for (int is_git = 0; is_git < 2; is_git++) {
		CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
		temp_dir_file(&dir, "sub/d/f", "");
		if (is_git) /* beside or above */
			temp_dir_file(&dir, ".git/HEAD", "ref: refs/heads/main\n");
		assert_int_equal(fchmodat(dir.fd, "sub/d", 0700, 0), 0);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct err err = {0};
			struct view_entry e;
			CLEANUP(arena_done) struct arena a = {0};
			struct temp_dir sub = dir;
			snprintf(sub.path, sizeof(sub.path), "%.50s/sub", dir.path);
			assert_int_equal(fchmodat(dir.fd, "sub/d/f", cases[i].mode, 0), 0);
			CLEANUP(context_close) struct context *c = opened(&sub, NULL);
			OK(find(c, "d/f", &e, &a, &err));
			assert_int_equal(e.st.st_mode & 07777,
				is_git ? cases[i].inside : cases[i].outside);
			assert_int_equal(e.st.st_uid, 0);
			assert_int_equal(e.st.st_gid, 0);
			OK(find(c, "d", &e, &a, &err));
			assert_int_equal(e.st.st_mode & 07777, is_git ? 0755 : 0700);
		}
	}
}

static void context_digest_sees_a_change_behind_the_cache(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new(), cache = temp_dir_new();
	static const char *const texts[] = {"one", "two", "six"};
	struct timespec old[2] = {{1000, 0}, {1000, 0}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(context_close) struct context *c = NULL;
		struct context_spec spec = {.dir = dir.path, .cache_dir_fd = cache.fd};
		struct view_entry e;
		struct digest got, want = digest_of(str_of(texts[i]));
		temp_dir_file(&dir, "f", texts[i]);                  /* as long as before */
		assert_int_equal(utimensat(dir.fd, "f", old, 0), 0); /* and as old */
		OK(context_open(&spec, &c, &err));
		struct view *v = context_view(c);
		OK(find(c, "f", &e, &a, &err));
		OK(v->digest(v, &e, &got, &err));
		assert_true(digest_eq(&got, &want));
	}
}

static void context_open_refuses_what_is_no_folder(void **state)
{
	struct err err = {0};
	struct context *c = NULL;
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	char path[100];
	temp_dir_file(&dir, "f", "");
	snprintf(path, sizeof(path), "%s/gone", dir.path);
	struct context_spec spec = {.dir = path, .cache_dir_fd = -1};
	FAILS(ERR_NOT_FOUND, context_open(&spec, &c, &err));
	snprintf(path, sizeof(path), "%s/f", dir.path);
	FAILS(ERR_NOT_FOUND, context_open(&spec, &c, &err));
	spec.dir = dir.path;
	spec.ignore = S("ok\n[\n");
	spec.ignore_file = "x.dockerignore";
	FAILS(ERR_INPUT, context_open(&spec, &c, &err));
	assert_string_equal(err.at.file, "x.dockerignore");
	assert_int_equal(err.at.line, 2);
	assert_null(c);
}

static void build_list_context_is_sorted_and_hides(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	CLEANUP(buf_done) struct buf b = BUF(4096), c = BUF(4096);
	char file[100];
	static const char *const files[] = {"b/c", "b/a", "a", "drop/x", "Dockerfile"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		temp_dir_file(&dir, files[i], "");
	temp_dir_file(&dir, ".dockerignore", "drop\n");
	OK(build_list_context(dir.path, NULL, &b, &err));
	STR_IS(buf_str(&b), ".dockerignore\nDockerfile\na\nb/a\nb/c\n");
	/* a Dockerfile's own ignore file wins */
	temp_dir_file(&dir, "other", "");
	temp_dir_file(&dir, "other.dockerignore", "*\n!drop\n");
	snprintf(file, sizeof(file), "%s/other", dir.path);
	OK(build_list_context(dir.path, file, &c, &err));
	STR_IS(buf_str(&c), "drop/x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_hides_what_the_ignore_file_says),
		cmocka_unit_test(context_find_says_why_a_file_is_not_there),
		cmocka_unit_test(context_find_stays_inside),
		cmocka_unit_test(context_find_through_a_symlink_respects_the_ignore_file),
		cmocka_unit_test(context_modes_are_gits_in_a_work_tree),
		cmocka_unit_test(context_digest_sees_a_change_behind_the_cache),
		cmocka_unit_test(context_open_refuses_what_is_no_folder),
		cmocka_unit_test(build_list_context_is_sorted_and_hides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
