#include "log_priv.h"

void log_init(struct log *l, struct event_sink *events, struct str node,
	bool (*command)(void *ctx, struct str line), void *ctx)
{
	*l = (struct log){.events = events, .node = node, .command = command, .ctx = ctx};
	for (int i = 0; i < 2; i++)
		l->streams[i].partial = BUF(LOG_LINE_MAX + 1);
}

void log_done(struct log *l)
{
	for (int i = 0; i < 2; i++)
		buf_done(&l->streams[i].partial);
}

static void pass(struct log *l, int stream, struct str text)
{
	if (text.n)
		event_output(l->events, l->node, stream, text);
}

static bool may_be_command(const struct log_stream *s, struct str line)
{
	if (s->is_long || line.n > LOG_LINE_MAX)
		return false;
	return str_has(line, S("::")) || str_has(line, S("##["));
}

/* Position of the first \n or \r, or text.n. */
static size_t find_end(struct str text)
{
	const char *newline = memchr(text.p, '\n', text.n);
	size_t n = newline ? (size_t)(newline - text.p) : text.n;
	const char *cr = memchr(text.p, '\r', n);
	return cr ? (size_t)(cr - text.p) : n;
}

/* What is kept of a line, and then its end. */
static struct str whole_line(struct log_stream *s, struct str end)
{
	if (!s->partial.n)
		return end;
	buf_add(&s->partial, end);
	return s->partial.is_over ? S("") : buf_str(&s->partial);
}

/* Keeps the beginning of a line, unless it gets too long. */
static void keep(struct log *l, int stream, struct str text)
{
	struct log_stream *s = &l->streams[stream - 1];
	if (!s->is_long && s->partial.n + text.n <= LOG_LINE_MAX) {
		buf_add(&s->partial, text);
		return;
	}
	pass(l, stream, buf_str(&s->partial));
	buf_clear(&s->partial);
	pass(l, stream, text);
	s->is_long = true;
}

/* What stands in the chunk and is neither passed on nor a command yet. */
struct span {
	size_t from, at;
};

static void one_line(struct log *l, int stream, struct str text, struct span *span, size_t n)
{
	struct log_stream *s = &l->streams[stream - 1];
	size_t had = s->partial.n, next = span->at + n + 1; /* behind the line's end */
	struct str line = whole_line(s, str_sub(text, span->at, span->at + n));
	bool is_one = false;
	if (may_be_command(s, line)) { /* what it says comes after what stands before it */
		pass(l, stream, str_sub(text, span->from, span->at));
		span->from = span->at;
		is_one = l->command(l->ctx, line);
	}
	if (is_one) {
		span->from = next;
	} else if (had) {
		buf_cut(&s->partial, had);
		pass(l, stream, buf_str(&s->partial));
	}
	buf_clear(&s->partial);
	s->is_long = false;
	s->eats_newline = text.p[span->at + n] == '\r';
	s->was_command = is_one;
	span->at = next;
}

/* The \n of an \r\n. */
static void eat_newline(struct log_stream *s, struct str text, struct span *span)
{
	if (s->eats_newline && text.p[span->at] == '\n') {
		if (s->was_command && span->from == span->at)
			span->from++;
		span->at++;
	}
	s->eats_newline = false;
}

void log_feed(struct log *l, int stream, struct str text)
{
	struct log_stream *s = &l->streams[stream - 1];
	struct span span = {0};
	while (span.at < text.n) {
		eat_newline(s, text, &span);
		size_t n = find_end(str_skip(text, span.at));
		if (span.at + n == text.n)
			break;
		one_line(l, stream, text, &span, n);
	}
	pass(l, stream, str_sub(text, span.from, span.at));
	if (span.at < text.n)
		keep(l, stream, str_skip(text, span.at));
}

void log_end(struct log *l)
{
	for (int stream = 1; stream <= 2; stream++) {
		struct log_stream *s = &l->streams[stream - 1];
		struct str line = buf_str(&s->partial);
		if (!may_be_command(s, line) || !l->command(l->ctx, line))
			pass(l, stream, line);
		buf_clear(&s->partial);
		s->is_long = s->eats_newline = false;
	}
}
