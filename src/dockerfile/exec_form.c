/* Exec form: ["a", "b"].
 *
 * Whether a text is exec or shell form decides what runs, so it is read as Go's encoding/json reads
 * it, whose leniency json/ does not share: lone surrogates and bytes that are no UTF-8 become
 * U+FFFD, nesting goes 10,000 deep. An array that holds anything but strings is an error of its
 * own.
 */
#include "dockerfile/dockerfile_priv.h"

#include "base/utf8.h"

enum { NESTING_MAX = 10000, REPLACEMENT = 0xfffd };

struct cursor {
	const char *p, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\n'))
		c->p++;
}

static bool take(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

/* The four digits behind \u. */
static bool take_hex4(struct cursor *c, uint32_t *ret)
{
	uint32_t code = 0;
	if (c->end - c->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = ch_hex(c->p[i]);
		if (digit < 0)
			return false;
		code = code << 4 | (uint32_t)digit;
	}
	c->p += 4;
	*ret = code;
	return true;
}

static bool take_unicode(struct cursor *c, struct buf *b)
{
	uint32_t high, low;
	if (!take_hex4(c, &high))
		return false;
	struct cursor after = *c;
	if (high >= 0xd800 && high < 0xdc00 && take(&after, '\\') && take(&after, 'u') &&
		take_hex4(&after, &low) && low >= 0xdc00 && low < 0xe000) {
		utf8_add(b, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
		*c = after;
	} else {
		utf8_add(b, high); /* a lone surrogate becomes U+FFFD */
	}
	return true;
}

static bool take_escape(struct cursor *c, struct buf *b)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	if (c->p == c->end)
		return false;
	char name = *c->p++;
	if (name == 'u')
		return take_unicode(c, b);
	const char *hit = memchr(names, name, sizeof(names) - 1);
	if (!hit)
		return false;
	buf_add_ch(b, values[hit - names]);
	return true;
}

/* A string with its quotes. */
static bool take_string(struct cursor *c, struct buf *b)
{
	if (!take(c, '"'))
		return false;
	while (c->p < c->end && *c->p != '"') {
		uint32_t code;
		size_t n = utf8_decode(str_n(c->p, (size_t)(c->end - c->p)), &code);
		if ((unsigned char)*c->p < ' ')
			return false;
		if (*c->p == '\\') {
			c->p++;
			if (!take_escape(c, b))
				return false;
		} else {
			utf8_add(b, n ? code : REPLACEMENT);
			c->p += n ? n : 1;
		}
	}
	return take(c, '"');
}

static bool take_digits(struct cursor *c)
{
	const char *start = c->p;
	while (c->p < c->end && ch_is_digit(*c->p))
		c->p++;
	return c->p > start;
}

static bool take_number(struct cursor *c)
{
	(void)take(c, '-'); /* the sign is optional */
	if (!take(c, '0') && !take_digits(c))
		return false;
	if (take(c, '.') && !take_digits(c))
		return false;
	if (!take(c, 'e') && !take(c, 'E'))
		return true;
	if (!take(c, '+'))
		(void)take(c, '-'); /* optional as well */
	return take_digits(c);
}

static bool take_word(struct cursor *c, struct str word)
{
	if (!str_starts(str_n(c->p, (size_t)(c->end - c->p)), word))
		return false;
	c->p += word.n;
	return true;
}

/* Arrays and objects that are open while a value is skipped, one byte each. */
struct nesting {
	char closes[NESTING_MAX];
	size_t n;
};

static bool take_key(struct cursor *c)
{
	CLEANUP(buf_done) struct buf ignored = BUF(0);
	skip_blanks(c);
	if (!take_string(c, &ignored))
		return false;
	skip_blanks(c);
	return take(c, ':');
}

/* One step into a value: a scalar, or an opening bracket. *ret_done when a whole value ended. */
static bool take_start(struct cursor *c, struct nesting *open, bool *ret_done)
{
	CLEANUP(buf_done) struct buf ignored = BUF(0);
	*ret_done = true;
	skip_blanks(c);
	if (c->p == c->end)
		return false;
	if (*c->p == '"')
		return take_string(c, &ignored);
	if (*c->p != '[' && *c->p != '{')
		return take_word(c, S("null")) || take_word(c, S("true")) ||
			take_word(c, S("false")) || take_number(c);
	if (open->n == NESTING_MAX)
		return false;
	char closing = *c->p++ == '[' ? ']' : '}';
	skip_blanks(c);
	if (take(c, closing))
		return true;
	*ret_done = false;
	open->closes[open->n++] = closing;
	return closing == ']' || take_key(c);
}

/* Any JSON value, read for its validity only. */
static bool skip_value(struct cursor *c)
{
	CLEANUP(mem_free) struct nesting *open = NEW(struct nesting);
	do {
		bool is_done;
		if (!take_start(c, open, &is_done))
			return false;
		while (is_done && open->n) {
			char closing = open->closes[open->n - 1];
			skip_blanks(c);
			if (take(c, closing)) {
				open->n--;
				continue;
			}
			if (!take(c, ',') || (closing == '}' && !take_key(c)))
				return false;
			is_done = false;
		}
	} while (open->n);
	return true;
}

/* One item; a value that is no string is noted in *ret. */
static bool take_item(struct cursor *c, struct arena *a, struct exec_vec *ret, enum exec_form *form)
{
	skip_blanks(c);
	if (c->p == c->end || *c->p != '"') {
		*form = EXEC_FORM_NOT_STRINGS;
		return skip_value(c);
	}
	CLEANUP(buf_done) struct buf b = BUF(DOCKERFILE_MAX_BYTES);
	const char *from = c->p;
	if (!take_string(c, &b))
		return false;
	vec_push(ret, ((struct exec_item){arena_str(a, buf_str(&b)), from}));
	return true;
}

enum exec_form exec_form_read(struct str text, struct arena *a, struct exec_vec *ret)
{
	struct cursor c = {text.p, text.p + text.n};
	enum exec_form form = EXEC_FORM_YES;
	if (!take(&c, '['))
		return EXEC_FORM_NO;
	skip_blanks(&c);
	if (!take(&c, ']')) {
		do {
			if (!take_item(&c, a, ret, &form))
				return EXEC_FORM_NO;
			skip_blanks(&c);
		} while (take(&c, ','));
		if (!take(&c, ']'))
			return EXEC_FORM_NO;
	}
	skip_blanks(&c);
	return c.p == c.end ? form : EXEC_FORM_NO;
}
