/* func_json -- toJSON as GitHub prints it (two spaces per level), fromJSON through json/. */
#include "expr_priv.h"

#include "base/utf8.h"

/* The line ends of Unicode (NEL, LS, PS), which .NET's writer escapes as well; 0 = none here. */
static size_t line_end_at(struct str s, uint32_t *ret)
{
	size_t n = utf8_decode(s, ret);
	return n && (*ret == 0x85 || *ret == 0x2028 || *ret == 0x2029) ? n : 0;
}

static void put_text(struct buf *b, struct str s)
{
	static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	buf_add_ch(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const char *e = escapes;
		uint32_t code;
		size_t n = c >= 0xC2 ? line_end_at(str_skip(s, i), &code) : 0;
		if (n) {
			buf_fmt(b, "\\u%04x", code);
			i += n - 1;
			continue;
		}
		while (*e && (unsigned char)*e != c)
			e += 2;
		if (*e)
			buf_fmt(b, "\\%c", e[1]);
		else if (c < 0x20)
			buf_fmt(b, "\\u%04x", c);
		else
			buf_add_ch(b, (char)c);
	}
	buf_add_ch(b, '"');
}

static void new_line(struct buf *b, unsigned depth)
{
	buf_add_ch(b, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add(b, S("  "));
}

static int put_value(struct buf *b, const struct expr_value *v, unsigned depth, struct err *err);

static int put_list(struct buf *b, const struct expr_list *l, unsigned depth, struct err *err)
{
	if (l->n == 0) {
		buf_add(b, S("[]"));
		return 0;
	}
	for (size_t i = 0; i < l->n && !b->is_over; i++) {
		buf_add_ch(b, i ? ',' : '[');
		new_line(b, depth + 1);
		if (put_value(b, &l->items[i], depth + 1, err) < 0)
			return -1;
	}
	new_line(b, depth);
	buf_add_ch(b, ']');
	return 0;
}

static int put_dict(struct buf *b, const struct expr_dict *d, unsigned depth, struct err *err)
{
	if (d->n == 0) {
		buf_add(b, S("{}"));
		return 0;
	}
	for (size_t i = 0; i < d->n && !b->is_over; i++) {
		buf_add_ch(b, i ? ',' : '{');
		new_line(b, depth + 1);
		put_text(b, d->members[i].key);
		buf_add(b, S(": "));
		if (put_value(b, &d->members[i].value, depth + 1, err) < 0)
			return -1;
	}
	new_line(b, depth);
	buf_add_ch(b, '}');
	return 0;
}

static int put_value(struct buf *b, const struct expr_value *v, unsigned depth, struct err *err)
{
	char room[NUMBER_TEXT];
	if (depth > EXPR_MAX_JSON_DEPTH)
		return err_set(err, ERR_LIMIT,
			"Error from function 'toJSON': value is nested deeper than %d levels",
			EXPR_MAX_JSON_DEPTH);
	switch (v->kind) {
	case EXPR_NULL: buf_add(b, S("null")); break;
	case EXPR_BOOL: buf_add_cstr(b, v->truth ? "true" : "false"); break;
	case EXPR_NUMBER:
		number_format(v->number, room);
		buf_add_cstr(b, room);
		break;
	case EXPR_STRING: put_text(b, v->text); break;
	case EXPR_ARRAY: return put_list(b, v->list, depth, err);
	case EXPR_OBJECT: return put_dict(b, v->dict, depth, err);
	}
	return 0;
}

int func_to_json(struct eval *e, const struct node *call, struct expr_value *ret, struct err *err)
{
	struct expr_value v;
	CLEANUP(buf_done) struct buf b = BUF(e->left_bytes);
	if (eval_arg(e, call, 0, &v, err) < 0 || put_value(&b, &v, 0, err) < 0)
		return -1;
	return eval_text(e, &b, ret, err);
}

/* A tree takes more memory than its text: each value about as much as a struct json. */
static int spend_for_tree(struct eval *e, const struct arena *a, size_t before, struct err *err)
{
	return eval_spend(e, a->total_bytes - before, err);
}

int func_from_json(struct eval *e, const struct node *call, struct expr_value *ret, struct err *err)
{
	struct expr_value v;
	struct str text;
	struct json *tree;
	struct err why = {0};
	if (eval_arg(e, call, 0, &v, err) < 0 || eval_to_text(e, &v, &text, err) < 0)
		return -1;
	if (space_trim(text).n == 0)
		return err_set(err, ERR_INPUT, "Error from function 'fromJSON': empty input");
	struct json_limits limits = {.max_bytes = EXPR_MAX_BYTES,
		.max_depth = EXPR_MAX_JSON_DEPTH,
		.max_values = e->left_bytes / sizeof(struct json) + 1,
		.accepts_duplicates = true,
		.is_real_only = true};
	size_t before = e->a->total_bytes;
	if (json_parse(text, &limits, e->a, &tree, &why) < 0)
		return err_set(err, why.kind, "Error from function 'fromJSON': %s", why.what);
	*ret = expr_from_json(tree, e->a);
	return spend_for_tree(e, e->a, before, err);
}
