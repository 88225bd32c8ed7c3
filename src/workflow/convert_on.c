/* convert_on -- events with their filters, schedules and inputs. */
#include "workflow_priv.h"

#include "glob/filter.h"
#include "workflow/trigger.h"

const char *const workflow_filter_names[WORKFLOW_N_FILTERS] = {"types", "branches",
	"branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "workflows", "names",
	"versions"};

static bool is_pattern_filter(enum workflow_filter f)
{
	return f >= WORKFLOW_BRANCHES && f <= WORKFLOW_PATHS_IGNORE;
}

static void check_pattern(struct parse *p, const struct workflow_value *v)
{
	struct err why = {0};
	if (v->kind != WORKFLOW_STRING || filter_check(v->text, &why) == 0)
		return;
	FAIL(p, v, "Invalid pattern '%.*s': %s", STR_ARG(v->text), why.what);
}

static bool is_negative(const struct workflow_value *v)
{
	return str_starts(value_text(v), S("!"));
}

/* Patterns that only take away leave nothing. */
static void check_patterns(struct parse *p, const struct workflow_value *v, enum workflow_filter f)
{
	const struct workflow_value *one[] = {v};
	bool is_list = v->kind == WORKFLOW_SEQUENCE;
	size_t n = is_list ? v->n : 1, n_negative = 0;
	for (size_t i = 0; i < n; i++) {
		const struct workflow_value *item = is_list ? v->items[i] : one[i];
		check_pattern(p, item);
		n_negative += is_negative(item);
	}
	bool is_ignore = f == WORKFLOW_BRANCHES_IGNORE || f == WORKFLOW_TAGS_IGNORE ||
		f == WORKFLOW_PATHS_IGNORE;
	if (n > 0 && n_negative == n && !is_ignore) {
		WARN(p, v, "'%s' has only patterns with '!', so nothing matches it",
			workflow_filter_names[f]);
		hint(p, "use '%s-ignore' without '!', or begin with a pattern that matches",
			workflow_filter_names[f]);
	}
}

static void convert_filters(struct parse *p, const struct workflow_value *v,
	struct workflow_event *e)
{
	for (size_t i = 0; i < WORKFLOW_N_FILTERS; i++) {
		const struct workflow_value *f = workflow_get(v, workflow_filter_names[i]);
		if (!f)
			continue;
		e->has[i] = true;
		value_texts(f, p->a, &e->filters[i]);
		if (is_pattern_filter((enum workflow_filter)i))
			check_patterns(p, f, (enum workflow_filter)i);
	}
}

static void convert_schedule(struct parse *p, const struct workflow_value *v,
	struct workflow_event *e)
{
	for (size_t i = 0; v->kind == WORKFLOW_SEQUENCE && i < v->n; i++) {
		const struct workflow_value *cron = workflow_get(v->items[i], "cron");
		struct workflow_schedule s = {
			value_text(cron), value_text(workflow_get(v->items[i], "timezone"))};
		struct cron parsed;
		struct err why = {0};
		if (cron_parse(s.cron, &parsed, &why) < 0) {
			FAIL(p, cron,
				"Invalid cron expression. Expected format: '* * * * *' (minute hour "
				"day month weekday)");
			hint(p, "%s", why.what);
		}
		PUSH(p->a, &e->schedules, s);
	}
}

static bool flag(const struct workflow_value *v)
{
	return v && v->kind == WORKFLOW_BOOL && v->truth;
}

static enum workflow_input_type input_type(const struct workflow_value *v)
{
	static const char *const names[] = {"string", "boolean", "number", "choice", "environment"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (value_is_literal(v, names[i]))
			return (enum workflow_input_type)i;
	return WORKFLOW_INPUT_STRING;
}

static const char *kind_word(const struct workflow_value *v)
{
	static const char *const words[] = {
		"NullToken", "BooleanToken", "NumberToken", "StringToken"};
	return v->kind <= WORKFLOW_STRING ? words[v->kind] : "TemplateToken";
}

/* A default must be of its input's type; text takes anything. */
static void check_default(struct parse *p, const struct workflow_input *in)
{
	const struct workflow_value *v = in->default_value;
	const char *want = NULL;
	if (!v || v->kind == WORKFLOW_EXPR)
		return;
	if (in->type == WORKFLOW_INPUT_BOOLEAN && v->kind != WORKFLOW_BOOL)
		want = "BooleanToken";
	if (in->type == WORKFLOW_INPUT_NUMBER && v->kind != WORKFLOW_NUMBER)
		want = "NumberToken";
	if (want)
		FAIL(p, v,
			"Unexpected type '%s' encountered while reading 'input default'. The type "
			"'%s' was expected.",
			kind_word(v), want);
}

static void check_options(struct parse *p, const struct workflow_value *v,
	const struct workflow_input *in, bool has_options)
{
	if (in->type == WORKFLOW_INPUT_CHOICE && in->options.n == 0)
		FAIL(p, v, "Missing 'options' for choice input");
	if (in->type != WORKFLOW_INPUT_CHOICE && has_options)
		FAIL(p, v, "Input type is not 'choice', but 'options' is defined");
}

static void convert_inputs(struct parse *p, const struct workflow_value *v,
	struct workflow_event *e)
{
	for (size_t i = 0; v && v->kind == WORKFLOW_MAPPING && i < v->n; i++) {
		const struct workflow_value *spec = v->pairs[i].value;
		const struct workflow_value *options = workflow_get(spec, "options");
		struct workflow_input in = {.name = value_text(v->pairs[i].key),
			.description = value_text(workflow_get(spec, "description")),
			.type = input_type(workflow_get(spec, "type")),
			.is_required = flag(workflow_get(spec, "required")),
			.default_value = workflow_get(spec, "default")};
		value_texts(options, p->a, &in.options);
		check_default(p, &in);
		check_options(p, spec, &in, options != NULL);
		PUSH(p->a, &e->inputs, in);
	}
}

static void convert_secrets(struct parse *p, const struct workflow_value *v,
	struct workflow_event *e)
{
	for (size_t i = 0; v && i < v->n; i++) {
		const struct workflow_value *spec = v->pairs[i].value;
		struct workflow_secret s = {.name = value_text(v->pairs[i].key),
			.description = value_text(workflow_get(spec, "description")),
			.is_required = flag(workflow_get(spec, "required"))};
		PUSH(p->a, &e->secrets, s);
	}
}

static void convert_outputs(struct parse *p, const struct workflow_value *v,
	struct workflow_event *e)
{
	for (size_t i = 0; v && i < v->n; i++) {
		const struct workflow_value *spec = v->pairs[i].value;
		struct workflow_output o = {.name = value_text(v->pairs[i].key),
			.description = value_text(workflow_get(spec, "description")),
			.value = workflow_get(spec, "value")};
		PUSH(p->a, &e->outputs, o);
	}
}

static void convert_event(struct parse *p, const struct workflow_value *name,
	const struct workflow_value *v)
{
	struct workflow_event e = {.name = value_text(name), .line = name->line, .col = name->col};
	if (v && v->kind == WORKFLOW_SEQUENCE)
		convert_schedule(p, v, &e);
	if (v && v->kind == WORKFLOW_MAPPING) {
		convert_filters(p, v, &e);
		convert_inputs(p, workflow_get(v, "inputs"), &e);
		convert_secrets(p, workflow_get(v, "secrets"), &e);
		convert_outputs(p, workflow_get(v, "outputs"), &e);
	}
	PUSH(p->a, &p->out->events, e);
}

void convert_on(struct parse *p, const struct workflow_value *on)
{
	if (on->kind == WORKFLOW_STRING)
		convert_event(p, on, NULL);
	for (size_t i = 0; on->kind == WORKFLOW_SEQUENCE && i < on->n; i++)
		convert_event(p, on->items[i], NULL);
	for (size_t i = 0; on->kind == WORKFLOW_MAPPING && i < on->n; i++)
		convert_event(p, on->pairs[i].key, on->pairs[i].value);
}
