#include "../tempdir.h"

#include "container/helper/root_priv.h"

static void mkdirs(const struct temp_dir *d, const char *path)
{
	struct err err = {0};
	OK(fs_mkdirs(d->fd, path, 0755, &err));
}

static void make_root(const struct temp_dir *d)
{
	static const char *const links[][2] = {{"/b", "a/link"}, {"../b/c", "a/up"},
		{"/missing/x", "dangling"}, {"loop2", "loop1"}, {"loop1", "loop2"},
		{"/../../../etc", "out"}, {"a/../a/./link", "chain"}, {"/", "root"}, {".", "dot"}};
	mkdirs(d, "a/deep");
	mkdirs(d, "b/c");
	temp_dir_file(d, "file", "");
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		assert_int_equal(symlinkat(links[i][0], d->fd, links[i][1]), 0);
}

static void resolve_gives_real_paths(void **state)
{
	static const struct {
		const char *path, *real;
		mode_t type; /* 0 = does not exist */
	} cases[] = {
		{"/", "/", S_IFDIR},
		{"", "/", S_IFDIR},
		{"a", "/a", S_IFDIR},
		{"/a/./deep//", "/a/deep", S_IFDIR},
		{"/a/link", "/b", S_IFDIR},
		{"/a/link/c", "/b/c", S_IFDIR},
		{"/a/up", "/b/c", S_IFDIR},
		{"/a/up/../../file", "/file", S_IFREG},
		{"/chain/c", "/b/c", S_IFDIR},
		{"/root/root/a", "/a", S_IFDIR},
		{"/dot/dot/file", "/file", S_IFREG},
		{"/../../..", "/", S_IFDIR},
		{"/out", "/etc", 0},
		{"/out/passwd", "/etc/passwd", 0},
		{"/dangling", "/missing/x", 0},
		{"/dangling/y", "/missing/x/y", 0},
		{"/dangling/../z", "/missing/z", 0},
		{"/dangling/../../a", "/a", S_IFDIR},
		{"/new/../a/link", "/b", S_IFDIR},
		{"/new/proc", "/new/proc", 0},
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	make_root(&d);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct root_place p;
		OK(root_resolve(d.fd, cases[i].path, &p, &err));
		if (strcmp(p.path, cases[i].real) != 0 || p.exists != (cases[i].type != 0) ||
			p.type != cases[i].type)
			fail_msg("%s: %s, %s, %o", cases[i].path, p.path,
				p.exists ? "exists" : "missing", p.type);
	}
}

static void resolve_cannot_it_says_so(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	struct root_place p;
	char longest[PATH_MAX + 100], name[400];
	make_root(&d);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	FAILS(ERR_INPUT, root_resolve(d.fd, "/loop1", &p, &err));
	FAILS(ERR_INPUT, root_resolve(d.fd, "/loop1/x", &p, &err));
	FAILS(ERR_INPUT, root_resolve(d.fd, "/file/x", &p, &err));
	FAILS(ERR_INPUT, root_resolve(d.fd, longest, &p, &err));
	FAILS(ERR_INPUT, root_resolve(d.fd, name, &p, &err));
	for (size_t i = 0; i + 3 < PATH_MAX; i += 2)
		memcpy(longest + i, "/x", 3); /* fits, and grows by nothing */
	OK(root_resolve(d.fd, longest, &p, &err));
}

static void words_about_paths(void **state)
{
	assert_true(root_is_below("/proc", "/proc") && root_is_below("/proc/1", "/proc") &&
		root_is_below("/x", "/") && root_is_below("/", "/"));
	assert_false(root_is_below("/process", "/proc") || root_is_below("/", "/proc") ||
		root_is_below("/pro", "/proc"));
	assert_true(root_is_process("/proc/self") && root_is_process("/proc/self/fd/7") &&
		root_is_process("/proc/1/root") && root_is_process("/proc/thread-self/x"));
	assert_false(root_is_process("/proc") || root_is_process("/proc/sys") ||
		root_is_process("/proc/selfish") || root_is_process("/processes/1"));
}

/* The layer with mount points looks like the root where the root has the folders. */
static void point_is_added_folders_above_look_alike(void **state)
{
	static const char *const missing[] = {"/a/deep/etc/resolv.conf", "/a/proc", "/new/x/y"};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(temp_dir_done) struct temp_dir layer = temp_dir_new();
	struct err err = {0};
	struct stat st;
	make_root(&d);
	struct timespec times[2] = {{1000, 0}, {2000, 500}};
	assert_int_equal(fchmodat(d.fd, "a", 02751, 0), 0);
	assert_int_equal(utimensat(d.fd, "a", times, 0), 0);
	assert_int_equal(utimensat(d.fd, "a/deep", times, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
		struct root_place p;
		OK(root_resolve(d.fd, missing[i], &p, &err));
		OK(root_add_point(d.fd, layer.fd, &p, i != 0, &err));
	}
	OK(root_like(d.fd, layer.fd, &err));
	assert_int_equal(fstatat(layer.fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 02751);
	assert_true(st.st_mtim.tv_sec == 2000 && st.st_mtim.tv_nsec == 500);
	assert_int_equal(fstatat(layer.fd, "a/deep", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	temp_dir_has(&layer, "a/deep/etc/resolv.conf", "");
	assert_int_equal(fstatat(layer.fd, "new/x/y", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_false(temp_dir_exists(&layer, "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolve_gives_real_paths),
		cmocka_unit_test(resolve_cannot_it_says_so),
		cmocka_unit_test(words_about_paths),
		cmocka_unit_test(point_is_added_folders_above_look_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
