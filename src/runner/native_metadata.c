/* docker/metadata-action: what the room metadata computes, as outputs, variables and bake files. */
#include "native_priv.h"

#include "metadata/metadata.h"

enum { OUTPUT_MAX = 8 << 20, ZONE_PATH = 512 };

static int read_zone(struct metadata_zones *zones, struct str name, struct buf *ret,
	struct err *err)
{
	char path[ZONE_PATH];
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%.*s", STR_ARG(name));
	return fs_read_file(AT_FDCWD, path, ret, err);
}

/* ---- the spec ---- */

/* The github context as JSON; its token stays out of what templates can name. */
static int event_json(struct step *s, const struct json **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(2 * RUNNER_MAX_EVENT);
	struct json_limits limits = json_limits_default;
	struct json_out o;
	struct json *v;
	json_out_init(&o, &text, 0);
	json_object(&o);
	for (size_t i = 0; i < s->github->n; i++) {
		const struct expr_member *m = &s->github->members[i];
		if (str_is(m->key, "token"))
			continue;
		json_key_str(&o, m->key);
		expr_write_json(&o, &m->value);
	}
	json_end(&o);
	limits.max_bytes = 2 * RUNNER_MAX_EVENT;
	if (buf_check(&text, "github context", err) < 0 ||
		json_parse(buf_str(&text), &limits, s->a, &v, err) < 0)
		return -1;
	*ret = v;
	return 0;
}

static int read_lists(const struct step *s, struct metadata_spec *spec, struct err *err)
{
	const struct {
		const char *name;
		struct str_vec *into;
	} lists[] = {{"images", &spec->images}, {"tags", &spec->tags}, {"flavor", &spec->flavor},
		{"labels", &spec->labels}, {"annotations", &spec->annotations}};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (metadata_read_list(native_input(s, lists[i].name), s->a, lists[i].into, err) <
			0)
			return err_wrap(err, "input '%s'", lists[i].name);
	return 0;
}

static struct str env_text(const struct step *s, const char *name)
{
	return str_of(env_get(&s->env, name));
}

/* For context "git": what is checked out. */
static void look_at_workspace(struct step *s, struct metadata_spec *spec)
{
	struct str sha, branch;
	struct err ignored; /* nothing checked out: the event speaks for it */
	if (git_head(s->job->place.workspace, s->a, &sha, &branch, &ignored) < 0 || !sha.n)
		return;
	spec->git_sha = sha;
	if (branch.n)
		spec->git_ref = arena_fmt(s->a, "refs/heads/%.*s", STR_ARG(branch));
}

static void find_commit_date(struct step *s, struct metadata_spec *spec)
{
	const struct run *r = s->job->run;
	struct git_commit c;
	struct err ignored; /* then it is looked for in the event */
	if (!r->repo->has_commit ||
		git_show_commit(r->repo->top, arena_cstr(s->a, r->choice->event.sha), s->a, &c,
			&ignored) < 0)
		return;
	spec->has_commit_date = true;
	spec->commit_date_ns = c.time_ns;
}

static int make_spec(struct step *s, struct metadata_spec *spec, struct err *err)
{
	/* Separators are the one input where white space counts. */
	const struct {
		const char *name;
		struct str *into;
	} texts[] = {{"sep-tags", &spec->sep_tags}, {"sep-labels", &spec->sep_labels},
		{"sep-annotations", &spec->sep_annotations}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct expr_value *v = expr_dict_get(s->inputs.dict, str_of(texts[i].name));
		*texts[i].into = v ? expr_to_text(v, s->a) : S("");
	}
	spec->bake_target = native_input(s, "bake-target");
	spec->context = native_input(s, "context");
	spec->short_sha_length = env_text(s, "DOCKER_METADATA_SHORT_SHA_LENGTH");
	spec->pr_head_sha = env_text(s, "DOCKER_METADATA_PR_HEAD_SHA");
	spec->annotations_levels = env_text(s, "DOCKER_METADATA_ANNOTATIONS_LEVELS");
	spec->now_ns = clock_now(s->job->run->clock);
	if (str_is(spec->context, "git"))
		look_at_workspace(s, spec);
	find_commit_date(s, spec);
	return read_lists(s, spec, err) < 0 ? -1 : event_json(s, &spec->event, err);
}

/* ---- outputs ---- */

/* Every output is a variable for later steps, too. */
static int set_output(struct step *s, const char *name, struct str value, struct err *err)
{
	CLEANUP(buf_done) struct buf variable = BUF(128);
	buf_add_cstr(&variable, "DOCKER_METADATA_OUTPUT_");
	for (const char *p = name; *p; p++)
		buf_add_ch(&variable, *p == '-' ? '_' : ch_upper(*p));
	step_set_output(s, str_of(name), value);
	return step_set_env(s, buf_str(&variable), value, err);
}

static int set_texts(struct step *s, const struct metadata *m, const struct metadata_spec *spec,
	struct err *err)
{
	static const char *const names[] = {
		"version", "tags", "tag-names", "labels", "annotations", "json"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(buf_done) struct buf b = BUF(OUTPUT_MAX);
		if (metadata_output(m, spec, names[i], &b, err) < 0 ||
			set_output(s, names[i], buf_str(&b), err) < 0)
			return -1;
		if (i < 4)
			step_printf(s, "%s: %s\n", names[i], buf_cstr(&b));
	}
	return 0;
}

static int write_bake(struct step *s, const char *folder, const char *output, struct str text,
	struct err *err)
{
	const char *kind = output + strlen("bake-file");
	struct str path = arena_fmt(s->a, "%s/docker-metadata-action-bake%s.json", folder, kind);
	CLEANUP(fd_close) int dir_fd = -1;
	const char *name;
	if (!native_is_dry(s) &&
		(fs_parent_in(s->job->place.temp_fd, path.p, 0755, &dir_fd, &name, err) < 0 ||
			fs_write_file(dir_fd, name, text, 0644, FS_NO_SYNC, err) < 0))
		return -1;
	return set_output(s, output, arena_fmt(s->a, "%s/%s", s->job->place.temp, path.p), err);
}

static int write_bakes(struct step *s, const struct metadata *m, struct err *err)
{
	struct str folder = arena_fmt(s->a, "docker-actions-toolkit-%u", ++s->job->n_exports);
	const struct {
		const char *output;
		struct str text;
	} files[] = {{"bake-file", m->bake}, {"bake-file-tags", m->bake_tags},
		{"bake-file-labels", m->bake_labels},
		{"bake-file-annotations", m->bake_annotations}};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (write_bake(s, folder.p, files[i].output, files[i].text, err) < 0)
			return -1;
	return 0;
}

static int run(struct step *s, struct err *err)
{
	struct metadata_zones zones = {read_zone};
	CLEANUP(metadata_spec_done) struct metadata_spec spec = {.zones = &zones};
	CLEANUP(metadata_done) struct metadata m = {0};
	if (make_spec(s, &spec, err) < 0 || metadata_compute(&spec, s->a, &m, err) < 0)
		return -1;
	for (size_t i = 0; i < m.warnings.n; i++)
		step_note(s, EVENT_WARNING, NULL, m.warnings.p[i]);
	return set_texts(s, &m, &spec, err) < 0 ? -1 : write_bakes(s, &m, err);
}

static const struct native_input inputs[] = {{"context", "workflow"}, {"images"}, {"tags"},
	{"flavor"}, {"labels"}, {"annotations"}, {"sep-tags"}, {"sep-labels"}, {"sep-annotations"},
	{"bake-target"}, {"github-token", "@token"}, {NULL}};

const struct native native_metadata = {"docker/metadata-action", inputs, run};
