#include "../tempdir.h"

#include "base/clock.h"
#include "build/statcache.h"

#define LATER (INT64_C(2000) * CLOCK_SECOND)

static struct stat made(int64_t seconds)
{
	struct stat st = {.st_size = 5, .st_ino = 7, .st_dev = 9, .st_mode = S_IFREG | 0644};
	st.st_mtim.tv_sec = st.st_ctim.tv_sec = seconds;
	return st;
}

static void statcache_get_knows_only_the_same_stat(void **state)
{
	CLEANUP(statcache_free) struct statcache *c = statcache_load(-1, "none");
	struct digest d = digest_of(S("hello")), got;
	struct stat st = made(1000);
	assert_false(statcache_get(c, S("a"), &st, &got));
	statcache_put(c, S("a"), &st, LATER, &d);
	assert_true(statcache_get(c, S("a"), &st, &got));
	assert_true(digest_eq(&d, &got));
	assert_false(statcache_get(c, S("b"), &st, &got));
	struct stat changed[6];
	for (size_t i = 0; i < 6; i++)
		changed[i] = st;
	changed[0].st_size++;
	changed[1].st_ino++;
	changed[2].st_dev++;
	changed[3].st_mtim.tv_sec--; /* touch -d */
	changed[4].st_ctim.tv_nsec++;
	changed[5].st_mtim.tv_nsec++;
	for (size_t i = 0; i < 6; i++)
		if (statcache_get(c, S("a"), &changed[i], &got))
			fail_msg("change %zu was not seen", i);
	st.st_mode = S_IFREG | 0755; /* modes are no bytes */
	st.st_nlink = 2;
	assert_true(statcache_get(c, S("a"), &st, &got));
}

static void statcache_put_of_a_racy_file_keeps_nothing(void **state)
{
	static const struct {
		int64_t mtime_ns, ctime_ns;
		bool is_kept;
	} cases[] = {
		{LATER, LATER, false},
		{LATER - CLOCK_MS, LATER - CLOCK_SECOND, false},
		{LATER - CLOCK_SECOND, LATER - CLOCK_MS, false}, /* touch -d after a write */
		{LATER - 49 * CLOCK_MS, 0, false},
		{LATER + CLOCK_SECOND, 0, false}, /* from the future */
		{LATER - 51 * CLOCK_MS, LATER - 51 * CLOCK_MS, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(statcache_free) struct statcache *c = statcache_load(-1, "none");
		struct digest d = digest_of(S("hello")), got;
		struct stat st = made(0);
		st.st_mtim = (struct timespec){
			cases[i].mtime_ns / CLOCK_SECOND, cases[i].mtime_ns % CLOCK_SECOND};
		st.st_ctim = (struct timespec){
			cases[i].ctime_ns / CLOCK_SECOND, cases[i].ctime_ns % CLOCK_SECOND};
		statcache_put(c, S("a"), &st, LATER, &d);
		if (statcache_get(c, S("a"), &st, &got) != cases[i].is_kept)
			fail_msg("case %zu", i);
	}
}

static struct statcache *saved(const struct temp_dir *dir, const struct digest *d)
{
	struct err err = {0};
	struct stat st = made(1000);
	CLEANUP(statcache_free) struct statcache *c = statcache_load(dir->fd, "c");
	statcache_put(c, S("a"), &st, LATER, d);
	statcache_put(c, S("dir/with\nnewline"), &st, LATER, d);
	OK(statcache_save(c, &err));
	return statcache_load(dir->fd, "c");
}

static void statcache_load_reads_what_was_saved(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	struct digest d = digest_of(S("hello")), got;
	struct stat st = made(1000), file;
	CLEANUP(statcache_free) struct statcache *c = saved(&dir, &d);
	assert_true(statcache_get(c, S("a"), &st, &got));
	assert_true(digest_eq(&d, &got));
	assert_true(statcache_get(c, S("dir/with\nnewline"), &st, &got));
	/* nothing new: nothing is written */
	assert_int_equal(unlinkat(dir.fd, "c", 0), 0);
	OK(statcache_save(c, &err));
	assert_int_equal(fstatat(dir.fd, "c", &file, 0), -1);
	/* replacing a loaded entry */
	struct digest e = digest_of(S("other"));
	st.st_size = 6;
	statcache_put(c, S("a"), &st, LATER, &e);
	assert_true(statcache_get(c, S("a"), &st, &got));
	assert_true(digest_eq(&e, &got));
	OK(statcache_save(c, &err));
	CLEANUP(statcache_free) struct statcache *again = statcache_load(dir.fd, "c");
	assert_true(statcache_get(again, S("a"), &st, &got));
	assert_true(digest_eq(&e, &got));
}

static void statcache_load_of_a_damaged_file_is_empty(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_quick();
	CLEANUP(buf_done) struct buf bytes = BUF(4096);
	struct digest d = digest_of(S("hello")), got;
	struct stat st = made(1000);
	statcache_free(saved(&dir, &d));
	OK(fs_read_file(dir.fd, "c", &bytes, &err));
	for (size_t i = 0; i < bytes.n; i++) {
		bytes.p[i] ^= 1;
		OK(fs_write_file(dir.fd, "c", buf_str(&bytes), 0600, FS_NO_SYNC, &err));
		CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
		if (statcache_get(c, S("a"), &st, &got))
			fail_msg("byte %zu was flipped, and the cache was trusted", i);
		bytes.p[i] ^= 1;
	}
	for (size_t n = 0; n < bytes.n; n++) {
		OK(fs_write_file(dir.fd, "c", str_n(bytes.p, n), 0600, FS_NO_SYNC, &err));
		CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
		assert_false(statcache_get(c, S("a"), &st, &got));
	}
	OK(fs_write_file(dir.fd, "c", buf_str(&bytes), 0600, FS_NO_SYNC, &err));
	CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
	assert_true(statcache_get(c, S("a"), &st, &got));
}

/* A right checksum over counts that do not fit is still no cache. */
static void statcache_load_checks_counts(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_quick();
	CLEANUP(buf_done) struct buf bytes = BUF(4096);
	struct digest d = digest_of(S("hello")), got;
	struct stat st = made(1000);
	statcache_free(saved(&dir, &d));
	OK(fs_read_file(dir.fd, "c", &bytes, &err));
	static const uint32_t counts[] = {0, 3, 1000, UINT32_MAX};
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		memcpy(bytes.p + 4, &counts[i], 4);
		struct digest sum = digest_of(str_n(bytes.p, bytes.n - 32));
		memcpy(bytes.p + bytes.n - 32, sum.bytes, 32);
		OK(fs_write_file(dir.fd, "c", buf_str(&bytes), 0600, FS_NO_SYNC, &err));
		CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
		assert_false(statcache_get(c, S("a"), &st, &got));
	}
}

static void statcache_save_forgets_what_nobody_asks_for(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_quick();
	struct digest d = digest_of(S("hello")), got;
	struct stat st = made(1000);
	statcache_free(saved(&dir, &d));
	for (int i = 0; i < 40; i++) {
		char name[20];
		snprintf(name, sizeof(name), "new%d", i % 3);
		CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
		assert_true(statcache_get(c, S("a"), &st, &got));
		statcache_put(c, str_of(name), &st, LATER, &d);
		OK(statcache_save(c, &err));
	}
	CLEANUP(statcache_free) struct statcache *c = statcache_load(dir.fd, "c");
	assert_true(statcache_get(c, S("a"), &st, &got));
	assert_false(statcache_get(c, S("dir/with\nnewline"), &st, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statcache_get_knows_only_the_same_stat),
		cmocka_unit_test(statcache_put_of_a_racy_file_keeps_nothing),
		cmocka_unit_test(statcache_load_reads_what_was_saved),
		cmocka_unit_test(statcache_load_of_a_damaged_file_is_empty),
		cmocka_unit_test(statcache_load_checks_counts),
		cmocka_unit_test(statcache_save_forgets_what_nobody_asks_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
