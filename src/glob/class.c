/* class -- [...] and backslash escapes as Go's regular expressions have them (RE2 syntax). */
#include "glob/glob_priv.h"

static void add(struct range_vec *ranges, uint32_t low, uint32_t high)
{
	vec_push(ranges, ((struct range){low, high}));
}

/* Pairs of ASCII characters: first and last of each range. */
struct named_class {
	const char *name, *pairs;
};

static void add_pairs(struct range_vec *ranges, const char *pairs, bool is_negated)
{
	uint32_t below = 0; /* the first character behind the pair before */
	for (; *pairs; pairs += 2) {
		uint32_t low = (uint8_t)pairs[0], high = (uint8_t)pairs[1];
		if (!is_negated)
			add(ranges, low, high);
		else if (low > below)
			add(ranges, below, low - 1);
		below = high + 1;
	}
	if (is_negated)
		add(ranges, below, UINT32_MAX);
}

bool class_add_escape(struct range_vec *ranges, char letter)
{
	static const struct named_class classes[] = {
		{"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZ__az"}};
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (ch_lower(letter) != classes[i].name[0])
			continue;
		add_pairs(ranges, classes[i].pairs, letter != classes[i].name[0]);
		return true;
	}
	return false;
}

bool class_escaped_char(uint32_t code, uint32_t *ret)
{
	static const char letters[] = "afnrtv", meant[] = "\a\f\n\r\t\v";
	const char *at = code && code < 0x80 ? strchr(letters, (int)code) : NULL;
	if (at)
		*ret = (uint8_t)meant[at - letters];
	else if (code >= 0x80 || ch_is_alnum((char)code))
		return false;
	else
		*ret = code;
	return true;
}

/* [:alpha:] and [:^alpha:]; 0 when *text does not start with one. */
static int read_posix(struct str *text, struct range_vec *ranges, struct err *err)
{
	static const struct named_class classes[] = {
		{"alnum", "09AZaz"},
		{"alpha", "AZaz"},
		{"ascii", "\1\177"},
		{"blank", "\t\t  "},
		{"cntrl", "\1\37\177\177"},
		{"digit", "09"},
		{"graph", "!~"},
		{"lower", "az"},
		{"print", " ~"},
		{"punct", "!/:@[`{~"},
		{"space", "\t\r  "},
		{"upper", "AZ"},
		{"word", "09AZ__az"},
		{"xdigit", "09AFaf"},
	};
	ssize_t end = str_starts(*text, S("[:")) ? str_find(*text, S(":]")) : -1;
	if (end < 2)
		return 0;
	struct str name = str_sub(*text, 2, (size_t)end);
	bool is_negated = str_starts(name, S("^"));
	if (is_negated)
		name = str_skip(name, 1);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (!str_is(name, classes[i].name))
			continue;
		add_pairs(ranges, classes[i].pairs, is_negated);
		*text = str_skip(*text, (size_t)end + 2);
		return 1;
	}
	return err_set(err, ERR_INPUT, "unknown class '[:%.*s:]'", STR_ARG(str_sub(name, 0, 40)));
}

/* One character of a range, a backslash before it resolved. */
static int read_end(struct str *text, uint32_t *ret, struct err *err)
{
	if (!text->n)
		return err_set(err, ERR_INPUT, "class is not closed");
	uint32_t code = nfa_take_char(text);
	if (code == '\\' && text->n) {
		if (!class_escaped_char(nfa_take_char(text), &code))
			return err_set(err, ERR_INPUT, "unknown escape in a class");
	}
	*ret = code;
	return 0;
}

static int read_item(struct str *text, struct range_vec *ret, struct err *err)
{
	uint32_t low = 0, high;
	int found = read_posix(text, ret, err);
	if (found)
		return found;
	if (text->n > 1 && text->p[0] == '\\' && class_add_escape(ret, text->p[1])) {
		*text = str_skip(*text, 2);
		return 1;
	}
	if (read_end(text, &low, err) < 0)
		return -1;
	high = low;
	if (text->n > 1 && text->p[0] == '-' && text->p[1] != ']') {
		*text = str_skip(*text, 1);
		if (read_end(text, &high, err) < 0)
			return -1;
	}
	if (low > high)
		return err_set(err, ERR_INPUT, "range in a class ends before it starts");
	add(ret, low, high);
	return 1;
}

int class_read_regexp(struct str *text, bool *ret_negated, struct range_vec *ret, struct err *err)
{
	*ret_negated = str_starts(*text, S("^"));
	if (*ret_negated)
		*text = str_skip(*text, 1);
	for (bool is_first = true;; is_first = false) {
		if (!text->n)
			return err_set(err, ERR_INPUT, "class is not closed");
		if (text->p[0] == ']' && !is_first)
			break;
		if (read_item(text, ret, err) < 0)
			return -1;
	}
	*text = str_skip(*text, 1);
	return 0;
}
