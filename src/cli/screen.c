#include "screen_priv.h"

#include "base/utf8.h"

static void node_free(void *p)
{
	struct screen_node *n = p;
	free(n->title);
	free(n->parent);
	buf_done(&n->line);
	free(n);
}

int64_t screen_now(const struct screen *s)
{
	return clock_monotonic(s->clock);
}

void screen_add_clean(struct buf *b, struct str text)
{
	while (text.n) {
		uint32_t code;
		size_t n = utf8_decode(text, &code);
		if (!n)
			buf_add(b, S("\xef\xbf\xbd"));
		else if (code == '\t')
			buf_add_ch(b, '\t');
		else if (code < 0x20 || code == 0x7f)
			buf_fmt(b, "^%c", (int)(code ^ 0x40));
		else if (code >= 0x80 && code < 0xa0)
			buf_add(b, S("\xef\xbf\xbd"));
		else
			buf_add(b, str_sub(text, 0, n));
		text = str_skip(text, n ? n : 1);
	}
}

void screen_write(const struct screen *s, const struct buf *b)
{
	size_t at = 0;
	while (at < b->n) {
		ssize_t n = write(s->fd, b->p + at, b->n - at);
		if (n <= 0)
			return; /* nobody to tell */
		at += (size_t)n;
	}
}

static struct screen_node *begin_node(struct screen *s, const struct event *e)
{
	struct screen_node *n = map_get(&s->nodes, e->id);
	if (n)
		return n;
	n = NEW(struct screen_node);
	*n = (struct screen_node){
		.title = mem_new(e->title.n + 1, 1),
		.parent = mem_new(e->parent.n + 1, 1),
		.number = ++s->last_number,
		.begun_ns = screen_now(s),
		.line = BUF(SCREEN_LINE_MAX),
	};
	memcpy(n->title, e->title.p, e->title.n);
	if (e->parent.n)
		memcpy(n->parent, e->parent.p, e->parent.n);
	map_put(&s->nodes, e->id, n);
	n->id = map_find(&s->nodes, e->id)->key;
	return n;
}

static void emit(struct event_sink *sink, const struct event *e)
{
	struct screen *s = (struct screen *)sink;
	pthread_mutex_lock(&s->lock);
	struct screen_node *n =
		e->kind == EVENT_BEGIN ? begin_node(s, e) : map_get(&s->nodes, e->id);
	if (n && e->kind == EVENT_PROGRESS) {
		n->done = e->done;
		n->total = e->total;
	}
	switch (s->mode) {
	case SCREEN_JSON: screen_json_event(s, e); break;
	case SCREEN_TTY: screen_tty_event(s, e, n); break;
	case SCREEN_PLAIN:
	case SCREEN_NONE:
	case SCREEN_AUTO: screen_plain_event(s, e, n); break;
	}
	if (n && e->kind == EVENT_END)
		node_free(map_remove(&s->nodes, e->id));
	pthread_mutex_unlock(&s->lock);
}

int screen_mode_parse(const char *text, enum screen_mode *ret, struct err *err)
{
	static const char *const names[] = {"auto", "tty", "plain", "json", "none", "quiet"};
	static const enum screen_mode modes[] = {
		SCREEN_AUTO, SCREEN_TTY, SCREEN_PLAIN, SCREEN_JSON, SCREEN_NONE, SCREEN_NONE};
	for (size_t i = 0; text && i < ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = modes[i];
			return 0;
		}
	}
	if (text) {
		err_set(err, ERR_USAGE, "unknown progress '%s'", text);
		return err_hint(err, "auto, tty, plain, json or none");
	}
	*ret = SCREEN_AUTO;
	return 0;
}

struct screen *screen_new(enum screen_mode mode)
{
	struct screen *s = NEW(struct screen);
	const char *term = getenv("TERM");
	if (mode == SCREEN_AUTO)
		mode = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 ? SCREEN_TTY
										  : SCREEN_PLAIN;
	s->sink.emit = emit;
	s->mode = mode;
	s->fd = STDERR_FILENO;
	s->clock = clock_system();
	pthread_mutex_init(&s->lock, NULL);
	if (mode == SCREEN_TTY)
		screen_tty_start(s);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	if (s->mode == SCREEN_TTY)
		screen_tty_stop(s);
	map_done(&s->nodes, node_free);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct event_sink *screen_sink(struct screen *s)
{
	return s ? &s->sink : NULL;
}
