#include "glob/glob.h"

#include "base/utf8.h"

/* One character of a class, a backslash before it resolved; NULL or what is wrong. */
static const char *class_char(struct str *left, uint32_t *ret)
{
	if (!left->n)
		return "class is not closed";
	if (left->p[0] == '-' || left->p[0] == ']')
		return "expected a character of the class";
	if (left->p[0] == '\\')
		*left = str_skip(*left, 1);
	size_t n = utf8_decode(*left, ret);
	if (!n)
		return left->n ? "invalid UTF-8 in a class" : "nothing behind '\\'";
	*left = str_skip(*left, n);
	return left->n ? NULL : "class is not closed";
}

/* *left is behind the '['; behind the ']' after. Says whether c is in the class. */
static const char *read_class(struct str *left, uint32_t c, bool *ret)
{
	bool is_negated = str_starts(*left, S("^")), is_in = false;
	if (is_negated)
		*left = str_skip(*left, 1);
	for (bool is_first = true; is_first || !str_starts(*left, S("]")); is_first = false) {
		uint32_t low = 0, high;
		const char *wrong = class_char(left, &low);
		if (wrong)
			return wrong;
		high = low;
		if (left->p[0] == '-') {
			*left = str_skip(*left, 1);
			wrong = class_char(left, &high);
			if (wrong)
				return wrong;
		}
		is_in |= low <= c && c <= high;
	}
	*left = str_skip(*left, 1);
	*ret = is_in != is_negated;
	return NULL;
}

/* Go reads a byte that is no UTF-8 as U+FFFD. */
static uint32_t take_rune(struct str *name)
{
	uint32_t code;
	size_t n = utf8_decode(*name, &code);
	*name = str_skip(*name, n ? n : 1);
	return n ? code : 0xfffd;
}

/* A pattern without stars at the start of a name: the name is shortened when it matches. Goes on
 * through the pattern when it does not, to see whether it is well-formed. */
struct chunk {
	struct str pattern, name;
	bool is_match;
	const char *wrong; /* what is wrong with the pattern */
};

static void take_class(struct chunk *c)
{
	uint32_t rune = c->is_match ? take_rune(&c->name) : 0;
	bool is_in = false;
	c->wrong = read_class(&c->pattern, rune, &is_in);
	c->is_match &= is_in;
}

static void take_any(struct chunk *c)
{
	if (!c->is_match)
		return;
	c->is_match = c->name.p[0] != '/';
	take_rune(&c->name);
}

static void take_one(struct chunk *c)
{
	char p = c->pattern.p[0];
	c->is_match &= c->name.n > 0;
	c->pattern = str_skip(c->pattern, 1);
	if (p == '[') {
		take_class(c);
		return;
	}
	if (p == '?') {
		take_any(c);
		return;
	}
	if (p == '\\' && !c->pattern.n) {
		c->wrong = "nothing behind '\\'";
		return;
	}
	if (p == '\\') {
		p = c->pattern.p[0];
		c->pattern = str_skip(c->pattern, 1);
	}
	if (!c->is_match)
		return;
	c->is_match = c->name.p[0] == p;
	c->name = str_skip(c->name, 1);
}

/* 1 and what is left of the name, 0, or -1 and *ret_wrong. */
static int take_chunk(struct str pattern, struct str *name, const char **ret_wrong)
{
	struct chunk c = {.pattern = pattern, .name = *name, .is_match = true};
	while (c.pattern.n && !c.wrong)
		take_one(&c);
	*ret_wrong = c.wrong;
	if (c.wrong)
		return -1;
	if (c.is_match)
		*name = c.name;
	return c.is_match;
}

/* Takes leading stars and the text up to the next star off *pattern. */
static struct str next_chunk(struct str *pattern, bool *ret_has_star)
{
	size_t start = 0, end;
	while (start < pattern->n && pattern->p[start] == '*')
		start++;
	bool in_class = false;
	for (end = start; end < pattern->n; end++) {
		char c = pattern->p[end];
		if (c == '*' && !in_class)
			break;
		if (c == '\\' && end + 1 < pattern->n)
			end++;
		else if (c == '[' || c == ']')
			in_class = c == '[';
	}
	*ret_has_star = start > 0;
	struct str chunk = str_sub(*pattern, start, end);
	*pattern = str_skip(*pattern, end);
	return chunk;
}

/* The star takes as little as it can; is_last: the chunk must end the name. */
static int take_star_chunk(struct str chunk, bool is_last, struct str *name, const char **ret_wrong)
{
	for (struct str left = *name;; left = str_skip(left, 1)) {
		struct str behind = left;
		int rc = take_chunk(chunk, &behind, ret_wrong);
		if (rc < 0)
			return -1;
		if (rc && !(is_last && behind.n)) {
			*name = behind;
			return 1;
		}
		if (!left.n || left.p[0] == '/')
			return 0;
	}
}

int glob_match(struct str pattern, struct str name, struct err *err)
{
	struct str left = pattern;
	while (left.n) {
		bool has_star;
		const char *wrong = NULL;
		struct str chunk = next_chunk(&left, &has_star);
		if (has_star && !chunk.n)
			return str_chr(name, '/') < 0;
		int rc = has_star ? take_star_chunk(chunk, !left.n, &name, &wrong)
				  : take_chunk(chunk, &name, &wrong);
		if (rc < 0)
			return err_set(err, ERR_INPUT, "bad pattern '%.*s': %s",
				STR_ARG(str_sub(pattern, 0, 200)), wrong);
		if (!rc)
			return 0;
	}
	return !name.n;
}

bool glob_has_wildcard(struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];
		if (c == '\\')
			i++;
		else if (c == '*' || c == '?' || c == '[')
			return true;
	}
	return false;
}
