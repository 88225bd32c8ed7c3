#include "mask_sink_priv.h"

#include "base/map.h"

#include <pthread.h>

enum { TITLE_MAX = 1 << 20, KEY_MAX = 4096 };

/* Output of one node on one stream. */
struct flow {
	pthread_mutex_t lock;
	struct mask_stream stream;
};

struct mask_sink {
	struct event_sink sink;
	struct event_sink *to;
	struct masker *masker;
	pthread_mutex_t lock; /* over flows */
	struct map flows;     /* "<stream> <id>" -> struct flow * */
};

static void flow_free(void *p)
{
	struct flow *f = p;
	if (!f)
		return;
	mask_stream_done(&f->stream);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct flow *flow_new(struct masker *m)
{
	struct flow *f = NEW(struct flow);
	pthread_mutex_init(&f->lock, NULL);
	mask_stream_init(&f->stream, m);
	return f;
}

static struct str key_of(struct buf *b, struct str id, int stream)
{
	buf_fmt(b, "%d ", stream);
	buf_add(b, id);
	return buf_str(b);
}

static struct flow *flow_of(struct mask_sink *s, struct str id, int stream)
{
	CLEANUP(buf_done) struct buf b = BUF(KEY_MAX);
	struct str key = key_of(&b, id, stream);
	pthread_mutex_lock(&s->lock);
	struct flow *f = map_get(&s->flows, key);
	if (!f) {
		f = flow_new(s->masker);
		map_put(&s->flows, key, f);
	}
	pthread_mutex_unlock(&s->lock);
	return f;
}

static void pass(struct mask_sink *s, const struct event *like, const struct buf *text)
{
	struct event e = *like;
	e.text = buf_str(text);
	if (text->n)
		s->to->emit(s->to, &e);
}

static void output(struct mask_sink *s, const struct event *e)
{
	CLEANUP(buf_done) struct buf b = BUF(SIZE_MAX / 2);
	struct flow *f = flow_of(s, e->id, e->stream);
	pthread_mutex_lock(&f->lock);
	mask_feed(&f->stream, e->text, &b);
	pass(s, e, &b);
	pthread_mutex_unlock(&f->lock);
}

/* A node that ends gives back what it holds. */
static void flush(struct mask_sink *s, const struct event *end, int stream)
{
	CLEANUP(buf_done) struct buf key = BUF(KEY_MAX);
	CLEANUP(buf_done) struct buf b = BUF(SIZE_MAX / 2);
	struct event e = {EVENT_OUTPUT, .id = end->id, .stream = stream};
	struct str name = key_of(&key, end->id, stream);
	pthread_mutex_lock(&s->lock);
	struct flow *f = map_remove(&s->flows, name);
	pthread_mutex_unlock(&s->lock);
	if (!f)
		return;
	mask_flush(&f->stream, &b);
	pass(s, &e, &b);
	flow_free(f);
}

static void others(struct mask_sink *s, const struct event *e)
{
	CLEANUP(buf_done) struct buf title = BUF(TITLE_MAX);
	CLEANUP(buf_done) struct buf text = BUF(TITLE_MAX);
	CLEANUP(buf_done) struct buf file = BUF(sizeof(e->at->file) * 4);
	struct event masked = *e;
	struct err_at at;
	masker_write(s->masker, str_sub(e->title, 0, TITLE_MAX / 4), &title);
	masker_write(s->masker, str_sub(e->text, 0, TITLE_MAX / 4), &text);
	masked.title = buf_str(&title);
	masked.text = buf_str(&text);
	if (e->at) {
		at = *e->at;
		masker_write(s->masker, str_of(e->at->file), &file);
		snprintf(at.file, sizeof(at.file), "%s", buf_cstr(&file));
		masked.at = &at;
	}
	s->to->emit(s->to, &masked);
}

static void emit(struct event_sink *sink, const struct event *e)
{
	struct mask_sink *s = (struct mask_sink *)sink;
	if (!s->to)
		return;
	if (e->kind == EVENT_OUTPUT) {
		output(s, e);
		return;
	}
	if (e->kind == EVENT_END) {
		flush(s, e, 1);
		flush(s, e, 2);
	}
	others(s, e);
}

struct mask_sink *mask_sink_new(struct masker *m, struct event_sink *to)
{
	struct mask_sink *s = NEW(struct mask_sink);
	s->sink.emit = emit;
	s->to = to;
	s->masker = m;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void mask_sink_free(struct mask_sink *s)
{
	if (!s)
		return;
	map_done(&s->flows, flow_free);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct event_sink *mask_sink_events(struct mask_sink *s)
{
	return s ? &s->sink : NULL;
}
