#include "workflow_priv.h"

#include <stdarg.h>

void workflow_problems_done(struct workflow_problems *p)
{
	vec_done(&p->list);
}

PRINTF_LIKE(2, 0)
static struct str format(struct arena *a, const char *fmt, va_list args)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	char room[2048];
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(room, sizeof(room), fmt, args);
	if (n >= (int)sizeof(room)) {
		char *p = buf_room(&b, (size_t)n + 1);
		if (p) {
			vsnprintf(p, (size_t)n + 1, fmt, again);
			buf_added(&b, (size_t)n);
		}
	} else {
		buf_add_cstr(&b, room);
	}
	va_end(again);
	return arena_str(a, buf_str(&b));
}

void tell(struct parse *p, enum workflow_severity severity, uint32_t line, uint32_t col,
	const char *fmt, ...)
{
	struct workflow_problems *all = p->problems;
	all->n_errors += severity == WORKFLOW_ERROR;
	if (all->list.n >= WORKFLOW_MAX_PROBLEMS)
		return;
	va_list args;
	va_start(args, fmt);
	struct str message = format(p->a, fmt, args);
	va_end(args);
	vec_push(&all->list,
		((struct workflow_problem){
			.severity = severity, .line = line, .col = col, .message = message}));
}

static struct workflow_problem *last(struct parse *p)
{
	static struct workflow_problem nowhere;
	struct workflow_problems *all = p->problems;
	return all->list.n && all->list.n < WORKFLOW_MAX_PROBLEMS ? vec_last(&all->list) : &nowhere;
}

void hint(struct parse *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct str text = format(p->a, fmt, args);
	va_end(args);
	if (p->problems->list.n && p->problems->list.n < WORKFLOW_MAX_PROBLEMS)
		last(p)->hint = text;
}

/* Finding a byte of a scalar in the file. Escapes and folding move characters about, so the place is
 * looked for: the text around it must stand there, else it stays unknown. */

static bool line_of(struct str text, uint32_t number, struct str *ret)
{
	for (uint32_t n = 1; str_line(&text, ret); n++)
		if (n == number)
			return true;
	return false;
}

static uint32_t column_of(struct str line, size_t byte)
{
	uint32_t col = 1;
	for (size_t i = 0; i < byte && i < line.n; i++)
		col += ((unsigned char)line.p[i] & 0xC0) != 0x80;
	return col;
}

/* The line of the scalar's text that holds the byte, and where it stands in it. */
static struct str text_line(struct str text, size_t offset, uint32_t *ret_number, size_t *ret_at)
{
	size_t start = 0;
	*ret_number = 0;
	for (size_t i = 0; i < offset && i < text.n; i++)
		if (text.p[i] == '\n') {
			start = i + 1;
			++*ret_number;
		}
	size_t end = start;
	while (end < text.n && text.p[end] != '\n')
		end++;
	*ret_at = offset - start;
	return str_sub(text, start, end);
}

void inner_place(struct parse *p, const struct workflow_value *v, struct str text, size_t offset)
{
	uint32_t number;
	size_t at;
	struct str want = text_line(text, offset, &number, &at), have;
	uint32_t line = v->line + number + v->is_block;
	if (p->problems->list.n == 0 || !line_of(p->text, line, &have))
		return;
	ssize_t start = want.n ? str_find(have, want) : -1;
	if (start < 0)
		return;
	struct workflow_problem *problem = last(p);
	problem->inner_line = line;
	problem->inner_col = column_of(have, (size_t)start + at);
}

static void write_place(struct json_out *o, uint32_t line, uint32_t col)
{
	json_key(o, "line");
	json_add_u64(o, line);
	json_key(o, "col");
	json_add_u64(o, col);
}

static void write_problem(const struct workflow_problem *p, struct str file, struct json_out *o)
{
	json_object(o);
	json_key(o, "severity");
	json_add_cstr(o, p->severity == WORKFLOW_ERROR ? "error" : "warning");
	json_key(o, "file");
	json_add_str(o, file);
	write_place(o, p->line, p->col);
	json_key(o, "message");
	json_add_str(o, p->message);
	json_key(o, "hint");
	json_add_str(o, p->hint);
	if (p->inner_line) {
		json_key(o, "inner");
		json_object(o);
		write_place(o, p->inner_line, p->inner_col);
		json_end(o);
	}
	json_end(o);
}

void workflow_problems_write_json(const struct workflow_problems *p, struct str file,
	struct json_out *o)
{
	json_array(o);
	VEC_EACH(&p->list, problem)
		write_problem(problem, file, o);
	json_end(o);
}
