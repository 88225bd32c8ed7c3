#include "glob/selector.h"

#include "glob/glob_priv.h"

struct pattern {
	struct nfa nfa; /* of paths below the root */
	bool is_negative;
};
VEC_TYPE(pattern_vec, struct pattern);

struct selector {
	struct arena arena;
	struct str root, home;
	struct str in_root; /* what absolute paths of files in the root start with */
	struct pattern_vec patterns;
};

struct selector *selector_new(struct str root, struct str home)
{
	struct selector *s = NEW(struct selector);
	s->root = clean_path(root, &s->arena);
	s->in_root = str_is(s->root, "/")
		? s->root
		: arena_fmt(&s->arena, "%.*s/", (int)s->root.n, s->root.p);
	s->home = home.n ? clean_path(home, &s->arena) : STR_NONE;
	return s;
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	vec_done(&s->patterns);
	arena_done(&s->arena);
	free(s);
}

size_t selector_count(const struct selector *s)
{
	return s->patterns.n;
}

/* Where the ']' of the class at the start of s is, or -1 when it is an ordinary '['. */
static ssize_t find_class_end(struct str s)
{
	size_t i = 1;
	if (str_starts(str_skip(s, 1), S("]")))
		i++; /* in the first place it is one of the class */
	for (; i < s.n && s.p[i] != ']'; i++)
		if (s.p[i] == '\\')
			i++;
	return i < s.n ? (ssize_t)i : -1;
}

static uint32_t take_class_char(struct str *s)
{
	if (s->n > 1 && s->p[0] == '\\')
		*s = str_skip(*s, 1);
	return nfa_take_char(s);
}

/* The characters between '[' and ']', '!' taken off; false for a range that ends before it starts. */
static bool read_ranges(struct str s, struct range_vec *ranges)
{
	while (s.n) {
		struct range r;
		r.low = r.high = take_class_char(&s);
		if (s.n > 1 && s.p[0] == '-') {
			s = str_skip(s, 1);
			r.high = take_class_char(&s);
		}
		if (r.low > r.high)
			return false;
		vec_push(ranges, r);
	}
	return true;
}

/* *s starts with '['. */
static void compile_class(struct str *s, struct op_vec *ops, struct arena *a)
{
	CLEANUP(ranges_done) struct range_vec ranges = {0};
	ssize_t end = find_class_end(*s);
	struct str inner = str_sub(*s, 1, end < 0 ? 1 : (size_t)end);
	bool is_negated = str_starts(inner, S("!")) || str_starts(inner, S("^"));
	if (end < 0 || !read_ranges(str_skip(inner, is_negated), &ranges)) {
		nfa_push_char(ops, '[');
		*s = str_skip(*s, 1);
		return;
	}
	if (is_negated)
		vec_push(&ranges, ((struct range){'/', '/'}));
	nfa_push_class(ops, is_negated, &ranges, a);
	*s = str_skip(*s, (size_t)end + 1);
}

static bool is_only_stars(struct str segment)
{
	for (size_t i = 0; i < segment.n; i++)
		if (segment.p[i] != '*')
			return false;
	return true;
}

static void compile_segment(struct str segment, struct op_vec *ops, struct arena *a)
{
	if (is_only_stars(segment)) { /* a segment is never empty */
		nfa_push(ops, OP_NOT_SLASH);
		vec_last(ops)->is_repeated = true;
		return;
	}
	while (segment.n) {
		if (segment.p[0] == '[') {
			compile_class(&segment, ops, a);
			continue;
		}
		uint32_t c = nfa_take_char(&segment);
		if (c == '\\' && segment.n)
			nfa_push_char(ops, nfa_take_char(&segment));
		else if (c == '*')
			nfa_push_run(ops, OP_NOT_SLASH);
		else if (c == '?')
			nfa_push(ops, OP_NOT_SLASH);
		else
			nfa_push_char(ops, c);
	}
}

/* "." or "..", also with backslashes. */
static bool is_dots(struct str segment)
{
	size_t n = 0;
	for (size_t i = 0; i < segment.n; i++) {
		if (segment.p[i] == '\\' && i + 1 < segment.n)
			i++;
		if (segment.p[i] != '.')
			return false;
		n++;
	}
	return n == 1 || n == 2;
}

/* Segments of an absolute pattern. What it matches, it selects with all that is below; behind a
 * final '/' only what is below. */
static int compile(struct str pattern, struct op_vec *ops, struct arena *a, struct err *err)
{
	bool is_folder = str_ends(pattern, S("/")), is_behind_dirs = false;
	for (struct str segment; str_cut(&pattern, '/', &segment);) {
		if (!segment.n)
			continue;
		if (is_dots(segment))
			return err_set(err, ERR_INPUT, "'%.*s' is not allowed in a pattern",
				STR_ARG(segment));
		if (str_is(segment, "**") && is_behind_dirs)
			continue;
		if (!is_behind_dirs)
			nfa_push_char(ops, '/');
		is_behind_dirs = str_is(segment, "**");
		if (is_behind_dirs)
			nfa_push_dirs(ops);
		else
			compile_segment(segment, ops, a);
	}
	if (is_behind_dirs)
		ops->n -= 3; /* the final '/' and "**" are what follows */
	if (is_folder) {
		nfa_push_char(ops, '/');
		nfa_push(ops, OP_ANY);
		vec_last(ops)->is_repeated = true;
	} else {
		nfa_push_tree(ops);
	}
	return 0;
}

/* Ordinary text in front of a pattern. */
static void push_folder(struct op_vec *ops, struct str folder)
{
	if (!str_is(folder, "/"))
		nfa_push_text(ops, folder);
}

/* "~/x" and "./x" and "x" are absolute behind the right folder. */
static int compile_from(const struct selector *s, struct str pattern, struct op_vec *ops,
	struct arena *a, struct err *err)
{
	if (str_is(pattern, "~") || str_starts(pattern, S("~/"))) {
		if (!s->home.n)
			return err_set(err, ERR_INPUT, "there is no home folder for '~'");
		push_folder(ops, s->home);
		pattern = str_skip(pattern, 1);
	} else if (!str_starts(pattern, S("/"))) {
		push_folder(ops, s->root);
		if (str_is(pattern, ".") || str_starts(pattern, S("./")))
			pattern = str_skip(pattern, 1);
	}
	return compile(pattern, ops, a, err);
}

static int add_line(struct selector *s, struct str line, struct err *err)
{
	struct str pattern = line;
	bool is_negative = false;
	for (; str_starts(pattern, S("!")); pattern = str_trim(str_skip(pattern, 1)))
		is_negative = !is_negative;
	if (!pattern.n)
		return err_set(err, ERR_INPUT, "expected a pattern behind '!'");
	size_t folders = s->root.n > s->home.n ? s->root.n : s->home.n;
	if (pattern.n + folders > SELECTOR_PATTERN_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "pattern is longer than %d bytes",
			SELECTOR_PATTERN_BYTES_MAX);
	if (s->patterns.n == SELECTOR_PATTERNS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d patterns", SELECTOR_PATTERNS_MAX);
	CLEANUP(ops_done) struct op_vec ops = {0};
	if (compile_from(s, pattern, &ops, &s->arena, err) < 0)
		return -1;
	struct pattern *added = vec_add(&s->patterns);
	added->is_negative = is_negative;
	added->nfa = nfa_new(&ops, &s->arena);
	nfa_skip(&added->nfa, s->in_root, &s->arena);
	return 0;
}

int selector_add(struct selector *s, struct str lines, struct err *err)
{
	uint32_t number = 0;
	for (struct str line; str_line(&lines, &line);) {
		number++;
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && add_line(s, line, err) < 0)
			return err_locate(err, NULL, number, 1);
	}
	return 0;
}

bool selector_matches(const struct selector *s, struct str path)
{
	for (size_t i = s->patterns.n; i-- > 0;)
		if (nfa_matches(&s->patterns.p[i].nfa, path))
			return !s->patterns.p[i].is_negative;
	return false;
}

bool selector_may_match_below(const struct selector *s, struct str dir)
{
	VEC_EACH(&s->patterns, p) {
		if (!p->is_negative && nfa_may_match_below(&p->nfa, dir))
			return true;
	}
	return false;
}
