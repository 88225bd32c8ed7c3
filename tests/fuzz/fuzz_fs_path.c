/* fuzz_fs_path -- clean paths stay clean, and below the root. */
#include "fs/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(struct str path)
{
	struct str rest = str_skip(path, 1), name;
	assert(path.n && path.p[0] == '/');
	if (path.n == 1)
		return;
	while (str_cut(&rest, '/', &name))
		assert(name.n && !str_is(name, ".") && !str_is(name, ".."));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(size ? (const char *)data : "", size), base = STR_NONE;
	CLEANUP(buf_done) struct buf once = BUF(1 << 20);
	CLEANUP(buf_done) struct buf twice = BUF(1 << 20);
	if (!str_cut(&text, '\n', &base))
		return 0;
	path_clean(&once, base, text);
	check_clean(buf_str(&once));
	path_clean(&twice, STR_NONE, buf_str(&once));
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	path_clean(&twice, path_dir(buf_str(&once)), path_base(buf_str(&once)));
	assert(str_eq(str_skip(buf_str(&twice), once.n), buf_str(&once)));
	assert(path_base(text).n && path_dir(text).n);
	return 0;
}
