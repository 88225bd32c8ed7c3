#include "choose_priv.h"

#include "base/num.h"

static int refuse(struct err *err, const char *what, const struct workflow_input *in,
	struct str value)
{
	return err_set(err, ERR_INPUT, "input '%.*s': %s, got '%.*s'", STR_ARG(in->name), what,
		STR_ARG(value));
}

static int check_choice(const struct workflow_input *in, struct str value, struct err *err)
{
	CLEANUP(buf_done) struct buf names = BUF(200);
	for (size_t i = 0; i < in->options.n; i++) {
		if (str_eq(in->options.p[i], value))
			return 0;
		buf_fmt(&names, "%s'%.*s'", i ? ", " : "", STR_ARG(in->options.p[i]));
	}
	refuse(err, "expected one of its options", in, value);
	return err_hint(err, "one of %s", buf_cstr(&names));
}

static int to_number(const struct workflow_input *in, struct str value, struct expr_value *ret,
	struct err *err)
{
	struct expr_value text = expr_string(value);
	double number = value.n ? expr_to_number(&text) : 0;
	if (number != number)
		return refuse(err, "expected a number", in, value);
	*ret = expr_number(number);
	return 0;
}

static int to_typed(const struct workflow_input *in, struct str value, struct expr_value *ret,
	struct err *err)
{
	*ret = expr_string(value);
	switch (in->type) {
	case WORKFLOW_INPUT_STRING:
	case WORKFLOW_INPUT_ENVIRONMENT: return 0;
	case WORKFLOW_INPUT_CHOICE: return check_choice(in, value, err);
	case WORKFLOW_INPUT_NUMBER: return to_number(in, value, ret, err);
	case WORKFLOW_INPUT_BOOLEAN:
		*ret = expr_bool(str_is(value, "true"));
		return str_is(value, "true") || str_is(value, "false")
			? 0
			: refuse(err, "expected true or false", in, value);
	}
	return 0;
}

static const struct runner_pair *given_for(const struct runner_pair *given, size_t n,
	struct str name)
{
	for (size_t i = n; i-- > 0;)
		if (str_eq_nocase(str_of(given[i].name), name))
			return &given[i];
	return NULL;
}

static struct str json_text(const struct json *v, struct arena *a)
{
	struct expr_value e = expr_from_json(v, a);
	return expr_to_text(&e, a);
}

/* The text of an input: given, in the payload, its default, or what its type begins with. */
static int text_of(const struct workflow_input *in, const struct json *payload,
	const struct runner_pair *given, struct arena *a, struct str *ret, struct err *err)
{
	const struct json *v = payload ? json_get(payload, arena_cstr(a, in->name)) : NULL;
	if (given) {
		*ret = str_of(given->value);
	} else if (v && v->kind != JSON_NULL) {
		*ret = json_text(v, a);
	} else if (in->default_value) {
		return workflow_eval_text(in->default_value, NULL, a, ret, err);
	} else if (in->is_required) {
		err_set(err, ERR_INPUT, "Required input '%.*s' not provided", STR_ARG(in->name));
		return err_hint(err, "give --input %.*s=…", STR_ARG(in->name));
	} else {
		*ret = in->type == WORKFLOW_INPUT_BOOLEAN                    ? S("false")
			: in->type == WORKFLOW_INPUT_CHOICE && in->options.n ? in->options.p[0]
									     : S("");
	}
	return 0;
}

static bool has_input(const struct workflow_event *on, struct str name)
{
	for (size_t i = 0; on && i < on->inputs.n; i++)
		if (str_eq_nocase(on->inputs.p[i].name, name))
			return true;
	return false;
}

static int check_given(const struct workflow_event *on, const struct runner_pair *given, size_t n,
	struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (has_input(on, str_of(given[i].name)))
			continue;
		err_set(err, ERR_INPUT, "Unexpected inputs provided: [\"%s\"]", given[i].name);
		return on ? err_hint(err, "the workflow has no such input")
			  : err_hint(err, "inputs are for --event workflow_dispatch");
	}
	return 0;
}

int inputs_read(const struct workflow_event *on, const struct json *payload,
	const struct runner_pair *given, size_t n_given, struct arena *a, struct inputs *ret,
	struct err *err)
{
	struct expr_dict *typed = expr_dict_new(a);
	if (check_given(on, given, n_given, err) < 0)
		return -1;
	*ret = (struct inputs){expr_object(typed), NULL, on ? on->inputs.n : 0};
	ret->texts = ARENA_ARRAY(a, struct json_member, ret->n + 1);
	for (size_t i = 0; i < ret->n; i++) {
		const struct workflow_input *in = &on->inputs.p[i];
		struct str text;
		struct expr_value value;
		if (text_of(in, payload, given_for(given, n_given, in->name), a, &text, err) < 0 ||
			to_typed(in, text, &value, err) < 0)
			return -1;
		expr_dict_put(typed, a, in->name, value);
		ret->texts[i] = (struct json_member){
			in->name, {.kind = JSON_STRING, .text = arena_str(a, text)}};
	}
	return 0;
}
