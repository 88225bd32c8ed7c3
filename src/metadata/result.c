/* result -- putting it together, and the forms in which it is handed out. */
#include "metadata_priv.h"

static struct str or_default(struct str s, const char *otherwise)
{
	return s.n ? s : str_of(otherwise);
}

static void add_tags(struct work *w, struct str image, struct str_vec *to)
{
	struct metadata *m = w->out;
	struct str colon = image.n ? S(":") : S("");
	if (m->version.n == 0)
		return;
	vec_push(to, text_join(w->a, image, colon, m->version));
	VEC_EACH(&m->partial, p)
		vec_push(to, text_join(w->a, image, colon, *p));
	if (!m->is_latest)
		return;
	struct str prefix = w->flavor.prefixes_latest ? w->flavor.prefix : S("");
	struct str suffix = w->flavor.suffixes_latest ? w->flavor.suffix : S("");
	struct str latest = text_tag(text_join(w->a, prefix, S("latest"), suffix), w->a);
	vec_push(to, text_join(w->a, image, colon, latest));
}

static void add_all_tags(struct work *w)
{
	struct metadata *m = w->out;
	add_tags(w, S(""), &m->tag_names);
	VEC_EACH(&m->images, image)
		add_tags(w, *image, &m->tags);
	if (m->images.n == 0)
		add_tags(w, S(""), &m->tags);
}

static int add_annotations(struct work *w, struct err *err)
{
	struct str_vec plain = {0};
	struct str levels = or_default(w->spec->annotations_levels, "manifest"), level;
	int rc = labels_compute(w, &w->spec->annotations, &plain, err);
	while (rc == 0 && str_cut(&levels, ',', &level))
		VEC_EACH(&plain, p)
			vec_push(&w->out->annotations, text_join(w->a, level, S(":"), *p));
	vec_done(&plain);
	return rc;
}

static void write_list(struct json_out *o, const char *key, const struct str_vec *v)
{
	json_key(o, key);
	json_array(o);
	VEC_EACH(v, s)
		json_add_str(o, *s);
	json_end(o);
}

/* Up to the first line end, which is where the action's pattern for labels stops. */
static struct str first_line(struct str s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	return str_sub(s, 0, n);
}

static void write_labels(struct json_out *o, const struct str_vec *labels)
{
	json_key(o, "labels");
	json_object(o);
	VEC_EACH(labels, l) {
		ssize_t at = str_chr(*l, '=');
		json_key_str(o, str_sub(*l, 0, (size_t)at));
		json_add_str(o, first_line(str_skip(*l, (size_t)at + 1)));
	}
	json_end(o);
}

static void write_args(struct json_out *o, const struct metadata *m)
{
	CLEANUP(buf_done) struct buf b = BUF(METADATA_MAX_TEXT);
	VEC_EACH(&m->images, image) {
		if (image != m->images.p)
			buf_add_ch(&b, ',');
		buf_add(&b, *image);
	}
	json_key(o, "args");
	json_object(o);
	json_key(o, "DOCKER_META_IMAGES");
	json_add_str(o, buf_str(&b));
	if (m->version.n) {
		json_key(o, "DOCKER_META_VERSION");
		json_add_str(o, m->version);
	}
	json_end(o);
}

enum bake_parts { BAKE_TAGS = 1, BAKE_LABELS = 2, BAKE_ANNOTATIONS = 4 };

static void write_bake(struct json_out *o, const struct metadata *m, unsigned parts)
{
	json_object(o);
	json_key(o, "target");
	json_object(o);
	json_key_str(o, m->bake_target);
	json_object(o);
	if (parts & BAKE_TAGS)
		write_list(o, "tags", &m->tags);
	if (parts & BAKE_LABELS)
		write_labels(o, &m->labels);
	if (parts & BAKE_TAGS)
		write_args(o, m);
	if (parts & BAKE_ANNOTATIONS)
		write_list(o, "annotations", &m->annotations);
	json_end(o);
	json_end(o);
	json_end(o);
}

static struct str bake_text(struct work *w, unsigned parts)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * METADATA_MAX_TEXT);
	struct json_out o;
	json_out_init(&o, &b, 2);
	write_bake(&o, w->out, parts);
	return arena_str(w->a, buf_str(&b));
}

static struct str json_text(struct work *w)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * METADATA_MAX_TEXT);
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_object(&o);
	write_list(&o, "tags", &w->out->tags);
	write_labels(&o, &w->out->labels);
	write_list(&o, "annotations", &w->out->annotations);
	json_end(&o);
	return arena_str(w->a, buf_str(&b));
}

static int compute(struct work *w, struct tag_vec *tags, struct err *err)
{
	const struct metadata_spec *spec = w->spec;
	if (event_read(spec, w->a, &w->event, err) < 0)
		return -1;
	w->repo = spec->repo ? spec->repo : json_get(w->event.payload, "repository");
	if (images_parse(&spec->images, w->a, &w->out->images, err) < 0 ||
		tags_parse(&spec->tags, w->a, tags, err) < 0 ||
		flavor_parse(&spec->flavor, w->a, &w->flavor, err) < 0 ||
		version_compute(w, tags, err) < 0)
		return -1;
	if (w->out->version.n == 0)
		warn(w, "No Docker image version has been generated. Check tags input.");
	add_all_tags(w);
	if (labels_compute(w, &spec->labels, &w->out->labels, err) < 0 ||
		add_annotations(w, err) < 0)
		return -1;
	w->out->bake_target = or_default(spec->bake_target, "docker-metadata-action");
	w->out->json = json_text(w);
	w->out->bake = bake_text(w, BAKE_TAGS | BAKE_LABELS);
	w->out->bake_tags = bake_text(w, BAKE_TAGS);
	w->out->bake_labels = bake_text(w, BAKE_LABELS);
	w->out->bake_annotations = bake_text(w, BAKE_ANNOTATIONS);
	return 0;
}

int metadata_compute(const struct metadata_spec *spec, struct arena *a, struct metadata *ret,
	struct err *err)
{
	struct metadata m = {0};
	struct work w = {.spec = spec, .a = a, .out = &m};
	struct tag_vec tags = {0};
	int rc = compute(&w, &tags, err);
	tags_done(&tags);
	if (rc < 0)
		metadata_done(&m);
	else
		*ret = m;
	return rc;
}

void metadata_done(struct metadata *m)
{
	vec_done(&m->partial);
	vec_done(&m->images);
	vec_done(&m->tags);
	vec_done(&m->tag_names);
	vec_done(&m->labels);
	vec_done(&m->annotations);
	vec_done(&m->warnings);
}

void metadata_spec_done(struct metadata_spec *spec)
{
	vec_done(&spec->images);
	vec_done(&spec->tags);
	vec_done(&spec->flavor);
	vec_done(&spec->labels);
	vec_done(&spec->annotations);
}

static void join(struct buf *b, const struct str_vec *v, struct str separator)
{
	VEC_EACH(v, s) {
		if (s != v->p)
			buf_add(b, or_default(separator, "\n"));
		buf_add(b, *s);
	}
}

int metadata_output(const struct metadata *m, const struct metadata_spec *spec, const char *name,
	struct buf *ret, struct err *err)
{
	struct str n = str_of(name);
	if (str_is(n, "version"))
		buf_add(ret, m->version);
	else if (str_is(n, "tags"))
		join(ret, &m->tags, spec->sep_tags);
	else if (str_is(n, "tag-names"))
		join(ret, &m->tag_names, spec->sep_tags);
	else if (str_is(n, "labels"))
		join(ret, &m->labels, spec->sep_labels);
	else if (str_is(n, "annotations"))
		join(ret, &m->annotations, spec->sep_annotations);
	else if (str_is(n, "json"))
		buf_add(ret, m->json);
	else
		return err_set(err, ERR_NOT_FOUND, "no output '%s'", name);
	return buf_check(ret, name, err);
}

void metadata_write_json(const struct metadata *m, struct json_out *o)
{
	json_object(o);
	json_key(o, "version");
	json_add_str(o, m->version);
	json_key(o, "latest");
	json_add_bool(o, m->is_latest);
	write_list(o, "partial", &m->partial);
	write_list(o, "tags", &m->tags);
	write_list(o, "tag-names", &m->tag_names);
	write_list(o, "labels", &m->labels);
	write_list(o, "annotations", &m->annotations);
	json_key(o, "bake");
	write_bake(o, m, BAKE_TAGS | BAKE_LABELS);
	write_list(o, "warnings", &m->warnings);
	json_end(o);
}
