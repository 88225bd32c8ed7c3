/* func_format -- format('Hello {0}, {{braces}}', name). */
#include "expr_priv.h"

struct format {
	struct eval *e;
	const struct node *call;
	struct str text;
	struct expr_value *args; /* evaluated when first used */
	bool *is_known;
	struct buf out;
};

static int format_bad(const struct format *f, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "Error from function 'format': %s: %.*s", what,
		STR_ARG(f->text));
}

static char at(const struct format *f, size_t i)
{
	return i < f->text.n ? f->text.p[i] : '\0';
}

/* The number after an opening brace: 0 to 255. */
static bool read_number(const struct format *f, size_t *i, size_t *ret)
{
	size_t v = 0, start = *i;
	for (; ch_is_digit(at(f, *i)) && v <= 255; (*i)++)
		v = v * 10 + (size_t)(at(f, *i) - '0');
	*ret = v;
	return *i > start && v <= 255;
}

/* Up to the closing brace; "}}" inside is one brace. Leaves *i behind the closing one. */
static bool read_specifier(const struct format *f, size_t *i, struct buf *ret)
{
	if (at(f, *i) == '}') {
		(*i)++;
		return true;
	}
	if (at(f, *i) != ':')
		return false;
	for ((*i)++; *i < f->text.n; (*i)++) {
		if (at(f, *i) == '}' && at(f, *i + 1) != '}') {
			(*i)++;
			return true;
		}
		buf_add_ch(ret, at(f, *i));
		*i += at(f, *i) == '}';
	}
	return false;
}

static int put_arg(struct format *f, size_t number, struct str specifier, struct err *err)
{
	static const char *const kinds[] = {
		"Null", "Boolean", "Number", "String", "Array", "Object"};
	struct str text;
	if (!f->is_known[number]) {
		if (eval_arg(f->e, f->call, number + 1, &f->args[number], err) < 0)
			return -1;
		f->is_known[number] = true;
	}
	if (specifier.n)
		return err_set(err, ERR_INPUT,
			"Error from function 'format': The format specifiers '%.*s' are not valid "
			"for objects of type '%s'",
			STR_ARG(specifier), kinds[f->args[number].kind]);
	if (eval_to_text(f->e, &f->args[number], &text, err) < 0)
		return -1;
	buf_add(&f->out, text);
	return 0;
}

/* {0}; *i stands on the brace. */
static int put_placeholder(struct format *f, size_t *i, struct err *err)
{
	CLEANUP(buf_done) struct buf specifier = BUF(f->text.n);
	size_t number;
	(*i)++;
	if (!read_number(f, i, &number) || !read_specifier(f, i, &specifier))
		return format_bad(f, "The following format string is invalid", err);
	if (number + 2 > f->call->n)
		return format_bad(f,
			"The following format string references more arguments than were supplied",
			err);
	return put_arg(f, number, buf_str(&specifier), err);
}

static int format_run(struct format *f, struct err *err)
{
	size_t i = 0;
	while (i < f->text.n && !f->out.is_over) {
		char c = at(f, i);
		if (c == '{' && at(f, i + 1) != '{') {
			if (put_placeholder(f, &i, err) < 0)
				return -1;
			continue;
		}
		if (c == '}' && at(f, i + 1) != '}')
			return format_bad(f, "The following format string is invalid", err);
		buf_add_ch(&f->out, c);
		i += c == '{' || c == '}' ? 2 : 1;
	}
	return 0;
}

int func_format(struct eval *e, const struct node *call, struct expr_value *ret, struct err *err)
{
	struct expr_value v;
	struct format f = {.e = e, .call = call, .out = BUF(e->left_bytes)};
	if (eval_arg(e, call, 0, &v, err) < 0 || eval_to_text(e, &v, &f.text, err) < 0)
		return -1;
	f.args = ARENA_ARRAY(e->a, struct expr_value, call->n);
	f.is_known = ARENA_ARRAY(e->a, bool, call->n);
	int rc = format_run(&f, err);
	if (rc == 0)
		rc = eval_text(e, &f.out, ret, err);
	buf_done(&f.out);
	return rc;
}
