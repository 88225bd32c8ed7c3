#include "dockerfile/dockerfile_priv.h"

enum { SUGGEST_EDITS = 2, SUGGEST_CANDIDATES = 2000 };

static struct str upper_case(struct str s, struct arena *a)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_upper(p[i]);
	return str_n(p, s.n);
}

struct str suggest_name(struct str typed, struct str_vec *candidates, bool any_case,
	struct arena *a)
{
	struct str best = STR_NONE;
	size_t least_edits = SUGGEST_EDITS;
	bool is_upper = any_case && str_eq(typed, upper_case(typed, a));
	for (size_t i = 0; i < candidates->n && i < SUGGEST_CANDIDATES; i++) {
		const struct str *c = &candidates->p[i];
		size_t n = str_edits(typed, *c, any_case);
		if (n > 0 &&
			(n < least_edits ||
				(n == least_edits && (!best.n || str_cmp(*c, best) < 0)))) {
			least_edits = n;
			best = *c;
		}
	}
	return is_upper ? upper_case(best, a) : best;
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
