/* Where a stage starts: nothing, an earlier stage, or an image that is here or is pulled. */
#include "plan_priv.h"

#include "local/rootfs.h"

static bool has_platform(const struct local_documents *d, const struct image_platform *want)
{
	return !d->config.platform.os.n || image_platform_matches(want, &d->config.platform);
}

/* 1 = here and right, 0 = must be pulled. */
static int find_here(struct planning *p, const struct image_ref *ref,
	const struct image_platform *platform, struct local_documents *ret, struct err *err)
{
	struct store *store = p->b->spec->store;
	struct image_descriptor found;
	struct err missing = {0};
	if (p->b->spec->pulls && !p->b->is_print)
		return 0;
	if (local_find(store, ref, p->b->arena, &found, &missing) < 0 ||
		local_read(store, &found, platform, p->b->arena, ret, &missing) < 0) {
		if (missing.kind == ERR_NOT_FOUND || missing.kind == ERR_CORRUPT)
			return 0;
		*err = missing;
		return -1;
	}
	return has_platform(ret, platform);
}

static int pull(struct planning *p, const struct image_ref *ref,
	const struct image_platform *platform, struct local_documents *ret, struct err *err)
{
	const struct build_spec *spec = p->b->spec;
	struct image_descriptor manifest;
	struct rootfs_spec unpack = {
		.store = spec->store,
		.pool = spec->pool,
		.events = spec->events,
		.event_parent = spec->event_parent,
		.cancel = spec->cancel,
	};
	struct remote_pull pull = {
		.store = spec->store,
		.name = ref,
		.platform = platform,
		.event_parent = spec->event_parent,
		.on_layer = rootfs_on_layer,
		.ctx = &unpack,
	};
	if (remote_pull(spec->remote, &pull, p->b->arena, NULL, &manifest, err) < 0)
		return -1;
	return local_read(spec->store, &manifest, platform, p->b->arena, ret, err);
}

static bool is_same_image(const struct step *s, const struct image_ref *ref,
	const struct image_platform *platform)
{
	return str_eq(s->image_name.domain, ref->domain) && str_eq(s->image_name.path, ref->path) &&
		str_eq(s->image_name.tag, ref->tag) &&
		digest_eq(&s->image_name.digest, &ref->digest) &&
		str_eq(s->platform.architecture, platform->architecture) &&
		str_eq(s->platform.variant, platform->variant);
}

static int find_image(struct planning *p, struct step *s, const struct image_platform *platform,
	struct err *err)
{
	struct local_documents *d = ARENA_NEW(p->b->arena, struct local_documents);
	int found = find_here(p, &s->image_name, platform, d, err);
	if (found < 0)
		return -1;
	if (!found && p->b->is_print)
		return 0; /* --print fetches nothing: the base's config is not known */
	if (!found && pull(p, &s->image_name, platform, d, err) < 0)
		return -1;
	s->image = d;
	return 0;
}

int plan_image(struct planning *p, struct plan_stage *stage, struct str name,
	const struct image_platform *platform, struct dockerfile_place at, struct step **ret,
	struct err *err)
{
	struct image_ref ref;
	struct named_context *named = plan_named_context(p->b, name);
	if (named && named->image_name)
		name = str_of(named->image_name);
	if (image_ref_parse(name, p->b->arena, &ref, err) < 0)
		return -1;
	image_ref_default_tag(&ref);
	VEC_EACH(&p->images, each) {
		if (is_same_image(*each, &ref, platform)) {
			*ret = *each;
			return 0;
		}
	}
	struct step *s = plan_add_step(p, STEP_BASE, stage, at);
	s->image_name = ref;
	s->platform = *platform;
	s->title = arena_fmt(p->b->arena, "FROM %.*s", STR_ARG(name));
	if (find_image(p, s, platform, err) < 0)
		return -1;
	vec_push(&p->images, s);
	*ret = s;
	return 0;
}

static int platform_of(struct planning *p, struct str text, struct plan_stage *s, struct err *err)
{
	s->platform = p->b->platform;
	return text.n ? image_platform_parse(text, p->b->arena, &s->platform, err) : 0;
}

static int start_from_image(struct planning *p, struct plan_stage *s, struct str base,
	struct err *err)
{
	static const struct image_config unknown;
	const struct image_config *c = &unknown;
	if (plan_image(p, s, base, &s->platform, s->stage->node->at, &s->base, err) < 0)
		return -1;
	if (s->base->image)
		c = &s->base->image->config;
	s->state.config = *c;
	if (s->base->image)
		s->platform = c->platform;
	s->last = s->base;
	s->first_history = c->n_history;
	return 0;
}

/* An image always says what its PATH is. */
static int start_scope(struct planning *p, struct plan_stage *s, struct err *err)
{
	const struct image_config *c = &s->state.config;
	if (!state_env(&s->state, S("PATH")).p)
		state_set_env(&s->state, S("PATH"), S(IMAGE_DEFAULT_PATH));
	return scope_from_image(&p->scopes[s->stage->index], &p->globals, c->env.p, c->env.n,
		c->working_dir, err);
}

static int start_from_stage(struct planning *p, struct plan_stage *s, const struct stage *below,
	struct err *err)
{
	const struct plan_stage *other = &p->plan->p[below->index];
	s->state = other->state;
	s->base = other->base;
	s->last = other->last;
	s->platform = other->platform;
	s->first_history = other->first_history;
	s->n_history_steps = other->n_history_steps;
	s->history_steps = other->history_steps;
	return scope_from_stage(&p->scopes[s->stage->index], &p->scopes[below->index], err);
}

int plan_stage_start(struct planning *p, struct plan_stage *s, struct err *err)
{
	struct str base, platform;
	if (globals_from(&p->globals, s->stage, &base, &platform, err) < 0 ||
		platform_of(p, platform, s, err) < 0)
		return -1;
	const struct named_context *named = plan_named_context(p->b, base);
	if (named && !named->image_name) {
		err_set(err, ERR_UNSUPPORTED, "FROM '%s': it is a folder, not an image",
			named->name);
		return err_hint(err, "FROM scratch and COPY --from=%s . / do the same",
			named->name);
	}
	const struct stage *below = named ? NULL : stages_base(&p->plan->stages, s->stage, base);
	s->state.arena = p->b->arena;
	if (below)
		return start_from_stage(p, s, below, err);
	if (!str_is(base, "scratch") && start_from_image(p, s, base, err) < 0)
		return -1;
	return start_scope(p, s, err);
}
