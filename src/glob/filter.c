#include "glob/filter.h"

#include "base/utf8.h"
#include "glob/glob_priv.h"

struct pattern {
	struct nfa nfa;
	bool is_negative;
};
VEC_TYPE(pattern_vec, struct pattern);

struct filter {
	struct arena arena;
	struct pattern_vec patterns;
};

/* A pattern on its way to ops. */
struct compiler {
	struct str whole, left;
	struct op_vec *ops;
	struct arena *arena;
	struct err *err;
};

struct filter *filter_new(void)
{
	return NEW(struct filter);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	vec_done(&f->patterns);
	arena_done(&f->arena);
	free(f);
}

size_t filter_count(const struct filter *f)
{
	return f->patterns.n;
}

/* left is what follows the mistake. */
static int fail_at(struct compiler *c, struct str left, const char *why)
{
	err_set(c->err, ERR_INPUT, "bad pattern '%.*s': %s", STR_ARG(str_sub(c->whole, 0, 200)),
		why);
	size_t col = utf8_count(str_sub(c->whole, 0, c->whole.n - left.n)) + 1;
	return err_locate(c->err, NULL, 0, (uint32_t)col);
}

static bool is_next(const struct compiler *c, char wanted)
{
	return c->left.n && c->left.p[0] == wanted;
}

static bool take(struct compiler *c, char wanted)
{
	bool is_there = is_next(c, wanted);
	if (is_there)
		c->left = str_skip(c->left, 1);
	return is_there;
}

/* Letters of one case, or digits. */
static bool is_range(uint32_t low, uint32_t high)
{
	static const char bounds[] = "azAZ09";
	for (const char *b = bounds; *b; b += 2)
		if (low >= (uint8_t)b[0] && high <= (uint8_t)b[1] && low <= high)
			return true;
	return false;
}

static uint32_t take_class_char(struct compiler *c)
{
	if (c->left.n > 1 && is_next(c, '\\'))
		c->left = str_skip(c->left, 1);
	return nfa_take_char(&c->left);
}

/* c->left is behind the '['. */
static int read_class(struct compiler *c, struct range_vec *ranges)
{
	struct str open = str_n(c->left.p - 1, c->left.n + 1);
	if (is_next(c, '^') || is_next(c, '!'))
		return fail_at(c, open, "a class cannot be negated");
	while (c->left.n && !is_next(c, ']')) {
		struct str item = c->left;
		struct range r;
		r.low = r.high = take_class_char(c);
		if (c->left.n > 1 && c->left.p[0] == '-' && c->left.p[1] != ']') {
			take(c, '-');
			r.high = take_class_char(c);
			if (!is_range(r.low, r.high))
				return fail_at(c, item, "expected a range such as a-z, A-Z or 0-9");
		}
		vec_push(ranges, r);
	}
	if (!take(c, ']'))
		return fail_at(c, open, "class is not closed");
	return ranges->n ? 0 : fail_at(c, open, "class is empty");
}

static int compile_class(struct compiler *c)
{
	CLEANUP(ranges_done) struct range_vec ranges = {0};
	if (read_class(c, &ranges) < 0)
		return -1;
	nfa_push_class(c->ops, false, &ranges, c->arena);
	return 0;
}

/* Behind the first star. */
static void compile_stars(struct compiler *c, bool at_segment)
{
	if (!is_next(c, '*')) {
		nfa_push_run(c->ops, OP_NOT_SLASH);
		return;
	}
	while (take(c, '*'))
		;
	struct str behind = str_skip(c->left, 1);
	bool is_counted = str_starts(behind, S("?")) || str_starts(behind, S("+"));
	if (at_segment && !is_counted && take(c, '/'))
		nfa_push_dirs(c->ops);
	else
		nfa_push_run(c->ops, OP_ANY);
}

/* '?' or '+': about what came before. */
static int compile_count(struct compiler *c, uint32_t count)
{
	if (!c->ops->n)
		return fail_at(c, str_n(c->left.p - 1, c->left.n + 1),
			count == '?' ? "nothing before '?'" : "nothing before '+'");
	struct op *before = vec_last(c->ops);
	if (count == '?')
		before->is_optional = true;
	else
		before->is_repeated = true;
	return 0;
}

static int compile(struct compiler *c)
{
	int rc = 0;
	bool at_segment = true;
	while (c->left.n && rc == 0) {
		uint32_t code = nfa_take_char(&c->left);
		switch (code) {
		case '*': compile_stars(c, at_segment); break;
		case '?':
		case '+': rc = compile_count(c, code); break;
		case '[': rc = compile_class(c); break;
		case '\\':
			if (!c->left.n)
				return fail_at(c, S("\\"), "nothing behind '\\'");
			nfa_push_char(c->ops, nfa_take_char(&c->left));
			break;
		default: nfa_push_char(c->ops, code); break;
		}
		at_segment = code == '/';
	}
	return rc;
}

/* Adds to f, or only checks when f is NULL. */
static int add(struct filter *f, struct str pattern, struct err *err)
{
	CLEANUP(arena_done) struct arena scratch = {0};
	CLEANUP(ops_done) struct op_vec ops = {0};
	struct compiler c = {pattern, pattern, &ops, f ? &f->arena : &scratch, err};
	if (pattern.n > FILTER_PATTERN_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "pattern is longer than %d bytes",
			FILTER_PATTERN_BYTES_MAX);
	bool is_negative = take(&c, '!');
	if (!c.left.n)
		return fail_at(&c, c.left, "nothing to match");
	if (compile(&c) < 0)
		return -1;
	if (!f)
		return 0;
	if (f->patterns.n == FILTER_PATTERNS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d patterns", FILTER_PATTERNS_MAX);
	struct pattern *added = vec_add(&f->patterns);
	added->nfa = nfa_new(&ops, &f->arena);
	added->is_negative = is_negative;
	return 0;
}

int filter_check(struct str pattern, struct err *err)
{
	return add(NULL, pattern, err);
}

int filter_add(struct filter *f, struct str pattern, struct err *err)
{
	return add(f, pattern, err);
}

bool filter_is_only_negative(const struct filter *f)
{
	VEC_EACH(&f->patterns, p) {
		if (!p->is_negative)
			return false;
	}
	return true;
}

bool filter_matches(const struct filter *f, struct str name)
{
	for (size_t i = f->patterns.n; i-- > 0;)
		if (nfa_matches(&f->patterns.p[i].nfa, name))
			return !f->patterns.p[i].is_negative;
	return false;
}
