/* ids -- names of steps, given or made. */
#include "workflow_priv.h"

#include "base/num.h"

void ids_done(struct ids *ids)
{
	map_done(&ids->taken, NULL);
	map_done(&ids->made, NULL);
}

static struct str lower_case(struct str s, struct arena *a)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return (struct str){p, s.n};
}

static bool is_id_char(char c)
{
	return ch_is_alnum(c) || c == '_' || c == '-';
}

static bool is_legal(struct str s)
{
	if (!s.n || s.n >= WORKFLOW_MAX_ID || !(ch_is_alpha(s.p[0]) || s.p[0] == '_'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_id_char(s.p[i]))
			return false;
	return true;
}

bool ids_take(struct ids *ids, struct parse *p, const struct workflow_value *at, struct str id)
{
	struct str lower = lower_case(id, p->a);
	if (!is_legal(id)) {
		FAIL(p, at,
			"The identifier '%.*s' is invalid. IDs may only contain alphanumeric "
			"characters, '_', and '-'. IDs must start with a letter or '_' and and must "
			"be less than %d characters.",
			STR_ARG(id), WORKFLOW_MAX_ID);
		return false;
	}
	if (str_starts(id, S("__"))) {
		FAIL(p, at,
			"The identifier '%.*s' is invalid. IDs starting with '__' are reserved.",
			STR_ARG(id));
		return false;
	}
	if (map_has(&ids->taken, lower)) {
		FAIL(p, at,
			"The identifier '%.*s' may not be used more than once within the same "
			"scope.",
			STR_ARG(id));
		return false;
	}
	map_put(&ids->taken, lower, ids);
	return true;
}

struct str ids_make(struct ids *ids, struct str text, struct arena *a)
{
	char base[WORKFLOW_MAX_ID + 1] = "__", room[WORKFLOW_MAX_ID + 32];
	size_t n = 2;
	for (size_t i = 0; i < text.n && n < WORKFLOW_MAX_ID; i++)
		base[n++] = is_id_char(text.p[i]) ? text.p[i] : '_';
	struct str key = lower_case(str_n(base, n), a);
	for (size_t attempt = 1 + (size_t)map_get(&ids->made, key);; attempt++) {
		char suffix[24] = "";
		if (attempt > 1)
			snprintf(suffix, sizeof(suffix), "_%zu", attempt);
		size_t keep = num_min(n, WORKFLOW_MAX_ID - strlen(suffix));
		snprintf(room, sizeof(room), "%.*s%s", (int)keep, base, suffix);
		struct str lower = lower_case(str_of(room), a);
		if (map_has(&ids->taken, lower))
			continue;
		map_put(&ids->taken, lower, ids);
		map_put(&ids->made, key, (void *)attempt);
		return arena_str(a, str_of(room));
	}
}
