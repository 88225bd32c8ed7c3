#include "file_pairs_priv.h"

struct reader {
	struct str text;
	size_t at;
	bool was_ended; /* the last line had a newline */
};

/* False at the end of the text. */
static bool next_line(struct reader *r, struct str *ret)
{
	if (r->at >= r->text.n)
		return false;
	struct str rest = str_skip(r->text, r->at);
	ssize_t end = str_chr(rest, '\n');
	r->was_ended = end >= 0;
	*ret = str_sub(rest, 0, r->was_ended ? (size_t)end : rest.n);
	r->at += ret->n + r->was_ended;
	return true;
}

/* The lines up to the one that is the delimiter, without the last newline. */
static int read_block(struct reader *r, struct str delimiter, struct str *ret, struct err *err)
{
	size_t start = r->at, end = start;
	struct str line;
	while (next_line(r, &line)) {
		if (str_eq(line, delimiter)) {
			*ret = str_sub(r->text, start, end);
			return 0;
		}
		if (!r->was_ended)
			break;
		end = r->at - 1;
	}
	err_set(err, ERR_INPUT, "Invalid value. Matching delimiter not found '%.*s'",
		STR_ARG(delimiter));
	return err_hint(err, "end the value with a line that is only '%.*s'", STR_ARG(delimiter));
}

static int read_pair(struct reader *r, struct str line, struct str *ret_name, struct str *ret_value,
	struct err *err)
{
	ssize_t equals = str_chr(line, '='), block = str_find(line, S("<<"));
	if (block >= 0 && (equals < 0 || block < equals)) {
		struct str delimiter = str_skip(line, (size_t)block + 2);
		*ret_name = str_sub(line, 0, (size_t)block);
		if (!ret_name->n || !delimiter.n)
			return err_set(err, ERR_INPUT,
				"Invalid format '%.*s'. Name must not be empty and delimiter must "
				"not be empty",
				STR_ARG(line));
		return read_block(r, delimiter, ret_value, err);
	}
	if (equals < 0)
		return err_set(err, ERR_INPUT, "Invalid format '%.*s'", STR_ARG(line)),
		       err_hint(err, "write NAME=value");
	*ret_name = str_sub(line, 0, (size_t)equals);
	*ret_value = str_skip(line, (size_t)equals + 1);
	if (!ret_name->n)
		return err_set(err, ERR_INPUT, "Invalid format '%.*s'. Name must not be empty",
			STR_ARG(line));
	return 0;
}

int file_pairs(struct str text,
	int (*tell)(void *ctx, struct str name, struct str value, struct err *err), void *ctx,
	struct err *err)
{
	struct str name, value, line;
	if (str_starts(text, S("\xEF\xBB\xBF")))
		text = str_skip(text, 3);
	struct reader r = {text};
	while (next_line(&r, &line)) {
		if (!line.n)
			continue;
		if (read_pair(&r, line, &name, &value, err) < 0 || tell(ctx, name, value, err) < 0)
			return -1;
	}
	return 0;
}
