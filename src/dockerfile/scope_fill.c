/* The words of each instruction, filled in. */
#include "dockerfile/scope_priv.h"

#include "dockerfile/mode.h"

static void tell_unmatched(struct filling *f, struct str_vec *names)
{
	struct scope_note *note = f->scope->note;
	if (!note || !note->unmatched)
		return;
	VEC_EACH(names, name)
		if (!map_has(&f->scope->args.by_name, *name))
			note->unmatched(note, f->in, *name);
}

static int fill_how(struct filling *f, const struct expander *e, struct dockerfile_word w,
	struct expansion *ret)
{
	struct globals *g = f->scope->globals;
	int rc = expand_word(e, w.text, g->arena, ret, f->err);
	if (f->in->kind != INST_EXPOSE) /* docker has never minded */
		tell_unmatched(f, &ret->unmatched);
	if (rc < 0 || scope_charge(g, ret->text.n, f->err) < 0)
		return err_locate(f->err, NULL, w.at.line, w.at.col);
	return 0;
}

int fill_text(struct filling *f, struct dockerfile_word w, struct str *ret)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	struct expander e = globals_expander(f->scope->globals, &f->scope->vars);
	if (fill_how(f, &e, w, &x) < 0)
		return -1;
	*ret = x.text;
	return 0;
}

/* A word that may not have been given. */
static int fill_word(struct filling *f, struct dockerfile_word from, struct dockerfile_word *ret)
{
	*ret = from;
	return from.text.p ? fill_text(f, from, &ret->text) : 0;
}

int fill_words(struct filling *f, struct inst_words from, struct inst_words *ret)
{
	ret->p = ARENA_ARRAY(f->scope->globals->arena, struct dockerfile_word, from.n);
	ret->n = from.n;
	for (size_t i = 0; i < from.n; i++)
		if (fill_word(f, from.p[i], &ret->p[i]) < 0)
			return -1;
	return 0;
}

/* The content of a heredoc: quotes mean nothing in it, and its escape is always the backslash. */
static int fill_file(struct filling *f, const struct inst_file *from, struct inst_file *ret)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	struct expander e = globals_expander(f->scope->globals, &f->scope->vars);
	e.escape = '\\';
	e.how = EXPAND_NO_QUOTES;
	*ret = *from;
	if (!from->is_expanded)
		return 0;
	if (fill_how(f, &e, (struct dockerfile_word){from->text, from->at}, &x) < 0)
		return -1;
	ret->text = x.text;
	return 0;
}

static int refuse_url(struct filling *f, const struct inst_words *sources)
{
	if (f->in->kind == INST_ADD)
		return 0;
	for (size_t i = 0; i < sources->n; i++) {
		struct str s = sources->p[i].text;
		if (str_starts(s, S("http://")) || str_starts(s, S("https://"))) {
			place_fail(f->err, sources->p[i].at, "source can't be a URL for COPY");
			return err_hint(f->err, "ADD takes URLs");
		}
	}
	return 0;
}

static int check_chmod(struct filling *f, struct dockerfile_word w)
{
	uint32_t unused;
	if (w.text.n && mode_change(w.text, 0, false, &unused, f->err) < 0)
		return err_locate(f->err, NULL, w.at.line, w.at.col);
	return 0;
}

int fill_copy(struct filling *f, const struct inst_copy *from, struct inst_copy *ret)
{
	if (fill_word(f, from->chown, &ret->chown) < 0 ||
		fill_word(f, from->chmod, &ret->chmod) < 0 ||
		fill_word(f, from->checksum, &ret->checksum) < 0 ||
		fill_words(f, from->sources, &ret->sources) < 0 ||
		fill_word(f, from->dest, &ret->dest) < 0 || refuse_url(f, &ret->sources) < 0 ||
		check_chmod(f, ret->chmod) < 0)
		return -1;
	ret->files = ARENA_ARRAY(f->scope->globals->arena, struct inst_file, from->n_files);
	for (size_t i = 0; i < from->n_files; i++)
		if (fill_file(f, &from->files[i], &ret->files[i]) < 0)
			return -1;
	return 0;
}

int fill_ports(struct filling *f, struct inst_words from, struct inst_words *ret)
{
	struct scope_note *note = f->scope->note;
	struct arena *a = f->scope->globals->arena;
	struct expander e = globals_expander(f->scope->globals, &f->scope->vars);
	struct word_vec ports = {0};
	int rc = 0;
	for (size_t i = 0; i < from.n && rc == 0; i++) {
		CLEANUP(expansion_done) struct expansion x = {0};
		rc = fill_how(f, &e, from.p[i], &x);
		VEC_EACH(&x.words, w)
			vec_push(&ports, ((struct dockerfile_word){*w, from.p[i].at}));
	}
	for (size_t i = 0; i < ports.n && rc == 0; i++) {
		struct port_range range;
		if (note && note->port)
			note->port(note, f->in, ports.p[i].text);
		rc = expose_parse(ports.p[i].text, &range, f->err);
		if (rc < 0)
			err_locate(f->err, NULL, ports.p[i].at.line, ports.p[i].at.col);
	}
	*ret = (struct inst_words){ARENA_COPY(a, &ports), ports.n};
	vec_done(&ports);
	return rc;
}

struct mount_filling {
	struct mount_fill fill;
	struct filling *f;
	struct dockerfile_place at;
};

static int fill_mount_value(struct mount_fill *fill, struct str value, struct str *ret,
	struct err *err)
{
	struct mount_filling *m = (struct mount_filling *)fill;
	return fill_text(m->f, (struct dockerfile_word){value, m->at}, ret);
}

static struct str base_name(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return str_skip(path, (size_t)(str_rchr(path, '/') + 1));
}

/* Where a secret comes from and goes to when only half of it was said. */
static void complete_secret(struct mount *m, struct arena *a)
{
	if (m->source.n)
		m->id = m->source;
	if (!m->id.n)
		m->id = base_name(m->target);
	if (m->has_env && !m->env.n)
		m->env = m->id;
	if (!m->target.n && !m->has_env)
		m->target = arena_fmt(a, "/run/secrets/%.*s", STR_ARG(base_name(m->id)));
}

static int complete_mount(struct filling *f, struct mount *m, size_t *n_agents)
{
	struct arena *a = f->scope->globals->arena;
	if (m->type == MOUNT_SECRET)
		complete_secret(m, a);
	if (m->type == MOUNT_SSH && !m->id.n)
		m->id = S("default");
	if (m->type == MOUNT_SSH && !m->target.n)
		m->target = arena_fmt(a, "/run/buildkit/ssh_agent.%zu", *n_agents);
	*n_agents += m->type == MOUNT_SSH;
	if (m->type == MOUNT_SECRET && !m->target.n)
		return 0;
	m->target = scope_path(a, f->scope->workdir, m->target);
	if (scope_charge(f->scope->globals, m->target.n, f->err) < 0)
		return -1;
	if (str_is(m->target, "/") && m->type != MOUNT_SECRET && m->type != MOUNT_SSH)
		return place_fail(f->err, m->at, "invalid mount target \"/\"");
	if (m->type == MOUNT_CACHE && !m->id.n)
		m->id = m->target;
	return 0;
}

int fill_run(struct filling *f, const struct inst_run *from, struct inst_run *ret)
{
	struct arena *a = f->scope->globals->arena;
	size_t n_agents = 0;
	ret->filled_mounts = ARENA_ARRAY(a, struct mount, from->mounts.n);
	ret->n_filled_mounts = from->mounts.n;
	for (size_t i = 0; i < from->mounts.n; i++) {
		struct dockerfile_word w = from->mounts.p[i];
		struct mount_filling m = {{fill_mount_value}, f, w.at};
		struct mount *to = &ret->filled_mounts[i];
		if (mount_parse(w, &m.fill, a, to, f->err) < 0 ||
			complete_mount(f, to, &n_agents) < 0)
			return -1;
	}
	return 0;
}
