#include "../test.h"

#include "base/clock.h"
#include "digest/digest.h"
#include "tar/tar.h"

static struct tar_entry file(const char *name)
{
	return (struct tar_entry){
		.type = TAR_FILE, .name = str_of(name), .link = S(""), .mode = 0644};
}

/* The bytes are a promise: when this fails, every layer gets a new digest. */
static void tar_add_header_of_every_kind_gives_the_promised_bytes(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	char long_name[300], text[DIGEST_TEXT];
	memset(long_name, 'n', sizeof(long_name));
	struct tar_xattr xattrs[] = {
		{S("security.capability"), S("\1\0\0\2\x20\0")}, {S("user.note"), S("line\nline")}};
	struct tar_entry entries[] = {
		{.type = TAR_DIR,
			.name = S("etc/"),
			.mode = 01777,
			.mtime_ns = 1700000000 * CLOCK_SECOND},
		{.type = TAR_FILE,
			.name = S("etc/passwd"),
			.mode = 0644,
			.uid = 1,
			.gid = 2,
			.size = 99},
		{.type = TAR_FILE, .name = S("bin/su"), .mode = 04755, .size = UINT64_C(1) << 33},
		{.type = TAR_FILE,
			.name = S("big"),
			.size = (UINT64_C(1) << 33) - 1,
			.uid = 2097151},
		{.type = TAR_FILE, .name = S("ids"), .uid = 2097152, .gid = 4294967294},
		{.type = TAR_FILE, .name = S("old"), .mtime_ns = -1500 * CLOCK_MS},
		{.type = TAR_FILE, .name = S("late"), .mtime_ns = 8589934592 * CLOCK_SECOND},
		{.type = TAR_FILE, .name = S("fraction"), .mtime_ns = 1999 * CLOCK_MS},
		{.type = TAR_FILE, .name = S("na\xc3\xafve"), .xattrs = xattrs, .n_xattrs = 2},
		{.type = TAR_FILE, .name = str_n(long_name, sizeof(long_name))},
		{.type = TAR_SYMLINK, .name = S("link"), .link = S("../some/where"), .mode = 0777},
		{.type = TAR_SYMLINK,
			.name = S("far"),
			.link = str_n(long_name, 101),
			.mode = 0777},
		{.type = TAR_HARDLINK,
			.name = S("hard"),
			.link = S("etc/passwd"),
			.mode = 0644,
			.size = 9},
		{.type = TAR_CHAR,
			.name = S("tty"),
			.mode = 0620,
			.dev_major = 5,
			.dev_minor = 1048575},
		{.type = TAR_BLOCKDEV, .name = S("sda"), .mode = 0660, .dev_major = 8},
		{.type = TAR_FIFO, .name = S("pipe"), .mode = 0600},
	};
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		OK(tar_add_header(&b, &entries[i], &err));
	tar_add_end(&b);
	OK(buf_check(&b, "tar", &err));
	struct digest d = digest_of(buf_str(&b));
	assert_string_equal(digest_text(&d, text),
		"sha256:60aecdb82a27dbdfb8e133905210a6e03d44d43f183449ea9508bce4e96d70a8");
}

static void tar_add_header_cuts_long_names_at_a_slash(void **state)
{
	struct err err = {0};
	char name[258];
	/* 155 + '/' + 100 just fits into prefix and name */
	memset(name, 'p', 155);
	name[155] = '/';
	memset(name + 156, 'n', 100);
	name[256] = '\0';
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct tar_entry e = file(name);
	OK(tar_add_header(&b, &e, &err));
	assert_int_equal(b.n, 512);
	assert_memory_equal(b.p + 345, name, 155);
	assert_memory_equal(b.p, name + 156, 100);
	/* a folder's closing slash is no place to cut */
	buf_clear(&b);
	memset(name, 'd', 120);
	name[120] = '/';
	name[121] = '\0';
	e = file(name);
	e.type = TAR_DIR;
	OK(tar_add_header(&b, &e, &err));
	assert_int_equal(b.n, 3 * 512);
	assert_int_equal(b.p[156], 'x');
	assert_non_null(memmem(b.p + 512, 512, name, 121));
}

static void tar_add_header_counts_the_digits_of_pax_lengths(void **state)
{
	struct err err = {0};
	/* "99 path=…" is 99 bytes, one more needs a third digit */
	static const size_t sizes[] = {101, 110, 982, 983, 984, 985, 986, 990, 991, 992, 993, 4096};
	static char name[4096];
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20);
		struct tar_entry e = {.type = TAR_FILE, .name = str_n(name, sizes[i])}, back;
		OK(tar_add_header(&b, &e, &err));
		struct mem_source source = MEM_SOURCE(buf_str(&b));
		CLEANUP(tar_reader_free) struct tar_reader *t = tar_reader_new(&source.source);
		OK(tar_next(t, &back, &err));
		assert_int_equal(back.name.n, sizes[i]);
		assert_int_equal(strtoul(b.p + 512, NULL, 10) + 1, strlen(b.p + 512) + 1);
	}
}

static void tar_add_header_of_what_tar_cannot_say_fails(void **state)
{
	static char name[TAR_NAME_MAX + 1], value[TAR_PAX_MAX];
	memset(name, 'n', sizeof(name));
	struct tar_xattr equals = {S("user.a=b"), S("")}, nameless = {S(""), S("v")};
	struct tar_xattr huge = {S("user.v"), str_n(value, sizeof(value))};
	const struct {
		struct tar_entry entry;
		enum err_kind kind;
	} cases[] = {
		{{.type = TAR_FILE, .name = S("")}, ERR_INPUT},
		{{.type = TAR_FILE, .name = S("a\0b")}, ERR_INPUT},
		{{.type = TAR_SYMLINK, .name = S("a"), .link = S("b\0")}, ERR_INPUT},
		{{.type = TAR_FILE, .name = str_n(name, sizeof(name))}, ERR_LIMIT},
		{{.type = TAR_SYMLINK, .name = S("a"), .link = str_n(name, sizeof(name))},
			ERR_LIMIT},
		{{.type = TAR_FILE, .name = S("a"), .size = UINT64_C(1) << 63}, ERR_LIMIT},
		{{.type = TAR_CHAR, .name = S("a"), .dev_minor = 1 << 24}, ERR_LIMIT},
		{{.type = TAR_FILE, .name = S("a"), .xattrs = &equals, .n_xattrs = 1}, ERR_INPUT},
		{{.type = TAR_FILE, .name = S("a"), .xattrs = &nameless, .n_xattrs = 1}, ERR_INPUT},
		{{.type = TAR_FILE, .name = S("a"), .xattrs = &huge, .n_xattrs = 1}, ERR_LIMIT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		CLEANUP(buf_done) struct buf b = BUF(4 << 20);
		FAILS(cases[i].kind, tar_add_header(&b, &cases[i].entry, &err));
		assert_int_equal(b.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tar_add_header_of_every_kind_gives_the_promised_bytes),
		cmocka_unit_test(tar_add_header_cuts_long_names_at_a_slash),
		cmocka_unit_test(tar_add_header_counts_the_digits_of_pax_lengths),
		cmocka_unit_test(tar_add_header_of_what_tar_cannot_say_fails),
	};
	return cmocka_run_group_tests_name("tar/write", tests, NULL, NULL);
}
