/* Blob -> tar bytes.
 *
 *	PLAIN     read into a chunk
 *	MEMBERS   members say where they end: each goes to a chunk of its own, inflated by a job;
 *	          several at a time, taken in their order
 *	STREAM    anything else: one job after the other moves the inflater on by one chunk, while
 *	          the reader is busy with the chunk before
 *
 *	MEMBERS ──(a member that does not say)──► STREAM, never back
 *
 * 1. Only the control thread reads the source, hashes and hands out chunks. A job has its chunk (and
 *    in STREAM the inflater) for itself from submit to wait.
 * 2. A chunk is free when it is not queued, not shown and not held. There are enough of them that
 *    one is always free when the queue is empty.
 */
#include "layer/feed_priv.h"

#include "base/num.h"

enum { READ_BYTES = 256 * 1024, CHUNK_BYTES = 1024 * 1024 };
/* A member, what it may pack to, and one read too much. */
enum { PACKED_MAX = 2 * COMPRESS_MEMBER_MAX + READ_BYTES };

enum mode { MODE_UNKNOWN, MODE_PLAIN, MODE_MEMBERS, MODE_STREAM };

struct chunk {
	struct pool_job job;
	struct feed *feed;
	struct decompressor *decompressor;
	struct buf packed; /* MEMBERS: the member */
	char *plain;
	size_t n, capacity;
	struct chunk *next; /* in the queue */
	bool is_queued, is_shown;
	unsigned n_holds;
	int result;
	struct err err;
};

struct feed {
	struct window window;
	struct feed_spec spec;
	enum mode mode;
	enum compression found;
	bool is_source_done, has_members;
	struct digester *diff, *digest;
	uint64_t tar_bytes, blob_bytes;

	struct buf ahead; /* read, not yet used */
	struct inflater *inflater;
	struct str input; /* STREAM: of ahead, not yet inflated */
	bool is_stream_done;

	struct chunk *shown;         /* NULL = none */
	size_t at;                   /* in it */
	struct chunk *first, **last; /* the queue */
	size_t n_queue, queue_max;
	size_t n_chunks;
	struct chunk chunks[];
};

static ssize_t peek(struct window *w, const void **ret, struct err *err);
static void take(struct window *w, size_t n);

struct feed *feed_new(const struct feed_spec *spec)
{
	size_t queue_max = spec->pool ? layer_threads(spec->pool) + 1 : 1;
	size_t n = queue_max + spec->n_holds + 2;
	struct feed *f = mem_new(1, sizeof(*f) + n * sizeof(f->chunks[0]));
	f->window = (struct window){peek, take};
	f->spec = *spec;
	f->diff = digester_new(DIGEST_SHA256);
	f->digest = digester_new(DIGEST_SHA256);
	f->ahead = BUF(PACKED_MAX);
	f->last = &f->first;
	f->queue_max = queue_max;
	f->n_chunks = n;
	for (size_t i = 0; i < n; i++) {
		f->chunks[i].feed = f;
		f->chunks[i].packed = BUF(PACKED_MAX);
	}
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	for (struct chunk *c = f->first; c && f->spec.pool; c = c->next)
		pool_wait(f->spec.pool, &c->job);
	for (size_t i = 0; i < f->n_chunks; i++) {
		decompressor_free(f->chunks[i].decompressor);
		buf_done(&f->chunks[i].packed);
		free(f->chunks[i].plain);
	}
	inflater_free(f->inflater);
	digester_free(f->diff);
	digester_free(f->digest);
	buf_done(&f->ahead);
	free(f);
}

struct window *feed_window(struct feed *f)
{
	return &f->window;
}

struct chunk *feed_hold(struct feed *f)
{
	f->shown->n_holds++;
	return f->shown;
}

void feed_release(struct chunk *c)
{
	assert(c->n_holds > 0);
	c->n_holds--;
}

static struct chunk *free_chunk(struct feed *f)
{
	for (size_t i = 0; i < f->n_chunks; i++) {
		struct chunk *c = &f->chunks[i];
		if (!c->is_queued && !c->is_shown && !c->n_holds)
			return c;
	}
	return NULL;
}

static void reserve(struct chunk *c, size_t n)
{
	if (c->plain && n <= c->capacity)
		return;
	free(c->plain); /* nothing in it is worth a copy */
	c->plain = mem_resize(NULL, n, 1);
	c->capacity = n;
}

static void submit(struct feed *f, struct chunk *c, void (*run)(struct pool_job *job))
{
	c->job.run = run;
	c->is_queued = true;
	c->next = NULL;
	*f->last = c;
	f->last = &c->next;
	f->n_queue++;
	if (f->spec.pool)
		pool_submit(f->spec.pool, &c->job);
	else
		run(&c->job);
}

/* n more bytes of the blob behind f->ahead; fewer only at its end. */
static int read_ahead(struct feed *f, size_t n, struct err *err)
{
	char *room = buf_room(&f->ahead, n);
	if (!room)
		return buf_check(&f->ahead, "member", err);
	ssize_t got = source_read_full(f->spec.blob, room, n, err);
	if (got < 0)
		return -1;
	f->is_source_done = (size_t)got < n;
	f->blob_bytes += (uint64_t)got;
	if (f->mode != MODE_PLAIN)
		digester_add(f->digest, room, (size_t)got);
	buf_added(&f->ahead, (size_t)got);
	return 0;
}

/* ---- MEMBERS ---- */

static void inflate_member(struct pool_job *job)
{
	struct chunk *c = (struct chunk *)job;
	if (!c->decompressor)
		c->decompressor = decompressor_new();
	c->result =
		decompressor_member(c->decompressor, buf_str(&c->packed), c->plain, c->n, &c->err);
}

static void to_stream(struct feed *f)
{
	f->mode = MODE_STREAM;
	f->inflater = inflater_new(NULL, 0);
	if (f->has_members)
		inflater_continue(f->inflater, f->found);
	f->input = buf_str(&f->ahead);
}

/* Hands the member at the start of f->ahead to a job. */
static void start_member(struct feed *f, struct chunk *c, const struct member *m)
{
	/* The member stays where it is; only what was read too much moves. */
	struct buf rest = c->packed;
	buf_clear(&rest);
	buf_add(&rest, str_skip(buf_str(&f->ahead), m->n_compressed));
	c->packed = f->ahead;
	buf_cut(&c->packed, m->n_compressed);
	f->ahead = rest;
	f->has_members = true;
	c->n = m->n_content;
	reserve(c, c->n);
	submit(f, c, inflate_member);
}

/* Until the queue is full or the members end. */
static int fill_members(struct feed *f, struct err *err)
{
	while (f->n_queue < f->queue_max) {
		struct member m = {0};
		struct str ahead = buf_str(&f->ahead);
		struct chunk *c = free_chunk(f);
		if (!c || (f->is_source_done && !ahead.n))
			return 0;
		enum member_end end = compress_member_end(ahead, &m);
		bool is_other = f->found && compress_detect(ahead) != f->found;
		if (end == MEMBER_CUT && !f->is_source_done) {
			size_t n = m.n_needed - ahead.n;
			if (read_ahead(f, num_max(n, READ_BYTES), err) < 0)
				return -1;
		} else if (end != MEMBER_FOUND || is_other) {
			to_stream(f);
			return 0;
		} else {
			start_member(f, c, &m);
		}
	}
	return 0;
}

/* ---- STREAM ---- */

static void inflate_on(struct pool_job *job)
{
	struct chunk *c = (struct chunk *)job;
	struct feed *f = c->feed;
	c->result = inflater_push(f->inflater, &f->input, f->is_source_done, c->plain, c->capacity,
		&c->n, &c->err);
	if (c->result == 0 && f->is_source_done && !c->n)
		f->is_stream_done = true;
}

static int fill_stream(struct feed *f, struct err *err)
{
	struct chunk *c = free_chunk(f);
	if (f->n_queue || f->is_stream_done || !c)
		return 0;
	if (!f->input.n && !f->is_source_done) {
		buf_clear(&f->ahead);
		if (read_ahead(f, READ_BYTES, err) < 0)
			return -1;
		f->input = buf_str(&f->ahead);
	}
	reserve(c, CHUNK_BYTES);
	submit(f, c, inflate_on);
	return 0;
}

/* ---- PLAIN ---- */

static void no_job(struct pool_job *job)
{
	((struct chunk *)job)->result = 0;
}

static int fill_plain(struct feed *f, struct err *err)
{
	struct chunk *c = free_chunk(f);
	if (f->n_queue || !c)
		return 0;
	if (!f->ahead.n && !f->is_source_done && read_ahead(f, READ_BYTES, err) < 0)
		return -1;
	if (!f->ahead.n)
		return 0;
	reserve(c, f->ahead.n);
	memcpy(c->plain, f->ahead.p, f->ahead.n);
	c->n = f->ahead.n;
	buf_clear(&f->ahead);
	submit(f, c, no_job);
	return 0;
}

static int fill(struct feed *f, struct err *err)
{
	if (f->mode == MODE_UNKNOWN) {
		if (read_ahead(f, READ_BYTES, err) < 0)
			return -1;
		f->found = compress_detect(buf_str(&f->ahead));
		f->mode = f->found ? MODE_MEMBERS : MODE_PLAIN;
	}
	if (f->mode == MODE_PLAIN)
		return fill_plain(f, err);
	if (f->mode == MODE_MEMBERS && fill_members(f, err) < 0)
		return -1;
	return f->mode == MODE_STREAM ? fill_stream(f, err) : 0;
}

/* ---- the chunk that is shown ---- */

static int account(struct feed *f, const struct chunk *c, struct err *err)
{
	f->tar_bytes += c->n;
	if (f->tar_bytes > f->spec.max_bytes)
		return err_set(err, ERR_LIMIT, "unpacks to more than %llu bytes",
			(unsigned long long)f->spec.max_bytes);
	if (compress_is_bomb(f->blob_bytes, f->tar_bytes))
		return err_set(err, ERR_LIMIT, "unpacks to more than %d times its size",
			COMPRESS_MAX_RATIO);
	if (f->spec.on_progress)
		f->spec.on_progress(f->spec.ctx, f->tar_bytes);
	return 0;
}

static struct chunk *pop_queue(struct feed *f)
{
	struct chunk *c = f->first;
	f->first = c->next;
	if (!f->first)
		f->last = &f->first;
	f->n_queue--;
	if (f->spec.pool)
		pool_wait(f->spec.pool, &c->job);
	c->is_queued = false;
	return c;
}

/* Shows the next chunk that has bytes: 1, or 0 at the end. */
static int show_next(struct feed *f, struct err *err)
{
	for (;;) {
		if (f->shown)
			f->shown->is_shown = false;
		f->shown = NULL;
		if (fill(f, err) < 0)
			return -1;
		if (!f->n_queue)
			return 0;
		struct chunk *c = pop_queue(f);
		if (c->result < 0) {
			*err = c->err;
			return -1;
		}
		f->shown = c;
		f->at = 0;
		c->is_shown = true;
		if (account(f, c, err) < 0 || fill(f, err) < 0)
			return -1;
		digester_add(f->diff, c->plain, c->n);
		if (c->n)
			return 1;
	}
}

static ssize_t peek(struct window *w, const void **ret, struct err *err)
{
	struct feed *f = (struct feed *)w;
	if (!f->shown || f->at == f->shown->n) {
		int r = show_next(f, err);
		if (r <= 0)
			return r;
	}
	*ret = f->shown->plain + f->at;
	return (ssize_t)(f->shown->n - f->at);
}

static void take(struct window *w, size_t n)
{
	struct feed *f = (struct feed *)w;
	assert(n <= f->shown->n - f->at);
	f->at += n;
}

int feed_finish(struct feed *f, struct layer_info *ret, struct err *err)
{
	const void *p;
	ssize_t n;
	while ((n = peek(&f->window, &p, err)) > 0)
		take(&f->window, (size_t)n);
	if (n < 0)
		return -1;
	ret->diff_id = digester_finish(f->diff);
	ret->digest = f->mode == MODE_PLAIN ? ret->diff_id : digester_finish(f->digest);
	ret->tar_bytes = f->tar_bytes;
	ret->blob_bytes = f->blob_bytes;
	ret->compression = f->found;
	return 0;
}
