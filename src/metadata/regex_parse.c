/* regex_parse -- JavaScript's regular expressions (ECMA-262, with its annex B for old habits).
 *
 * Known: | ( ) (?: ) (?<name> ) (?= ) (?! ) (?<= ) (?<! ) * + ? {n,m} and lazy forms, [classes],
 * . ^ $ \b \B \d \w \s and their opposites, \1 \k<name>, \xHH \uHHHH \u{H} \cX \t \n \v \f \r \0;
 * flags d g i m s u v y. Letters without case are those of ASCII.
 */
#include "regex_priv.h"

#include "base/utf8.h"

struct group_name {
	struct str name;
	size_t number;
};

struct compiler {
	struct str s;
	size_t at;
	struct arena *a;
	struct inst_vec code;
	struct class_vec classes;
	VEC(struct group_name) names;
	size_t n_groups;   /* opened so far */
	size_t all_groups; /* in the whole pattern */
	size_t n_marks;
	unsigned depth;
	bool is_unicode;
};

static int bad(const struct compiler *c, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "Invalid regular expression: /%.*s/: %s", STR_ARG(c->s),
		what);
}

static char cur(const struct compiler *c)
{
	return c->at < c->s.n ? c->s.p[c->at] : '\0';
}

static bool is_at(const struct compiler *c, const char *text)
{
	return str_starts(str_skip(c->s, c->at), str_of(text));
}

static bool skip(struct compiler *c, const char *text)
{
	if (!is_at(c, text))
		return false;
	c->at += strlen(text);
	return true;
}

static uint32_t take_code(struct compiler *c)
{
	uint32_t code = 0;
	size_t n = utf8_decode(str_skip(c->s, c->at), &code);
	if (!n) {
		code = (uint8_t)c->s.p[c->at];
		n = 1;
	}
	c->at += n;
	return code;
}

static int emit(struct compiler *c, enum op op, int32_t x, int32_t y, struct err *err)
{
	if (c->code.n >= REGEX_MAX_CODE)
		return err_set(err, ERR_LIMIT, "regular expression /%.*s/ is too large",
			STR_ARG(c->s));
	vec_push(&c->code, ((struct inst){op, x, y}));
	return 0;
}

/* Room for n instructions at `at`; what follows moves on. */
static int insert(struct compiler *c, size_t at, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (emit(c, OP_JUMP, 1, 0, err) < 0)
			return -1;
	memmove(c->code.p + at + n, c->code.p + at, (c->code.n - n - at) * sizeof(*c->code.p));
	return 0;
}

/* Groups of the whole pattern and their names, before it is read. */
static int count_groups(struct compiler *c, struct err *err)
{
	bool is_class = false;
	for (size_t i = 0; i < c->s.n; i++) {
		char ch = c->s.p[i];
		struct str rest = str_skip(c->s, i);
		if (ch == '\\')
			i++;
		else if (ch == '[')
			is_class = true;
		else if (ch == ']')
			is_class = false;
		if (ch != '(' || is_class)
			continue;
		bool is_named = str_starts(rest, S("(?<")) && rest.n > 3 && rest.p[3] != '=' &&
			rest.p[3] != '!';
		if (rest.n > 1 && rest.p[1] == '?' && !is_named)
			continue;
		c->all_groups++;
		ssize_t end = is_named ? str_chr(rest, '>') : -1;
		if (is_named && end > 3)
			vec_push(&c->names,
				((struct group_name){
					str_sub(rest, 3, (size_t)end), c->all_groups}));
	}
	if (c->all_groups >= REGEX_MAX_GROUPS)
		return err_set(err, ERR_LIMIT, "regular expression /%.*s/ has too many groups",
			STR_ARG(c->s));
	return 0;
}

/* Classes. */

static void add_range(struct range_vec *v, uint32_t first, uint32_t last)
{
	vec_push(v, ((struct range){first, last}));
}

static void add_ranges(struct range_vec *v, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_range(v, r[i].first, r[i].last);
}

static const struct range digit_ranges[] = {{'0', '9'}};
static const struct range word_ranges[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct range space_ranges[] = {{9, 13}, {32, 32}, {0xA0, 0xA0}, {0x1680, 0x1680},
	{0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
	{0xFEFF, 0xFEFF}};

static void add_inverse(struct range_vec *v, const struct range *r, size_t n)
{
	uint32_t next = 0;
	for (size_t i = 0; i < n; i++) {
		if (r[i].first > next)
			add_range(v, next, r[i].first - 1);
		next = r[i].last + 1;
	}
	add_range(v, next, 0x10FFFF);
}

/* \d \D \w \W \s \S */
static bool add_class_escape(struct range_vec *v, char letter)
{
	const struct range *r = digit_ranges;
	size_t n = ARRAY_LEN(digit_ranges);
	if (ch_lower(letter) == 'w') {
		r = word_ranges;
		n = ARRAY_LEN(word_ranges);
	} else if (ch_lower(letter) == 's') {
		r = space_ranges;
		n = ARRAY_LEN(space_ranges);
	} else if (ch_lower(letter) != 'd') {
		return false;
	}
	if (letter >= 'a')
		add_ranges(v, r, n);
	else
		add_inverse(v, r, n);
	return true;
}

static int emit_class(struct compiler *c, struct range_vec *v, bool is_negated, struct err *err)
{
	struct class k = {ARENA_ARRAY(c->a, struct range, v->n + 1), v->n, is_negated};
	if (v->n)
		memcpy(k.ranges, v->p, v->n * sizeof(*v->p));
	vec_push(&c->classes, k);
	return emit(c, OP_CLASS, (int32_t)c->classes.n - 1, 0, err);
}

/* Escapes. */

static bool take_hex(struct compiler *c, size_t n, uint32_t *ret)
{
	uint32_t v = 0;
	for (size_t i = 0; i < n; i++) {
		int d = c->at + i < c->s.n ? ch_hex(c->s.p[c->at + i]) : -1;
		if (d < 0)
			return false;
		v = v * 16 + (uint32_t)d;
	}
	c->at += n;
	*ret = v;
	return true;
}

/* \u{1F6A2} */
static bool take_braced(struct compiler *c, uint32_t *ret)
{
	size_t n = 0;
	if (cur(c) != '{')
		return false;
	while (c->at + 1 + n < c->s.n && ch_hex(c->s.p[c->at + 1 + n]) >= 0 && n < 6)
		n++;
	if (n == 0 || c->at + 1 + n >= c->s.n || c->s.p[c->at + 1 + n] != '}')
		return false;
	c->at++;
	(void)take_hex(c, n, ret);
	c->at++;
	return true;
}

/* The character an escape stands for; the backslash is behind us. */
static uint32_t take_escape(struct compiler *c)
{
	static const char letters[] = "tnvfr0", values[] = "\t\n\v\f\r";
	uint32_t code = 0;
	char ch = cur(c);
	const char *at = ch ? strchr(letters, ch) : NULL;
	if (ch == 'u' || ch == 'x') {
		c->at++;
		if (ch == 'u' && c->is_unicode && take_braced(c, &code))
			return code;
		return take_hex(c, ch == 'u' ? 4 : 2, &code) ? code : (uint32_t)ch;
	}
	if (ch == 'c' && c->at + 1 < c->s.n && ch_is_alpha(c->s.p[c->at + 1])) {
		c->at += 2;
		return (uint32_t)c->s.p[c->at - 1] % 32;
	}
	if (at) {
		c->at++;
		return ch == '0' ? 0 : (uint32_t)(uint8_t)values[at - letters];
	}
	return take_code(c);
}

/* One end of a range in a class; a class escape is added as it is and gives false. */
static bool take_class_atom(struct compiler *c, struct range_vec *v, uint32_t *ret)
{
	if (cur(c) != '\\') {
		*ret = take_code(c);
		return true;
	}
	c->at++;
	if (add_class_escape(v, cur(c))) {
		c->at++;
		return false;
	}
	if (skip(c, "b")) {
		*ret = 8;
		return true;
	}
	if (c->at >= c->s.n) {
		*ret = '\\';
		return true;
	}
	*ret = take_escape(c);
	return true;
}

static int class_items(struct compiler *c, struct range_vec *v, struct err *err)
{
	while (cur(c) != ']') {
		uint32_t first, last;
		if (c->at >= c->s.n)
			return bad(c, "Unterminated character class", err);
		bool is_char = take_class_atom(c, v, &first);
		bool is_range = cur(c) == '-' && c->at + 1 < c->s.n && c->s.p[c->at + 1] != ']';
		if (!is_range) {
			if (is_char)
				add_range(v, first, first);
			continue;
		}
		c->at++;
		bool is_last_char = take_class_atom(c, v, &last);
		if (is_char && is_last_char) {
			if (first > last)
				return bad(c, "Range out of order in character class", err);
			add_range(v, first, last);
			continue;
		}
		add_range(v, '-', '-');
		if (is_char)
			add_range(v, first, first);
		if (is_last_char)
			add_range(v, last, last);
	}
	return 0;
}

static int parse_class(struct compiler *c, struct err *err)
{
	struct range_vec v = {0};
	bool is_negated = skip(c, "^");
	int rc = class_items(c, &v, err);
	if (rc == 0) {
		c->at++;
		rc = emit_class(c, &v, is_negated, err);
	}
	vec_done(&v);
	return rc;
}

/* \k<name> */
static int parse_named_reference(struct compiler *c, struct err *err)
{
	ssize_t end = str_chr(str_skip(c->s, c->at), '>');
	if (!skip(c, "<") || end < 0)
		return bad(c, "Invalid named reference", err);
	struct str name = str_sub(c->s, c->at, c->at + (size_t)end - 1);
	c->at += (size_t)end;
	VEC_EACH(&c->names, g)
		if (str_eq(g->name, name))
			return emit(c, OP_BACKREF, (int32_t)g->number, 0, err);
	return bad(c, "Invalid named capture referenced", err);
}

/* \1, when there is such a group; else an octal character, as old scripts have it. */
static int parse_number_escape(struct compiler *c, struct err *err)
{
	size_t number = 0, at = c->at;
	for (; at < c->s.n && ch_is_digit(c->s.p[at]) && number < 1000; at++)
		number = number * 10 + (size_t)(c->s.p[at] - '0');
	if (number <= c->all_groups) {
		c->at = at;
		return emit(c, OP_BACKREF, (int32_t)number, 0, err);
	}
	uint32_t octal = 0;
	at = c->at;
	while (c->at < at + 3 && cur(c) >= '0' && cur(c) <= '7' && octal < 32)
		octal = octal * 8 + (uint32_t)(c->s.p[c->at++] - '0');
	if (c->at == at)
		octal = take_code(c);
	return emit(c, OP_CHAR, (int32_t)octal, 0, err);
}

static int parse_escape(struct compiler *c, struct err *err)
{
	struct range_vec v = {0};
	if (c->at >= c->s.n)
		return bad(c, "\\ at end of pattern", err);
	if (add_class_escape(&v, cur(c))) {
		c->at++;
		int rc = emit_class(c, &v, false, err);
		vec_done(&v);
		return rc;
	}
	if (cur(c) == 'b' || cur(c) == 'B')
		return emit(c, OP_WORD, c->s.p[c->at++] == 'B', 0, err);
	if (cur(c) == 'k' && c->names.n) {
		c->at++;
		return parse_named_reference(c, err);
	}
	if (cur(c) >= '1' && cur(c) <= '9')
		return parse_number_escape(c, err);
	return emit(c, OP_CHAR, (int32_t)take_escape(c), 0, err);
}

/* Groups and repetition. */

static int parse_alternatives(struct compiler *c, struct err *err);

static int close_group(struct compiler *c, struct err *err)
{
	c->depth--;
	return skip(c, ")") ? 0 : bad(c, "Unterminated group", err);
}

static int parse_look(struct compiler *c, enum look look, struct err *err)
{
	size_t start = c->code.n;
	if (emit(c, OP_LOOK, 0, look, err) < 0 || parse_alternatives(c, err) < 0 ||
		emit(c, OP_LOOK_END, 0, 0, err) < 0)
		return -1;
	c->code.p[start].x = (int32_t)(c->code.n - start);
	return close_group(c, err);
}

static int parse_capture(struct compiler *c, struct err *err)
{
	int32_t slot = (int32_t)(++c->n_groups * 2);
	if (emit(c, OP_SAVE, slot, 0, err) < 0 || parse_alternatives(c, err) < 0 ||
		emit(c, OP_SAVE, slot + 1, 0, err) < 0)
		return -1;
	return close_group(c, err);
}

static int parse_group(struct compiler *c, struct err *err)
{
	static const char *const looks[] = {"?=", "?!", "?<=", "?<!"};
	if (++c->depth > REGEX_MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "regular expression /%.*s/ is nested too deeply",
			STR_ARG(c->s));
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (skip(c, looks[i]))
			return parse_look(c, (enum look)i, err);
	if (skip(c, "?:"))
		return parse_alternatives(c, err) < 0 ? -1 : close_group(c, err);
	if (skip(c, "?<")) {
		ssize_t end = str_chr(str_skip(c->s, c->at), '>');
		if (end <= 0)
			return bad(c, "Invalid capture group name", err);
		c->at += (size_t)end + 1;
	} else if (is_at(c, "?")) {
		return bad(c, "Invalid group", err);
	}
	return parse_capture(c, err);
}

/* {n}, {n,}, {n,m}; anything else in braces is text. */
static bool take_braces(struct compiler *c, uint32_t *ret_min, uint32_t *ret_max)
{
	uint32_t v[2] = {0, UINT32_MAX};
	size_t at = c->at + 1;
	for (int i = 0; i < 2; i++) {
		size_t start = at;
		uint32_t n = 0;
		for (; at < c->s.n && ch_is_digit(c->s.p[at]); at++)
			n = n > 100000 ? n : n * 10 + (uint32_t)(c->s.p[at] - '0');
		if (at == start && i == 0)
			return false;
		if (at > start)
			v[i] = n;
		if (i == 0 && at < c->s.n && c->s.p[at] == '}')
			v[1] = v[0];
		if (at < c->s.n && c->s.p[at] == '}') {
			c->at = at + 1;
			*ret_min = v[0];
			*ret_max = v[1];
			return true;
		}
		if (i == 1 || at >= c->s.n || c->s.p[at++] != ',')
			return false;
	}
	return false;
}

static bool take_quantifier(struct compiler *c, uint32_t *ret_min, uint32_t *ret_max)
{
	char ch = cur(c);
	if (ch == '{')
		return take_braces(c, ret_min, ret_max);
	if (ch != '*' && ch != '+' && ch != '?')
		return false;
	c->at++;
	*ret_min = ch == '+';
	*ret_max = ch == '?' ? 1 : UINT32_MAX;
	return true;
}

/* A copy of code that was taken out of the program. */
static int emit_copy(struct compiler *c, const struct inst_vec *atom, struct err *err)
{
	VEC_EACH(atom, i)
		if (emit(c, i->op, i->x, i->y, err) < 0)
			return -1;
	return 0;
}

/* One turn that may be left out: SPLIT over it; loops back to the SPLIT when is_loop. */
static int emit_turn(struct compiler *c, const struct inst_vec *atom, bool is_lazy, bool is_loop,
	struct err *err)
{
	size_t start = c->code.n;
	int32_t mark = (int32_t)c->n_marks++;
	if (emit(c, is_lazy ? OP_SPLIT_LAZY : OP_SPLIT, 0, 0, err) < 0 ||
		emit(c, OP_MARK, mark, 0, err) < 0 || emit_copy(c, atom, err) < 0 ||
		emit(c, OP_PROGRESS, mark, 0, err) < 0)
		return -1;
	if (is_loop && emit(c, OP_JUMP, (int32_t)start - (int32_t)c->code.n, 0, err) < 0)
		return -1;
	c->code.p[start].x = (int32_t)(c->code.n - start);
	return 0;
}

static int emit_repeated(struct compiler *c, const struct inst_vec *atom, uint32_t min,
	uint32_t max, bool is_lazy, struct err *err)
{
	for (uint32_t i = 0; i < min; i++)
		if (emit_copy(c, atom, err) < 0)
			return -1;
	if (max == UINT32_MAX)
		return emit_turn(c, atom, is_lazy, true, err);
	size_t first = c->code.n;
	for (uint32_t i = min; i < max; i++)
		if (emit_turn(c, atom, is_lazy, false, err) < 0)
			return -1;
	/* Leaving one turn out leaves out all that follow. */
	for (size_t at = first, next; at < c->code.n; at = next) {
		next = at + (size_t)c->code.p[at].x;
		c->code.p[at].x = (int32_t)(c->code.n - at);
	}
	return 0;
}

/* Puts the quantifier behind the atom that starts at `start` into the program. */
static int repeat(struct compiler *c, size_t start, size_t first_group, uint32_t min, uint32_t max,
	struct err *err)
{
	struct inst_vec atom = {0};
	bool is_lazy = skip(c, "?");
	if (min > max)
		return bad(c, "numbers out of order in {} quantifier", err);
	if (c->n_groups > first_group) {
		if (insert(c, start, 1, err) < 0)
			return -1;
		c->code.p[start] = (struct inst){
			OP_CLEAR, (int32_t)(first_group + 1) * 2, (int32_t)c->n_groups * 2 + 1};
	}
	for (size_t i = start; i < c->code.n; i++)
		vec_push(&atom, c->code.p[i]);
	c->code.n = start;
	int rc = emit_repeated(c, &atom, min, max, is_lazy, err);
	vec_done(&atom);
	return rc;
}

static int parse_atom(struct compiler *c, bool *ret_repeatable, struct err *err)
{
	char ch = cur(c);
	*ret_repeatable = ch != '^' && ch != '$';
	switch (ch) {
	case '(':
		*ret_repeatable = !is_at(c, "(?<=") && !is_at(c, "(?<!");
		c->at++;
		return parse_group(c, err);
	case '[': c->at++; return parse_class(c, err);
	case '\\':
		*ret_repeatable = !is_at(c, "\\b") && !is_at(c, "\\B");
		c->at++;
		return parse_escape(c, err);
	case '.': c->at++; return emit(c, OP_ANY, 0, 0, err);
	case '^': c->at++; return emit(c, OP_START, 0, 0, err);
	case '$': c->at++; return emit(c, OP_END, 0, 0, err);
	case '*':
	case '+':
	case '?': return bad(c, "Nothing to repeat", err);
	default: return emit(c, OP_CHAR, (int32_t)take_code(c), 0, err);
	}
}

static int parse_sequence(struct compiler *c, struct err *err)
{
	while (c->at < c->s.n && cur(c) != '|' && cur(c) != ')') {
		size_t start = c->code.n, first_group = c->n_groups;
		uint32_t min, max;
		bool is_repeatable;
		if (cur(c) == '{' && take_quantifier(c, &min, &max))
			return bad(c, "Nothing to repeat", err);
		if (parse_atom(c, &is_repeatable, err) < 0)
			return -1;
		if (!take_quantifier(c, &min, &max))
			continue;
		if (!is_repeatable)
			return bad(c, "Nothing to repeat", err);
		if (repeat(c, start, first_group, min, max, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_alternatives(struct compiler *c, struct err *err)
{
	size_t start = c->code.n;
	VEC(size_t) jumps = {0};
	int rc = parse_sequence(c, err);
	while (rc == 0 && skip(c, "|")) {
		rc = insert(c, start, 1, err);
		if (rc == 0)
			rc = emit(c, OP_JUMP, 0, 0, err);
		if (rc < 0)
			break;
		c->code.p[start] = (struct inst){OP_SPLIT, (int32_t)(c->code.n - start), 0};
		vec_push(&jumps, c->code.n - 1);
		start = c->code.n;
		rc = parse_sequence(c, err);
	}
	for (size_t i = 0; rc == 0 && i < jumps.n; i++)
		c->code.p[jumps.p[i]].x = (int32_t)(c->code.n - jumps.p[i]);
	vec_done(&jumps);
	return rc;
}

static int read_flags(struct compiler *c, struct str flags, struct regex *r, struct err *err)
{
	for (size_t i = 0; i < flags.n; i++) {
		char f = flags.p[i];
		if (!f || !strchr("dgimsuvy", f) || str_chr(str_skip(flags, i + 1), f) >= 0)
			return err_set(err, ERR_INPUT,
				"Invalid flags supplied to RegExp constructor '%.*s'",
				STR_ARG(flags));
		r->ignores_case |= f == 'i';
		r->is_multiline |= f == 'm';
		r->is_dot_all |= f == 's';
		r->is_global |= f == 'g';
		r->is_sticky |= f == 'y';
		c->is_unicode |= f == 'u' || f == 'v';
	}
	return 0;
}

static int compile(struct compiler *c, struct err *err)
{
	if (count_groups(c, err) < 0 || parse_alternatives(c, err) < 0)
		return -1;
	if (c->at < c->s.n)
		return bad(c, "Unmatched ')'", err);
	return emit(c, OP_MATCH, 0, 0, err);
}

int regex_parse(struct str pattern, struct str flags, struct arena *a, struct regex **ret,
	struct err *err)
{
	struct regex *r = ARENA_NEW(a, struct regex);
	struct compiler c = {.s = pattern, .a = a};
	int rc = read_flags(&c, flags, r, err);
	if (rc == 0)
		rc = compile(&c, err);
	if (rc == 0) {
		r->n_code = c.code.n;
		r->code = ARENA_ARRAY(a, struct inst, c.code.n);
		memcpy(r->code, c.code.p, c.code.n * sizeof(*r->code));
		r->classes = ARENA_ARRAY(a, struct class, c.classes.n + 1);
		if (c.classes.n)
			memcpy(r->classes, c.classes.p, c.classes.n * sizeof(*r->classes));
		r->n_groups = c.all_groups + 1;
		r->n_slots = r->n_groups * 2 + c.n_marks;
		*ret = r;
	}
	vec_done(&c.code);
	vec_done(&c.classes);
	vec_done(&c.names);
	return rc;
}

int regex_of(struct str pattern, struct arena *a, struct regex **ret, struct err *err)
{
	ssize_t last = str_rchr(pattern, '/');
	if (last >= 2 && pattern.p[0] == '/')
		return regex_parse(str_sub(pattern, 1, (size_t)last),
			str_skip(pattern, (size_t)last + 1), a, ret, err);
	return regex_parse(pattern, S(""), a, ret, err);
}
