#include "build/cache_prune.h"

#include "base/clock.h"
#include "base/map.h"
#include "build/cache_document.h"
#include "fs/fs.h"

#include <fcntl.h>

#define YOUNG_NS (3600 * CLOCK_SECOND)

struct pruning {
	int dir_fd;
	int64_t now_ns;
	struct arena arena;
	struct map kept; /* hex digits of what an entry leads to */
};

static void pruning_done(struct pruning *p)
{
	fd_close(p->dir_fd);
	arena_done(&p->arena);
	map_done(&p->kept, NULL);
}
CLEANUP_VAL(pruning_done, struct pruning);

static void keep(struct pruning *p, const struct digest *d)
{
	char hex[DIGEST_HEX];
	map_put(&p->kept, str_of(digest_hex(d, hex, 0)), p);
}

/* 1 = the entry is a cache, and what it leads to is kept; 0 = it is something else. */
static int keep_entry(struct pruning *p, const struct image_descriptor *entry, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(IMAGE_MANIFEST_MAX);
	struct image_manifest m;
	char path[DIGEST_TEXT + 16], hex[DIGEST_HEX];
	snprintf(path, sizeof(path), "blobs/%s/%s", digest_algorithm_name(entry->digest.algorithm),
		digest_hex(&entry->digest, hex, 0));
	if (fs_read_file_in(p->dir_fd, path, &text, err) < 0 ||
		image_manifest_parse(buf_str(&text), entry->media_type, &p->arena, &m, err) < 0)
		return -1;
	if (m.kind != IMAGE_MANIFEST || !str_is(m.config.media_type, MEDIA_BUILD_CACHE))
		return 0;
	keep(p, &entry->digest);
	keep(p, &m.config.digest);
	for (size_t i = 0; i < m.n_items; i++)
		keep(p, &m.items[i].digest);
	return 1;
}

static int keep_entries(struct pruning *p, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(IMAGE_MANIFEST_MAX);
	struct image_manifest index;
	if (fs_read_file_in(p->dir_fd, "index.json", &text, err) < 0 ||
		image_manifest_parse(buf_str(&text), S(MEDIA_OCI_INDEX), &p->arena, &index, err) <
			0)
		return -1;
	for (size_t i = 0; i < index.n_items; i++) {
		int is_ours = keep_entry(p, &index.items[i], err);
		if (is_ours <= 0)
			return is_ours;
	}
	return 1;
}

/* Files whose name is that of a blob, and no others. */
static bool is_stale(const struct pruning *p, int blobs_fd, const char *name)
{
	struct stat st;
	struct digest d;
	char text[DIGEST_TEXT];
	struct err ignored = {0};
	snprintf(text, sizeof(text), "sha256:%.128s", name);
	if (digest_parse(str_of(text), &d, &ignored) < 0 || map_has(&p->kept, str_of(name)) ||
		fstatat(blobs_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	return p->now_ns - st.st_mtim.tv_sec * CLOCK_SECOND > YOUNG_NS;
}

int cache_prune_folder(const char *dir, int64_t now_ns, struct err *err)
{
	CLEANUP(pruning_done) struct pruning p = {.dir_fd = -1, .now_ns = now_ns};
	CLEANUP(fs_entries_done) struct fs_entries files = {0};
	CLEANUP(fd_close) int blobs_fd = -1;
	int n = 0;
	if (fs_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &p.dir_fd, err) < 0)
		return -1;
	int is_ours = keep_entries(&p, err);
	if (is_ours <= 0)
		return is_ours;
	if (fs_open_in(p.dir_fd, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0, &blobs_fd, err) < 0 ||
		fs_list(blobs_fd, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n; i++)
		if (is_stale(&p, blobs_fd, files.p[i].name) &&
			unlinkat(blobs_fd, files.p[i].name, 0) == 0)
			n++;
	return n;
}
