#include "temp_store.h"

#include <sys/wait.h>

#define R S("me/app")

static void begin(struct temp_store *t, char id[UPLOAD_ID])
{
	if (upload_begin(t->s, R, id, &t->err) < 0)
		fail_msg("%s", t->err.what);
}

static void append(struct temp_store *t, const char *id, const char *text)
{
	CLEANUP(upload_close) struct upload *u = NULL;
	struct err err = {0};
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	OK(upload_write(u, text, strlen(text), &err));
	OK(upload_sync(u, &err));
}

static uint64_t offset_of(struct temp_store *t, const char *id)
{
	CLEANUP(upload_close) struct upload *u = NULL;
	struct err err = {0};
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	return upload_offset(u);
}

static void finish_as(struct temp_store *t, const char *id, const struct digest *d)
{
	CLEANUP(upload_close) struct upload *u = NULL;
	struct err err = {0};
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	OK(upload_finish(u, d, &err));
}

static void upload_in_chunks(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	struct digest d = digest_of(S("hello world"));
	begin(t, id);
	assert_int_equal(offset_of(t, id), 0);
	append(t, id, "hello ");
	assert_int_equal(offset_of(t, id), 6);
	append(t, id, "world");
	finish_as(t, id, &d);
	OK(blob_verify(t->s, &d, &err));
	assert_int_equal(link_has(t->s, R, &d, &err), 1);
	assert_int_equal(link_has(t->s, S("other"), &d, &err), 0);
	struct upload *u = NULL;
	FAILS(ERR_NOT_FOUND, upload_open(t->s, R, str_of(id), &u, &err));
	assert_int_equal(count_in(t, "uploads"), 0);
}

/* The process ends between two chunks; the next one goes on. */
static void upload_survives_the_process(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	struct digest d = digest_of(S("hello world"));
	begin(t, id);
	append(t, id, "hello ");
	open_again(t);
	assert_int_equal(offset_of(t, id), 6);
	open_again(t);
	append(t, id, "world");
	open_again(t);
	finish_as(t, id, &d);
	OK(blob_verify(t->s, &d, &err));
}

static void upload_close_keeps_what_was_not_synced(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	struct upload *u = NULL;
	begin(t, id);
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	OK(upload_write(u, "abc", 3, &err));
	upload_close(u);
	assert_int_equal(offset_of(t, id), 3);
}

/* F30: two writers on one session; another repository; nonsense. */
static void upload_open_refuses(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	CLEANUP(upload_close) struct upload *u = NULL;
	struct upload *second = NULL;
	begin(t, id);
	FAILS(ERR_NOT_FOUND, upload_open(t->s, S("other"), str_of(id), &second, &err));
	FAILS(ERR_NOT_FOUND, upload_open(t->s, R, S(""), &second, &err));
	FAILS(ERR_NOT_FOUND, upload_open(t->s, R, S("../../index.db"), &second, &err));
	FAILS(ERR_NOT_FOUND,
		upload_open(t->s, R, S("00000000000000000000000000000000"), &second, &err));
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	FAILS(ERR_CONFLICT, upload_open(t->s, R, str_of(id), &second, &err));
	FAILS(ERR_CONFLICT, upload_cancel(t->s, R, str_of(id), &err));
}

static void upload_wrong_digest_ends_the_session(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	CLEANUP(upload_close) struct upload *u = NULL;
	struct digest wrong = digest_of(S("x")), none = {0};
	begin(t, id);
	append(t, id, "hello");
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	FAILS(ERR_INPUT, upload_finish(u, &none, &err));
	FAILS(ERR_INPUT, upload_finish(u, &wrong, &err));
	FAILS(ERR_NOT_FOUND, upload_finish(u, &wrong, &err));
	upload_close(TAKE(u));
	FAILS(ERR_NOT_FOUND, upload_open(t->s, R, str_of(id), &u, &err));
	assert_false(blob_exists(t->s, &wrong));
	assert_int_equal(count_in(t, "uploads"), 0);
}

static void upload_finish_sha512_and_empty(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	struct digest d;
	OK(digest_parse(S("sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
			  "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"),
		&d, &err));
	begin(t, id);
	append(t, id, "hello");
	finish_as(t, id, &d);
	OK(blob_verify(t->s, &d, &err));
	d = digest_of(S(""));
	begin(t, id);
	finish_as(t, id, &d);
	OK(blob_verify(t->s, &d, &err));
}

static void upload_cancel_forgets(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	begin(t, id);
	append(t, id, "hello");
	FAILS(ERR_NOT_FOUND, upload_cancel(t->s, S("other"), str_of(id), &err));
	OK(upload_cancel(t->s, R, str_of(id), &err));
	FAILS(ERR_NOT_FOUND, upload_cancel(t->s, R, str_of(id), &err));
	assert_int_equal(count_in(t, "uploads"), 0);
}

/* Another process wrote to the session between two of ours: our hash of it is worthless. */
static void upload_hash_in_memory_is_not_trusted_blindly(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID];
	struct store *other = NULL;
	struct store_spec spec = {.root = t->path};
	begin(t, id);
	append(t, id, "hello ");
	OK(store_open(&spec, &other, &err));
	struct upload *u = NULL;
	OK(upload_open(other, R, str_of(id), &u, &err));
	OK(upload_write(u, "world", 5, &err));
	upload_close(u);
	store_free(other);
	struct digest d = digest_of(S("hello world"));
	finish_as(t, id, &d);
	OK(blob_verify(t->s, &d, &err));
}

/* kill -9 in the middle: the lock is free, the offset is the length. */
static void upload_killed_writer(void **state)
{
	struct temp_store *t = *state;
	char id[UPLOAD_ID];
	int pipe_fds[2], status;
	begin(t, id);
	assert_int_equal(pipe(pipe_fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct upload *u = NULL;
		struct err err;
		open_again(t);
		if (upload_open(t->s, R, str_of(id), &u, &err) < 0 ||
			upload_write(u, "12345", 5, &err) < 0)
			_exit(1);
		(void)!write(pipe_fds[1], "x", 1);
		pause();
	}
	char c;
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	struct upload *u = NULL;
	struct err err = {0};
	FAILS(ERR_CONFLICT, upload_open(t->s, R, str_of(id), &u, &err));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(offset_of(t, id), 5);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void upload_old_ones_are_collected(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char id[UPLOAD_ID], fresh[UPLOAD_ID];
	begin(t, id);
	append(t, id, "hello");
	begin(t, fresh);
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int fd;
	OK(store_dir(t->s, "uploads", &fd, &err));
	OK(fs_list(fd, &all, &err));
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	for (size_t i = 0; i < all.n; i++)
		if (strncmp(all.p[i].name, id, 32) == 0)
			assert_int_equal(utimensat(fd, all.p[i].name, old, 0), 0);
	/* one in use stays */
	struct upload *u = NULL;
	OK(upload_open(t->s, R, str_of(id), &u, &err));
	struct gc_result r = collect(t);
	assert_int_equal(r.n_uploads, 0);
	upload_close(u);
	r = collect(t);
	assert_int_equal(r.n_uploads, 1);
	assert_int_equal(r.bytes, 5);
	FAILS(ERR_NOT_FOUND, upload_open(t->s, R, str_of(id), &u, &err));
	assert_int_equal(offset_of(t, fresh), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(upload_in_chunks),
		CASE(upload_survives_the_process),
		CASE(upload_close_keeps_what_was_not_synced),
		CASE(upload_open_refuses),
		CASE(upload_wrong_digest_ends_the_session),
		CASE(upload_finish_sha512_and_empty),
		CASE(upload_cancel_forgets),
		CASE(upload_hash_in_memory_is_not_trusted_blindly),
		CASE(upload_killed_writer),
		CASE(upload_old_ones_are_collected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
