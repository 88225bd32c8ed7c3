#include "dockerfile/dockerfile_priv.h"

enum { SUGGEST_EDITS = 2, SUGGEST_LENGTH = 40, SUGGEST_CANDIDATES = 2000 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, removals and replacements that turn a into b. */
static size_t edits(struct str a, struct str b)
{
	size_t row[SUGGEST_LENGTH + 1];
	for (size_t i = 0; i <= b.n; i++)
		row[i] = i;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t k = 0; k < b.n; k++) {
			size_t replaced = diagonal + (a.p[i] != b.p[k]);
			diagonal = row[k + 1];
			row[k + 1] = least(replaced, least(row[k], row[k + 1]) + 1);
		}
	}
	return row[b.n];
}

static struct str with_case(struct arena *a, struct str s, char (*change)(char))
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = change(p[i]);
	return str_n(p, s.n);
}

struct str suggest_name(struct str typed, struct str_vec *candidates, bool any_case,
	struct arena *a)
{
	struct str best = STR_NONE, upper = with_case(a, typed, ch_upper);
	size_t least_edits = SUGGEST_EDITS;
	bool is_upper = any_case && str_eq(typed, upper);
	if (any_case)
		typed = with_case(a, typed, ch_lower);
	for (size_t i = 0; i < candidates->n && i < SUGGEST_CANDIDATES; i++) {
		const struct str *c = &candidates->p[i];
		if (typed.n > SUGGEST_LENGTH || c->n > SUGGEST_LENGTH)
			continue;
		size_t n = edits(typed, any_case ? with_case(a, *c, ch_lower) : *c);
		if (n > 0 &&
			(n < least_edits ||
				(n == least_edits && (!best.n || str_cmp(*c, best) < 0)))) {
			least_edits = n;
			best = *c;
		}
	}
	return is_upper ? with_case(a, best, ch_upper) : best;
}

const char *suggest_words(struct str typed, const char *const *candidates, bool any_case,
	struct arena *a)
{
	struct str_vec list = {0};
	for (; *candidates; candidates++)
		vec_push(&list, str_of(*candidates));
	struct str best = suggest_name(typed, &list, any_case, a);
	vec_done(&list);
	return best.n ? arena_fmt(a, " (did you mean %.*s?)", STR_ARG(best)).p : "";
}
