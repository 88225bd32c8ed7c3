/* build --print and --list-context: what a build would do and send, without doing it. */
#include "build/build_priv.h"

#include "json/json.h"

static void add_strs(struct json_out *o, const char *key, const struct image_strs *s)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < s->n; i++)
		json_add_str(o, s->p[i]);
	json_end(o);
}

static void add_words(struct json_out *o, const char *key, const struct inst_words *words)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < words->n; i++)
		json_add_str(o, words->p[i].text);
	json_end(o);
}

static void add_text(struct json_out *o, const char *key, struct str text)
{
	if (!text.p || !text.n)
		return;
	json_key(o, key);
	json_add_str(o, text);
}

static void add_copy(struct json_out *o, const struct inst_copy *c)
{
	add_words(o, "sources", &c->sources);
	json_key(o, "dest");
	json_add_str(o, c->dest.text);
	add_text(o, "from", c->from.text);
	add_text(o, "chown", c->chown.text);
	add_text(o, "chmod", c->chmod.text);
	add_text(o, "checksum", c->checksum.text);
	if (c->excludes.n)
		add_words(o, "exclude", &c->excludes);
	if (c->is_link) {
		json_key(o, "link");
		json_add_bool(o, true);
	}
	if (c->has_parents) {
		json_key(o, "parents");
		json_add_bool(o, true);
	}
	if (!c->n_files)
		return;
	json_key(o, "files");
	json_array(o);
	for (size_t i = 0; i < c->n_files; i++) {
		json_object(o);
		json_key(o, "name");
		json_add_str(o, c->files[i].name);
		json_key(o, "content");
		json_add_str(o, c->files[i].text);
		json_end(o);
	}
	json_end(o);
}

static void add_run(struct json_out *o, const struct step *s)
{
	const struct inst_run *r = &s->inst->run;
	json_key(o, "exec_form");
	json_add_bool(o, !r->command.is_shell);
	if (r->command.is_shell) {
		json_key(o, "script");
		json_add_str(o, r->script);
	} else {
		add_words(o, "args", &r->command.words);
	}
	if (r->mounts.n)
		add_words(o, "mounts", &r->mounts);
	add_strs(o, "env", &s->env);
	add_text(o, "user", s->before.config.user);
	add_text(o, "workdir", s->before.config.working_dir);
	static const char *const networks[] = {"default", "none", "host"};
	json_key(o, "network");
	json_add_cstr(o, networks[r->network]);
}

static void add_step(struct json_out *o, const struct step *s)
{
	json_object(o);
	json_key(o, "instruction");
	json_add_cstr(o, inst_kind_name(s->inst->kind));
	json_key(o, "line");
	json_add_u64(o, s->at.line);
	switch (s->kind) {
	case STEP_RUN: add_run(o, s); break;
	case STEP_COPY:
	case STEP_ADD: add_copy(o, &s->inst->copy); break;
	case STEP_WORKDIR:
		json_key(o, "path");
		json_add_str(o, s->inst->word.text);
		break;
	case STEP_BASE: break;
	}
	json_end(o);
}

static void add_base(struct json_out *o, const struct build *b, const struct plan_stage *s)
{
	CLEANUP(buf_done) struct buf name = BUF(1024), platform = BUF(256);
	json_key(o, "base");
	if (s->base)
		image_ref_add(&name, &s->base->image_name);
	else
		buf_add(&name, S("scratch"));
	json_add_str(o, buf_str(&name));
	if (s->base && !s->base->image) {
		json_key(o, "base_is_known");
		json_add_bool(o, false);
	}
	image_platform_add(&platform, &s->platform);
	json_key(o, "platform");
	json_add_str(o, buf_str(&platform));
}

static void add_stage(struct json_out *o, const struct build *b, const struct plan_stage *s)
{
	CLEANUP(buf_done) struct buf config = BUF(IMAGE_CONFIG_MAX);
	json_object(o);
	json_key(o, "name");
	json_add_str(o, s->title);
	add_base(o, b, s);
	json_key(o, "steps");
	json_array(o);
	for (size_t i = 0; i < b->plan.n_steps; i++)
		if (b->plan.steps[i]->stage == s && b->plan.steps[i]->kind != STEP_BASE)
			add_step(o, b->plan.steps[i]);
	json_end(o);
	json_key(o, "config");
	image_config_add(&config, &s->state.config);
	json_add_raw(o, buf_str(&config));
	json_end(o);
}

static void add_plan(struct build *b, struct buf *ret)
{
	struct json_out o;
	json_out_init(&o, ret, 2);
	json_object(&o);
	json_key(&o, "target");
	json_add_str(&o, b->plan.target->title);
	json_key(&o, "stages");
	json_array(&o);
	for (size_t i = 0; i < b->plan.n; i++)
		if (b->plan.p[i].is_wanted)
			add_stage(&o, b, &b->plan.p[i]);
	json_end(&o);
	json_end(&o);
	buf_add_ch(ret, '\n');
}

int build_print(const struct build_spec *spec, struct buf *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct build b = {.spec = spec, .arena = &a, .is_print = true};
	int rc = cache_open(spec->store, err);
	if (rc == 0)
		rc = source_open(&b, err);
	if (rc == 0)
		rc = plan_make(&b, &b.plan, err);
	if (rc == 0)
		add_plan(&b, ret);
	source_close(&b);
	return rc < 0 ? -1 : buf_check(ret, "plan", err);
}

int build_list_context(const char *dir, const char *dockerfile, struct buf *ret, struct err *err)
{
	static const struct str everything = {".", 1};
	CLEANUP(context_close) struct context *c = NULL;
	CLEANUP(selection_done) struct selection files = {0};
	if (source_open_folder(dir, dockerfile, &c, err) < 0)
		return -1;
	struct select_spec spec = {.view = context_view(c), .sources = &everything, .n_sources = 1};
	if (select_files(&spec, &files, err) < 0)
		return -1;
	VEC_EACH(&files.all, f) {
		if (f->name.n && !S_ISDIR(f->entry.st.st_mode))
			buf_fmt(ret, "%s\n", f->entry.path);
	}
	return buf_check(ret, "list of the context", err);
}
