/* Folders of runs, what paths in commands lead to, hashFiles. */
#include "../git/script.h"

#include "runner/place_priv.h"
#include "runner/runner.h"

/* ---- runs ---- */

static void runs_are_numbered_and_leave_nothing(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	struct run_place p;
	for (uint64_t i = 1; i <= 3; i++) {
		OK(run_place_make(d.path, S("me/app ci.yml"), &p, &err));
		assert_int_equal(p.id, i);
		assert_int_equal(p.number, i);
		run_place_done(&p);
	}
	OK(run_place_make(d.path, S("me/app other.yml"), &p, &err));
	assert_int_equal(p.id, 4);
	assert_int_equal(p.number, 1);
	run_place_done(&p);
	STR_IS(script_says(&d, "find runs -mindepth 1 -type d"), "");
}

static void peeking_makes_nothing(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	struct run_place p;
	OK(run_place_peek(d.path, S("k"), &p, &err));
	assert_int_equal(p.id, 1);
	run_place_done(&p);
	assert_false(temp_dir_exists(&d, "runs"));
}

static void dead_runs_are_swept_and_living_ones_stay(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	struct run_place living;
	OK(run_place_make(d.path, S("k"), &living, &err));
	temp_dir_file(&d, "runs/77/1/work/x/x/file", "left by kill -9");
	temp_dir_file(&d, "runs/.dead-5/file", "left while it was being removed");
	temp_dir_file(&d, "runs/notes/file", "not ours");
	assert_int_equal(runner_sweep(d.path, &err), 1);
	assert_false(temp_dir_exists(&d, "runs/77"));
	assert_false(temp_dir_exists(&d, "runs/.dead-77"));
	assert_false(temp_dir_exists(&d, "runs/.dead-5"));
	assert_true(temp_dir_exists(&d, "runs/notes/file"));
	assert_true(temp_dir_exists(&d, "runs/1"));
	run_place_done(&living);
	assert_int_equal(runner_sweep(d.path, &err), 0);
}

static void sweeping_a_store_without_runs_makes_nothing(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	assert_int_equal(runner_sweep(d.path, &err), 0);
	assert_false(temp_dir_exists(&d, "runs"));
}

static void broken_numbers_are_an_error_and_not_a_new_beginning(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	struct run_place p;
	static const char *const broken[] = {
		"", "{", "[]", "{\"last_id\": -1, \"numbers\": {}}", "{\"last_id\": 1}"};
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		temp_dir_file(&d, "runs/numbers.json", broken[i]);
		FAILS(ERR_INPUT, run_place_make(d.path, S("k"), &p, &err));
		temp_dir_has(&d, "runs/numbers.json", broken[i]);
	}
}

static void names_of_repositories_become_safe_folders(void **state)
{
	static const char *const cases[][2] = {{"me/app", "app"}, {"me/..", "repository"},
		{"..", "repository"}, {"me/a b\nc", "a-b-c"}, {"", "repository"}, {"a/b/", "b"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run_place run = RUN_PLACE_NONE;
		struct job_place p;
		struct err err = {0};
		char path[] = "/r/7", want[200];
		run.path = path;
		job_place_name(&run, 2, str_of(cases[i][0]), &p);
		snprintf(want, sizeof(want), "/r/7/2/work/%s/%s", cases[i][1], cases[i][1]);
		assert_string_equal(p.workspace, want);
		OK(job_place_done(&p, &err));
	}
}

/* ---- paths of commands ---- */

struct view {
	struct temp_dir d;
	struct runner_folder folders[2];
	char workspace[100], temp[100];
	struct runner_command c;
};

static void view_init(struct view *v)
{
	struct err err = {0};
	*v = (struct view){.d = temp_dir_new()};
	temp_dir_file(&v->d, "work/in/file", "inside");
	temp_dir_file(&v->d, "temp/file", "temp");
	temp_dir_file(&v->d, "work2/file", "beside");
	temp_dir_file(&v->d, "outside", "outside");
	script(&v->d, "ln -s ../../outside work/in/up; ln -s /outside work/abs; ln -s in work/dir");
	snprintf(v->workspace, sizeof(v->workspace), "%s/work", v->d.path);
	snprintf(v->temp, sizeof(v->temp), "%s/temp", v->d.path);
	v->folders[0] = (struct runner_folder){v->workspace, -1};
	v->folders[1] = (struct runner_folder){v->temp, -1};
	OK(fs_open(v->d.fd, "work", O_RDONLY | O_DIRECTORY, 0, &v->folders[0].fd, &err));
	OK(fs_open(v->d.fd, "temp", O_RDONLY | O_DIRECTORY, 0, &v->folders[1].fd, &err));
	v->c = (struct runner_command){.folders = v->folders, .n_folders = 2};
}

static void view_done(struct view *v)
{
	fd_close(v->folders[0].fd);
	fd_close(v->folders[1].fd);
	temp_dir_done(&v->d);
}
CLEANUP_VAL(view_done, struct view);

static void paths_of_commands_stay_in_the_jobs_folders(void **state)
{
	CLEANUP(view_done) struct view v;
	static const struct {
		const char *path; /* with %s for where it all is */
		const char *want; /* NULL = refused */
	} cases[] = {
		{"in/file", "inside"},
		{"./in/../in//file", "inside"},
		{"dir/file", "inside"},
		{"%s/work/in/file", "inside"},
		{"%s/temp/file", "temp"},
		{"../temp/file", "temp"},
		{"in/up", NULL},
		{"abs", NULL},
		{"../outside", NULL},
		{"../work2/file", NULL},
		{"%s/work2/file", NULL},
		{"/etc/passwd", NULL},
		{"in/../../outside", NULL},
		{"missing", NULL},
		{"/proc/self/fd/0", NULL},
		{"/proc/self/root/etc/passwd", NULL},
	};
	view_init(&v);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(fd_close) int fd = -1;
		CLEANUP(buf_done) struct buf b = BUF(100);
		CLEANUP(buf_done) struct buf path = BUF(200);
		struct err err = {0};
		const char *rest = cases[i].path;
		if (strncmp(rest, "%s", 2) == 0) {
			buf_add_cstr(&path, v.d.path);
			rest += 2;
		}
		buf_add_cstr(&path, rest);
		int rc = runner_open_in(&v.c, buf_cstr(&path), O_RDONLY, &fd, &err);
		if ((rc == 0) != (cases[i].want != NULL))
			fail_msg("'%s': %s", buf_cstr(&path), err.what);
		if (rc == 0) {
			OK(fs_read_fd(fd, &b, &err));
			STR_IS(buf_str(&b), cases[i].want);
		}
	}
}

static void what_is_going_to_be_written_stays_in_them_too(void **state)
{
	CLEANUP(view_done) struct view v;
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	const char *name;
	int fd = -1;
	view_init(&v);
	OK(runner_parent_in(&v.c, "new/deep/out.tar", &a, &fd, &name, &err));
	fd_close(fd);
	assert_string_equal(name, "out.tar");
	assert_true(temp_dir_exists(&v.d, "work/new/deep"));
	FAILS(ERR_DENIED, runner_parent_in(&v.c, "../out.tar", &a, &fd, &name, &err));
	FAILS(ERR_DENIED, runner_parent_in(&v.c, "/tmp/out.tar", &a, &fd, &name, &err));
}

static void files_that_the_runner_made_are_granted(void **state)
{
	CLEANUP(view_done) struct view v;
	CLEANUP(fd_close) int fd = -1;
	struct err err = {0};
	char path[64];
	view_init(&v);
	const int granted[] = {v.d.fd, 0};
	v.c.granted_fds = granted;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", v.d.fd);
	OK(runner_open_in(&v.c, path, O_RDONLY, &fd, &err));
	assert_true(fd != v.d.fd);
}

/* ---- hashFiles ---- */

static void hash_is(const struct temp_dir *d, const char *patterns, const char *files)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct str got;
	char text[500];
	OK(runner_hash_files(d->fd, str_of(d->path), str_of(patterns), &a, &got, &err));
	snprintf(text, sizeof(text),
		"for f in %s; do sha256sum <$f | cut -c-64 | xxd -r -p; done | sha256sum | cut -c-64",
		files);
	if (!files[0])
		STR_IS(got, "");
	else
		STR_IS(got, arena_cstr(&a, script_says(d, text)));
}

static void hash_files_hashes_the_files_that_match(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	if (access("/usr/bin/xxd", X_OK) < 0)
		skip();
	temp_dir_file(&d, "a/lock", "1");
	temp_dir_file(&d, "a/b/lock", "2");
	temp_dir_file(&d, "c/lock", "3");
	temp_dir_file(&d, ".hidden/lock", "4");
	script(&d,
		"ln -s lock a/link; ln -s nowhere a/broken; ln -s /etc/passwd c/out; mkfifo pipe");
	hash_is(&d, "nothing", "");
	hash_is(&d, "c/lock", "c/lock");
	hash_is(&d, "**/lock", ".hidden/lock a/b/lock a/lock c/lock");
	hash_is(&d, "**/lock\n!a/**\n", ".hidden/lock c/lock");
	hash_is(&d, "a/link", "a/lock");
	hash_is(&d, "a/broken", "");
	hash_is(&d, "pipe", "");
	hash_is(&d, "c", "c/lock"); /* a link that leads out of the folder is nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_numbered_and_leave_nothing),
		cmocka_unit_test(peeking_makes_nothing),
		cmocka_unit_test(dead_runs_are_swept_and_living_ones_stay),
		cmocka_unit_test(sweeping_a_store_without_runs_makes_nothing),
		cmocka_unit_test(broken_numbers_are_an_error_and_not_a_new_beginning),
		cmocka_unit_test(names_of_repositories_become_safe_folders),
		cmocka_unit_test(paths_of_commands_stay_in_the_jobs_folders),
		cmocka_unit_test(what_is_going_to_be_written_stays_in_them_too),
		cmocka_unit_test(files_that_the_runner_made_are_granted),
		cmocka_unit_test(hash_files_hashes_the_files_that_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
