#include "base/csv.h"

#include "base/buf.h"

static int bad(struct err *err, size_t at, const char *what)
{
	err_set(err, ERR_INPUT, "%s", what);
	return err_locate(err, NULL, 1, (uint32_t)at + 1);
}

/* A field that starts with a quote at *at; leaves *at behind the closing one. */
static int quoted(struct str s, size_t *at, struct arena *a, struct str *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(s.n);
	size_t open = (*at)++;
	while (*at < s.n) {
		char c = s.p[(*at)++];
		if (c == '"' && *at < s.n && s.p[*at] == '"') {
			(*at)++;
		} else if (c == '"') {
			*ret = arena_str(a, buf_str(&b));
			return 0;
		}
		buf_add_ch(&b, c);
	}
	return bad(err, open, "quote is not closed");
}

int csv_fields(struct str record, struct arena *a, struct str_vec *ret, struct err *err)
{
	size_t at = 0;
	for (;;) {
		struct str field = STR_NONE;
		if (at < record.n && record.p[at] == '"') {
			if (quoted(record, &at, a, &field, err) < 0)
				return -1;
			if (at < record.n && record.p[at] != ',')
				return bad(err, at, "expected ',' after a closing quote");
		} else {
			size_t start = at;
			while (at < record.n && record.p[at] != ',')
				if (record.p[at++] == '"')
					return bad(err, at - 1,
						"quote inside a field without quotes");
			field = arena_str(a, str_sub(record, start, at));
		}
		vec_push(ret, field);
		if (at >= record.n)
			return 0;
		at++;
	}
}
