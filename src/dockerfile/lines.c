/* Physical lines become instructions:
 *
 *	RUN a \			the escape character, not doubled, may be followed by blanks
 *	# a comment		skipped, wherever it stands
 *				skipped too, but noted: it will be an error one day
 *	    && b
 */
#include "dockerfile/dockerfile_priv.h"

#include "base/utf8.h"

#include <stdarg.h>

void lines_done(struct lines *l)
{
	vec_done(&l->comments);
	vec_done(&l->pieces);
}

int lines_fail(struct lines *l, struct dockerfile_place at, const char *fmt, ...)
{
	char what[sizeof(l->err->what)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	err_set(l->err, ERR_INPUT, "%s", what);
	return err_locate(l->err, NULL, at.line, at.col);
}

int lines_take(struct lines *l, struct str *ret)
{
	if (!l->rest.n)
		return 0;
	const char *end = memchr(l->rest.p, '\n', l->rest.n);
	size_t n = end ? (size_t)(end - l->rest.p) : l->rest.n;
	l->line++;
	if (n > DOCKERFILE_LINE_MAX) {
		err_set(l->err, ERR_LIMIT,
			"dockerfile line greater than maximum allowed size of %d",
			DOCKERFILE_LINE_MAX);
		return err_locate(l->err, NULL, l->line, 1);
	}
	*ret = str_sub(l->rest, 0, n);
	l->rest = str_skip(l->rest, n + (end ? 1 : 0));
	return 1;
}

struct str lines_peek(const struct lines *l)
{
	ssize_t n = str_chr(l->rest, '\n');
	return text_trim_left(n < 0 ? l->rest : str_sub(l->rest, 0, (size_t)n));
}

static struct str without_cr(struct str line)
{
	while (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Cuts the continuation mark off; false when the instruction ends with this line. */
static bool cut_continuation(char escape, struct str *line)
{
	size_t n = line->n;
	while (n && (line->p[n - 1] == ' ' || line->p[n - 1] == '\t'))
		n--;
	if (!n || line->p[n - 1] != escape || (n > 1 && line->p[n - 2] == escape))
		return false;
	line->n = n - 1;
	return true;
}

static void note_comment(struct lines *l, struct str line)
{
	struct str comment = text_trim(str_skip(line, 1));
	if (comment.n)
		vec_push(&l->comments, comment);
	else
		vec_clear(&l->comments);
}

static void join(struct lines *l, struct buf *b, struct str part, const char *line_start)
{
	vec_push(&l->pieces, ((struct piece){b->n, part.p, line_start, l->line}));
	buf_add(b, part);
}

/* The lines that continue the one in b. */
static int join_rest(struct lines *l, struct buf *b)
{
	bool goes_on = true, has_empty = false;
	while (goes_on) {
		struct str line;
		int got = lines_take(l, &line);
		if (got < 0)
			return -1;
		if (!got)
			break;
		struct str typed = text_trim_left(line);
		if (typed.n && typed.p[0] == '#')
			continue;
		if (!typed.n) {
			has_empty = true;
			continue;
		}
		const char *start = line.p;
		line = without_cr(line);
		goes_on = cut_continuation(l->escape, &line);
		join(l, b, line, start);
	}
	l->empty_continuation = has_empty ? l->line : 0;
	return 0;
}

static int begin(struct lines *l, struct str line, const char *line_start)
{
	l->first_line = l->line;
	l->empty_continuation = 0;
	l->place_line = NULL;
	vec_clear(&l->pieces);
	if (!cut_continuation(l->escape, &line)) {
		vec_push(&l->pieces, ((struct piece){0, line.p, line_start, l->line}));
		l->joined = line;
		return 1;
	}
	CLEANUP(buf_done) struct buf b = BUF(DOCKERFILE_MAX_BYTES);
	join(l, &b, line, line_start);
	if (join_rest(l, &b) < 0)
		return -1;
	l->joined = arena_str(l->arena, buf_str(&b));
	return 1;
}

int lines_instruction(struct lines *l)
{
	struct str line;
	int got;
	while ((got = lines_take(l, &line)) > 0) {
		const char *start = line.p;
		line = without_cr(text_trim_left(line));
		if (line.n && line.p[0] == '#')
			note_comment(l, line);
		else if (line.n)
			return begin(l, line, start);
	}
	return got;
}

struct dockerfile_place lines_place(struct lines *l, const char *p)
{
	size_t at = (size_t)(p - l->joined.p);
	const struct piece *piece = l->pieces.p;
	size_t low = 0, high = l->pieces.n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (l->pieces.p[mid].at <= at) {
			piece = &l->pieces.p[mid];
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	const char *typed = piece->from + (at - piece->at);
	if (l->place_line != piece->line_start || l->place_end > typed) {
		l->place_line = l->place_end = piece->line_start;
		l->place_col = 1;
	}
	while (l->place_end < typed) {
		l->place_end += text_char(str_n(l->place_end, (size_t)(typed - l->place_end)));
		l->place_col++;
	}
	return (struct dockerfile_place){piece->line, l->place_col};
}
