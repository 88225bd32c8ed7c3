/* Bytes of a tar into members, on several threads, in order.
 *
 *	fill a member ─► submit (a job compresses it) ─► hash its tar bytes meanwhile
 *	... next member of the ring; when it is still busy: wait, hash what came out, write it
 *
 * The ring is the bound on memory. Results are taken in the order of the members, so the digests
 * and the sink see the same bytes whatever the threads do. Nothing here depends on time or threads.
 */
#include "layer/layer_priv.h"

enum { MEMBER_ROOM = 8 * 1024 * 1024 }; /* for a member and what it packs to */

struct slot {
	struct pool_job job;
	struct compressor *compressor;
	struct buf tar, packed;
	bool is_busy;
	int result;
	struct err err;
};

struct press {
	const struct layer_pack *to;
	struct digester *diff, *digest;
	uint64_t tar_bytes, blob_bytes;
	size_t at; /* the slot being filled */
	size_t n_slots;
	struct slot slots[];
};

bool press_name_cuts(struct str name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (uint8_t)name.p[i]) * UINT64_C(0x100000001b3);
	return ((h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15)) >> 60 == 0;
}

static void compress_slot(struct pool_job *job)
{
	struct slot *s = (struct slot *)job;
	buf_clear(&s->packed);
	s->result = compressor_member(s->compressor, buf_str(&s->tar), &s->packed, &s->err);
}

struct press *press_new(const struct layer_pack *to)
{
	bool is_packing = to->out && to->compression != COMPRESS_NONE;
	size_t n = is_packing && to->pool ? layer_threads(to->pool) + 2 : 1;
	struct press *p = mem_new(1, sizeof(*p) + n * sizeof(p->slots[0]));
	p->to = to;
	p->n_slots = n;
	p->diff = digester_new(DIGEST_SHA256);
	p->digest = digester_new(DIGEST_SHA256);
	for (size_t i = 0; i < n; i++) {
		struct slot *s = &p->slots[i];
		s->job.run = compress_slot;
		s->tar = s->packed = BUF(MEMBER_ROOM);
		if (is_packing)
			s->compressor = compressor_new(to->compression, to->level);
	}
	return p;
}

void press_free(struct press *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_slots; i++) {
		struct slot *s = &p->slots[i];
		if (s->is_busy && p->to->pool)
			pool_wait(p->to->pool, &s->job);
		compressor_free(s->compressor);
		buf_done(&s->tar);
		buf_done(&s->packed);
	}
	digester_free(p->diff);
	digester_free(p->digest);
	free(p);
}

struct buf *press_member(struct press *p)
{
	return &p->slots[p->at].tar;
}

static int put_out(struct press *p, struct str bytes, struct err *err)
{
	if (p->to->compression != COMPRESS_NONE) /* else it is the diffID */
		digester_add_str(p->digest, bytes);
	p->blob_bytes += bytes.n;
	return sink_write(p->to->out, bytes.p, bytes.n, err);
}

/* Makes a slot free for filling: waits for its job and puts out what it made. */
static int collect(struct press *p, struct slot *s, struct err *err)
{
	if (s->is_busy) {
		if (p->to->pool)
			pool_wait(p->to->pool, &s->job);
		s->is_busy = false;
		if (s->result < 0) {
			*err = s->err;
			return -1;
		}
		if (put_out(p, buf_str(&s->packed), err) < 0)
			return -1;
	}
	buf_clear(&s->tar);
	return 0;
}

static void start(struct press *p, struct slot *s)
{
	s->is_busy = true;
	if (p->to->pool)
		pool_submit(p->to->pool, &s->job);
	else
		s->job.run(&s->job);
}

int press_cut(struct press *p, struct err *err)
{
	struct slot *s = &p->slots[p->at];
	struct str tar = buf_str(&s->tar);
	if (!tar.n)
		return 0;
	if (s->compressor)
		start(p, s);
	digester_add_str(p->diff, tar);
	p->tar_bytes += tar.n;
	if (p->tar_bytes > LAYER_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "layer of more than %llu bytes",
			(unsigned long long)LAYER_MAX_BYTES);
	if (p->to->on_progress)
		p->to->on_progress(p->to->ctx, p->tar_bytes);
	if (p->to->out && !s->compressor && put_out(p, tar, err) < 0)
		return -1;
	p->at = (p->at + 1) % p->n_slots;
	return collect(p, &p->slots[p->at], err);
}

/* What layer_unpack would not take should not be made. */
static int check_ratio(const struct press *p, struct err *err)
{
	if (!p->to->out || !compress_is_bomb(p->blob_bytes, p->tar_bytes))
		return 0;
	err_set(err, ERR_LIMIT, "layer becomes more than %d times smaller", COMPRESS_MAX_RATIO);
	return err_hint(err, "is there a large empty file in it? gzip would do");
}

int press_finish(struct press *p, struct layer_info *ret, struct err *err)
{
	if (press_cut(p, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_slots; i++)
		if (collect(p, &p->slots[(p->at + i) % p->n_slots], err) < 0)
			return -1;
	if (check_ratio(p, err) < 0)
		return -1;
	ret->diff_id = digester_finish(p->diff);
	ret->tar_bytes = p->tar_bytes;
	ret->compression = p->to->compression;
	if (p->to->out) {
		ret->digest = p->to->compression == COMPRESS_NONE ? ret->diff_id
								  : digester_finish(p->digest);
		ret->blob_bytes = p->blob_bytes;
	}
	return 0;
}
