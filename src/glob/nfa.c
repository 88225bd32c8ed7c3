#include "glob/glob_priv.h"

#include "base/utf8.h"

enum { NFA_WORDS_MAX = (NFA_OPS_MAX + 1 + 63) / 64, BYTE_CODE = 0x110000 /* + a byte */ };

struct states {
	uint64_t words[NFA_WORDS_MAX];
};

uint32_t nfa_take_char(struct str *text)
{
	uint32_t code;
	size_t n = utf8_decode(*text, &code);
	if (!n) {
		code = BYTE_CODE + (uint8_t)text->p[0];
		n = 1;
	}
	*text = str_skip(*text, n);
	return code;
}

void nfa_push(struct op_vec *ops, enum op_kind kind)
{
	vec_push(ops, ((struct op){.kind = kind}));
}

void nfa_push_char(struct op_vec *ops, uint32_t code)
{
	vec_push(ops, ((struct op){.kind = OP_CHAR, .code = code}));
}

void nfa_push_text(struct op_vec *ops, struct str text)
{
	while (text.n)
		nfa_push_char(ops, nfa_take_char(&text));
}

void nfa_push_run(struct op_vec *ops, enum op_kind kind)
{
	vec_push(ops, ((struct op){.kind = kind, .is_optional = true, .is_repeated = true}));
}

void nfa_push_class(struct op_vec *ops, bool is_negated, struct range_vec *ranges, struct arena *a)
{
	struct op op = {.kind = OP_CLASS, .is_negated = is_negated, .n_ranges = ranges->n};
	struct range *copy = ARENA_ARRAY(a, struct range, ranges->n);
	if (ranges->n)
		memcpy(copy, ranges->p, ranges->n * sizeof(*copy));
	op.ranges = copy;
	vec_push(ops, op);
}

void nfa_push_dirs(struct op_vec *ops)
{
	nfa_push(ops, OP_DIRS);
	nfa_push(ops, OP_INSIDE);
}

void nfa_push_tree(struct op_vec *ops)
{
	nfa_push(ops, OP_TREE);
	nfa_push_run(ops, OP_ANY);
}

/* Enters state i and those that need no character from there; they are all further on. */
static void enter(const struct nfa *n, uint64_t *states, size_t i, bool at_start)
{
	while (!(states[i / 64] >> (i % 64) & 1)) {
		states[i / 64] |= UINT64_C(1) << (i % 64);
		if (i == n->n_ops)
			return;
		const struct op *op = &n->ops[i];
		if (op->kind == OP_DIRS || op->kind == OP_TREE)
			i += 2;
		else if (op->is_optional || (op->kind == OP_START && at_start))
			i++;
		else
			return;
	}
}

static bool in_class(const struct op *op, uint32_t c)
{
	for (size_t i = 0; i < op->n_ranges; i++)
		if (c >= op->ranges[i].low && c <= op->ranges[i].high)
			return !op->is_negated;
	return op->is_negated;
}

static bool takes(const struct op *op, uint32_t c)
{
	switch (op->kind) {
	case OP_CHAR: return c == op->code;
	case OP_NOT_SLASH: return c != '/';
	case OP_CLASS: return in_class(op, c);
	case OP_ANY:
	case OP_DIRS:
	case OP_INSIDE: return true;
	case OP_TREE: return c == '/';
	case OP_START: return false;
	}
	return false;
}

/* Where state i goes with character c. */
static void step_one(const struct nfa *n, size_t i, uint32_t c, uint64_t *next)
{
	const struct op *op = &n->ops[i];
	if (!takes(op, c))
		return;
	switch (op->kind) {
	case OP_DIRS:
		enter(n, next, i + 1, false);
		if (c == '/')
			enter(n, next, i + 2, false);
		break;
	case OP_INSIDE:
		enter(n, next, i, false);
		if (c == '/')
			enter(n, next, i + 1, false);
		break;
	default:
		if (op->is_repeated)
			enter(n, next, i, false);
		enter(n, next, i + 1, false);
		break;
	}
}

static size_t n_words(const struct nfa *n)
{
	return n->n_ops / 64 + 1;
}

/* False when no state is left. */
static bool step(const struct nfa *n, const uint64_t *states, uint32_t c, uint64_t *next)
{
	uint64_t any = 0;
	memset(next, 0, n_words(n) * sizeof(*next));
	for (size_t w = 0; w < n_words(n); w++)
		for (uint64_t left = states[w]; left; left &= left - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(left);
			if (i < n->n_ops)
				step_one(n, i, c, next);
		}
	for (size_t w = 0; w < n_words(n); w++)
		any |= next[w];
	return any;
}

/* All states at once, moving along a name. */
struct run {
	const struct nfa *n;
	struct states rooms[2];
	uint64_t *now, *next;
};

static void run_start(struct run *r, const struct nfa *n)
{
	r->n = n;
	r->now = r->rooms[0].words;
	r->next = r->rooms[1].words;
	memcpy(r->now, n->start, n_words(n) * sizeof(*r->now));
}

/* False when no state is left. */
static bool run_step(struct run *r, uint32_t c)
{
	uint64_t *before = r->now;
	bool is_alive = step(r->n, before, c, r->next);
	r->now = r->next;
	r->next = before;
	return is_alive;
}

static bool run_over(struct run *r, struct str text)
{
	while (text.n)
		if (!run_step(r, nfa_take_char(&text)))
			return false;
	return true;
}

static bool run_is_match(const struct run *r)
{
	return r->now[r->n->n_ops / 64] >> (r->n->n_ops % 64) & 1;
}

static bool is_plain(const struct op *op)
{
	return op->kind == OP_CHAR && !op->is_optional && !op->is_repeated;
}

static struct str text_of(const struct op *ops, size_t n, struct arena *a)
{
	char *room = arena_alloc(a, n * 4 + 1, 1);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		if (ops[i].code >= BYTE_CODE)
			room[len++] = (char)(ops[i].code - BYTE_CODE);
		else
			len += utf8_encode(ops[i].code, room + len);
	}
	return str_n(room, len);
}

/* OP_DIRS and then nothing that could take a '/'. */
static bool is_base(const struct op *ops, size_t n)
{
	if (!n || ops[0].kind != OP_DIRS)
		return false;
	for (size_t i = 2; i < n; i++)
		if (ops[i].kind > OP_CLASS || takes(&ops[i], '/'))
			return false;
	return true;
}

static struct str base_name(struct str name)
{
	return str_skip(name, (size_t)(str_rchr(name, '/') + 1));
}

struct nfa nfa_new(const struct op_vec *ops, struct arena *a)
{
	assert(ops->n <= NFA_OPS_MAX);
	struct op *copy = ARENA_ARRAY(a, struct op, ops->n);
	if (ops->n)
		memcpy(copy, ops->p, ops->n * sizeof(*copy));
	struct nfa n = {.ops = copy, .n_ops = ops->n, .middle = MIDDLE_OPS};
	n.is_base = is_base(copy, ops->n);
	if (n.is_base) {
		n.ops = copy += 2;
		n.n_ops -= 2;
	}
	size_t first = 0, last = n.n_ops;
	while (first < last && is_plain(&copy[first]))
		first++;
	while (last > first && is_plain(&copy[last - 1]))
		last--;
	n.prefix = text_of(copy, first, a);
	n.suffix = text_of(copy + last, n.n_ops - last, a);
	n.start = ARENA_ARRAY(a, uint64_t, n_words(&n));
	enter(&n, n.start, first, first == 0);
	bool is_run = last == first + 1 && copy[first].is_optional && copy[first].is_repeated;
	if (first == last)
		n.middle = MIDDLE_EMPTY;
	else if (is_run && copy[first].kind == OP_ANY)
		n.middle = MIDDLE_ANY;
	else if (is_run && copy[first].kind == OP_NOT_SLASH)
		n.middle = MIDDLE_NOT_SLASH;
	else if (last == first + 2 && copy[first].kind == OP_DIRS)
		n.middle = MIDDLE_DIRS;
	return n;
}

bool nfa_matches(const struct nfa *n, struct str name)
{
	if (n->is_base)
		name = base_name(name);
	if (name.n < n->prefix.n + n->suffix.n || !str_starts(name, n->prefix) ||
		!str_ends(name, n->suffix))
		return false;
	struct str rest = str_skip(name, n->prefix.n);
	struct str middle = str_sub(rest, 0, rest.n - n->suffix.n);
	switch (n->middle) {
	case MIDDLE_EMPTY: return !middle.n;
	case MIDDLE_ANY: return true;
	case MIDDLE_NOT_SLASH: return str_chr(middle, '/') < 0;
	case MIDDLE_DIRS: return !middle.n || middle.p[middle.n - 1] == '/';
	case MIDDLE_OPS: break;
	}
	struct run r;
	run_start(&r, n);
	return run_over(&r, rest) && run_is_match(&r);
}

/* One run for the name and its folders: one for each would take the square of a long path. */
static bool run_with_parents(const struct nfa *n, struct str name)
{
	struct run r;
	if (!str_starts(name, n->prefix))
		return false;
	run_start(&r, n);
	for (struct str rest = str_skip(name, n->prefix.n);;) {
		if ((!rest.n || rest.p[0] == '/') && run_is_match(&r))
			return true;
		if (!rest.n || !run_step(&r, nfa_take_char(&rest)))
			return false;
	}
}

bool nfa_matches_with_parents(const struct nfa *n, struct str name)
{
	if (n->middle == MIDDLE_OPS && !n->is_base)
		return run_with_parents(n, name);
	for (size_t i = 1; i < name.n; i++)
		if (name.p[i] == '/' && nfa_matches(n, str_sub(name, 0, i)))
			return true;
	return nfa_matches(n, name);
}

bool nfa_may_match_below(const struct nfa *n, struct str dir)
{
	if (!dir.n || n->is_base)
		return true;
	if (dir.n < n->prefix.n)
		return str_starts(n->prefix, dir) && n->prefix.p[dir.n] == '/';
	if (!str_starts(dir, n->prefix))
		return false;
	struct run r;
	run_start(&r, n);
	return run_over(&r, str_skip(dir, n->prefix.n)) && run_step(&r, '/');
}

void nfa_skip(struct nfa *n, struct str text, struct arena *a)
{
	struct run r;
	uint64_t *start = ARENA_ARRAY(a, uint64_t, n_words(n));
	assert(!n->is_base);
	n->start = ARENA_ARRAY(a, uint64_t, n_words(n));
	enter(n, n->start, 0, true);
	run_start(&r, n);
	if (run_over(&r, text))
		memcpy(start, r.now, n_words(n) * sizeof(*start));
	n->start = start;
	n->prefix = n->suffix = STR_NONE;
	n->middle = MIDDLE_OPS;
}
