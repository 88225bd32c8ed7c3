#include "remote/packer.h"

#include "base/num.h"
#include "compress/compress.h"

enum { PIECE_BYTES = 1024 * 1024, PIECES = 8 };

struct piece {
	struct pool_job job; /* first: the job is the piece */
	struct compressor *compressor;
	struct buf plain, pressed;
	bool is_running; /* submitted, not waited for */
	int rc;
	struct err err;
};

struct packer {
	struct pool *pool;
	struct blob_writer *to;
	struct piece pieces[PIECES]; /* a ring */
	size_t now;                  /* the one being filled; the next one is the oldest */
	bool is_any;
};

static void run(struct pool_job *job)
{
	struct piece *m = (struct piece *)job;
	buf_clear(&m->pressed);
	m->rc = compressor_member(m->compressor, buf_str(&m->plain), &m->pressed, &m->err);
	if (m->rc == 0)
		m->rc = buf_check(&m->pressed, "layer", &m->err);
}

struct packer *packer_new(struct pool *pool, struct blob_writer *to)
{
	struct packer *p = NEW(struct packer);
	p->pool = pool;
	p->to = to;
	for (size_t i = 0; i < PIECES; i++) {
		struct piece *m = &p->pieces[i];
		m->job.run = run;
		m->compressor = compressor_new(COMPRESS_GZIP, 0);
		m->plain = BUF(PIECE_BYTES);
		m->pressed = BUF(2 * PIECE_BYTES);
	}
	return p;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < PIECES; i++) {
		struct piece *m = &p->pieces[i];
		if (m->is_running && p->pool)
			pool_wait(p->pool, &m->job);
		compressor_free(m->compressor);
		buf_done(&m->plain);
		buf_done(&m->pressed);
	}
	free(p);
}

/* Waits for it and writes it; it is empty then. */
static int write_piece(struct packer *p, struct piece *m, struct err *err)
{
	if (!m->is_running)
		return 0;
	if (p->pool)
		pool_wait(p->pool, &m->job);
	m->is_running = false;
	buf_clear(&m->plain);
	if (m->rc < 0) {
		*err = m->err;
		return -1;
	}
	return blob_write(p->to, m->pressed.p, m->pressed.n, err);
}

/* Starts the one that is full, and makes the oldest the one to fill. */
static int turn(struct packer *p, struct err *err)
{
	struct piece *m = &p->pieces[p->now];
	m->is_running = true;
	p->is_any = true;
	if (p->pool)
		pool_submit(p->pool, &m->job);
	else
		run(&m->job);
	p->now = (p->now + 1) % PIECES;
	return write_piece(p, &p->pieces[p->now], err);
}

int packer_add(struct packer *p, const void *bytes, size_t n, struct err *err)
{
	const char *at = bytes;
	while (n) {
		struct buf *plain = &p->pieces[p->now].plain;
		size_t use = num_min(n, PIECE_BYTES - plain->n);
		buf_add_bytes(plain, at, use);
		at += use;
		n -= use;
		if (plain->n == PIECE_BYTES && turn(p, err) < 0)
			return -1;
	}
	return 0;
}

int packer_finish(struct packer *p, struct err *err)
{
	bool is_left = p->pieces[p->now].plain.n > 0;
	if ((is_left || !p->is_any) && turn(p, err) < 0)
		return -1;
	for (size_t i = 1; i <= PIECES; i++)
		if (write_piece(p, &p->pieces[(p->now + i) % PIECES], err) < 0)
			return -1;
	return 0;
}
