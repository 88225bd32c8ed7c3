/* The file: magic, count, then fixed-size records and the paths behind them, all little-endian as
 * written by this machine (the cache never leaves it), and a sha256 over everything before. */
#include "build/statcache.h"

#include "base/map.h"
#include "base/vec.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

enum { FORMAT = 0x4b4e5302, IDLE_ROUNDS = 16, PATH_LENGTH_MAX = 4096 };
#define RACY_NS (50 * INT64_C(1000000))
#define FILE_MAX (UINT64_C(1) << 30)

/* What must be the same for a digest to hold. */
struct stamp {
	uint64_t size, inode, device;
	int64_t mtime_ns, ctime_ns;
};

struct record {
	struct stamp stamp;
	uint8_t sha256[32];
	uint32_t path_n;
	uint16_t idle; /* saves since it was last asked for */
	uint16_t zero;
};

struct header {
	uint32_t format, count;
};

struct statcache {
	int dir_fd; /* borrowed */
	char name[80];
	pthread_mutex_t lock;
	struct map entries; /* path -> struct record * */
	bool is_changed;
	struct record *loaded; /* one block for all loaded records */
	size_t n_loaded;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.size = (uint64_t)st->st_size,
		.inode = st->st_ino,
		.device = st->st_dev,
		.mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
		.ctime_ns = st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec,
	};
}

static bool is_loaded(const struct statcache *c, const struct record *r)
{
	return r >= c->loaded && r < c->loaded + c->n_loaded;
}

/* True when bytes are a whole, undamaged cache. */
static bool parse(struct statcache *c, struct str bytes)
{
	struct header h;
	if (bytes.n < sizeof(h) + 32)
		return false;
	struct str body = str_sub(bytes, 0, bytes.n - 32);
	struct digest d = digest_of(body);
	memcpy(&h, body.p, sizeof(h));
	if (h.format != FORMAT || memcmp(d.bytes, bytes.p + body.n, 32) != 0 ||
		(body.n - sizeof(h)) / sizeof(struct record) < h.count)
		return false;
	struct str records = str_sub(body, sizeof(h), sizeof(h) + h.count * sizeof(struct record));
	struct str paths = str_skip(body, sizeof(h) + records.n);
	c->loaded = mem_copy(records.p, records.n);
	c->n_loaded = h.count;
	for (size_t i = 0; i < h.count; i++) {
		struct record *r = &c->loaded[i];
		if (r->path_n > paths.n)
			return false;
		r->idle++;
		map_put(&c->entries, str_sub(paths, 0, r->path_n), r);
		paths = str_skip(paths, r->path_n);
	}
	return true;
}

struct statcache *statcache_load(int dir_fd, const char *name)
{
	struct statcache *c = NEW(struct statcache);
	CLEANUP(buf_done) struct buf bytes = BUF(FILE_MAX);
	struct err ignored = {0}; /* no cache, or an unreadable one, is an empty one */
	c->dir_fd = dir_fd;
	snprintf(c->name, sizeof(c->name), "%s", name);
	pthread_mutex_init(&c->lock, NULL);
	if (fs_read_file(dir_fd, name, &bytes, &ignored) == 0 && !parse(c, buf_str(&bytes)))
		map_done(&c->entries, NULL);
	return c;
}

void statcache_free(struct statcache *c)
{
	if (!c)
		return;
	MAP_EACH(&c->entries, e) {
		if (!is_loaded(c, e->value))
			free(e->value);
	}
	map_done(&c->entries, NULL);
	free(c->loaded);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

bool statcache_get(struct statcache *c, struct str path, const struct stat *st, struct digest *ret)
{
	struct stamp now = stamp_of(st);
	pthread_mutex_lock(&c->lock);
	struct record *r = map_get(&c->entries, path);
	bool is_known = r && memcmp(&r->stamp, &now, sizeof(now)) == 0;
	if (is_known) {
		r->idle = 0;
		*ret = (struct digest){.algorithm = DIGEST_SHA256};
		memcpy(ret->bytes, r->sha256, sizeof(r->sha256));
	}
	pthread_mutex_unlock(&c->lock);
	return is_known;
}

void statcache_put(struct statcache *c, struct str path, const struct stat *st, int64_t now_ns,
	const struct digest *d)
{
	struct stamp stamp = stamp_of(st);
	if (stamp.mtime_ns > now_ns - RACY_NS || stamp.ctime_ns > now_ns - RACY_NS ||
		path.n > PATH_LENGTH_MAX)
		return;
	struct record *r = NEW(struct record);
	*r = (struct record){.stamp = stamp, .path_n = (uint32_t)path.n};
	memcpy(r->sha256, d->bytes, sizeof(r->sha256));
	pthread_mutex_lock(&c->lock);
	struct record *old = map_put(&c->entries, path, r);
	if (old && !is_loaded(c, old))
		free(old);
	c->is_changed = true;
	pthread_mutex_unlock(&c->lock);
}

int statcache_save(struct statcache *c, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(FILE_MAX);
	struct header h = {.format = FORMAT};
	if (!c->is_changed)
		return 0;
	pthread_mutex_lock(&c->lock);
	buf_add_bytes(&b, &h, sizeof(h));
	MAP_EACH(&c->entries, e) {
		const struct record *r = e->value;
		if (r->idle <= IDLE_ROUNDS) {
			buf_add_bytes(&b, r, sizeof(*r));
			h.count++;
		}
	}
	MAP_EACH(&c->entries, e) {
		const struct record *r = e->value;
		if (r->idle <= IDLE_ROUNDS)
			buf_add(&b, e->key);
	}
	c->is_changed = false;
	pthread_mutex_unlock(&c->lock);
	if (buf_check(&b, "file digests of the context", err) < 0)
		return -1;
	memcpy(b.p, &h, sizeof(h));
	struct digest d = digest_of(buf_str(&b));
	buf_add_bytes(&b, d.bytes, 32);
	return fs_write_file(c->dir_fd, c->name, buf_str(&b), 0600, FS_NO_SYNC, err);
}
