/* read -- the YAML tree against the schema, giving a tree with parsed expressions.
 *
 * A mapping may have several definitions (a step that runs, a step that uses): each key that only
 * some of them know leaves only those. When more than one is left at the end, the file does not say
 * enough. Wrong values are told and kept, so that one fault does not hide the next.
 */
#include "workflow_priv.h"

#include "base/map.h"
#include "base/num.h"

#include <limits.h>

enum { MAX_CANDIDATES = 8 };

/* A definition in its place: the contexts of the places around it come along. */
struct spot {
	const struct def *def;
	uint32_t context;
};

struct candidates {
	const struct def *p[MAX_CANDIDATES];
	size_t n;
};

static struct spot spot_in(struct spot around, const struct def *d)
{
	return (struct spot){d, around.context | d->context};
}

/* Scopes. */

const struct expr_scope *scope_of(uint32_t context, struct arena *a)
{
	static const char *const names[CTX_N_NAMES] = {"github", "inputs", "vars", "needs",
		"strategy", "matrix", "secrets", "steps", "job", "runner", "env", "jobs"};
	static const struct {
		uint32_t bit;
		struct expr_function function;
	} functions[] = {{FN_ALWAYS, {"always", 0, 0, NULL}},
		{FN_CANCELLED, {"cancelled", 0, 0, NULL}}, {FN_SUCCESS, {"success", 0, 0, NULL}},
		{FN_FAILURE, {"failure", 0, 0, NULL}},
		{FN_SUCCESS_OF, {"success", 0, INT_MAX, NULL}},
		{FN_FAILURE_OF, {"failure", 0, INT_MAX, NULL}},
		{FN_HASH_FILES, {"hashFiles", 1, 255, NULL}}};
	struct expr_scope *s = ARENA_NEW(a, struct expr_scope);
	const char **known = ARENA_ARRAY(a, const char *, CTX_N_NAMES + 1);
	struct expr_function *f = ARENA_ARRAY(a, struct expr_function, ARRAY_LEN(functions));
	size_t n = 0;
	for (size_t i = 0; i < CTX_N_NAMES; i++)
		if (context & (1U << i))
			known[n++] = names[i];
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (context & functions[i].bit)
			f[s->n_functions++] = functions[i].function;
	s->contexts = known;
	s->functions = f;
	return s;
}

/* Scalars. */

static struct workflow_value *value_new(struct parse *p, const struct yaml *y,
	enum workflow_kind kind)
{
	struct workflow_value *v = ARENA_NEW(p->a, struct workflow_value);
	v->kind = kind;
	v->line = y->line;
	v->col = y->col;
	v->is_block = y->style == YAML_LITERAL || y->style == YAML_FOLDED;
	return v;
}

static struct workflow_value *literal(struct parse *p, const struct yaml *y)
{
	struct workflow_value *v = value_new(p, y, WORKFLOW_STRING);
	switch (y->type) {
	case YAML_NULL: v->kind = WORKFLOW_NULL; break;
	case YAML_BOOL:
		v->kind = WORKFLOW_BOOL;
		v->truth = y->truth;
		break;
	case YAML_INT:
	case YAML_FLOAT:
		v->kind = WORKFLOW_NUMBER;
		v->number = y->real;
		break;
	case YAML_STR: v->text = arena_str(p->a, y->text); break;
	}
	return v;
}

static void hint_context(struct parse *p, struct str message)
{
	struct str name = str_skip(message, strlen("Unrecognized named-value: '"));
	if (!str_starts(message, S("Unrecognized named-value: '")))
		return;
	static const char *const known[] = {"github", "inputs", "vars", "needs", "strategy",
		"matrix", "secrets", "steps", "job", "runner", "env", "jobs"};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(name, str_of(known[i])) && name.p[strlen(known[i])] == '\'') {
			hint(p, "the context '%s' exists, but not in this place", known[i]);
			return;
		}
	if (str_starts(name, S("true'")) || str_starts(name, S("false'")))
		return;
	hint(p, "text inside an expression stands in single quotes");
}

static void tell_expression(struct parse *p, const struct workflow_value *v,
	const struct expr_fault *fault, const struct err *why)
{
	FAIL(p, v, "%s", why->what);
	hint_context(p, str_of(why->what));
	inner_place(p, v, v->text, fault->offset);
}

/* A string with its expressions parsed; one that is wrong stays text. */
static struct workflow_value *scalar(struct parse *p, const struct yaml *y, uint32_t context)
{
	struct workflow_value *v = literal(p, y);
	struct expr_template t;
	struct expr_fault fault = {0};
	struct err err = {0};
	if (v->kind != WORKFLOW_STRING || !str_has(v->text, S("${{")))
		return v;
	if (expr_template_parse(v->text, scope_of(context, p->a), p->a, &t, &fault, &err) < 0) {
		tell_expression(p, v, &fault, &err);
		return v;
	}
	if (t.kind == EXPR_TEMPLATE_TEXT) {
		v->text = t.text;
	} else if (t.kind == EXPR_TEMPLATE_INSERT) {
		v->kind = WORKFLOW_INSERT;
	} else {
		v->kind = WORKFLOW_EXPR;
		v->expr = t.expr;
		v->is_mixed = t.is_mixed;
	}
	return v;
}

/* A literal as the text it would be. */
static struct str as_text(struct parse *p, const struct workflow_value *v)
{
	struct expr_value e = expr_null();
	if (v->kind == WORKFLOW_STRING)
		return v->text;
	if (v->kind == WORKFLOW_BOOL)
		e = expr_bool(v->truth);
	else if (v->kind == WORKFLOW_NUMBER)
		e = expr_number(v->number);
	return expr_to_text(&e, p->a);
}

static bool accepts_literal(const struct def *d, const struct workflow_value *v)
{
	switch (d->kind) {
	case DEF_NULL: return v->kind == WORKFLOW_NULL;
	case DEF_BOOL: return v->kind == WORKFLOW_BOOL;
	case DEF_NUMBER: return v->kind == WORKFLOW_NUMBER;
	case DEF_STRING:
		if (v->kind != WORKFLOW_STRING)
			return false;
		if (d->constant)
			return str_is(v->text, d->constant);
		return !d->is_non_empty || v->text.n > 0;
	case DEF_ONE_OF:
		for (const struct def *const *of = d->of; *of; of++)
			if (accepts_literal(*of, v))
				return true;
		return false;
	case DEF_SEQUENCE:
	case DEF_MAPPING: return false;
	}
	return false;
}

static void check_condition(struct parse *p, const struct workflow_value *v, uint32_t context)
{
	struct str text = str_trim(v->text);
	struct expr_fault fault = {0};
	struct err err = {0};
	struct expr *e;
	if (expr_parse(text, scope_of(context, p->a), p->a, &e, &fault, &err) == 0)
		return;
	fault.offset += text.n ? (size_t)(text.p - v->text.p) : 0;
	tell_expression(p, v, &fault, &err);
}

/* Makes a literal fit: numbers, booleans and nothing become text where only text is accepted. */
static void check_scalar(struct parse *p, struct workflow_value *v, struct spot s)
{
	if (v->kind == WORKFLOW_EXPR) {
		if (!s.context)
			FAIL(p, v, "A template expression is not allowed in this context");
		return;
	}
	if (v->kind == WORKFLOW_INSERT) {
		FAIL(p, v, "Unexpected value '${{ insert }}'");
		return;
	}
	if (s.def->is_condition && v->kind == WORKFLOW_STRING) {
		check_condition(p, v, s.context);
		return;
	}
	if (accepts_literal(s.def, v))
		return;
	struct workflow_value text = *v;
	text.kind = WORKFLOW_STRING;
	text.text = as_text(p, v);
	if (v->kind != WORKFLOW_STRING && accepts_literal(s.def, &text))
		*v = text;
	else
		FAIL(p, v, "Unexpected value '%.*s'", STR_ARG(text.text));
}

/* Sequences. */

static struct workflow_value *read_value(struct parse *p, const struct yaml *y, struct spot s);

static const struct def *sequence_of(const struct def *d)
{
	if (d->kind == DEF_SEQUENCE)
		return d;
	for (const struct def *const *of = d->kind == DEF_ONE_OF ? d->of : NULL; of && *of; of++) {
		const struct def *found = sequence_of(*of);
		if (found)
			return found;
	}
	return NULL;
}

static struct workflow_value *read_sequence(struct parse *p, const struct yaml *y, struct spot s)
{
	struct workflow_value *v = value_new(p, y, WORKFLOW_SEQUENCE);
	const struct def *d = sequence_of(s.def);
	if (!d) {
		FAIL(p, v, "A sequence was not expected");
		return v;
	}
	struct spot inside = spot_in(spot_in(s, d), d->item);
	v->items = ARENA_ARRAY(p->a, struct workflow_value *, y->n + 1);
	for (size_t i = 0; i < y->n; i++)
		v->items[v->n++] = read_value(p, y->items[i], inside);
	return v;
}

/* Mappings. */

static void mappings_of(const struct def *d, struct candidates *ret)
{
	if (d->kind == DEF_MAPPING && ret->n < MAX_CANDIDATES)
		ret->p[ret->n++] = d;
	for (const struct def *const *of = d->kind == DEF_ONE_OF ? d->of : NULL; of && *of; of++)
		mappings_of(*of, ret);
}

static const struct prop *prop_of(const struct def *d, struct str name)
{
	for (const struct prop *prop = d->props; prop && prop->name; prop++)
		if (str_is(name, prop->name))
			return prop;
	return NULL;
}

/* The property in any candidate; those that do not have it are candidates no more. */
static const struct prop *match_prop(struct candidates *c, struct str name)
{
	struct candidates left = {.n = 0};
	const struct prop *found = NULL, *prop;
	for (size_t i = 0; i < c->n; i++)
		if ((prop = prop_of(c->p[i], name))) {
			found = prop;
			left.p[left.n++] = c->p[i];
		}
	if (found)
		*c = left;
	return found;
}

struct mapping_reader {
	struct parse *p;
	struct spot spot;
	struct candidates candidates;
	const struct def *loose; /* the definition that takes other keys, or NULL */
	struct workflow_value *out;
	struct map seen; /* keys in upper case */
	bool has_expression_key;
};

static void add_pair(struct mapping_reader *m, struct workflow_value *key,
	struct workflow_value *value)
{
	m->out->pairs[m->out->n++] = (struct workflow_pair){key, value};
}

/* The one candidate knows no keys of its own. */
static bool is_all_loose(const struct mapping_reader *m)
{
	return m->candidates.n == 1 && m->loose && !m->loose->props;
}

static void expression_pair(struct mapping_reader *m, struct workflow_value *key,
	const struct yaml *value)
{
	m->has_expression_key = true;
	if (!m->spot.context) {
		FAIL(m->p, key, "A template expression is not allowed in this context");
		return;
	}
	const struct def *d = is_all_loose(m) ? m->loose->loose_value : &def_any;
	add_pair(m, key, read_value(m->p, value, spot_in(m->spot, d)));
}

static struct str upper_case(struct str s, struct arena *a)
{
	char *room = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		room[i] = ch_upper(room[i]);
	return (struct str){room, s.n};
}

static bool was_seen(const struct mapping_reader *m, struct str name)
{
	return map_has(&m->seen, upper_case(name, m->p->a));
}

static void hint_key(struct mapping_reader *m, struct str name)
{
	const char *best = NULL;
	size_t least = name.n < 5 ? 2 : 3;
	for (size_t c = 0; c < m->candidates.n; c++)
		for (const struct prop *prop = m->candidates.p[c]->props; prop && prop->name;
			prop++) {
			size_t d = str_edits(name, str_of(prop->name), true);
			if (d < least) {
				least = d;
				best = prop->name;
			}
		}
	if (best)
		hint(m->p, "did you mean '%s'?", best);
}

static void literal_pair(struct mapping_reader *m, struct workflow_value *key,
	const struct yaml *value)
{
	struct parse *p = m->p;
	key->text = as_text(p, key);
	key->kind = WORKFLOW_STRING;
	if (was_seen(m, key->text)) {
		FAIL(p, key, "'%.*s' is already defined", STR_ARG(key->text));
		return;
	}
	map_put(&m->seen, upper_case(key->text, p->a), m);
	const struct prop *prop = match_prop(&m->candidates, key->text);
	if (prop) {
		add_pair(m, key, read_value(p, value, spot_in(m->spot, prop->def)));
	} else if (m->loose) {
		check_scalar(p, key, spot_in(m->spot, m->loose->loose_key));
		add_pair(m, key, read_value(p, value, spot_in(m->spot, m->loose->loose_value)));
	} else {
		FAIL(p, key, "Unexpected value '%.*s'", STR_ARG(key->text));
		hint_key(m, key->text);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_with(const struct candidates *c, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += prop_of(c->p[i], str_of(name)) != NULL;
	return n;
}

/* Names the keys that only one of the candidates has. */
static void ask_for_more(struct mapping_reader *m)
{
	VEC(const char *) names = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	for (size_t c = 0; c < m->candidates.n; c++)
		for (const struct prop *prop = m->candidates.p[c]->props; prop && prop->name;
			prop++)
			if (count_with(&m->candidates, prop->name) == 1)
				vec_push(&names, prop->name);
	vec_sort(&names, compare_names);
	VEC_EACH(&names, n)
		buf_fmt(&b, "%s%s", n == names.p ? "" : ", ", *n);
	FAIL(m->p, m->out,
		"There's not enough info to determine what you meant. Add one of these "
		"properties: %s",
		buf_cstr(&b));
	vec_done(&names);
}

/* Written in another case it is an unknown key, told already, unless other keys are accepted. */
static bool has_key(const struct mapping_reader *m, const char *name)
{
	return m->loose ? workflow_get(m->out, name) != NULL : was_seen(m, str_of(name));
}

static void check_required(struct mapping_reader *m)
{
	const struct def *d = m->candidates.p[0];
	for (const struct prop *prop = d->props; prop && prop->name; prop++)
		if (prop->is_required && !has_key(m, prop->name))
			FAIL(m->p, m->out, "Required property is missing: %s", prop->name);
}

static void read_pairs(struct mapping_reader *m, const struct yaml *y)
{
	m->out->pairs = ARENA_ARRAY(m->p->a, struct workflow_pair, y->n + 1);
	for (size_t i = 0; i < y->n; i++) {
		struct workflow_value *key = scalar(m->p, y->pairs[i].key, m->spot.context);
		if (key->kind == WORKFLOW_EXPR || key->kind == WORKFLOW_INSERT)
			expression_pair(m, key, y->pairs[i].value);
		else
			literal_pair(m, key, y->pairs[i].value);
	}
	if (m->candidates.n > 1)
		ask_for_more(m);
	else if (!m->has_expression_key)
		check_required(m);
}

static struct workflow_value *read_mapping(struct parse *p, const struct yaml *y, struct spot s)
{
	struct mapping_reader m = {.p = p, .spot = s, .out = value_new(p, y, WORKFLOW_MAPPING)};
	mappings_of(s.def, &m.candidates);
	if (m.candidates.n == 0) {
		FAIL(p, m.out, "A mapping was not expected");
		return m.out;
	}
	if (m.candidates.n == 1)
		m.spot = spot_in(s, m.candidates.p[0]);
	if (m.candidates.p[0]->loose_key)
		m.loose = m.candidates.p[0];
	read_pairs(&m, y);
	map_done(&m.seen, NULL);
	return m.out;
}

static struct workflow_value *read_inside(struct parse *p, const struct yaml *y, struct spot s)
{
	struct workflow_value *v = value_new(p, y, WORKFLOW_NULL);
	if (p->depth == WORKFLOW_MAX_DEPTH) {
		FAIL(p, v, "Maximum object depth exceeded");
		return v;
	}
	p->depth++;
	v = y->kind == YAML_SEQUENCE ? read_sequence(p, y, s) : read_mapping(p, y, s);
	p->depth--;
	return v;
}

static struct workflow_value *read_value(struct parse *p, const struct yaml *y, struct spot s)
{
	if (y->kind != YAML_SCALAR)
		return read_inside(p, y, s);
	struct workflow_value *v = scalar(p, y, s.context);
	check_scalar(p, v, s);
	return v;
}

struct workflow_value *read_tree(struct parse *p, const struct yaml *y, const struct def *d)
{
	return read_value(p, y, (struct spot){d, d->context});
}
