/* The secrets of a run, and streams that are freed of them.
 *
 * What is looked for is a set of two automata: most secrets are in the first; the newest are in the
 * second, which is small, so that a step that says ::add-mask:: a thousand times does not make a
 * thousand large ones. A set never changes; streams take the newest when they see there is one, and
 * look through what they hold again.
 *
 *	written │ held: may begin a secret │ not seen yet
 *	        └ at                       └ at + held.n
 *
 * A place that is masked is written as "***" as soon as its beginning is certain; masked_to says how
 * far it covers what follows.
 */
#include "mask_priv.h"

#include "base/map.h"
#include "base/num.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NEWEST_MAX = 64 }; /* secrets in the second automaton */

struct part {
	atomic_uint refs;
	struct automaton *automaton;
};

struct mask_set {
	atomic_uint refs;
	struct part *parts[2];
};

VEC_TYPE(patterns, struct str);

struct masker {
	pthread_mutex_t lock;
	_Atomic(struct mask_set *) set; /* the pointer is compared without the lock */
	struct map known;               /* every form there is */
	struct patterns all;            /* its keys; from n_old on in the second automaton */
	size_t n_old, n_newest, bytes;
};

/* ---- sets ---- */

static struct part *part_new(const struct str *p, size_t n)
{
	struct part *part = NEW(struct part);
	part->refs = 1;
	part->automaton = automaton_new(p, n);
	return part;
}

static struct part *part_ref(struct part *p)
{
	p->refs++;
	return p;
}

static void part_unref(struct part *p)
{
	if (p && --p->refs == 0) {
		automaton_free(p->automaton);
		free(p);
	}
}

static void set_unref(struct mask_set *s)
{
	if (s && --s->refs == 0) {
		part_unref(s->parts[0]);
		part_unref(s->parts[1]);
		free(s);
	}
}

static struct mask_set *set_new(struct part *old, struct part *newest)
{
	struct mask_set *s = NEW(struct mask_set);
	s->refs = 1;
	s->parts[0] = old;
	s->parts[1] = newest;
	return s;
}

/* The newest set, to be given back with set_unref. */
static struct mask_set *set_take(struct masker *m)
{
	pthread_mutex_lock(&m->lock);
	struct mask_set *s = m->set;
	s->refs++;
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* ---- the masker ---- */

struct masker *masker_new(void)
{
	struct masker *m = NEW(struct masker);
	pthread_mutex_init(&m->lock, NULL);
	m->set = set_new(part_new(NULL, 0), part_new(NULL, 0));
	return m;
}

void masker_free(struct masker *m)
{
	if (!m)
		return;
	set_unref(m->set);
	vec_done(&m->all);
	map_done(&m->known, NULL);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void learn(void *ctx, struct str form)
{
	struct masker *m = ctx;
	if (map_has(&m->known, form))
		return;
	m->bytes += form.n;
	if (m->bytes > MASK_MAX_BYTES)
		return;
	map_put(&m->known, form, m);
	vec_push(&m->all, map_find(&m->known, form)->key);
}

/* Makes the set that knows all of m->all. */
static void renew(struct masker *m)
{
	struct mask_set *last = m->set;
	struct part *old;
	if (m->n_newest > NEWEST_MAX) {
		old = part_new(m->all.p, m->all.n);
		m->n_old = m->all.n;
		m->n_newest = 0;
	} else {
		old = part_ref(last->parts[0]);
	}
	m->set = set_new(old, part_new(m->all.p + m->n_old, m->all.n - m->n_old));
	set_unref(last);
}

static int add(struct masker *m, struct str secret, struct err *err)
{
	size_t n = m->all.n;
	mask_forms(secret, learn, m);
	if (m->bytes > MASK_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "secrets take more than %d MiB in all their forms",
			MASK_MAX_BYTES >> 20);
	if (m->all.n > n) {
		m->n_newest++;
		renew(m);
	}
	return 0;
}

int masker_add(struct masker *m, struct str secret, struct err *err)
{
	if (str_trim(secret).n < MASK_MIN)
		return 1;
	if (secret.n > MASK_MAX_SECRET)
		return err_set(err, ERR_LIMIT, "a secret is larger than %d KiB",
			MASK_MAX_SECRET >> 10);
	pthread_mutex_lock(&m->lock);
	int rc = add(m, secret, err);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

bool masker_finds(struct masker *m, struct str text)
{
	struct mask_set *set = set_take(m);
	uint32_t nodes[2] = {0};
	bool is_found = false;
	for (size_t i = 0; i < text.n && !is_found; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct automaton *a = set->parts[k]->automaton;
			nodes[k] = automaton_step(a, nodes[k], (uint8_t)text.p[i]);
			is_found = is_found || a->nodes[nodes[k]].hit;
		}
	set_unref(set);
	return is_found;
}

void masker_write(struct masker *m, struct str text, struct buf *out)
{
	CLEANUP(mask_stream_done) struct mask_stream s;
	mask_stream_init(&s, m);
	mask_feed(&s, text, out);
	mask_flush(&s, out);
}

/* ---- streams ---- */

void mask_stream_init(struct mask_stream *s, struct masker *m)
{
	*s = (struct mask_stream){.masker = m, .held = BUF(SIZE_MAX / 2)};
}

void mask_stream_done(struct mask_stream *s)
{
	set_unref(s->set);
	buf_done(&s->held);
	vec_done(&s->hits);
	*s = (struct mask_stream){0};
}

/* A secret at [from, to): what it touches of the last ones belongs to it. */
static void note(struct mask_stream *s, uint64_t from, uint64_t to)
{
	while (s->hits.n && vec_last(&s->hits)->to >= from) {
		from = num_min(from, vec_last(&s->hits)->from);
		to = num_max(to, vec_last(&s->hits)->to);
		(void)vec_pop(&s->hits);
	}
	vec_push(&s->hits, ((struct mask_hit){from, to}));
}

static void write_plain(struct mask_stream *s, uint64_t from, uint64_t to, struct buf *out)
{
	from = num_max(from, s->masked_to);
	if (to > from)
		buf_add(out,
			str_sub(buf_str(&s->held), (size_t)(from - s->at), (size_t)(to - s->at)));
}

/* Writes everything before a position at which, at the earliest, an unfinished secret begins. */
static void release(struct mask_stream *s, uint64_t to, struct buf *out)
{
	uint64_t from = s->at;
	size_t n = 0;
	for (; n < s->hits.n && s->hits.p[n].from < to; n++) {
		const struct mask_hit *h = &s->hits.p[n];
		write_plain(s, from, h->from, out);
		if (!s->has_masked || h->from > s->masked_to)
			buf_add(out, S("***"));
		s->has_masked = true;
		s->masked_to = num_max(s->masked_to, h->to);
		from = h->from;
	}
	if (n)
		memmove(s->hits.p, s->hits.p + n, (s->hits.n - n) * sizeof(*s->hits.p));
	s->hits.n -= n;
	write_plain(s, from, to, out);
	buf_drop(&s->held, (size_t)(to - s->at));
	s->at = to;
}

/* Looks through held bytes from i on; gives how many of them may be the beginning of a secret. */
static size_t scan(struct mask_stream *s, size_t i)
{
	const struct automaton *a = s->set->parts[0]->automaton, *b = s->set->parts[1]->automaton;
	uint32_t x = s->nodes[0], y = s->nodes[1];
	for (; i < s->held.n; i++) {
		uint8_t byte = (uint8_t)s->held.p[i];
		x = automaton_step(a, x, byte);
		y = automaton_step(b, y, byte);
		if (!(x | y))
			continue;
		uint32_t hit = (uint32_t)num_max(a->nodes[x].hit, b->nodes[y].hit);
		if (hit)
			note(s, s->at + i + 1 - hit, s->at + i + 1);
	}
	s->nodes[0] = x;
	s->nodes[1] = y;
	return num_max(a->nodes[x].depth, b->nodes[y].depth);
}

/* With a newer set, what is held is looked through again. */
static size_t take_newest(struct mask_stream *s)
{
	if (s->set == s->masker->set)
		return s->held.n;
	set_unref(s->set);
	s->set = set_take(s->masker);
	s->nodes[0] = s->nodes[1] = 0;
	vec_clear(&s->hits);
	return 0;
}

void mask_feed(struct mask_stream *s, struct str text, struct buf *out)
{
	size_t seen = take_newest(s);
	buf_add(&s->held, text);
	size_t open = scan(s, seen);
	release(s, s->at + s->held.n - open, out);
}

void mask_flush(struct mask_stream *s, struct buf *out)
{
	release(s, s->at + s->held.n, out);
	s->nodes[0] = s->nodes[1] = 0;
}
