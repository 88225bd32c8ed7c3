#include "dockerfile/scope_priv.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Goes on from the folder in b. */
static void add_path(struct buf *b, struct str path)
{
	struct str part;
	while (path.p && str_cut(&path, '/', &part)) {
		if (str_is(part, "..")) {
			ssize_t slash = str_rchr(buf_str(b), '/');
			buf_cut(b, slash < 0 ? 0 : (size_t)slash);
		} else if (part.n && !str_is(part, ".")) {
			buf_add_ch(b, '/');
			buf_add(b, part);
		}
	}
}

struct str scope_path(struct arena *a, struct str folder, struct str path)
{
	CLEANUP(buf_done) struct buf b = BUF(SCOPE_MAX_BYTES);
	if (!str_starts(path, S("/")))
		add_path(&b, folder);
	add_path(&b, path);
	return b.n ? arena_str(a, buf_str(&b)) : S("/");
}

void scope_done(struct scope *s)
{
	vars_done(&s->vars);
	vars_done(&s->env);
	vars_done(&s->args);
}

static void init(struct scope *s, struct globals *g)
{
	*s = (struct scope){.globals = g,
		.vars = {.arena = g->arena},
		.env = {.arena = g->arena},
		.args = {.arena = g->arena},
		.workdir = S("/")};
}

static int set(struct scope *s, struct vars *vars, struct str name, struct str value,
	struct err *err)
{
	if (scope_charge(s->globals, value.n + SCOPE_ENTRY_BYTES, err) < 0)
		return -1;
	vars_set(vars, name, value);
	return 0;
}

static int set_env(struct scope *s, struct str name, struct str value, struct err *err)
{
	if (set(s, &s->env, name, value, err) < 0)
		return -1;
	return set(s, &s->vars, name, value, err);
}

int scope_from_image(struct scope *s, struct globals *g, const struct str *env, size_t n,
	struct str workdir, struct err *err)
{
	init(s, g);
	for (size_t i = 0; i < n; i++) {
		struct str value = env[i], name;
		(void)str_cut(&value, '=', &name); /* without '=' the value is empty */
		if (set_env(s, name, value, err) < 0)
			return -1;
	}
	s->workdir = scope_path(g->arena, S("/"), workdir);
	if (map_has(&s->env.by_name, S("PATH")))
		return 0;
	return set_env(s, S("PATH"), S(DEFAULT_PATH), err);
}

int scope_from_stage(struct scope *s, const struct scope *base, struct err *err)
{
	init(s, base->globals);
	uint64_t n = base->vars.by_name.count + base->env.by_name.count + base->args.by_name.count;
	if (scope_charge(s->globals, n * SCOPE_ENTRY_BYTES, err) < 0)
		return -1;
	vars_copy(&s->vars, &base->vars);
	vars_copy(&s->env, &base->env);
	vars_copy(&s->args, &base->args);
	s->workdir = base->workdir;
	return 0;
}

static int apply_env(struct filling *f, struct inst *ret)
{
	const struct inst_pairs *from = &f->in->pairs;
	ret->pairs.p = ARENA_ARRAY(f->scope->globals->arena, struct inst_pair, from->n);
	for (size_t i = 0; i < from->n; i++) {
		struct inst_pair *to = &ret->pairs.p[i];
		struct dockerfile_word value = {from->p[i].value, from->p[i].name.at};
		*to = from->p[i];
		if (fill_text(f, from->p[i].name, &to->name.text) < 0 ||
			fill_text(f, value, &to->value) < 0)
			return -1;
	}
	/* Only now: names of one instruction do not see each other. */
	for (size_t i = 0; i < from->n && ret->kind == INST_ENV; i++)
		if (set_env(f->scope, ret->pairs.p[i].name.text, ret->pairs.p[i].value, f->err) < 0)
			return -1;
	return 0;
}

/* One variable of ARG; the ones before it on the line count already. */
static int apply_arg(struct filling *f, const struct inst_pair *from, struct inst_pair *to)
{
	struct scope *s = f->scope;
	struct globals *g = s->globals;
	struct str value = STR_NONE, name = from->name.text;
	*to = from[0];
	to->has_value = true;
	if (g->spec->given && vars_get(g->spec->given, name, &value)) {
		to->value = value;
	} else if (from->has_value) {
		struct dockerfile_word w = {from->value, from->name.at};
		if (fill_text(f, w, &to->value) < 0)
			return -1;
	} else {
		to->has_value = vars_get(&g->vars, name, &value);
		to->value = value;
	}
	if (to->has_value && set(s, &s->vars, name, to->value, f->err) < 0)
		return -1;
	return set(s, &s->args, name, to->has_value ? to->value : S(""), f->err);
}

static int apply_args(struct filling *f, struct inst *ret)
{
	const struct inst_pairs *from = &f->in->pairs;
	ret->pairs.p = ARENA_ARRAY(f->scope->globals->arena, struct inst_pair, from->n);
	for (size_t i = 0; i < from->n; i++)
		if (apply_arg(f, &from->p[i], &ret->pairs.p[i]) < 0)
			return -1;
	return 0;
}

static int apply_volume(struct filling *f, struct inst *ret)
{
	if (fill_words(f, f->in->words, &ret->words) < 0)
		return -1;
	for (size_t i = 0; i < ret->words.n; i++)
		if (!ret->words.p[i].text.n)
			return place_fail(f->err, ret->words.p[i].at,
				"VOLUME specified can not be an empty string");
	return 0;
}

static int apply_stopsignal(struct filling *f, struct inst *ret)
{
	int number;
	if (fill_text(f, f->in->word, &ret->word.text) < 0)
		return -1;
	if (stop_signal_parse(ret->word.text, &number, f->err) < 0)
		return err_locate(f->err, NULL, ret->word.at.line, ret->word.at.col);
	return 0;
}

static int apply_workdir(struct filling *f, struct inst *ret)
{
	struct scope *s = f->scope;
	if (fill_text(f, f->in->word, &ret->word.text) < 0)
		return -1;
	s->workdir = ret->word.text = scope_path(s->globals->arena, s->workdir, ret->word.text);
	return scope_charge(s->globals, s->workdir.n, f->err);
}

static int apply(struct filling *f, struct inst *ret)
{
	switch (f->in->kind) {
	case INST_ADD:
	case INST_COPY: return fill_copy(f, &f->in->copy, &ret->copy);
	case INST_ENV:
	case INST_LABEL: return apply_env(f, ret);
	case INST_ARG: return apply_args(f, ret);
	case INST_EXPOSE: return fill_ports(f, f->in->words, &ret->words);
	case INST_RUN: return fill_run(f, &f->in->run, &ret->run);
	case INST_STOPSIGNAL: return apply_stopsignal(f, ret);
	case INST_USER: return fill_text(f, f->in->word, &ret->word.text);
	case INST_VOLUME: return apply_volume(f, ret);
	case INST_WORKDIR: return apply_workdir(f, ret);
	case INST_CMD:
	case INST_ENTRYPOINT:
	case INST_FROM:
	case INST_HEALTHCHECK:
	case INST_MAINTAINER:
	case INST_ONBUILD:
	case INST_SHELL: return 0; /* nothing in them is expanded */
	}
	return 0;
}

int scope_apply(struct scope *s, const struct inst *in, struct inst *ret, struct err *err)
{
	struct filling f = {s, in, err};
	struct inst filled = *in;
	if (scope_charge(s->globals, SCOPE_ENTRY_BYTES, err) < 0 || apply(&f, &filled) < 0)
		return err_locate(err, NULL, in->node->at.line, in->node->at.col);
	*ret = filled;
	return 0;
}

void scope_history_args(const struct scope *s, struct buf *b)
{
	if (!s->args.by_name.count)
		return;
	buf_fmt(b, "|%zu ", s->args.by_name.count);
	MAP_EACH(&s->args.by_name, e) {
		struct str value = vars_value(e);
		(void)vars_get(&s->vars, e->key, &value); /* what it was declared with, else */
		buf_add(b, e->key);
		buf_add_ch(b, '=');
		buf_add(b, value);
		buf_add_ch(b, ' ');
	}
}
