/* Plain files. Small ones that are in memory whole are gathered in batches, which the pool writes:
 *
 *	files_add ─► batch of up to BATCH_FILES ─► submit ─► ... ─► collected in order
 *
 * A batch holds the chunk its content is in and the folders it writes to. Which names are on their
 * way is remembered by folder and name, so that whoever touches such a name can wait.
 */
#include "layer/plant_priv.h"

#include "base/num.h"

#include <fcntl.h>

enum { BATCH_FILES = 24, BATCH_BYTES = 512 * 1024, NAME_ROOM = 256 };
enum { HOLE_LEAST = 64 * 1024 };
enum { PENDING_SLOTS = 16384, PENDING_MAX = PENDING_SLOTS / 2 };

struct task {
	struct folder *dir;
	char name[NAME_ROOM];
	struct meta meta;
	const char *p;
	size_t n;
};

struct batch {
	struct pool_job job;
	const struct rights *rights;
	struct task tasks[BATCH_FILES];
	size_t n;
	size_t bytes;
	struct chunk *chunk; /* NULL = no content so far */
	struct arena arena;  /* of xattrs */
	bool is_busy;
	int result;
	struct err err;
};

struct files {
	struct pool *pool;
	const struct rights *rights;
	uint64_t *pending; /* hashes of folder and name; 0 = free */
	size_t n_pending;
	bool has_failed;
	size_t at; /* the batch being filled */
	size_t n_batches;
	struct batch batches[];
};

size_t files_holds(struct pool *pool)
{
	return pool ? 2 * layer_threads(pool) + 2 : 1;
}

struct files *files_new(struct pool *pool, const struct rights *rights)
{
	size_t n = files_holds(pool);
	struct files *f = mem_new(1, sizeof(*f) + n * sizeof(f->batches[0]));
	f->pool = pool;
	f->rights = rights;
	f->pending = mem_new(PENDING_SLOTS, sizeof(*f->pending));
	f->n_batches = n;
	return f;
}

/* ---- writing ---- */

static bool is_zero(const char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int write_at(int fd, const char *p, size_t n, uint64_t offset, struct err *err)
{
	while (n) {
		ssize_t wrote = pwrite(fd, p, n, (off_t)offset);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_sys(err, "write");
		p += wrote;
		n -= (size_t)wrote;
		offset += (uint64_t)wrote;
	}
	return 0;
}

/* Long runs of zeros are not written: they stay holes, and ftruncate says how long the file is. */
static int write_data(int fd, const char *p, size_t n, uint64_t offset, struct err *err)
{
	size_t from = 0;
	if (!n)
		return 0; /* p may be NULL */
	for (size_t at = 0; at + HOLE_LEAST <= n; at += HOLE_LEAST) {
		if (!is_zero(p + at, HOLE_LEAST))
			continue;
		if (write_at(fd, p + from, at - from, offset + from, err) < 0)
			return -1;
		from = at + HOLE_LEAST;
	}
	return write_at(fd, p + from, n - from, offset + from, err);
}

static int set_size(int fd, uint64_t size, struct err *err)
{
	return ftruncate(fd, (off_t)size) < 0 ? err_sys(err, "set size") : 0;
}

static int create(const struct folder *dir, const char *name, uint32_t mode, int *ret,
	struct err *err)
{
	*ret = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		mode & 0777);
	return *ret < 0 ? err_sys(err, "create") : 0;
}

static int write_task(const struct task *t, const struct rights *r, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (create(t->dir, t->name, t->meta.mode, &fd, err) < 0 ||
		write_data(fd, t->p, t->n, 0, err) < 0)
		return -1;
	if (t->n >= HOLE_LEAST && set_size(fd, t->n, err) < 0)
		return -1;
	return meta_apply_file(fd, &t->meta, r, err);
}

static int wrap_task(const struct task *t, struct err *err)
{
	bool is_top = !t->dir->path[0];
	return err_wrap(err, "'%.200s%s%s'", t->dir->path, is_top ? "" : "/", t->name);
}

static void write_batch(struct pool_job *job)
{
	struct batch *b = (struct batch *)job;
	b->result = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (write_task(&b->tasks[i], b->rights, &b->err) < 0) {
			b->result = wrap_task(&b->tasks[i], &b->err);
			return;
		}
	}
}

/* ---- batches ---- */

static void empty(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		folder_release(b->tasks[i].dir);
	if (b->chunk)
		feed_release(b->chunk);
	b->chunk = NULL;
	arena_done(&b->arena);
	b->n = b->bytes = 0;
}

/* Waits for a batch and makes it free for filling. */
static int collect(struct files *f, struct batch *b, struct err *err)
{
	if (b->is_busy) {
		pool_wait(f->pool, &b->job);
		b->is_busy = false;
		empty(b);
		if (b->result < 0) {
			f->has_failed = true;
			*err = b->err;
			return -1;
		}
	}
	return 0;
}

static int submit(struct files *f, struct err *err)
{
	struct batch *b = &f->batches[f->at];
	if (!b->n)
		return 0;
	b->job.run = write_batch;
	b->rights = f->rights;
	b->is_busy = true;
	pool_submit(f->pool, &b->job);
	f->at = (f->at + 1) % f->n_batches;
	return collect(f, &f->batches[f->at], err);
}

bool files_has_failed(const struct files *f)
{
	return f->has_failed;
}

int files_settle(struct files *f, struct err *err)
{
	if (submit(f, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n_batches; i++)
		if (collect(f, &f->batches[(f->at + i) % f->n_batches], err) < 0)
			return -1;
	if (f->n_pending)
		memset(f->pending, 0, PENDING_SLOTS * sizeof(*f->pending));
	f->n_pending = 0;
	return 0;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_batches; i++) {
		if (f->batches[i].is_busy)
			pool_wait(f->pool, &f->batches[i].job);
		empty(&f->batches[i]);
	}
	free(f->pending);
	free(f);
}

/* ---- names on their way ---- */

static uint64_t name_hash(const struct folder *dir, const char *name)
{
	uint64_t h = map_hash(str_of(name)) ^ dir->ino * UINT64_C(0x9e3779b97f4a7c15);
	return h ? h : 1;
}

/* Where the hash is, or would be. */
static uint64_t *pending_slot(const struct files *f, uint64_t hash)
{
	size_t i = hash % PENDING_SLOTS;
	while (f->pending[i] && f->pending[i] != hash)
		i = (i + 1) % PENDING_SLOTS;
	return &f->pending[i];
}

bool files_is_pending(const struct files *f, const struct folder *dir, const char *name)
{
	return f->n_pending && *pending_slot(f, name_hash(dir, name));
}

static void add_pending(struct files *f, const struct folder *dir, const char *name)
{
	uint64_t hash = name_hash(dir, name);
	uint64_t *slot = pending_slot(f, hash);
	f->n_pending += *slot == 0;
	*slot = hash;
}

/* ---- adding ---- */

static void keep_xattrs(struct batch *b, struct meta *m)
{
	if (!m->n_xattrs)
		return;
	struct tar_xattr *copy = ARENA_ARRAY(&b->arena, struct tar_xattr, m->n_xattrs);
	for (size_t i = 0; i < m->n_xattrs; i++)
		copy[i] = (struct tar_xattr){arena_str(&b->arena, m->xattrs[i].name),
			arena_str(&b->arena, m->xattrs[i].value)};
	m->xattrs = copy;
}

/* Puts a file whose content is at p (in the feed's chunk) into a batch. */
static int add_task(struct files *f, struct folder *dir, const char *name, const struct meta *m,
	const char *p, size_t n, struct feed *feed, struct err *err)
{
	struct chunk *chunk = n ? feed_hold(feed) : NULL;
	struct batch *b = &f->batches[f->at];
	if (chunk && b->chunk && b->chunk != chunk) {
		if (submit(f, err) < 0) {
			feed_release(chunk);
			return -1;
		}
		b = &f->batches[f->at];
	}
	if (chunk && b->chunk)
		feed_release(chunk); /* the batch has it already */
	else if (chunk)
		b->chunk = chunk;
	struct task *t = &b->tasks[b->n++];
	*t = (struct task){.dir = folder_hold(dir), .meta = *m, .p = p, .n = n};
	memcpy(t->name, name, strlen(name) + 1);
	keep_xattrs(b, &t->meta);
	add_pending(f, dir, name);
	b->bytes += n;
	bool is_full = b->n == BATCH_FILES || b->bytes >= BATCH_BYTES;
	return is_full ? submit(f, err) : 0;
}

/* Content piece by piece, at the places a sparse file's map says. */
static int write_content(int fd, const struct tar_entry *e, struct window *content, struct err *err)
{
	const void *p;
	ssize_t got;
	size_t i = 0;
	uint64_t in_extent = 0, at = 0;
	while ((got = window_peek(content, &p, err)) > 0) {
		size_t n = (size_t)got;
		while (i < e->n_extents && in_extent == e->extents[i].size) {
			i++;
			in_extent = 0;
		}
		if (e->extents) {
			assert(i < e->n_extents); /* sizes were checked to add up */
			n = num_min(n, e->extents[i].size - in_extent);
			at = e->extents[i].offset + in_extent;
			in_extent += n;
		}
		if (write_data(fd, p, n, at, err) < 0)
			return -1;
		at += n;
		window_take(content, n);
	}
	return got < 0 ? -1 : 0;
}

static int write_now(struct files *f, struct folder *dir, const char *name, const struct meta *m,
	const struct tar_entry *e, struct window *content, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (e->size > LAYER_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "file of %llu bytes is too long",
			(unsigned long long)e->size);
	if (create(dir, name, m->mode, &fd, err) < 0 || write_content(fd, e, content, err) < 0)
		return -1;
	if ((e->extents || e->size >= HOLE_LEAST) && set_size(fd, e->size, err) < 0)
		return -1;
	return meta_apply_file(fd, m, f->rights, err);
}

int files_add(struct files *f, struct folder *dir, const char *name, const struct meta *m,
	const struct tar_entry *e, struct window *content, struct feed *feed, struct err *err)
{
	const void *p = NULL;
	ssize_t got = 0;
	bool may_wait = f->pool && feed && !e->extents && strlen(name) < NAME_ROOM;
	if (may_wait && e->size && (got = window_peek(content, &p, err)) < 0)
		return -1;
	if (!may_wait || (uint64_t)got < e->size)
		return write_now(f, dir, name, m, e, content, err);
	if (f->n_pending == PENDING_MAX && files_settle(f, err) < 0)
		return -1;
	if (e->size)
		window_take(content, (size_t)e->size);
	return add_task(f, dir, name, m, p, (size_t)e->size, feed, err);
}
