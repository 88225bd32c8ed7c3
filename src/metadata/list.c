/* list -- entries out of workflow text, and fields out of an entry.
 *
 * The action reads both with the CSV reader of Node's csv-parse, whose rules differ from RFC 4180:
 * a quote ends a field only in front of a comma or line end, and in relaxed mode everything that is
 * not properly quoted is text.
 */
#include "metadata_priv.h"

struct csv {
	struct str text;
	size_t at;
	bool is_relaxed;
	struct arena *a;
	struct buf field;
	bool is_quoting, was_quoting, is_comment;
	struct str_vec record;
	struct record_vec *out;
	uint32_t line;
};

void list_records_done(struct record_vec *records)
{
	VEC_EACH(records, r)
		vec_done(r);
	vec_done(records);
}

static int csv_bad(struct csv *c, struct err *err, const char *what)
{
	err_set(err, ERR_INPUT, "%s at line %u, value is '%s'", what, c->line, buf_cstr(&c->field));
	return err_hint(err, "quote the whole entry and write quotes inside it twice");
}

static char next_char(const struct csv *c)
{
	return c->at + 1 < c->text.n ? c->text.p[c->at + 1] : '\0';
}

/* Length of the line end at this byte. */
static size_t line_end(const struct csv *c)
{
	char ch = c->text.p[c->at];
	if (ch == '\r' && next_char(c) == '\n')
		return 2;
	return ch == '\n' || ch == '\r';
}

static bool is_blank(const struct csv *c)
{
	return !c->was_quoting && c->record.n == 0 && c->field.n == 0;
}

static void end_field(struct csv *c)
{
	vec_push(&c->record, arena_str(c->a, buf_str(&c->field)));
	buf_clear(&c->field);
	c->was_quoting = false;
}

static void end_record(struct csv *c)
{
	if (!is_blank(c)) {
		end_field(c);
		vec_push(c->out, c->record);
		c->record = (struct str_vec){0};
	}
	c->is_comment = false;
}

/* A quote inside quotes: 1 = dealt with, 0 = it is text after all. */
static int closing_quote(struct csv *c, struct err *err)
{
	char next = next_char(c);
	if (next == '"') {
		buf_add_ch(&c->field, '"');
		c->at++;
		return 1;
	}
	c->is_quoting = false;
	c->was_quoting = true;
	bool is_comment = c->is_relaxed && next == '#';
	if (!next || next == ',' || next == '\n' || next == '\r' || is_comment)
		return 1;
	if (!c->is_relaxed)
		return csv_bad(c, err, "Invalid Closing Quote: got text behind a quote");
	CLEANUP(buf_done) struct buf whole = BUF(c->field.max);
	buf_add_ch(&whole, '"');
	buf_add(&whole, buf_str(&c->field));
	buf_clear(&c->field);
	buf_add(&c->field, buf_str(&whole));
	return 0;
}

static int quote(struct csv *c, struct err *err)
{
	if (c->is_quoting)
		return closing_quote(c, err);
	if (c->field.n == 0) {
		c->is_quoting = true;
		return 1;
	}
	if (!c->is_relaxed)
		return csv_bad(c, err, "Invalid Opening Quote: a quote is found inside a field");
	return 0;
}

static bool starts_comment(const struct csv *c)
{
	return c->is_relaxed && c->text.p[c->at] == '#' && !c->was_quoting && c->record.n == 0 &&
		str_trim(buf_str(&c->field)).n == 0;
}

static int csv_char(struct csv *c, struct err *err)
{
	char ch = c->text.p[c->at];
	size_t end = line_end(c);
	c->line += end > 0;
	if (ch == '"' && !c->is_comment) {
		int rc = quote(c, err);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	if (!c->is_quoting && end) {
		end_record(c);
		c->at += end - 1;
		return 0;
	}
	if (!c->is_quoting && !c->is_comment && starts_comment(c)) {
		buf_clear(&c->field);
		c->is_comment = true;
	}
	if (c->is_comment)
		return 0;
	if (!c->is_quoting && ch == ',')
		end_field(c);
	else
		buf_add_ch(&c->field, ch);
	return 0;
}

static int csv_run(struct csv *c, struct err *err)
{
	for (; c->at < c->text.n; c->at++)
		if (csv_char(c, err) < 0)
			return -1;
	if (c->is_quoting)
		return csv_bad(c, err,
			"Quote Not Closed: the parsing is finished with an opening quote");
	end_record(c);
	return 0;
}

int list_records(struct str text, bool is_relaxed, struct arena *a, struct record_vec *ret,
	struct err *err)
{
	if (text.n > METADATA_MAX_INPUT)
		return err_set(err, ERR_LIMIT, "input is larger than %d bytes", METADATA_MAX_INPUT);
	struct csv c = {.text = text, .is_relaxed = is_relaxed, .a = a, .out = ret, .line = 1};
	c.field.max = text.n + 2;
	int rc = csv_run(&c, err);
	buf_done(&c.field);
	vec_done(&c.record);
	return rc;
}

int list_fields(struct str entry, struct arena *a, struct str_vec *ret, struct err *err)
{
	struct record_vec records = {0};
	int rc = list_records(entry, false, a, &records, err);
	if (rc == 0 && records.n == 0)
		rc = err_set(err, ERR_INPUT, "an entry is empty");
	for (size_t i = 0; rc == 0 && i < records.p[0].n; i++)
		vec_push(ret, records.p[0].p[i]);
	list_records_done(&records);
	return rc;
}

/* Fields of a line back into one entry. */
static struct str rejoin(const struct str_vec *fields, struct arena *a)
{
	CLEANUP(buf_done) struct buf b = BUF(METADATA_MAX_INPUT);
	VEC_EACH(fields, f) {
		if (f != fields->p)
			buf_add_ch(&b, ',');
		buf_add(&b, *f);
	}
	return str_trim(arena_str(a, buf_str(&b)));
}

int metadata_read_list(struct str text, struct arena *a, struct str_vec *ret, struct err *err)
{
	struct record_vec records = {0};
	int rc = list_records(str_trim(text), true, a, &records, err);
	for (size_t i = 0; rc == 0 && i < records.n; i++) {
		struct str entry = rejoin(&records.p[i], a);
		if (entry.n)
			vec_push(ret, entry);
	}
	list_records_done(&records);
	if (rc == 0 && ret->n > METADATA_MAX_ENTRIES)
		rc = err_set(err, ERR_LIMIT, "more than %d entries", METADATA_MAX_ENTRIES);
	return rc;
}
