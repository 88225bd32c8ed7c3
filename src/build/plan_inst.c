/* What each instruction does to its stage: changes of the config here, changes of files as steps. */
#include "plan_priv.h"

/* One stage being planned. */
struct stage_plan {
	struct planning *p;
	struct plan_stage *s;
	struct scope *scope;
	bool has_cmd; /* CMD in this very stage: ENTRYPOINT leaves it alone */
};

/* ---- history ---- */

static void add_history(struct stage_plan *t, struct step *step, struct str created_by)
{
	struct plan_stage *s = t->s;
	struct image_history h = {
		.has_created = true,
		.created_ns = t->p->b->created_ns,
		.created_by = created_by,
	};
	struct step **longer = ARENA_ARRAY(t->p->b->arena, struct step *, s->n_history_steps + 1);
	if (s->n_history_steps)
		memcpy(longer, s->history_steps, s->n_history_steps * sizeof(*longer));
	longer[s->n_history_steps++] = step;
	s->history_steps = longer;
	state_add_history(&s->state, &h);
}

static void add_words(struct buf *b, const struct inst_words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		buf_add_ch(b, ' ');
		buf_add(b, words->p[i].text);
	}
}

static void add_json_words(struct buf *b, const struct image_strs *words)
{
	struct json_out o;
	json_out_init(&o, b, 0);
	json_array(&o);
	for (size_t i = 0; i < words->n; i++)
		json_add_str(&o, words->p[i]);
	json_end(&o);
}

static void note(struct stage_plan *t, struct step *step, const char *verb, const struct buf *rest)
{
	add_history(t, step, arena_fmt(t->p->b->arena, "%s %s", verb, buf_cstr(rest)));
}

enum { HISTORY_MAX = 64 * 1024 };

/* ---- commands ---- */

/* The words of a command: exec form as they are, shell form behind the shell. */
static struct image_strs command_words(struct stage_plan *t, const struct inst_command *c,
	bool adds_shell)
{
	static const struct str default_shell[] = {{"/bin/sh", 7}, {"-c", 2}};
	const struct image_strs *shell = &t->s->state.config.shell;
	const struct str *first = shell->n ? shell->p : default_shell;
	size_t n_shell = !c->is_shell || !adds_shell ? 0 : shell->n ? shell->n : 2;
	struct str *list = ARENA_ARRAY(t->p->b->arena, struct str, n_shell + c->words.n + 1);
	for (size_t i = 0; i < n_shell; i++)
		list[i] = first[i];
	for (size_t i = 0; i < c->words.n; i++)
		list[n_shell + i] = c->words.p[i].text;
	if (!n_shell || c->words.n)
		return (struct image_strs){list, n_shell + c->words.n};
	list[n_shell] = S(""); /* a CMD without a word, as docker has it */
	return (struct image_strs){list, n_shell + 1};
}

static void do_command(struct stage_plan *t, const struct inst *in)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	struct image_config *c = &t->s->state.config;
	struct image_strs words = command_words(t, &in->command, in->kind != INST_SHELL);
	if (in->kind == INST_SHELL) {
		c->shell = words;
	} else if (in->kind == INST_CMD) {
		c->cmd = words;
		c->has_cmd = t->has_cmd = true;
	} else {
		c->entrypoint = words;
		c->has_entrypoint = true;
		if (!t->has_cmd) {
			c->cmd = (struct image_strs){0};
			c->has_cmd = false;
		}
	}
	add_json_words(&b, &words);
	note(t, NULL, inst_kind_name(in->kind), &b);
}

static void do_health(struct stage_plan *t, const struct inst *in)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	const struct inst_health *h = &in->health;
	struct arena *a = t->p->b->arena;
	struct image_health *out = &t->s->state.config.health;
	struct image_strs words = command_words(t, &h->command, false);
	struct str *test = ARENA_ARRAY(a, struct str, words.n + 1);
	test[0] = h->is_none ? S("NONE") : h->command.is_shell ? S("CMD-SHELL") : S("CMD");
	for (size_t i = 0; !h->is_none && i < words.n; i++)
		test[i + 1] = words.p[i];
	*out = (struct image_health){
		.is_set = true,
		.test = test,
		.n_test = h->is_none ? 1 : words.n + 1,
		.interval_ns = h->interval_ns,
		.timeout_ns = h->timeout_ns,
		.start_period_ns = h->start_period_ns,
		.start_interval_ns = h->start_interval_ns,
		.retries = h->retries,
	};
	add_json_words(&b, &(struct image_strs){test, out->n_test});
	note(t, NULL, "HEALTHCHECK", &b);
}

/* ---- pairs and words ---- */

static void do_pairs(struct stage_plan *t, const struct inst *in)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	for (size_t i = 0; i < in->pairs.n; i++) {
		const struct inst_pair *p = &in->pairs.p[i];
		if (in->kind == INST_ENV)
			state_set_env(&t->s->state, p->name.text, p->value);
		if (in->kind == INST_LABEL)
			state_set_label(&t->s->state, p->name.text, p->value);
		buf_fmt(&b, "%s%.*s", i ? " " : "", STR_ARG(p->name.text));
		if (p->has_value)
			buf_fmt(&b, "=%.*s", STR_ARG(p->value));
	}
	note(t, NULL, inst_kind_name(in->kind), &b);
}

static void do_words(struct stage_plan *t, const struct inst *in)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	for (size_t i = 0; i < in->words.n; i++) {
		if (in->kind == INST_EXPOSE)
			state_add_port(&t->s->state, in->words.p[i].text);
		else
			state_add_volume(&t->s->state, in->words.p[i].text);
		buf_fmt(&b, "%s%.*s", i ? " " : "", STR_ARG(in->words.p[i].text));
	}
	note(t, NULL, inst_kind_name(in->kind), &b);
}

static void do_word(struct stage_plan *t, const struct inst *in)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	struct image_config *c = &t->s->state.config;
	switch (in->kind) {
	case INST_USER: c->user = in->word.text; break;
	case INST_STOPSIGNAL: c->stop_signal = in->word.text; break;
	case INST_MAINTAINER: c->author = in->word.text; break;
	case INST_ONBUILD: state_add_on_build(&t->s->state, in->word.text); break;
	default: break;
	}
	buf_add(&b, in->word.text);
	note(t, NULL, inst_kind_name(in->kind), &b);
}

/* ---- steps ---- */

/* --no-cache, or --no-cache-filter with this stage. */
static bool ignores_cache(const struct build_spec *spec, struct str stage)
{
	if (spec->is_no_cache)
		return true;
	for (const char *const *p = spec->no_cache_stages; p && *p; p++)
		if (str_eq(str_of(*p), stage))
			return true;
	return false;
}

static struct step *add_step(struct stage_plan *t, enum step_kind kind, const struct inst *in)
{
	struct inst *kept = ARENA_NEW(t->p->b->arena, struct inst);
	*kept = *in;
	struct step *s = plan_add_step(t->p, kind, t->s, in->node->at);
	s->inst = kept;
	s->parent = t->s->last;
	s->before = t->s->state;
	s->platform = t->s->platform;
	s->ignores_cache = ignores_cache(t->p->b->spec, t->s->title);
	t->s->last = s;
	t->s->n_steps++;
	return s;
}

static void add_need(struct stage_plan *t, struct step *s, struct step *need)
{
	struct step **longer;
	if (!need)
		return;
	longer = ARENA_ARRAY(t->p->b->arena, struct step *, s->n_needs + 1);
	if (s->n_needs)
		memcpy(longer, s->needs, s->n_needs * sizeof(*longer));
	longer[s->n_needs++] = need;
	s->needs = longer;
}

/* What --from or from= names: a stage, a named context or an image. */
static int find_origin(struct stage_plan *t, struct step *s, struct dockerfile_word from,
	bool has_index, struct origin *ret, struct err *err)
{
	struct named_context *named = plan_named_context(t->p->b, from.text);
	const struct stage *other = NULL;
	if (named && named->context) {
		*ret = (struct origin){.kind = ORIGIN_CONTEXT, .context = named->context};
		return 0;
	}
	ret->kind = ORIGIN_STEP;
	if (!named &&
		stages_from(&t->p->plan->stages, t->s->stage, from, has_index, &other, err) < 0)
		return -1;
	if (other && plan_stage(t->p, &t->p->plan->p[other->index], err) < 0)
		return -1; /* only a trigger of the base image can name one that is not planned yet */
	if (other)
		ret->step = t->p->plan->p[other->index].last;
	else if (str_is(from.text, "scratch"))
		ret->step = NULL;
	else if (plan_image(t->p, t->s, from.text, &t->p->b->platform, from.at, &ret->step, err) <
		0)
		return -1;
	add_need(t, s, ret->step);
	return 0;
}

static int do_copy(struct stage_plan *t, const struct inst *in, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	struct step *s = add_step(t, in->kind == INST_ADD ? STEP_ADD : STEP_COPY, in);
	struct str dest = in->copy.dest.text;
	s->from = (struct origin){.kind = ORIGIN_CONTEXT, .context = t->p->b->context};
	s->dest = str_starts(dest, S("/"))
		? dest
		: arena_fmt(t->p->b->arena, "%.*s/%.*s", STR_ARG(t->s->state.config.working_dir),
			  STR_ARG(dest));
	if (in->copy.from.text.p && find_origin(t, s, in->copy.from, true, &s->from, err) < 0)
		return -1;
	add_words(&b, &in->copy.sources);
	for (size_t i = 0; i < in->copy.n_files; i++)
		buf_fmt(&b, " <<%.*s", STR_ARG(in->copy.files[i].name));
	buf_fmt(&b, " %.*s", STR_ARG(dest));
	add_history(t, s,
		arena_fmt(t->p->b->arena, "%s%s", inst_kind_name(in->kind), buf_cstr(&b)));
	return 0;
}

static int do_workdir(struct stage_plan *t, const struct inst *in)
{
	struct step *s = add_step(t, STEP_WORKDIR, in);
	t->s->state.config.working_dir = in->word.text;
	add_history(t, s, arena_fmt(t->p->b->arena, "WORKDIR %.*s", STR_ARG(in->word.text)));
	return 0;
}

static struct image_strs env_of(struct arena *a, const struct vars *vars)
{
	struct image_strs env = {ARENA_ARRAY(a, struct str, vars->by_name.count + 1), 0};
	MAP_EACH(&vars->by_name, e) {
		struct str value = vars_value(e);
		char *text = arena_alloc(a, e->key.n + value.n + 2, 1);
		memcpy(text, e->key.p, e->key.n);
		text[e->key.n] = '=';
		if (value.n)
			memcpy(text + e->key.n + 1, value.p, value.n);
		env.p[env.n++] = str_n(text, e->key.n + value.n + 1);
	}
	return env;
}

/* HTTP_PROXY and the like reach RUN without an ARG and are no part of its key. */
static struct image_strs proxies_of(struct stage_plan *t)
{
	struct vars found = {.arena = t->p->b->arena};
	struct image_strs list;
	struct str value;
	for (size_t i = 0; scope_proxy_names[i]; i++)
		if (vars_get(&t->p->given, str_of(scope_proxy_names[i]), &value) &&
			!vars_get(&t->scope->vars, str_of(scope_proxy_names[i]), &(struct str){0}))
			vars_set(&found, str_of(scope_proxy_names[i]), value);
	list = env_of(t->p->b->arena, &found);
	vars_done(&found);
	return list;
}

static int do_mounts(struct stage_plan *t, struct step *s, struct err *err)
{
	const struct inst_words *words = &s->inst->run.mounts;
	s->mounts = ARENA_ARRAY(t->p->b->arena, struct step_mount, words->n + 1);
	for (size_t i = 0; i < words->n; i++) {
		struct step_mount *m = &s->mounts[s->n_mounts++];
		if (mount_parse(words->p[i], NULL, t->p->b->arena, &m->mount, err) < 0)
			return -1;
		m->has_from = m->mount.from.n > 0;
		m->from = (struct origin){.kind = ORIGIN_CONTEXT, .context = t->p->b->context};
		struct dockerfile_word from = {m->mount.from, words->p[i].at};
		if (m->has_from && find_origin(t, s, from, false, &m->from, err) < 0)
			return -1;
	}
	return 0;
}

static int do_run(struct stage_plan *t, const struct inst *in, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(HISTORY_MAX);
	struct step *s = add_step(t, STEP_RUN, in);
	struct image_strs words;
	s->env = env_of(t->p->b->arena, &t->scope->vars);
	s->proxies = proxies_of(t);
	if (do_mounts(t, s, err) < 0)
		return -1;
	scope_history_args(t->scope, &b);
	struct inst_command c = in->run.command;
	struct dockerfile_word script = {in->run.script, in->node->at};
	if (c.is_shell)
		c.words = (struct inst_words){&script, 1};
	words = command_words(t, &c, true);
	for (size_t i = 0; i < words.n; i++) {
		if (i)
			buf_add_ch(&b, ' ');
		buf_add(&b, words.p[i]);
	}
	note(t, s, "RUN", &b);
	return 0;
}

static int do_inst(struct stage_plan *t, const struct inst *in, struct err *err)
{
	switch (in->kind) {
	case INST_RUN: return do_run(t, in, err);
	case INST_COPY:
	case INST_ADD: return do_copy(t, in, err);
	case INST_WORKDIR: return do_workdir(t, in);
	case INST_CMD:
	case INST_ENTRYPOINT:
	case INST_SHELL: do_command(t, in); return 0;
	case INST_HEALTHCHECK: do_health(t, in); return 0;
	case INST_ENV:
	case INST_LABEL:
	case INST_ARG: do_pairs(t, in); return 0;
	case INST_EXPOSE:
	case INST_VOLUME: do_words(t, in); return 0;
	case INST_USER:
	case INST_STOPSIGNAL:
	case INST_MAINTAINER:
	case INST_ONBUILD: do_word(t, in); return 0;
	case INST_FROM: break; /* heads a stage: never in one */
	}
	return err_set(err, ERR_BUG, "FROM inside a stage");
}

static int apply(struct stage_plan *t, const struct inst *in, struct err *err)
{
	struct inst filled;
	if (scope_apply(t->scope, in, &filled, err) < 0)
		return -1;
	return do_inst(t, &filled, err);
}

static int at_inst(struct stage_plan *t, const struct inst *in, int rc, struct err *err)
{
	char file[200];
	if (rc == 0)
		return 0;
	snprintf(file, sizeof(file), "%.*s", STR_ARG(t->p->b->dockerfile_name));
	if (err->at.line)
		return err_in_file(err, file);
	return err_locate(err, file, in->node->at.line, in->node->at.col);
}

/* Triggers of the base image run as if they stood right behind FROM, and are used up. */
static int run_triggers(struct stage_plan *t, struct err *err)
{
	struct image_strs triggers = t->s->state.config.on_build;
	t->s->state.config.on_build = (struct image_strs){0};
	for (size_t i = 0; i < triggers.n; i++) {
		struct inst in;
		if (inst_parse_trigger(triggers.p[i], t->p->b->arena, &in, err) < 0 ||
			apply(t, &in, err) < 0) {
			memset(&err->at, 0, sizeof(err->at)); /* its place is in another file */
			return err_wrap(err, "ONBUILD %.*s", STR_ARG(triggers.p[i]));
		}
	}
	return 0;
}

int plan_stage_insts(struct planning *p, struct plan_stage *s, struct err *err)
{
	struct stage_plan t = {.p = p, .s = s, .scope = &p->scopes[s->stage->index]};
	s->n_steps = s->base != NULL;
	if (run_triggers(&t, err) < 0)
		return -1;
	for (size_t i = 0; i < s->stage->n; i++) {
		const struct inst *in = &s->stage->insts[i];
		if (at_inst(&t, in, apply(&t, in, err), err) < 0)
			return -1;
	}
	return 0;
}
