/* Members one after the other, as one stream of bytes.
 *
 *	START ──(magic)──► HEADER ─► BODY ─► BETWEEN ──► HEADER           gzip
 *	  │                                     └─(0)──► PADDING
 *	  ├──(magic)──► FRAMES                                            zstd
 *	  └───────────► PLAIN                                             neither
 *
 * The stream may end in START, BETWEEN, PADDING, PLAIN, and in FRAMES between two of them.
 */
#include "compress/compress_priv.h"

#include <assert.h>

enum { INPUT_ROOM = 128 * 1024, MAGIC = 4 };
enum state { START, HEADER, BODY, BETWEEN, PADDING, FRAMES, PLAIN };

struct inflater {
	struct source source;
	struct source *from;
	char *input; /* INPUT_ROOM bytes when reading from a source */
	struct str pending;
	bool is_source_done;

	enum state state;
	enum compression found;
	char magic[MAGIC]; /* the first bytes: gathered in START, then read again */
	size_t n_magic, n_magic_read;
	struct gzip_header header;
	struct gzip_body *body;
	struct zstd_frames *frames;
	bool is_in_frame;
	uint64_t n_in, n_out, max_output;
};

static ssize_t pull(struct source *s, void *room, size_t n, struct err *err)
{
	struct inflater *i = (struct inflater *)s;
	size_t got = 0;
	while (n && !got) {
		if (!i->pending.n && !i->is_source_done) {
			ssize_t r = source_read(i->from, i->input, INPUT_ROOM, err);
			if (r < 0)
				return -1;
			i->is_source_done = r == 0;
			i->pending = str_n(i->input, (size_t)r);
		}
		if (inflater_push(i, &i->pending, i->is_source_done, room, n, &got, err) < 0)
			return -1;
		if (i->is_source_done)
			break;
	}
	return (ssize_t)got;
}

struct inflater *inflater_new(struct source *from, uint64_t max_output)
{
	struct inflater *i = NEW(struct inflater);
	i->source.read = pull;
	i->from = from;
	i->input = from ? mem_resize(NULL, INPUT_ROOM, 1) : NULL;
	i->max_output = max_output ? max_output : UINT64_MAX;
	return i;
}

void inflater_free(struct inflater *i)
{
	if (!i)
		return;
	gzip_body_free(i->body);
	zstd_frames_free(i->frames);
	free(i->input);
	free(i);
}

struct source *inflater_source(struct inflater *i)
{
	assert(i->from);
	return &i->source;
}

enum compression inflater_found(const struct inflater *i)
{
	return i->found;
}

static void choose(struct inflater *i, enum compression c)
{
	i->found = c;
	if (c == COMPRESS_GZIP)
		i->body = gzip_body_new();
	if (c == COMPRESS_ZSTD)
		i->frames = zstd_frames_new();
	i->state = c == COMPRESS_GZIP ? HEADER : c == COMPRESS_ZSTD ? FRAMES : PLAIN;
}

void inflater_continue(struct inflater *i, enum compression after)
{
	assert(i->state == START && !i->n_magic);
	choose(i, after);
	if (after == COMPRESS_GZIP)
		i->state = BETWEEN;
}

/* The first four bytes say which format it is; when there are fewer, so do those. */
static void gather_magic(struct inflater *i, struct flow *f, bool is_last)
{
	while (f->in.n && i->n_magic < MAGIC) {
		i->magic[i->n_magic++] = f->in.p[0];
		f->in = str_skip(f->in, 1);
	}
	if (i->n_magic == MAGIC || (is_last && i->n_magic))
		choose(i, compress_detect(str_n(i->magic, i->n_magic)));
}

static int read_header(struct inflater *i, struct flow *f, struct err *err)
{
	int r = gzip_header_read(&i->header, &f->in, err);
	if (r > 0) {
		gzip_body_start(i->body);
		i->state = BODY;
	}
	return r;
}

static int read_body(struct inflater *i, struct flow *f, struct err *err)
{
	int r = gzip_body_read(i->body, f, err);
	if (r > 0)
		i->state = BETWEEN;
	return r;
}

static int read_between(struct inflater *i, struct flow *f, struct err *err)
{
	if (!f->in.n)
		return 0;
	i->header = (struct gzip_header){0};
	i->state = f->in.p[0] == 0 ? PADDING : HEADER;
	if (i->state == HEADER && f->in.p[0] != 0x1f)
		return err_set(err, ERR_INPUT, "garbage behind the gzip data");
	return 0;
}

static int read_padding(struct flow *f, struct err *err)
{
	for (; f->in.n; f->in = str_skip(f->in, 1))
		if (f->in.p[0])
			return err_set(err, ERR_INPUT, "garbage behind the gzip data");
	return 0;
}

static int read_frames(struct inflater *i, struct flow *f, struct err *err)
{
	bool is_between = !i->is_in_frame && !f->in.n;
	int r = is_between ? 1 : zstd_frames_read(i->frames, f, err);
	i->is_in_frame = r == 0;
	return r;
}

static void read_plain(struct flow *f)
{
	size_t n = f->in.n < f->n_room ? f->in.n : f->n_room;
	if (n)
		memcpy(f->room, f->in.p, n);
	flow_moved(f, n, n);
}

static int step(struct inflater *i, struct flow *f, struct err *err)
{
	switch (i->state) {
	case HEADER: return read_header(i, f, err);
	case BODY: return read_body(i, f, err);
	case BETWEEN: return read_between(i, f, err);
	case PADDING: return read_padding(f, err);
	case FRAMES: return read_frames(i, f, err);
	default: read_plain(f); return 0;
	}
}

/* Steps until nothing moves any more. */
static int run(struct inflater *i, struct flow *f, struct err *err)
{
	for (;;) {
		struct flow before = *f;
		enum state state = i->state;
		if (step(i, f, err) < 0)
			return -1;
		if (f->in.n == before.in.n && f->n_room == before.n_room && i->state == state)
			return 0;
	}
}

/* What was gathered as magic is content like the rest, and comes first. */
static int run_magic(struct inflater *i, struct flow *f, struct err *err)
{
	struct flow magic = {str_n(i->magic + i->n_magic_read, i->n_magic - i->n_magic_read),
		f->room, f->n_room};
	if (magic.in.n && run(i, &magic, err) < 0)
		return -1;
	i->n_magic_read = i->n_magic - magic.in.n;
	f->room = magic.room;
	f->n_room = magic.n_room;
	return 0;
}

static int check_limits(struct inflater *i, size_t n_in, size_t n_out, struct err *err)
{
	i->n_in += n_in;
	i->n_out += n_out;
	if (i->n_out > i->max_output)
		return err_set(err, ERR_LIMIT, "inflates to more than %llu bytes",
			(unsigned long long)i->max_output);
	if (compress_is_bomb(i->n_in, i->n_out))
		return err_set(err, ERR_LIMIT, "inflates to more than %d times its size",
			COMPRESS_MAX_RATIO);
	return 0;
}

static int check_end(const struct inflater *i, struct err *err)
{
	bool is_inside = i->state == HEADER || i->state == BODY || i->is_in_frame;
	if (is_inside)
		return err_set(err, ERR_INPUT, "%s data ends in the middle",
			compress_name(i->found));
	return 0;
}

int inflater_push(struct inflater *i, struct str *in, bool is_last, void *room, size_t n,
	size_t *ret_n, struct err *err)
{
	struct flow f = {*in, room, n};
	if (i->state == START)
		gather_magic(i, &f, is_last);
	if (i->state != START && (run_magic(i, &f, err) < 0 || run(i, &f, err) < 0))
		return -1;
	if (check_limits(i, in->n - f.in.n, n - f.n_room, err) < 0)
		return -1;
	if (is_last && n && f.n_room == n && check_end(i, err) < 0)
		return -1;
	*in = f.in;
	*ret_n = n - f.n_room;
	return 0;
}
