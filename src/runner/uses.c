/* A `uses:` step: what it uses, and with which inputs. */
#include "native_priv.h"

static bool is_local(struct str uses)
{
	return str_starts(uses, S("./")) || str_starts(uses, S("$/"));
}

bool step_can_use(struct str uses)
{
	return is_local(uses) || native_find(uses) != NULL;
}

/* ---- inputs ---- */

/* What `with:` says, as text. */
static int eval_with(struct step *s, struct expr_dict *ret, struct err *err)
{
	struct expr_value v;
	if (!s->def->with)
		return 0;
	if (workflow_eval(s->def->with, &s->eval, s->a, &v, err) < 0)
		return -1;
	for (size_t i = 0; v.kind == EXPR_OBJECT && i < v.dict->n; i++)
		expr_dict_put(ret, s->a, v.dict->members[i].key,
			expr_string(expr_to_text(&v.dict->members[i].value, s->a)));
	return 0;
}

struct expected {
	const char *const *names;
	size_t n;
};

static void warn_unexpected(struct step *s, const struct expr_dict *given, struct expected known)
{
	CLEANUP(buf_done) struct buf bad = BUF(64 * 1024);
	CLEANUP(buf_done) struct buf good = BUF(64 * 1024);
	for (size_t i = 0; i < given->n; i++) {
		bool is_known = false;
		for (size_t k = 0; k < known.n; k++)
			is_known = is_known ||
				str_eq_nocase(given->members[i].key, str_of(known.names[k]));
		if (!is_known)
			buf_fmt(&bad, "%s'%.*s'", bad.n ? ", " : "",
				STR_ARG(given->members[i].key));
	}
	if (!bad.n)
		return;
	for (size_t k = 0; k < known.n; k++)
		buf_fmt(&good, "%s'%s'", k ? ", " : "", known.names[k]);
	step_notef(s, EVENT_WARNING, "Unexpected input(s) %s, valid inputs are [%s]",
		buf_cstr(&bad), buf_cstr(&good));
}

/* ---- native ---- */

static struct str usual_value(const struct step *s, const char *otherwise)
{
	if (!otherwise)
		return S("");
	if (otherwise[0] != '@')
		return str_of(otherwise);
	const struct expr_value *v = expr_dict_get(s->github, str_of(otherwise + 1));
	return v ? expr_to_text(v, s->a) : S("");
}

static int run_native(struct step *s, const struct native *n, struct err *err)
{
	struct expr_dict *inputs = expr_dict_new(s->a);
	VEC(const char *) names = {0};
	for (const struct native_input *in = n->inputs; in->name; in++)
		vec_push(&names, in->name);
	int rc = eval_with(s, inputs, err);
	if (rc == 0)
		warn_unexpected(s, inputs, (struct expected){names.p, names.n});
	vec_done(&names);
	if (rc < 0)
		return -1;
	for (const struct native_input *in = n->inputs; in->name; in++)
		if (!expr_dict_get(inputs, str_of(in->name)))
			expr_dict_put(inputs, s->a, str_of(in->name),
				expr_string(usual_value(s, in->otherwise)));
	s->inputs = expr_object(inputs);
	return n->run(s, err);
}

/* ---- local ---- */

static int read_manifest(struct step *s, const char *folder, struct action **ret,
	const char **ret_file, struct err *err)
{
	static const char *const names[] = {"action.yml", "action.yaml"};
	CLEANUP(buf_done) struct buf text = BUF(WORKFLOW_MAX_BYTES);
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err why = {0};
		struct str path = arena_fmt(s->a, "%s/%s", folder, names[i]);
		if (fs_read_file_in(s->job->place.workspace_fd, path.p, &text, &why) == 0) {
			*ret_file = path.p + 1;
			return action_parse(buf_str(&text), str_skip(path, 1), s->a, ret, &problems,
				err);
		}
		if (why.kind != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
	}
	err_set(err, ERR_NOT_FOUND,
		"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under "
		"'%s'",
		folder);
	return err_hint(err, "is actions/checkout a step before this one?");
}

/* Defaults are evaluated where the action is used. */
static int fill_in(struct step *s, const struct action *def, struct expr_dict *inputs,
	struct err *err)
{
	for (size_t i = 0; i < def->inputs.n; i++) {
		const struct action_input *in = &def->inputs.p[i];
		struct str value = S("");
		bool is_given = expr_dict_get(inputs, in->name) != NULL;
		if (is_given && in->deprecation.n)
			step_notef(s, EVENT_WARNING,
				"Input '%.*s' has been deprecated with message: %.*s",
				STR_ARG(in->name), STR_ARG(in->deprecation));
		if (is_given)
			continue;
		if (in->default_value &&
			workflow_eval_text(in->default_value, &s->eval, s->a, &value, err) < 0)
			return -1;
		expr_dict_put(inputs, s->a, in->name, expr_string(value));
	}
	return 0;
}

static int read_inputs(struct step *s, const struct action *def, struct err *err)
{
	struct expr_dict *inputs = expr_dict_new(s->a);
	VEC(const char *) names = {0};
	if (eval_with(s, inputs, err) < 0)
		return -1;
	for (size_t i = 0; i < def->inputs.n; i++)
		vec_push(&names, arena_cstr(s->a, def->inputs.p[i].name));
	warn_unexpected(s, inputs, (struct expected){names.p, names.n});
	vec_done(&names);
	s->inputs = expr_object(inputs);
	return fill_in(s, def, inputs, err);
}

static int run_local(struct step *s, struct err *err)
{
	CLEANUP(buf_done) struct buf folder = BUF(4096);
	struct local_action l = {0};
	struct action *def;
	path_clean(&folder, S("/"), str_skip(s->def->uses, 2));
	if (buf_check(&folder, "path of an action", err) < 0)
		return -1;
	l.folder = str_is(buf_str(&folder), "/") ? S("") : arena_str(s->a, buf_str(&folder));
	if (read_manifest(s, arena_cstr(s->a, l.folder), &def, &l.file, err) < 0 ||
		read_inputs(s, def, err) < 0)
		return -1;
	l.def = def;
	switch (def->kind) {
	case ACTION_COMPOSITE: return step_run_composite(s, &l, err);
	case ACTION_NODE: return step_run_node(s, &l, err);
	case ACTION_DOCKER: break;
	}
	err_set(err, ERR_UNSUPPORTED, "'%.*s' runs in a container: such actions are not supported",
		STR_ARG(s->def->uses));
	return err_hint(err, "make it a composite action");
}

int step_run_action(struct step *s, struct err *err)
{
	const struct native *n = native_find(s->def->uses);
	if (n)
		return run_native(s, n, err);
	if (is_local(s->def->uses))
		return run_local(s, err);
	err_set(err, ERR_UNSUPPORTED, "no action '%.*s'", STR_ARG(s->def->uses));
	return err_hint(err, "put it into a folder of the repository and use ./folder");
}
