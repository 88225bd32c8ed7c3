#include "temp_store.h"

#include <pthread.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static void blob_put_is_read_back(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(100);
	struct digest d = put(t, "hello");
	uint64_t size;
	OK(blob_size(t->s, &d, &size, &err));
	assert_int_equal(size, 5);
	OK(blob_read(t->s, &d, &b, &err));
	STR_IS(buf_str(&b), "hello");
	assert_true(blob_exists(t->s, &d));
	OK(blob_verify(t->s, &d, &err));
	struct digest other = digest_of(S("other"));
	assert_false(blob_exists(t->s, &other));
	FAILS(ERR_NOT_FOUND, blob_read(t->s, &other, &b, &err));
	struct digest none = {0};
	FAILS(ERR_NOT_FOUND, blob_read(t->s, &none, &b, &err));
	open_again(t);
	assert_true(blob_exists(t->s, &d));
}

static void blob_empty_content(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(buf_done) struct buf b = BUF(100);
	struct err err = {0};
	struct digest d = put(t, "");
	OK(blob_read(t->s, &d, &b, &err));
	assert_int_equal(b.n, 0);
	assert_true(blob_exists(t->s, &d));
}

static void blob_commit_checks_the_digest(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest wrong = digest_of(S("x")), d;
	OK(blob_create(t->s, DIGEST_SHA256, &w, &err));
	OK(blob_write(w, "hello", 5, &err));
	FAILS(ERR_INPUT, blob_commit(w, &wrong, &d, NULL, &err));
	assert_false(blob_exists(t->s, &wrong));
	d = digest_of(S("hello"));
	assert_false(blob_exists(t->s, &d));
	blob_writer_free(TAKE(w));
	assert_int_equal(count_in(t, "tmp"), 0);
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

/* Nobody syncs a blob's folder again that its mode calls synced; who has to, says so. */
static void blob_says_that_its_name_is_synced(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char text[DIGEST_TEXT], path[200];
	struct digest d = put(t, "hello");
	const char *hex = strchr(digest_text(&d, text), ':') + 1;
	snprintf(path, sizeof(path), "%s/blobs/sha256/%.2s/%s", t->path, hex, hex);
	assert_int_equal(mode_of(path), 0440);
	assert_int_equal(chmod(path, 0400), 0);
	open_again(t); /* without the lease of put() */
	OK(blob_keep(t->s, &d, &err));
	assert_int_equal(mode_of(path), 0440);
}

static void blob_commit_sha512(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest d;
	uint64_t size;
	char text[DIGEST_TEXT];
	OK(blob_create(t->s, DIGEST_SHA512, &w, &err));
	OK(sink_write(blob_writer_sink(w), "", 0, &err));
	OK(blob_commit(w, NULL, &d, &size, &err));
	assert_int_equal(size, 0);
	assert_string_equal(digest_text(&d, text),
		"sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
	OK(blob_verify(t->s, &d, &err));
}

static void blob_commit_all_stores_each(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	enum { N = 40 };
	struct blob_commit c[N] = {0};
	for (int i = 0; i < N; i++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "number %d", i);
		OK(blob_create(t->s, DIGEST_SHA256, &c[i].writer, &err));
		OK(blob_write(c[i].writer, text, (size_t)n, &err));
	}
	OK(blob_commit_all(c, N, &err));
	for (int i = 0; i < N; i++) {
		OK(blob_verify(t->s, &c[i].digest, &err));
		assert_int_equal(c[i].size, i < 10 ? 8 : 9);
		blob_writer_free(c[i].writer);
	}
	OK(blob_commit_all(c, 0, &err));
}

static void blob_trusted_writer_takes_the_callers_word(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest d = digest_of(S("hello")), got;
	OK(blob_create(t->s, DIGEST_SHA256, &w, &err));
	blob_trust_digest(w);
	OK(blob_write(w, "hello", 5, &err));
	OK(blob_commit(w, &d, &got, NULL, &err));
	assert_true(digest_eq(&d, &got));
	OK(blob_verify(t->s, &d, &err));
}

/* ---- damage (F07, F08, F10) ---- */

static int open_file(struct temp_store *t, const struct digest *d, int flags)
{
	char path[200];
	path_of(d, path);
	assert_int_equal(fchmodat(store_root_fd(t->s), path, 0600, 0), 0);
	int fd = openat(store_root_fd(t->s), path, flags);
	assert_true(fd >= 0);
	return fd;
}

static void blob_truncated_is_seen_and_healed(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(100);
	struct digest d = put(t, "hello");
	int fd = open_file(t, &d, O_WRONLY);
	bool has_xattrs = fgetxattr(fd, "user.knarr.size", NULL, 0) > 0;
	assert_int_equal(ftruncate(fd, has_xattrs ? 3 : 0), 0);
	close(fd);
	FAILS(ERR_CORRUPT, blob_open(t->s, &d, &fd, NULL, &err));
	FAILS(ERR_CORRUPT, blob_read(t->s, &d, &b, &err));
	assert_false(blob_exists(t->s, &d));
	put(t, "hello");
	OK(blob_read(t->s, &d, &b, &err));
	STR_IS(buf_str(&b), "hello");
}

static void flip(struct temp_store *t, const struct digest *d)
{
	int fd = open_file(t, d, O_WRONLY);
	assert_int_equal(pwrite(fd, "J", 1, 0), 1);
	close(fd);
}

static void blob_bit_flip_is_found_by_scrub_and_healed(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(100);
	struct digest d = put(t, "hello");
	int fd;
	flip(t, &d);
	FAILS(ERR_CORRUPT, blob_read(t->s, &d, &b, &err));
	assert_int_equal(b.n, 0);
	FAILS(ERR_CORRUPT, blob_verify(t->s, &d, &err));
	/* set aside: not served any more, and not said to be there */
	FAILS(ERR_CORRUPT, blob_open(t->s, &d, &fd, NULL, &err));
	assert_false(blob_exists(t->s, &d));
	put(t, "hello");
	OK(blob_verify(t->s, &d, &err));
	/* and nothing of it is left */
	struct gc_result r = collect(t);
	assert_int_equal(r.n_damaged, 0);
}

static void blob_put_again_heals_what_nobody_noticed(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest d = put(t, "hello");
	flip(t, &d);
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	OK(blob_create(t->s, DIGEST_SHA256, &w, &err));
	OK(blob_write(w, "hello", 5, &err));
	OK(blob_commit(w, &d, NULL, NULL, &err));
	OK(blob_verify(t->s, &d, &err));
	flip(t, &d);
	put(t, "hello");
	OK(blob_verify(t->s, &d, &err));
}

static void blob_that_is_no_file(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest d = put(t, "hello");
	char path[200];
	int fd;
	path_of(&d, path);
	assert_int_equal(unlinkat(store_root_fd(t->s), path, 0), 0);
	assert_int_equal(mkfifoat(store_root_fd(t->s), path, 0600), 0);
	FAILS(ERR_CORRUPT, blob_open(t->s, &d, &fd, NULL, &err));
	assert_int_equal(unlinkat(store_root_fd(t->s), path, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", store_root_fd(t->s), path), 0);
	FAILS(ERR_SYS, blob_open(t->s, &d, &fd, NULL, &err));
	assert_false(blob_exists(t->s, &d));
}

static int count_damage(void *ctx, const struct digest *d, uint64_t size, struct err *err)
{
	(*(int *)ctx)++;
	return 0;
}

static void blob_each_skips_what_is_no_blob(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest d = put(t, "hello");
	char path[260];
	int n = 0;
	put(t, "other");
	path_of(&d, path);
	for (size_t i = 0; i < 3; i++) {
		static const char *const tails[] = {"x", ".damaged2", "/../stray"};
		char stray[300];
		snprintf(stray, sizeof(stray), "%.*s%s", i < 2 ? 200 : 20, path, tails[i]);
		int fd = openat(store_root_fd(t->s), stray, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0 || i == 2);
		if (fd >= 0)
			close(fd);
	}
	OK(blob_each(t->s, count_damage, &n, &err));
	assert_int_equal(n, 2);
	struct gc_result r = collect(t);
	assert_int_equal(r.n_damaged, 2);
	assert_int_equal(r.n_blobs, 0); /* we hold leases */
}

/* ---- disk full (F04) ---- */

static void fill_disk(struct temp_store *t)
{
	int fd = openat(store_root_fd(t->s), "filler", O_CREAT | O_WRONLY, 0600);
	char block[4096] = "x";
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void blob_disk_full_leaves_nothing_and_recovers(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	store_free(TAKE(t->s));
	if (mount("none", t->path, "tmpfs", 0, "size=4m") < 0)
		skip();
	open_again(t);
	struct digest d = put(t, "before");
	fill_disk(t);
	for (size_t n = 1; n < 3000000; n *= 3) {
		CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
		CLEANUP(mem_free) char *bytes = mem_new(n, 1);
		if (blob_create(t->s, DIGEST_SHA256, &w, &err) < 0 ||
			blob_write(w, bytes, n, &err) < 0)
			assert_int_equal(err.kind, ERR_SYS);
		else
			FAILS(ERR_SYS, blob_commit(w, NULL, NULL, NULL, &err));
	}
	assert_int_equal(count_in(t, "tmp"), 0);
	assert_true(blob_exists(t->s, &d));
	assert_int_equal(unlinkat(store_root_fd(t->s), "filler", 0), 0);
	struct digest after = put(t, "after");
	OK(link_add(t->s, S("r"), &after, &err));
	store_free(TAKE(t->s));
	assert_int_equal(umount(t->path), 0);
	open_again(t);
}

/* ---- many at once (F32) ---- */

static void *put_same(void *ctx)
{
	struct temp_store *t = ctx;
	for (int i = 0; i < 20; i++) {
		struct err err = {0};
		CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
		if (blob_create(t->s, DIGEST_SHA256, &w, &err) < 0 ||
			blob_write(w, "the same", 8, &err) < 0 ||
			blob_commit(w, NULL, NULL, NULL, &err) < 0)
			return mem_cstr(err.what);
		struct digest d = digest_of(S("the same"));
		CLEANUP(buf_done) struct buf b = BUF(100);
		if (blob_read(t->s, &d, &b, &err) < 0)
			return mem_cstr(err.what);
	}
	return NULL;
}

static void blob_same_content_from_many_threads(void **state)
{
	struct temp_store *t = *state;
	pthread_t threads[16];
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_same, t), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		if (failed)
			fail_msg("%s", (char *)failed);
	}
	assert_int_equal(count_in(t, "tmp"), 0);
}

/* ---- the store as such (F12) ---- */

static void store_open_twice_and_moved(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct store *other = NULL;
	struct store_spec spec = {.root = t->path};
	struct digest d = put(t, "hello");
	OK(store_open(&spec, &other, &err));
	assert_true(blob_exists(other, &d));
	uint64_t before = store_generation(other);
	OK(link_add(t->s, S("r"), &d, &err));
	assert_true(store_generation(other) > before);
	assert_int_equal(store_generation(other), store_generation(t->s));
	store_free(other);
	store_free(TAKE(t->s));
	char old[sizeof(t->path)];
	memcpy(old, t->path, sizeof(old));
	t->path[strlen(old) - 1] ^= 1;
	assert_int_equal(rename(old, t->path), 0);
	open_again(t);
	assert_int_equal(link_has(t->s, S("r"), &d, &err), 1);
}

static void store_open_bad_roots(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct store *s = NULL;
	char path[100];
	snprintf(path, sizeof(path), "%s/index.db/x", t->path);
	struct store_spec spec = {.root = path};
	FAILS(ERR_NOT_FOUND, store_open(&spec, &s, &err));
	snprintf(path, sizeof(path), "%s/a/b/c", t->path);
	OK(store_open(&spec, &s, &err));
	store_free(s);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(blob_put_is_read_back),
		CASE(blob_empty_content),
		CASE(blob_commit_checks_the_digest),
		CASE(blob_says_that_its_name_is_synced),
		CASE(blob_commit_sha512),
		CASE(blob_commit_all_stores_each),
		CASE(blob_trusted_writer_takes_the_callers_word),
		CASE(blob_truncated_is_seen_and_healed),
		CASE(blob_bit_flip_is_found_by_scrub_and_healed),
		CASE(blob_put_again_heals_what_nobody_noticed),
		CASE(blob_that_is_no_file),
		CASE(blob_each_skips_what_is_no_blob),
		CASE(blob_disk_full_leaves_nothing_and_recovers),
		CASE(blob_same_content_from_many_threads),
		CASE(store_open_twice_and_moved),
		CASE(store_open_bad_roots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
