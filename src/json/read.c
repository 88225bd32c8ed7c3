#include "json/json_priv.h"

#include "base/map.h"
#include "base/utf8.h"

#include <stdarg.h>

enum { SMALL_OBJECT = 8 }; /* keys are compared one by one up to here, by hash beyond */

const struct json_limits json_limits_default = {
	.max_bytes = 4 << 20,
	.max_depth = 64,
	.max_values = 200000,
};

/* Columns count characters; bytes that are none count one each. */
static void find_place(const struct reader *r, const char *at, uint32_t *ret_line,
	uint32_t *ret_col)
{
	struct str before = str_n(r->start, (size_t)(at - r->start));
	*ret_line = *ret_col = 1;
	while (before.n) {
		uint32_t code;
		size_t n = utf8_decode(before, &code);
		*ret_col += 1;
		if (before.p[0] == '\n') {
			*ret_line += 1;
			*ret_col = 1;
		}
		before = str_skip(before, n ? n : 1);
	}
}

int json_fail(struct reader *r, const char *at, enum err_kind kind, const char *fmt, ...)
{
	char what[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	uint32_t line, col;
	find_place(r, at, &line, &col);
	err_set(r->err, kind, "%s", what);
	return err_locate(r->err, NULL, line, col);
}

int json_fail_expected(struct reader *r, const char *what)
{
	if (r->p == r->end)
		return json_fail(r, r->p, ERR_INPUT, "expected %s, the text ends here", what);
	uint32_t code;
	size_t n = utf8_decode(str_n(r->p, (size_t)(r->end - r->p)), &code);
	if (n && code > ' ' && code != 0x7f && code != 0xfeff)
		return json_fail(r, r->p, ERR_INPUT, "expected %s, got '%.*s'", what, (int)n, r->p);
	return json_fail(r, r->p, ERR_INPUT, "expected %s, got byte 0x%02x", what,
		(unsigned)(uint8_t)*r->p);
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

/* Takes white space and then c, if it is there. */
static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static int read_value(struct reader *r, unsigned depth, struct json *ret);

static int read_array(struct reader *r, unsigned depth, struct json *ret)
{
	size_t first = r->stack.n;
	r->p++;
	if (!take(r, ']')) {
		do {
			struct slot slot = {0};
			if (read_value(r, depth, &slot.member.value) < 0)
				return -1;
			vec_push(&r->stack, slot);
		} while (take(r, ','));
		if (!take(r, ']'))
			return json_fail_expected(r, "',' or ']'");
	}
	ret->kind = JSON_ARRAY;
	ret->n = r->stack.n - first;
	ret->items = ret->n ? ARENA_ARRAY(r->arena, struct json, ret->n) : NULL;
	for (size_t i = 0; i < ret->n; i++)
		ret->items[i] = r->stack.p[first + i].member.value;
	r->stack.n = first;
	return 0;
}

/* Which of the first slots has a key. */
struct key_index {
	const struct slot *slots;
	size_t n;
	uint32_t *table; /* index + 1 by hash, 0 = free; NULL = compare one by one */
	size_t n_table;
};

/* The slot with this key, or NULL and the place in the table where it belongs. */
static const struct slot *find_key(const struct key_index *ix, struct str key, size_t *ret_at)
{
	if (!ix->table) {
		for (size_t i = 0; i < ix->n; i++)
			if (str_eq(ix->slots[i].member.key, key))
				return &ix->slots[i];
		return NULL;
	}
	size_t at = map_hash(key) & (ix->n_table - 1);
	for (; ix->table[at]; at = (at + 1) & (ix->n_table - 1))
		if (str_eq(ix->slots[ix->table[at] - 1].member.key, key))
			return &ix->slots[ix->table[at] - 1];
	*ret_at = at;
	return NULL;
}

static int fail_duplicate(struct reader *r, const struct slot *first, const struct slot *second)
{
	uint32_t line, col;
	find_place(r, first->at, &line, &col);
	return json_fail(r, second->at, ERR_INPUT, "duplicate member '%.*s' (first at %u:%u)",
		STR_ARG(str_sub(second->member.key, 0, 200)), line, col);
}

/* Equal keys among n slots: an error, or the last value at the first position. */
static int unite_keys(struct reader *r, struct slot *slots, size_t *n)
{
	struct key_index ix = {.slots = slots};
	CLEANUP(mem_free) uint32_t *table = NULL;
	if (*n > SMALL_OBJECT) {
		for (ix.n_table = 32; ix.n_table < *n * 2;)
			ix.n_table *= 2;
		ix.table = table = mem_new(ix.n_table, sizeof(*table));
	}
	for (size_t i = 0; i < *n; i++) {
		size_t at = 0;
		const struct slot *first = find_key(&ix, slots[i].member.key, &at);
		if (first && !r->limits->accepts_duplicates)
			return fail_duplicate(r, first, &slots[i]);
		if (first) {
			slots[first - slots].member.value = slots[i].member.value;
			continue;
		}
		slots[ix.n++] = slots[i];
		if (ix.table)
			ix.table[at] = (uint32_t)ix.n;
	}
	*n = ix.n;
	return 0;
}

static int read_member(struct reader *r, unsigned depth)
{
	struct slot slot = {0};
	skip_space(r);
	slot.at = r->p;
	if (r->p == r->end || *r->p != '"')
		return json_fail_expected(r, "a member name in double quotes");
	if (json_read_string(r, &slot.member.key) < 0)
		return -1;
	if (!take(r, ':'))
		return json_fail_expected(r, "':'");
	if (read_value(r, depth, &slot.member.value) < 0)
		return -1;
	vec_push(&r->stack, slot);
	return 0;
}

static int read_object(struct reader *r, unsigned depth, struct json *ret)
{
	size_t first = r->stack.n;
	r->p++;
	if (!take(r, '}')) {
		do {
			if (read_member(r, depth) < 0)
				return -1;
		} while (take(r, ','));
		if (!take(r, '}'))
			return json_fail_expected(r, "',' or '}'");
	}
	size_t n = r->stack.n - first;
	if (n && unite_keys(r, &r->stack.p[first], &n) < 0)
		return -1;
	ret->kind = JSON_OBJECT;
	ret->n = n;
	ret->members = n ? ARENA_ARRAY(r->arena, struct json_member, n) : NULL;
	for (size_t i = 0; i < n; i++)
		ret->members[i] = r->stack.p[first + i].member;
	r->stack.n = first;
	return 0;
}

static int read_word(struct reader *r, struct json *ret)
{
	static const struct {
		struct str word;
		struct json value;
	} words[] = {
		{S("null"), {.kind = JSON_NULL}},
		{S("true"), {.kind = JSON_BOOL, .truth = true}},
		{S("false"), {.kind = JSON_BOOL}},
	};
	struct str left = str_n(r->p, (size_t)(r->end - r->p));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_starts(left, words[i].word)) {
			*ret = words[i].value;
			r->p += words[i].word.n;
			return 0;
		}
	}
	return json_fail_expected(r, "a value");
}

/* depth is the number of arrays and objects around the value. */
static int read_value(struct reader *r, unsigned depth, struct json *ret)
{
	skip_space(r);
	if (r->p == r->end)
		return json_fail_expected(r, "a value");
	if (r->n_values++ == r->limits->max_values)
		return json_fail(r, r->p, ERR_LIMIT, "more than %zu values", r->limits->max_values);
	char c = *r->p;
	if (c == '[' || c == '{') {
		if (depth == r->limits->max_depth)
			return json_fail(r, r->p, ERR_LIMIT, "nested deeper than %u levels", depth);
		return c == '[' ? read_array(r, depth + 1, ret) : read_object(r, depth + 1, ret);
	}
	if (c == '"') {
		ret->kind = JSON_STRING;
		return json_read_string(r, &ret->text);
	}
	if (c == '-' || ch_is_digit(c))
		return json_read_number(r, ret);
	return read_word(r, ret);
}

static int read_text(struct reader *r, struct json *ret)
{
	if (read_value(r, 0, ret) < 0)
		return -1;
	skip_space(r);
	if (r->p < r->end)
		return json_fail_expected(r, "the end of the text");
	return 0;
}

int json_parse(struct str text, const struct json_limits *limits, struct arena *a,
	struct json **ret, struct err *err)
{
	if (!limits)
		limits = &json_limits_default;
	assert(limits->max_depth <= JSON_DEPTH_MAX);
	if (text.n > limits->max_bytes)
		return err_set(err, ERR_LIMIT, "JSON text is larger than %zu bytes",
			limits->max_bytes);
	const char *start = text.p ? text.p : "";
	struct reader r = {start, start, start + text.n, limits, a, err, 0, {0}};
	struct json *value = ARENA_NEW(a, struct json);
	int rc = read_text(&r, value);
	vec_done(&r.stack);
	if (rc == 0)
		*ret = value;
	return rc;
}
