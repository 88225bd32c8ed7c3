#include "screen_priv.h"

static void add_place(struct buf *b, const struct err_at *at)
{
	if (!at || !at->line)
		return;
	if (at->file[0])
		buf_fmt(b, "%s:", at->file);
	if (at->col)
		buf_fmt(b, "%u:%u: ", at->line, at->col);
	else
		buf_fmt(b, "%u: ", at->line);
}

static void add_output_line(const struct screen *s, struct buf *b, const struct screen_node *n,
	struct str line)
{
	double seconds = (double)(screen_now(s) - n->begun_ns) / 1e9;
	buf_fmt(b, "#%u %.3f ", n->number, seconds);
	screen_add_clean(b, line);
	buf_add_ch(b, '\n');
}

/* Whole lines go out; the rest waits in n->line. Very long lines are cut into pieces. */
static void add_output(const struct screen *s, struct buf *b, struct screen_node *n,
	struct str text)
{
	while (text.n) {
		ssize_t end = str_chr(text, '\n');
		struct str piece = end < 0 ? text : str_sub(text, 0, (size_t)end);
		piece = str_sub(piece, 0, SCREEN_LINE_MAX / 2);
		if (n->line.n + piece.n > n->line.max) {
			add_output_line(s, b, n, buf_str(&n->line));
			buf_clear(&n->line);
		}
		buf_add(&n->line, piece);
		text = str_skip(text, piece.n);
		if (end >= 0 && text.n && text.p[0] == '\n') {
			add_output_line(s, b, n, str_trim_right(buf_str(&n->line)));
			buf_clear(&n->line);
			text = str_skip(text, 1);
		}
	}
}

static void add_end(const struct screen *s, struct buf *b, struct screen_node *n,
	const struct event *e)
{
	char took[CLOCK_TEXT];
	clock_human_duration(screen_now(s) - n->begun_ns, took);
	if (n->line.n)
		add_output_line(s, b, n, buf_str(&n->line));
	switch (e->result) {
	case EVENT_OK: buf_fmt(b, "#%u DONE %s", n->number, took); break;
	case EVENT_CACHED: buf_fmt(b, "#%u CACHED", n->number); break;
	case EVENT_SKIPPED: buf_fmt(b, "#%u SKIPPED", n->number); break;
	case EVENT_FAILED: buf_fmt(b, "#%u FAILED %s", n->number, took); break;
	case EVENT_CANCELED: buf_fmt(b, "#%u CANCELED", n->number); break;
	}
	if (e->text.n) {
		buf_add(b, S(": "));
		screen_add_clean(b, e->text);
	}
	buf_add_ch(b, '\n');
}

void screen_plain_event(struct screen *s, const struct event *e, struct screen_node *n)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * SCREEN_LINE_MAX);
	bool is_shown = s->mode != SCREEN_NONE;
	switch (e->kind) {
	case EVENT_BEGIN:
		buf_fmt(&b, "#%u ", n->number);
		screen_add_clean(&b, e->title);
		buf_add_ch(&b, '\n');
		break;
	case EVENT_OUTPUT:
		if (n && is_shown)
			add_output(s, &b, n, e->text);
		break;
	case EVENT_NOTE:
		is_shown = is_shown ? e->level != EVENT_DEBUG : e->level >= EVENT_WARNING;
		if (n && s->mode != SCREEN_NONE)
			buf_fmt(&b, "#%u ", n->number);
		if (e->level != EVENT_NOTICE)
			buf_fmt(&b, "%s: ", event_level_name(e->level));
		add_place(&b, e->at);
		screen_add_clean(&b, e->text);
		buf_add_ch(&b, '\n');
		break;
	case EVENT_END:
		if (n)
			add_end(s, &b, n, e);
		break;
	case EVENT_PROGRESS: break;
	}
	if (is_shown)
		screen_write(s, &b);
}
