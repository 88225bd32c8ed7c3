/* Lists in inputs of docker's actions: CSV as their parser (csv-parse, relaxed quotes) reads it.
 *
 *	a,b          two items, or one with keeps_commas
 *	"a,b"        one item of the field, whose quotes go ("" inside is one quote)
 *	a "b",c      a quote inside a field is an ordinary character
 *	"a"b         ... and so are both of a field that goes on behind its closing quote
 *
 * A record ends with the line, unless a quote is open. Items are trimmed; empty ones are left out. */
#include "native_priv.h"

enum { LIST_BYTES = 1 << 20, LIST_ITEMS = 10000 };

struct reader {
	struct str text;
	size_t at;
	char quote; /* 0 = none */
	struct buf field;
};

enum stop { STOP_FIELD, STOP_RECORD, STOP_END, STOP_OPEN };

static char peek(const struct reader *r, size_t n)
{
	return r->at + n < r->text.n ? r->text.p[r->at + n] : '\0';
}

static size_t newline_at(const struct reader *r, size_t n)
{
	if (peek(r, n) == '\r' && peek(r, n + 1) == '\n')
		return 2;
	return peek(r, n) == '\n' || peek(r, n) == '\r';
}

/* Behind the opening quote, up to behind the closing one; false when there is none. */
static bool read_quoted(struct reader *r)
{
	while (r->at < r->text.n) {
		char c = peek(r, 0);
		r->at++;
		if (c != r->quote) {
			buf_add_ch(&r->field, c);
		} else if (peek(r, 0) == r->quote) {
			buf_add_ch(&r->field, c);
			r->at++;
		} else if (r->at == r->text.n || peek(r, 0) == ',' || newline_at(r, 0)) {
			return true;
		} else { /* it goes on: the quotes were text */
			CLEANUP(buf_done) struct buf b = BUF(LIST_BYTES);
			buf_add_ch(&b, r->quote);
			buf_add(&b, buf_str(&r->field));
			buf_add_ch(&b, r->quote);
			buf_clear(&r->field);
			buf_add(&r->field, buf_str(&b));
			return true;
		}
	}
	return false;
}

static enum stop read_field(struct reader *r)
{
	buf_clear(&r->field);
	if (r->quote && peek(r, 0) == r->quote) {
		r->at++;
		if (!read_quoted(r))
			return STOP_OPEN;
	}
	while (r->at < r->text.n) {
		size_t newline = newline_at(r, 0);
		char c = peek(r, 0);
		r->at += newline ? newline : 1;
		if (newline)
			return STOP_RECORD;
		if (c == ',')
			return STOP_FIELD;
		buf_add_ch(&r->field, c);
	}
	return STOP_END;
}

static void add_item(struct str text, struct arena *a, struct str_vec *ret)
{
	struct str item = str_trim(text);
	if (item.n)
		vec_push(ret, arena_str(a, item));
}

static void add_joined(const struct str_vec *fields, struct arena *a, struct str_vec *ret)
{
	CLEANUP(buf_done) struct buf b = BUF(2 * LIST_BYTES);
	for (size_t i = 0; i < fields->n; i++) {
		if (i)
			buf_add_ch(&b, ',');
		buf_add(&b, fields->p[i]);
	}
	add_item(buf_str(&b), a, ret);
}

/* A field that is alone in its record is cut at commas that stood in quotes, too. */
static void add_fields(const struct str_vec *fields, struct arena *a, struct str_vec *ret)
{
	struct str rest = fields->p[0], part;
	while (fields->n == 1 && str_cut(&rest, ',', &part))
		add_item(part, a, ret);
	for (size_t i = 0; fields->n > 1 && i < fields->n; i++)
		add_item(fields->p[i], a, ret);
}

static enum stop read_record(struct reader *r, struct list_rule rule, struct arena *a,
	struct str_vec *ret)
{
	struct str_vec fields = {0};
	enum stop stop;
	do {
		stop = read_field(r);
		vec_push(&fields, arena_str(a, buf_str(&r->field)));
	} while (stop == STOP_FIELD);
	if (rule.keeps_commas)
		add_joined(&fields, a, ret);
	else
		add_fields(&fields, a, ret);
	vec_done(&fields);
	return stop;
}

int list_read(struct str text, struct list_rule rule, struct arena *a, struct str_vec *ret,
	struct err *err)
{
	struct reader r = {
		.text = text, .quote = rule.keeps_quotes ? '\0' : '"', .field = BUF(LIST_BYTES)};
	enum stop stop = STOP_RECORD;
	if (text.n > LIST_BYTES)
		return err_set(err, ERR_LIMIT, "a list of more than %d bytes", LIST_BYTES);
	while (r.at < text.n && stop == STOP_RECORD && ret->n < LIST_ITEMS)
		stop = read_record(&r, rule, a, ret);
	buf_done(&r.field);
	if (stop == STOP_OPEN)
		return err_set(err, ERR_INPUT, "a quote is not closed");
	return ret->n < LIST_ITEMS
		? 0
		: err_set(err, ERR_LIMIT, "a list of more than %d items", LIST_ITEMS);
}

int native_list_input(const struct step *s, const char *name, struct list_rule rule,
	struct str_vec *ret, struct err *err)
{
	if (list_read(native_input(s, name), rule, s->a, ret, err) < 0)
		return err_wrap(err, "input '%s'", name);
	return 0;
}
