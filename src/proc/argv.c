#include "proc/proc.h"

#include <stdarg.h>

/* The list is NULL-terminated at any time; the NULL is not counted. */
static void take(struct argv *a, char *take_text)
{
	vec_push(&a->v, take_text);
	vec_push(&a->v, NULL);
	a->v.n--;
}

static char *copy(struct str s)
{
	char *p = mem_resize(NULL, s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

void argv_add(struct argv *a, const char *s)
{
	take(a, mem_cstr(s));
}

void argv_add_str(struct argv *a, struct str s)
{
	take(a, copy(s));
}

static PRINTF_LIKE(1, 0) char *format(const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	size_t size = n > 0 ? (size_t)n + 1 : 1;
	char *p = mem_new(size, 1);
	vsnprintf(p, size, fmt, again);
	va_end(again);
	return p;
}

void argv_fmt(struct argv *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	take(a, format(fmt, args));
	va_end(args);
}

static char **find(const struct argv *a, struct str name)
{
	VEC_EACH(&a->v, e)
		if (strncmp(*e, name.p, name.n) == 0 && (*e)[name.n] == '=')
			return e;
	return NULL;
}

void argv_set(struct argv *a, struct str name, struct str value)
{
	char *text = mem_resize(NULL, name.n + value.n + 2, 1);
	memcpy(text, name.p, name.n);
	text[name.n] = '=';
	if (value.n)
		memcpy(text + name.n + 1, value.p, value.n);
	text[name.n + 1 + value.n] = '\0';
	char **old = find(a, name);
	if (!old) {
		take(a, text);
		return;
	}
	free(*old);
	*old = text;
}

const char *argv_value(const struct argv *a, struct str name)
{
	char **e = find(a, name);
	return e ? *e + name.n + 1 : NULL;
}

const char *const *argv_list(const struct argv *a)
{
	static const char *const nothing[] = {NULL};
	return a->v.n ? (const char *const *)a->v.p : nothing;
}

void argv_done(struct argv *a)
{
	VEC_EACH(&a->v, e)
		free(*e);
	vec_done(&a->v);
}
