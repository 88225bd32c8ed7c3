/* version -- which tags come out: one function per type of entry.
 *
 * Entries are looked at from the highest priority down. The first that yields a value gives the
 * version and decides about `latest`; the others add tags.
 */
#include "metadata_priv.h"

#include <math.h>
#include <stdarg.h>

void warn(struct work *w, const char *fmt, ...)
{
	char room[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(room, sizeof(room), fmt, args);
	va_end(args);
	vec_push(&w->out->warnings, arena_str(w->a, str_of(room)));
}

/* The part of ref behind the prefix; false when it does not start so. */
static bool ref_below(const struct work *w, struct str prefix, struct str *ret)
{
	*ret = S("");
	if (!str_starts(w->event.ref, prefix))
		return false;
	*ret = str_skip(w->event.ref, prefix.n);
	return true;
}

/* Names that templates know. */

struct global_view {
	struct template_view view;
	struct work *w;
	bool is_schedule; /* only dates */
};

static int short_sha(const struct work *w, struct str *ret, struct err *err)
{
	struct str text = w->spec->short_sha_length, sha = w->event.sha;
	double n = 7;
	if (text.n)
		n = js_number(text);
	if (isnan(n))
		return err_set(err, ERR_INPUT,
			"DOCKER_METADATA_SHORT_SHA_LENGTH is not a valid number: %.*s",
			STR_ARG(text));
	*ret = n >= (double)sha.n ? sha : str_sub(sha, 0, n > 0 ? (size_t)n : 0);
	return 0;
}

static struct str base_ref(const struct work *w)
{
	struct str ignored, base = json_text_at(w->event.payload, "base_ref");
	if (ref_below(w, S("refs/tags/"), &ignored) && base.n)
		return str_starts(base, S("refs/heads/")) ? str_skip(base, 11) : base;
	if (ref_below(w, S("refs/pull/"), &ignored))
		return json_text_at(w->event.payload, "pull_request.base.ref");
	return S("");
}

static bool is_default_branch(const struct work *w)
{
	static const char *const always[] = {"create", "discussion", "issues", "schedule"};
	struct str branch = w->event.ref;
	if (str_starts(branch, S("refs/heads/")))
		branch = str_skip(branch, 11);
	if (branch.n == 0)
		return false;
	if (str_eq(json_text_at(w->event.payload, "repository.default_branch"), branch))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (str_has(w->event.name, str_of(always[i])))
			return true;
	return false;
}

/* {{date 'format' tz='zone'}} */
static int date_field(struct work *w, struct str name, int64_t ns, const struct template_args *args,
	struct field *ret, struct err *err)
{
	struct zone_time t;
	struct str zone = S("UTC");
	bool is_known;
	if (!args || args->n_params != 1)
		return err_set(err, ERR_INPUT, "expression '%.*s' needs one format", STR_ARG(name));
	for (size_t i = 0; i < args->n_hash; i++) {
		if (!str_is(args->hash[i].key, "tz"))
			return err_set(err, ERR_INPUT, "Unknown %.*s attribute",
				STR_ARG(args->hash[i].key));
		zone = args->hash[i].value;
	}
	if (zone_local(w->spec->zones, zone, ns, &t, &is_known, err) < 0)
		return -1;
	if (!is_known)
		warn(w, "time zone '%.*s' is not known, using UTC", STR_ARG(zone));
	CLEANUP(buf_done) struct buf b = BUF(METADATA_MAX_TEXT);
	date_format(&t, args->params[0].text, &b);
	*ret = (struct field){FIELD_TEXT, arena_str(w->a, buf_str(&b))};
	return buf_check(&b, "a formatted date", err);
}

static bool is_date(const struct work *w, struct str name, int64_t *ret_ns)
{
	if (str_is(name, "date"))
		*ret_ns = w->spec->now_ns;
	else if (str_is(name, "commit_date"))
		*ret_ns = w->event.commit_date_ns;
	else
		return false;
	return true;
}

static int global_get(struct template_view *view, struct str name, const struct template_args *args,
	struct field *ret, struct err *err)
{
	const struct global_view *g = (const struct global_view *)view;
	struct work *w = g->w;
	int64_t ns;
	if (is_date(w, name, &ns))
		return date_field(w, name, ns, args, ret, err);
	if (g->is_schedule)
		return 0;
	struct field f = {FIELD_TEXT, S("")};
	if (str_is(name, "branch"))
		(void)ref_below(w, S("refs/heads/"), &f.text);
	else if (str_is(name, "tag"))
		(void)ref_below(w, S("refs/tags/"), &f.text);
	else if (str_is(name, "base_ref"))
		f.text = base_ref(w);
	else if (str_is(name, "is_default_branch"))
		f.text = is_default_branch(w) ? S("true") : S("false");
	else if (str_is(name, "is_not_default_branch"))
		f.text = is_default_branch(w) ? S("false") : S("true");
	else if (!str_is(name, "sha"))
		return 0;
	else if (short_sha(w, &f.text, err) < 0)
		return -1;
	*ret = f;
	return 0;
}

int render_global(struct work *w, struct str text, struct str *ret, struct err *err)
{
	struct global_view g = {{global_get}, w, false};
	return template_render(text, &g.view, w->a, ret, err);
}

struct version_view {
	struct template_view view;
	struct tag_attr names[7];
};

static int version_get(struct template_view *view, struct str name,
	const struct template_args *args, struct field *ret, struct err *err)
{
	const struct version_view *v = (const struct version_view *)view;
	for (size_t i = 0; i < ARRAY_LEN(v->names) && v->names[i].key.n; i++)
		if (str_eq(v->names[i].key, name)) {
			bool is_number = i > 1 && i < 5;
			*ret = (struct field){is_number ? FIELD_NUMBER
					: i < 2         ? FIELD_TEXT
							: FIELD_LIST,
				v->names[i].value};
		}
	return 0;
}

/* Prefix and suffix, of the entry or of the flavor. */
static int set_value(struct work *w, const struct tag *t, struct str value, struct str *ret,
	struct err *err)
{
	const struct str *own_prefix = tag_attr(t, "prefix"), *own_suffix = tag_attr(t, "suffix");
	struct str prefix, suffix;
	if (render_global(w, own_prefix ? *own_prefix : w->flavor.prefix, &prefix, err) < 0 ||
		render_global(w, own_suffix ? *own_suffix : w->flavor.suffix, &suffix, err) < 0)
		return -1;
	*ret = text_join(w->a, prefix, value, suffix);
	return 0;
}

/* Takes a value: the version when it is the first, a further tag otherwise. */
static int add_version(struct work *w, const struct tag *t, struct str value, bool auto_latest,
	struct err *err)
{
	if (set_value(w, t, value, &value, err) < 0)
		return -1;
	if (value.n == 0)
		return 0;
	value = text_tag(value, w->a);
	struct metadata *m = w->out;
	if (m->version.n == 0) {
		m->version = value;
		m->is_latest = str_is(w->flavor.latest, "auto") ? auto_latest
								: str_is(w->flavor.latest, "true");
		return 0;
	}
	if (str_eq(value, m->version))
		return 0;
	VEC_EACH(&m->partial, p)
		if (str_eq(*p, value))
			return 0;
	vec_push(&m->partial, value);
	return 0;
}

static int do_schedule(struct work *w, const struct tag *t, struct err *err)
{
	struct global_view g = {{global_get}, w, true};
	struct str value;
	if (!str_has(w->event.name, S("schedule")))
		return 0;
	if (template_render(tag_value(t, "pattern"), &g.view, w->a, &value, err) < 0)
		return -1;
	return add_version(w, t, value, false, err);
}

/* The custom value, or the Git tag; false when there is neither. */
static int source_value(struct work *w, const struct tag *t, struct str *ret, struct err *err)
{
	struct str value = tag_value(t, "value");
	if (value.n)
		return render_global(w, value, ret, err) < 0 ? -1 : 1;
	return ref_below(w, S("refs/tags/"), ret);
}

/* Group number `group` of a match, or -1 with ret untouched and a warning when there is none. */
static int match_group(struct work *w, struct str pattern, struct str text, struct str group,
	struct str *ret, struct err *err)
{
	struct regex *r;
	struct regex_span *spans;
	size_t n;
	char canonical[16] = "";
	double number = js_number(group);
	if (regex_of(pattern, w->a, &r, err) < 0 || regex_match(r, text, w->a, &spans, &n, err) < 0)
		return -1;
	if (n == 0) {
		warn(w, "%.*s does not match %.*s.", STR_ARG(pattern), STR_ARG(text));
		return 0;
	}
	if (number >= 0 && number < (double)n)
		snprintf(canonical, sizeof(canonical), "%d", (int)number);
	if (!str_is(group, canonical) || spans[(int)number].start < 0) {
		warn(w, "Group %.*s does not exist for %.*s pattern.", STR_ARG(group),
			STR_ARG(pattern));
		return 0;
	}
	*ret = str_sub(text, (size_t)spans[(int)number].start, (size_t)spans[(int)number].end);
	return 1;
}

/* Text that semver and pep440 entries read, after their match= was applied. */
static int version_text(struct work *w, const struct tag *t, struct str *ret, struct err *err)
{
	struct str match = tag_value(t, "match");
	int has = source_value(w, t, ret, err);
	if (has <= 0)
		return has;
	if (match.n && match_group(w, match, *ret, S("1"), ret, err) < 0)
		return -1;
	*ret = text_swap(*ret, '/', '-', w->a);
	return 1;
}

static void name_number(struct work *w, struct tag_attr *to, const char *key, uint64_t n)
{
	*to = (struct tag_attr){str_of(key), arena_fmt(w->a, "%llu", (unsigned long long)n)};
}

static int do_semver(struct work *w, const struct tag *t, struct err *err)
{
	struct str text, value, pattern = tag_value(t, "pattern");
	struct semver v;
	int has = version_text(w, t, &text, err);
	if (has <= 0)
		return has;
	if (!semver_parse(text, w->a, &v)) {
		warn(w, "%.*s is not a valid semver. More info: https://semver.org/",
			STR_ARG(text));
		return 0;
	}
	struct version_view view = {{version_get},
		{{S("raw"), v.raw}, {S("version"), v.version}, {STR_NONE}, {STR_NONE}, {STR_NONE},
			{S("prerelease"), text_swap(v.prerelease, '.', ',', w->a)},
			{S("build"), text_swap(v.build, '.', ',', w->a)}}};
	name_number(w, &view.names[2], "major", v.major);
	name_number(w, &view.names[3], "minor", v.minor);
	name_number(w, &view.names[4], "patch", v.patch);
	if (v.prerelease.n && !template_is_raw(pattern, w->a))
		pattern = S("{{version}}");
	if (template_render(pattern, &view.view, w->a, &value, err) < 0)
		return -1;
	return add_version(w, t, value, v.prerelease.n == 0, err);
}

static int do_pep440(struct work *w, const struct tag *t, struct err *err)
{
	struct str text, value, pattern = tag_value(t, "pattern");
	struct pep440 v;
	int has = version_text(w, t, &text, err);
	if (has <= 0)
		return has;
	if (!pep440_parse(text, w->a, &v)) {
		warn(w,
			"%.*s does not conform to PEP 440. More info: "
			"https://www.python.org/dev/peps/pep-0440",
			STR_ARG(text));
		return 0;
	}
	if (!v.is_final)
		return add_version(w, t, template_is_raw(pattern, w->a) ? text : v.version, false,
			err);
	struct version_view view = {{version_get},
		{{S("raw"), text}, {S("version"), v.version}, {S("major"), v.major},
			{S("minor"), v.minor}, {S("patch"), v.patch}, {STR_NONE}, {STR_NONE}}};
	if (template_render(pattern, &view.view, w->a, &value, err) < 0)
		return -1;
	return add_version(w, t, value, true, err);
}

static int do_match(struct work *w, const struct tag *t, struct err *err)
{
	struct str text, value;
	int has = source_value(w, t, &text, err);
	if (has > 0)
		has = match_group(w, tag_value(t, "pattern"), text, tag_value(t, "group"), &value,
			err);
	return has <= 0 ? has : add_version(w, t, value, true, err);
}

static int do_ref(struct work *w, const struct tag *t, struct err *err)
{
	struct str value, event = tag_value(t, "event");
	bool is_tag = str_is(event, "tag"), is_pr = str_is(event, "pr");
	struct str prefix = is_tag ? S("refs/tags/") : is_pr ? S("refs/pull/") : S("refs/heads/");
	if (!ref_below(w, prefix, &value))
		return 0;
	if (is_pr && str_ends(value, S("/merge")))
		value.n -= 6;
	return add_version(w, t, value, is_tag, err);
}

static int do_edge(struct work *w, const struct tag *t, struct err *err)
{
	struct str branch, edge = tag_value(t, "branch");
	if (!ref_below(w, S("refs/heads/"), &branch))
		return 0;
	if (edge.n == 0)
		edge = json_text_at(w->repo, "default_branch");
	return str_eq(edge, branch) ? add_version(w, t, S("edge"), false, err) : 0;
}

static int do_raw(struct work *w, const struct tag *t, struct err *err)
{
	struct str value;
	if (render_global(w, tag_value(t, "value"), &value, err) < 0)
		return -1;
	return add_version(w, t, value, false, err);
}

static int do_sha(struct work *w, const struct tag *t, struct err *err)
{
	struct str value = w->event.sha;
	if (value.n == 0)
		return 0;
	if (str_is(tag_value(t, "format"), "short") && short_sha(w, &value, err) < 0)
		return -1;
	return add_version(w, t, value, false, err);
}

static int do_tag(struct work *w, const struct tag *t, struct err *err)
{
	static int (*const types[])(struct work *, const struct tag *, struct err *) = {
		[TAG_SCHEDULE] = do_schedule,
		[TAG_SEMVER] = do_semver,
		[TAG_PEP440] = do_pep440,
		[TAG_MATCH] = do_match,
		[TAG_EDGE] = do_edge,
		[TAG_REF] = do_ref,
		[TAG_RAW] = do_raw,
		[TAG_SHA] = do_sha};
	struct str enable;
	if (render_global(w, tag_value(t, "enable"), &enable, err) < 0)
		return -1;
	if (!str_is(enable, "true") && !str_is(enable, "false"))
		return err_set(err, ERR_INPUT, "Invalid value for enable attribute: %.*s",
			STR_ARG(enable));
	return str_is(enable, "true") ? types[t->type](w, t, err) : 0;
}

int version_compute(struct work *w, const struct tag_vec *tags, struct err *err)
{
	VEC_EACH(tags, t)
		if (do_tag(w, t, err) < 0)
			return -1;
	return 0;
}
