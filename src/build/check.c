/* build --check: the Dockerfile room's checks, with what a build knows of images and ignored files. */
#include "build/build_priv.h"

#include "dockerfile/check.h"
#include "json/json.h"

/* What the checks may ask. */
struct asking {
	struct build *b;
};

static int know_image(void *context, struct str name, struct str platform, struct check_image *ret,
	struct err *err)
{
	struct build *b = ((struct asking *)context)->b;
	struct image_ref ref;
	struct image_descriptor found;
	struct local_documents *d = ARENA_NEW(b->arena, struct local_documents);
	struct err missing = {0};
	*ret = (struct check_image){0};
	if (image_ref_parse(name, b->arena, &ref, &missing) < 0)
		return 0;
	image_ref_default_tag(&ref);
	if (local_find(b->spec->store, &ref, b->arena, &found, &missing) < 0 ||
		local_read(b->spec->store, &found, &b->platform, b->arena, d, &missing) < 0)
		return 0; /* not here: nothing is known of it */
	*ret = (struct check_image){
		.env = d->config.env.p,
		.n_env = d->config.env.n,
		.has_shell = d->config.shell.n > 0,
		.triggers = d->config.on_build.p,
		.n_triggers = d->config.on_build.n,
	};
	return 0;
}

static bool is_image_name(void *context, struct str name)
{
	struct build *b = ((struct asking *)context)->b;
	struct image_ref ref;
	struct err ignored = {0};
	return image_ref_parse(name, b->arena, &ref, &ignored) == 0;
}

static bool is_ignored(void *context, struct str path)
{
	return context_hides(((struct asking *)context)->b->context, path);
}

static void add_json(struct buf *b, const struct build *build, const struct check_report *r)
{
	struct json_out o;
	json_out_init(&o, b, 2);
	json_array(&o);
	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->p[i];
		json_object(&o);
		json_key(&o, "rule");
		json_add_cstr(&o, f->rule);
		json_key(&o, "description");
		json_add_cstr(&o, f->description);
		json_key(&o, "detail");
		json_add_str(&o, f->detail);
		json_key(&o, "file");
		json_add_str(&o, build->dockerfile_name);
		json_key(&o, "line");
		json_add_u64(&o, f->at.line);
		json_key(&o, "col");
		json_add_u64(&o, f->at.col);
		json_end(&o);
	}
	json_end(&o);
	buf_add_ch(b, '\n');
}

static void add_text(struct buf *b, const struct build *build, const struct check_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = &r->p[i];
		buf_fmt(b, "%.*s:%u:%u: %s: %.*s\n", STR_ARG(build->dockerfile_name), f->at.line,
			f->at.col, f->rule, STR_ARG(f->detail));
	}
}

static int check(struct build *b, struct check_report *ret, struct err *err)
{
	struct asking asking = {b};
	struct dockerfile *file = ARENA_NEW(b->arena, struct dockerfile);
	struct image_platform host = image_platform_host();
	CLEANUP(vars_done) struct vars given = {.arena = b->arena};
	struct scope_spec scope = {
		.given = &given,
		.build = plan_platform_words(b->arena, &host),
		.target = plan_platform_words(b->arena, &b->platform),
		.target_stage = str_of(b->spec->target ? b->spec->target : ""),
	};
	struct check_spec spec = {
		.scope = &scope,
		.image = know_image,
		.is_image_name = is_image_name,
		.is_ignored = is_ignored,
		.context = &asking,
	};
	plan_take_args(b->spec, &given);
	if (dockerfile_parse(b->dockerfile_text, b->arena, file, err) < 0)
		return -1;
	return dockerfile_check(file, &spec, b->arena, ret, err);
}

int build_check(const struct build_spec *spec, bool is_json, struct buf *ret, size_t *ret_n,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct build b = {.spec = spec, .arena = &a, .is_print = true};
	struct check_report report = {0};
	int rc = cache_open(spec->store, err);
	if (rc == 0)
		rc = source_open(&b, err);
	if (rc == 0 && check(&b, &report, err) < 0)
		rc = err_in_file(err, arena_cstr(&a, b.dockerfile_name));
	if (rc == 0 && is_json)
		add_json(ret, &b, &report);
	else if (rc == 0)
		add_text(ret, &b, &report);
	*ret_n = report.n;
	source_close(&b);
	return rc < 0 ? -1 : buf_check(ret, "findings", err);
}
