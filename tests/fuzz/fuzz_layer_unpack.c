/* Layers into a folder on tmpfs. An even first byte: the rest is a blob as it is. An odd one: the
 * rest is a list of entries, three bytes each (type, name, link), out of few names that get in each
 * other's way. Whatever comes: nothing outside the tree changes, and threads make no difference. */
#include "base/own.h"
#include "fs/fs.h"
#include "layer/layer.h"
#include "tar/tar.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a", "b", "a/b", "a/b/c", "b/a", "/a", "./a/", "../a", "a/../b",
	"", ".", "..", ".wh.a", ".wh.b", "a/.wh.b", "a/.wh..wh..opq", ".wh..wh..opq", ".wh.",
	".wh...", "/", "a/b/../c", "c", "c/a", "c/b/a", "b/.wh.a", "../outside/x",
	"a/../../outside/x", "outside"};
static const char types[] = "0000011223456";

static void add_entry(struct buf *b, const uint8_t *p)
{
	char block[TAR_BLOCK] = {0};
	struct err err = {0};
	char type = types[p[0] % (sizeof(types) - 1)];
	size_t n = type == '0' ? p[1] % 3 * 700U : 0;
	struct tar_entry e = {.type = (enum tar_type)type,
		.name = str_of(names[p[1] % ARRAY_LEN(names)]),
		.link = str_of(names[p[2] % ARRAY_LEN(names)]),
		.mode = p[0] % 2 ? 0755 : 0640,
		.size = n,
		.mtime_ns = 1000000000,
		.dev_major = 1,
		.dev_minor = 3};
	if (tar_add_header(b, &e, &err) < 0)
		return;
	memset(block, p[2], sizeof(block));
	for (size_t at = 0; at < n + tar_padding(n); at += sizeof(block))
		buf_add_bytes(b, block, sizeof(block));
}

/* The digest of what came out, or none when it was refused. */
static struct digest unpack(int dir_fd, struct str blob, struct pool *pool)
{
	CLEANUP(fd_close) int tree_fd = -1;
	struct err err = {0};
	struct layer_info info = {0}, packed = {0};
	struct mem_source from = MEM_SOURCE(blob);
	assert(fs_mkdirs(dir_fd, "tree", 0755, &err) == 0);
	assert(fs_open(dir_fd, "tree", O_RDONLY | O_DIRECTORY, 0, &tree_fd, &err) == 0);
	struct layer_unpack u = {
		.blob = &from.source, .tree_fd = tree_fd, .pool = pool, .max_bytes = 1 << 20};
	struct layer_pack p = {
		.tree_fd = tree_fd, .is_overlay_upper = true, .times = {INT64_MAX, 0}};
	if (layer_unpack(&u, &info, &err) == 0 && layer_pack(&p, &packed, &err) < 0) {
		fprintf(stderr, "unpacked but not packed: %s\n", err.what);
		abort();
	}
	assert(fs_remove_tree(dir_fd, "tree", &err) == 0);
	return packed.diff_id;
}

/* A folder with the name `path`, and an empty one in it that nobody may find. */
static int new_folder(char *path)
{
	struct err err = {0};
	assert(mkdtemp(path));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(fd >= 0 && fs_mkdirs(fd, "outside", 0755, &err) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/dev/shm/fuzz-layer-XXXXXX";
	struct fs_entries left = {0};
	struct err err = {0};
	if (size < 1)
		return 0;
	CLEANUP(fd_close) int dir_fd = new_folder(path);
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	CLEANUP(buf_done) struct buf tar = BUF(1 << 24);
	bool is_list = data[0] % 2;
	for (size_t at = 1; is_list && at + 3 <= size; at += 3)
		add_entry(&tar, data + at);
	struct str blob = is_list ? buf_str(&tar) : str_n(data + 1, size - 1);
	struct digest a = unpack(dir_fd, blob, NULL), b = unpack(dir_fd, blob, pool);
	assert(digest_eq(&a, &b));
	CLEANUP(fd_close)
	int outside = openat(dir_fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(fs_list(outside, &left, &err) == 0 && left.n == 0);
	fs_entries_done(&left);
	assert(fs_remove_tree(AT_FDCWD, path, &err) == 0);
	return 0;
}
