#include "cli/cmd_list.h"

#include "fs/fs.h"
#include "git/git.h"
#include "json/json.h"
#include "metadata/metadata.h"

#include <fcntl.h>

enum { EVENT_MAX = 16 * 1024 * 1024, ZONE_MAX = 1024 * 1024 };

/* The command line of one call. */
struct asked {
	struct cstr_vec images, tags, flavor, labels, annotations, inputs;
	const char *event, *repo, *now, *commit_date;
};

static void asked_done(struct asked *q)
{
	vec_done(&q->images);
	vec_done(&q->tags);
	vec_done(&q->flavor);
	vec_done(&q->labels);
	vec_done(&q->annotations);
	vec_done(&q->inputs);
}
CLEANUP_VAL(asked_done, struct asked);

static int read_zone(struct metadata_zones *zones, struct str name, struct buf *ret,
	struct err *err)
{
	char path[512];
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%.*s", STR_ARG(name));
	return fs_read_file(AT_FDCWD, path, ret, err);
}

static int read_json(const char *path, struct arena *a, const struct json **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(EVENT_MAX);
	struct json_limits limits = json_limits_default;
	struct json *v;
	limits.max_bytes = EVENT_MAX;
	if (fs_read_file(AT_FDCWD, path, &text, err) < 0)
		return -1;
	if (json_parse(buf_str(&text), &limits, a, &v, err) < 0)
		return err_in_file(err, path);
	*ret = v;
	return 0;
}

static void take(const struct cstr_vec *from, struct str_vec *to)
{
	VEC_EACH(from, text) {
		vec_push(to, str_of(*text));
	}
}

/* The list or text an --input names; NULL for both when there is no such input. */
static struct str_vec *list_named(struct metadata_spec *s, struct str name)
{
	return str_is(name, "images")         ? &s->images
		: str_is(name, "tags")        ? &s->tags
		: str_is(name, "flavor")      ? &s->flavor
		: str_is(name, "labels")      ? &s->labels
		: str_is(name, "annotations") ? &s->annotations
					      : NULL;
}

static struct str *text_named(struct metadata_spec *s, struct str name)
{
	return str_is(name, "sep-tags")           ? &s->sep_tags
		: str_is(name, "sep-labels")      ? &s->sep_labels
		: str_is(name, "sep-annotations") ? &s->sep_annotations
		: str_is(name, "bake-target")     ? &s->bake_target
		: str_is(name, "context")         ? &s->context
						  : NULL;
}

/* NAME=@FILE, or NAME=text. */
static int take_input(const char *text, struct metadata_spec *s, struct arena *a, struct err *err)
{
	CLEANUP(buf_done) struct buf file = BUF(METADATA_MAX_INPUT);
	struct str value = str_of(text), name = STR_NONE;
	if (!str_cut(&value, '=', &name) || !value.p)
		return err_set(err, ERR_USAGE, "--input: expected NAME=@FILE, got '%s'", text);
	if (value.n && value.p[0] == '@') {
		if (fs_read_file(AT_FDCWD, value.p + 1, &file, err) < 0)
			return -1;
		value = arena_str(a, buf_str(&file));
	}
	struct str_vec *list = list_named(s, name);
	struct str *one = text_named(s, name);
	if (list)
		return metadata_read_list(value, a, list, err);
	if (one) {
		*one = value;
		return 0;
	}
	err_set(err, ERR_USAGE, "unknown input '%.*s'", STR_ARG(name));
	return err_hint(err,
		"images, tags, flavor, labels, annotations, sep-tags, sep-labels, "
		"sep-annotations, bake-target or context");
}

/* Without an event: what the folder we are in says. */
static void look_at_git(struct metadata_spec *s, struct arena *a)
{
	struct str top, sha, branch;
	struct err none = {0}; /* no repository: nothing is known */
	if (git_find(".", a, &top, &none) < 0 || git_head(top.p, a, &sha, &branch, &none) < 0 ||
		!sha.n)
		return;
	s->sha = s->git_sha = sha;
	s->event_name = S("push");
	if (branch.n)
		s->ref = s->git_ref = arena_fmt(a, "refs/heads/%.*s", STR_ARG(branch));
}

static void take_env(struct metadata_spec *s)
{
	s->short_sha_length = str_of(getenv("DOCKER_METADATA_SHORT_SHA_LENGTH"));
	s->pr_head_sha = str_of(getenv("DOCKER_METADATA_PR_HEAD_SHA"));
	s->annotations_levels = str_of(getenv("DOCKER_METADATA_ANNOTATIONS_LEVELS"));
}

static int fill_in(const struct asked *q, struct metadata_spec *s, struct arena *a, struct err *err)
{
	take(&q->images, &s->images);
	take(&q->tags, &s->tags);
	take(&q->flavor, &s->flavor);
	take(&q->labels, &s->labels);
	take(&q->annotations, &s->annotations);
	VEC_EACH(&q->inputs, input) {
		if (take_input(*input, s, a, err) < 0)
			return -1;
	}
	take_env(s);
	s->now_ns = clock_now(clock_system());
	if (q->now && clock_parse_rfc3339(str_of(q->now), &s->now_ns, err) < 0)
		return err_wrap(err, "--now");
	s->has_commit_date = q->commit_date != NULL;
	if (q->commit_date &&
		clock_parse_rfc3339(str_of(q->commit_date), &s->commit_date_ns, err) < 0)
		return err_wrap(err, "--commit-date");
	if (q->event && read_json(q->event, a, &s->event, err) < 0)
		return -1;
	if (q->repo && read_json(q->repo, a, &s->repo, err) < 0)
		return -1;
	if (!q->event)
		look_at_git(s, a);
	return 0;
}

static int answer(const struct asked *q, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf out = BUF(64 * 1024 * 1024);
	struct metadata_zones zones = {read_zone};
	CLEANUP(metadata_spec_done) struct metadata_spec spec = {.zones = &zones};
	CLEANUP(metadata_done) struct metadata m = {0};
	struct json_out o;
	if (fill_in(q, &spec, &a, err) < 0 || metadata_compute(&spec, &a, &m, err) < 0)
		return -1;
	json_out_init(&o, &out, 2);
	metadata_write_json(&m, &o);
	buf_add_ch(&out, '\n');
	return cmd_answer(&out, err);
}

int cmd_metadata(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(asked_done) struct asked q = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"image", 0, OPT_LIST, &q.images, "NAME", "base name for tags"},
		{"tag", 0, OPT_LIST, &q.tags, "ENTRY", "type=sha, type=raw,value=latest, …"},
		{"flavor", 0, OPT_LIST, &q.flavor, "ENTRY", "latest=auto, prefix=, suffix="},
		{"label", 0, OPT_LIST, &q.labels, "KEY=VALUE", "a label of one's own"},
		{"annotation", 0, OPT_LIST, &q.annotations, "KEY=VALUE", "an annotation"},
		{"input", 0, OPT_LIST, &q.inputs, "NAME=@FILE", "an input as a workflow writes it"},
		{"event", 0, OPT_TEXT, &q.event, "FILE", "github context or webhook payload, JSON"},
		{"repo", 0, OPT_TEXT, &q.repo, "FILE", "the repository's record, JSON"},
		{"now", 0, OPT_TEXT, &q.now, "TIME", "instead of the clock"},
		{"commit-date", 0, OPT_TEXT, &q.commit_date, "TIME", "of the commit"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 0, &args,
		&err);
	if (rc == 0)
		rc = answer(&q, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
