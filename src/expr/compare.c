/* compare -- == and > between values of any kind.
 *
 * Different kinds meet as numbers: null and booleans always, a string when it meets a number. An
 * array or object equals only itself, and is neither greater nor smaller than anything.
 */
#include "expr_priv.h"

#include "base/utf8.h"

#include <math.h>

/* Makes the kinds equal where the language does; false when they stay different. */
static bool meet(struct expr_value *a, struct expr_value *b)
{
	if (a->kind == b->kind)
		return true;
	if (a->kind == EXPR_NULL || a->kind == EXPR_BOOL)
		*a = expr_number(expr_to_number(a));
	if (b->kind == EXPR_NULL || b->kind == EXPR_BOOL)
		*b = expr_number(expr_to_number(b));
	if (a->kind == EXPR_NUMBER && b->kind == EXPR_STRING)
		*b = expr_number(expr_to_number(b));
	if (a->kind == EXPR_STRING && b->kind == EXPR_NUMBER)
		*a = expr_number(expr_to_number(a));
	return a->kind == b->kind;
}

bool expr_equal(const struct expr_value *left, const struct expr_value *right)
{
	struct expr_value a = *left, b = *right;
	if (!meet(&a, &b))
		return false;
	switch (a.kind) {
	case EXPR_NULL: return true;
	case EXPR_BOOL: return a.truth == b.truth;
	case EXPR_NUMBER: return a.number == b.number;
	case EXPR_STRING: return expr_text_eq(a.text, b.text);
	case EXPR_ARRAY: return a.list == b.list;
	case EXPR_OBJECT: return a.dict == b.dict;
	}
	return false;
}

bool compare_greater(const struct expr_value *left, const struct expr_value *right)
{
	struct expr_value a = *left, b = *right;
	if (!meet(&a, &b))
		return false;
	switch (a.kind) {
	case EXPR_BOOL: return a.truth && !b.truth;
	case EXPR_NUMBER: return a.number > b.number;
	case EXPR_STRING: return compare_text(a.text, b.text) > 0;
	case EXPR_NULL:
	case EXPR_ARRAY:
	case EXPR_OBJECT: return false;
	}
	return false;
}

/* Takes one character, in upper case; a byte that is no UTF-8 counts as itself. */
static uint32_t next_upper(struct str *s)
{
	uint32_t code;
	unsigned char c = (unsigned char)s->p[0];
	size_t n = 1;
	if (c < 0x80)
		code = (uint32_t)ch_upper((char)c);
	else if ((n = utf8_decode(*s, &code)) > 0)
		code = upper_of(code);
	else
		code = 0xDC00 + c, n = 1;
	*s = str_skip(*s, n);
	return code;
}

/* Order by UTF-16 units: characters beyond U+FFFF start with a surrogate, below U+E000. */
static uint32_t utf16_rank(uint32_t code)
{
	if (code > 0xFFFF)
		return 0xD800 + (code - 0x10000);
	return code < 0xD800 ? code : code + 0x100000;
}

int compare_text(struct str a, struct str b)
{
	while (a.n && b.n) {
		uint32_t x = next_upper(&a), y = next_upper(&b);
		if (x != y)
			return utf16_rank(x) < utf16_rank(y) ? -1 : 1;
	}
	return a.n ? 1 : b.n ? -1 : 0;
}

bool expr_text_eq(struct str a, struct str b)
{
	return compare_text(a, b) == 0;
}

void upper_add(struct buf *b, struct str text)
{
	while (text.n) {
		char c = text.p[0];
		if ((unsigned char)c < 0x80) {
			buf_add_ch(b, ch_upper(c));
			text = str_skip(text, 1);
			continue;
		}
		uint32_t code;
		size_t n = utf8_decode(text, &code);
		if (n)
			utf8_add(b, upper_of(code));
		else
			buf_add_ch(b, c);
		text = str_skip(text, n ? n : 1);
	}
}
