#include "json/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>

void json_out_init(struct json_out *o, struct buf *b, unsigned indent)
{
	*o = (struct json_out){.b = b, .indent = indent, .is_first = true};
}

static bool in_array(const struct json_out *o)
{
	unsigned level = o->depth - 1;
	return o->is_array[level / 64] >> (level % 64) & 1;
}

static void new_line(struct json_out *o)
{
	if (!o->indent)
		return;
	buf_add_ch(o->b, '\n');
	for (unsigned i = 0; i < o->depth * o->indent; i++)
		buf_add_ch(o->b, ' ');
}

/* The comma and line before an item or key. */
static void separate(struct json_out *o)
{
	if (!o->is_first)
		buf_add_ch(o->b, ',');
	o->is_first = false;
	new_line(o);
}

/* What stands before a value: nothing at the top and behind a key. */
static void begin_value(struct json_out *o)
{
	if (!o->depth) {
		assert(o->is_first); /* one value at the top */
		o->is_first = false;
	} else if (in_array(o)) {
		separate(o);
	} else {
		assert(o->has_key);
		o->has_key = false;
	}
}

static void open_level(struct json_out *o, char bracket, bool is_array)
{
	begin_value(o);
	assert(o->depth < JSON_OUT_DEPTH_MAX);
	uint64_t bit = UINT64_C(1) << (o->depth % 64);
	if (is_array)
		o->is_array[o->depth / 64] |= bit;
	else
		o->is_array[o->depth / 64] &= ~bit;
	o->depth++;
	o->is_first = true;
	buf_add_ch(o->b, bracket);
}

void json_object(struct json_out *o)
{
	open_level(o, '{', false);
}

void json_array(struct json_out *o)
{
	open_level(o, '[', true);
}

void json_end(struct json_out *o)
{
	assert(o->depth && !o->has_key);
	char bracket = in_array(o) ? ']' : '}';
	o->depth--;
	if (!o->is_first)
		new_line(o);
	buf_add_ch(o->b, bracket);
	o->is_first = false;
}

static void add_escaped(struct buf *b, char c)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = memchr(special, c, sizeof(special) - 1);
	if (at) {
		char two[] = {'\\', letters[at - special]};
		buf_add_bytes(b, two, 2);
	} else {
		buf_fmt(b, "\\u%04x", (unsigned)(uint8_t)c);
	}
}

/* How many bytes at the start are written as they are. */
static size_t count_plain(struct str s)
{
	size_t at = 0;
	while (at < s.n) {
		uint8_t c = (uint8_t)s.p[at];
		uint32_t code;
		size_t n = c < 0x80 ? 1 : utf8_decode(str_skip(s, at), &code);
		if (!n || c < 0x20 || c == '"' || c == '\\')
			break;
		at += n;
	}
	return at;
}

static void add_quoted(struct buf *b, struct str s)
{
	buf_add_ch(b, '"');
	while (s.n) {
		size_t n = count_plain(s);
		buf_add_bytes(b, s.p, n);
		s = str_skip(s, n);
		if (!s.n)
			break;
		if ((uint8_t)s.p[0] < 0x80)
			add_escaped(b, s.p[0]);
		else
			utf8_add(b, 0xfffd);
		s = str_skip(s, 1);
	}
	buf_add_ch(b, '"');
}

void json_key_str(struct json_out *o, struct str key)
{
	assert(o->depth && !in_array(o) && !o->has_key);
	separate(o);
	add_quoted(o->b, key);
	buf_add_ch(o->b, ':');
	if (o->indent)
		buf_add_ch(o->b, ' ');
	o->has_key = true;
}

void json_key(struct json_out *o, const char *key)
{
	json_key_str(o, str_of(key));
}

void json_add_str(struct json_out *o, struct str s)
{
	begin_value(o);
	add_quoted(o->b, s);
}

void json_add_cstr(struct json_out *o, const char *s)
{
	if (s)
		json_add_str(o, str_of(s));
	else
		json_add_null(o);
}

void json_add_fmt(struct json_out *o, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	CLEANUP(mem_free) char *text = NULL;
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) { /* out of memory, or more than INT_MAX bytes: no buf takes that */
		text = NULL;
		o->b->is_over = true;
		n = 0;
	}
	json_add_str(o, str_n(text, (size_t)n));
}

void json_add_i64(struct json_out *o, int64_t v)
{
	begin_value(o);
	buf_fmt(o->b, "%lld", (long long)v);
}

void json_add_u64(struct json_out *o, uint64_t v)
{
	begin_value(o);
	buf_fmt(o->b, "%llu", (unsigned long long)v);
}

void json_add_bool(struct json_out *o, bool v)
{
	begin_value(o);
	buf_add(o->b, v ? S("true") : S("false"));
}

void json_add_null(struct json_out *o)
{
	begin_value(o);
	buf_add(o->b, S("null"));
}

void json_add_raw(struct json_out *o, struct str text)
{
	begin_value(o);
	buf_add(o->b, text);
}

static void add_items(struct json_out *o, const struct json *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->kind == JSON_OBJECT)
			json_key_str(o, v->members[i].key);
		json_add_value(o, v->kind == JSON_OBJECT ? &v->members[i].value : &v->items[i]);
	}
	json_end(o);
}

/* As deep as the tree: JSON_DEPTH_MAX when it was parsed. */
void json_add_value(struct json_out *o, const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL: json_add_null(o); break;
	case JSON_BOOL: json_add_bool(o, v->truth); break;
	case JSON_INT: json_add_i64(o, v->number); break;
	case JSON_REAL: json_add_real(o, v->real); break;
	case JSON_STRING: json_add_str(o, v->text); break;
	case JSON_ARRAY:
		json_array(o);
		add_items(o, v);
		break;
	case JSON_OBJECT:
		json_object(o);
		add_items(o, v);
		break;
	}
}
