/* regex_run -- the machine: one instruction at a time, with a stack of places to go back to.
 *
 * A frame on the stack is either a choice (another instruction to try at a position) or the old
 * value of a slot. Going back pops values until a choice. Looking around runs the machine on what
 * stands between OP_LOOK and OP_LOOK_END, with the stack it has as the floor.
 */
#include "regex_priv.h"

#include "base/utf8.h"

struct frame {
	bool is_choice;
	size_t index;  /* instruction or slot */
	ssize_t value; /* position or old value */
};

struct machine {
	const struct regex *r;
	struct str text;
	ssize_t *slots;
	VEC(struct frame) stack;
	size_t n_steps;
};

static int limit(struct err *err)
{
	return err_set(err, ERR_LIMIT, "regular expression takes too long");
}

static bool is_line_end(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

/* The character at pos and its length; 0 at the end. */
static size_t char_at(const struct machine *m, size_t pos, uint32_t *ret)
{
	if (pos >= m->text.n)
		return 0;
	size_t n = utf8_decode(str_skip(m->text, pos), ret);
	if (n)
		return n;
	*ret = (uint8_t)m->text.p[pos];
	return 1;
}

static uint32_t fold(uint32_t c)
{
	return c < 0x80 ? (uint32_t)(uint8_t)ch_lower((char)c) : c;
}

static bool in_class(const struct class *k, uint32_t c)
{
	for (size_t i = 0; i < k->n; i++)
		if (c >= k->ranges[i].first && c <= k->ranges[i].last)
			return true;
	return false;
}

static bool class_has(const struct machine *m, const struct class *k, uint32_t c)
{
	bool has = in_class(k, c);
	if (!has && m->r->ignores_case && c < 0x80)
		has = in_class(k, (uint8_t)ch_lower((char)c)) ||
			in_class(k, (uint8_t)ch_upper((char)c));
	return has != k->is_negated;
}

static bool same(const struct machine *m, uint32_t a, uint32_t b)
{
	return a == b || (m->r->ignores_case && fold(a) == fold(b));
}

static bool is_word_at(const struct machine *m, size_t pos)
{
	return pos < m->text.n && (ch_is_alnum(m->text.p[pos]) || m->text.p[pos] == '_');
}

static bool at_start(const struct machine *m, size_t pos)
{
	return pos == 0 || (m->r->is_multiline && is_line_end((uint8_t)m->text.p[pos - 1]));
}

static bool at_end(const struct machine *m, size_t pos)
{
	uint32_t c;
	size_t n = char_at(m, pos, &c);
	return n == 0 || (m->r->is_multiline && is_line_end(c));
}

static void push(struct machine *m, bool is_choice, size_t index, ssize_t value)
{
	vec_push(&m->stack, ((struct frame){is_choice, index, value}));
}

static void set_slot(struct machine *m, size_t slot, ssize_t value)
{
	push(m, false, slot, m->slots[slot]);
	m->slots[slot] = value;
}

/* Undoes down to the last choice above the floor; false when there is none. */
static bool go_back(struct machine *m, size_t floor, size_t *pc, size_t *pos)
{
	while (m->stack.n > floor) {
		struct frame f = vec_pop(&m->stack);
		if (f.is_choice) {
			*pc = f.index;
			*pos = (size_t)f.value;
			return true;
		}
		m->slots[f.index] = f.value;
	}
	return false;
}

/* Forgets choices above the floor but keeps the old values, so that going back still undoes. */
static void drop_choices(struct machine *m, size_t floor)
{
	size_t to = floor;
	for (size_t i = floor; i < m->stack.n; i++)
		if (!m->stack.p[i].is_choice)
			m->stack.p[to++] = m->stack.p[i];
	m->stack.n = to;
}

/* The text of a group again; false when it is not here. An unset group is the empty text. */
static bool take_backref(const struct machine *m, size_t group, size_t *pos)
{
	ssize_t start = m->slots[group * 2], end = m->slots[group * 2 + 1];
	if (start < 0 || end < 0)
		return true;
	size_t n = (size_t)(end - start);
	struct str want = str_sub(m->text, (size_t)start, (size_t)end);
	struct str have = str_sub(m->text, *pos, *pos + n);
	if (!(m->r->ignores_case ? str_eq_nocase(want, have) : str_eq(want, have)))
		return false;
	*pos += n;
	return true;
}

static int run(struct machine *m, size_t pc, size_t pos, ssize_t must_end, size_t *ret_end,
	struct err *err);

/* Whether what follows pc matches around pos; captures of a success stay. */
static int look(struct machine *m, size_t pc, size_t pos, struct err *err)
{
	enum look kind = (enum look)m->r->code[pc].y;
	bool is_behind = kind == LOOK_BEHIND || kind == LOOK_NOT_BEHIND;
	size_t floor = m->stack.n, end, from = pos;
	int found;
	for (;;) {
		found = run(m, pc + 1, from, is_behind ? (ssize_t)pos : -1, &end, err);
		if (found || !is_behind || from == 0)
			break;
		from--;
	}
	if (found < 0)
		return -1;
	bool is_not = kind == LOOK_NOT_AHEAD || kind == LOOK_NOT_BEHIND;
	if (found && is_not) {
		size_t ignored_pc, ignored_pos;
		drop_choices(m, floor);
		(void)go_back(m, floor, &ignored_pc, &ignored_pos);
	} else if (found) {
		drop_choices(m, floor);
	}
	return (found > 0) != is_not;
}

/* An instruction that takes a character, or asks about the place; false = go back. */
static bool step_text(struct machine *m, const struct inst *i, size_t *pos)
{
	uint32_t c = 0;
	size_t n = char_at(m, *pos, &c);
	switch (i->op) {
	case OP_START: return at_start(m, *pos);
	case OP_END: return at_end(m, *pos);
	case OP_WORD:
		return ((*pos > 0 && is_word_at(m, *pos - 1)) != is_word_at(m, *pos)) !=
			(i->x == 1);
	case OP_BACKREF: return take_backref(m, (size_t)i->x, pos);
	case OP_CHAR:
		if (n == 0 || !same(m, c, (uint32_t)i->x))
			return false;
		break;
	case OP_ANY:
		if (n == 0 || (is_line_end(c) && !m->r->is_dot_all))
			return false;
		break;
	case OP_CLASS:
		if (n == 0 || !class_has(m, &m->r->classes[i->x], c))
			return false;
		break;
	default: return false;
	}
	*pos += n;
	return true;
}

static size_t mark_slot(const struct machine *m, const struct inst *i)
{
	return m->r->n_groups * 2 + (size_t)i->x;
}

/* An instruction that steers; moves pc. False = go back. */
static bool step_control(struct machine *m, const struct inst *i, size_t *pc, size_t pos)
{
	size_t on = *pc + 1, there = (size_t)((ssize_t)*pc + i->x);
	*pc = on;
	switch (i->op) {
	case OP_JUMP: *pc = there; break;
	case OP_SPLIT: push(m, true, there, (ssize_t)pos); break;
	case OP_SPLIT_LAZY:
		push(m, true, on, (ssize_t)pos);
		*pc = there;
		break;
	case OP_SAVE: set_slot(m, (size_t)i->x, (ssize_t)pos); break;
	case OP_CLEAR:
		for (int32_t s = i->x; s <= i->y; s++)
			set_slot(m, (size_t)s, -1);
		break;
	case OP_MARK: set_slot(m, mark_slot(m, i), (ssize_t)pos); break;
	case OP_PROGRESS: return m->slots[mark_slot(m, i)] != (ssize_t)pos;
	default: return false;
	}
	return true;
}

/* 1 = matched up to *ret_end, 0 = did not. Matches must end at must_end when it is not -1. */
static int run(struct machine *m, size_t pc, size_t pos, ssize_t must_end, size_t *ret_end,
	struct err *err)
{
	size_t floor = m->stack.n;
	for (;;) {
		const struct inst *i = &m->r->code[pc];
		bool is_good;
		if (++m->n_steps > REGEX_MAX_STEPS || m->stack.n > REGEX_MAX_STACK)
			return limit(err);
		if (i->op == OP_MATCH || i->op == OP_LOOK_END) {
			*ret_end = pos;
			if (must_end < 0 || pos == (size_t)must_end)
				return 1;
			is_good = false;
		} else if (i->op == OP_LOOK) {
			int rc = look(m, pc, pos, err);
			if (rc < 0)
				return -1;
			is_good = rc;
			pc += (size_t)i->x;
		} else if (i->op <= OP_WORD || i->op == OP_BACKREF) {
			is_good = step_text(m, i, &pos);
			pc++;
		} else {
			is_good = step_control(m, i, &pc, pos);
		}
		if (!is_good && !go_back(m, floor, &pc, &pos))
			return 0;
	}
}

/* The first match at or after `from`. */
static int search(struct machine *m, size_t from, struct err *err)
{
	for (size_t start = from; start <= m->text.n; start++) {
		size_t end;
		for (size_t i = 0; i < m->r->n_slots; i++)
			m->slots[i] = -1;
		m->stack.n = 0;
		m->n_steps += m->r->n_slots / 8;
		int rc = run(m, 0, start, -1, &end, err);
		if (rc > 0) {
			m->slots[0] = (ssize_t)start;
			m->slots[1] = (ssize_t)end;
		}
		if (rc || m->r->is_sticky)
			return rc;
	}
	return 0;
}

static int match_all(struct machine *m, struct arena *a, struct regex_span **ret, size_t *ret_n,
	struct err *err)
{
	VEC(struct regex_span) found = {0};
	size_t from = 0;
	int rc;
	while ((rc = search(m, from, err)) > 0) {
		vec_push(&found, ((struct regex_span){m->slots[0], m->slots[1]}));
		from = (size_t)m->slots[1] + (m->slots[0] == m->slots[1]);
		if (from > m->text.n)
			break;
	}
	*ret_n = found.n;
	*ret = ARENA_ARRAY(a, struct regex_span, found.n + 1);
	if (found.n)
		memcpy(*ret, found.p, found.n * sizeof(**ret));
	vec_done(&found);
	return rc < 0 ? -1 : 0;
}

static int match_first(struct machine *m, struct arena *a, struct regex_span **ret, size_t *ret_n,
	struct err *err)
{
	int rc = search(m, 0, err);
	*ret_n = 0;
	if (rc <= 0)
		return rc;
	*ret_n = m->r->n_groups;
	*ret = ARENA_ARRAY(a, struct regex_span, *ret_n);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct regex_span){m->slots[2 * i], m->slots[2 * i + 1]};
	return 0;
}

int regex_match(const struct regex *r, struct str text, struct arena *a, struct regex_span **ret,
	size_t *ret_n, struct err *err)
{
	struct machine m = {.r = r, .text = text};
	m.slots = ARENA_ARRAY(a, ssize_t, r->n_slots);
	int rc = r->is_global ? match_all(&m, a, ret, ret_n, err)
			      : match_first(&m, a, ret, ret_n, err);
	vec_done(&m.stack);
	return rc;
}
