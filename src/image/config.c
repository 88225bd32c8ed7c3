#include "image/image_priv.h"

#include "base/clock.h"

/* Times before 1678 and after 2262 do not fit int64 nanoseconds; docker writes year 1 for "never".
 */
static int read_time(struct str text, int64_t *ret, bool *ret_has)
{
	struct err err = {0};
	*ret_has = text.n && clock_parse_rfc3339(text, ret, &err) == 0;
	return *ret_has || !text.n || err.kind == ERR_LIMIT ? 0 : -1;
}

static int check_time(const struct json *v, bool is_strict, struct err *err)
{
	int64_t ns;
	bool has;
	if ((!v->text.n && is_strict) || read_time(v->text, &ns, &has) < 0)
		return err_set(err, ERR_INPUT, "'%.*s' is not a time",
			STR_ARG(str_sub(v->text, 0, 100)));
	return 0;
}

static int check_env(const struct json *v, bool is_strict, struct err *err)
{
	if (is_strict && str_chr(v->text, '=') <= 0)
		return err_set(err, ERR_INPUT, "'%.*s' is not NAME=value",
			STR_ARG(str_sub(v->text, 0, 100)));
	if (str_chr(v->text, '\0') >= 0)
		return err_set(err, ERR_INPUT, "has a NUL character");
	return 0;
}

static int check_no_nul(const struct json *v, bool is_strict, struct err *err)
{
	if (str_chr(v->text, '\0') >= 0)
		return err_set(err, ERR_INPUT, "has a NUL character");
	return 0;
}

static int check_diff_id(const struct json *v, bool is_strict, struct err *err)
{
	struct digest d;
	struct err why = {0};
	if (digest_parse(v->text, &d, &why) == 0 || (is_strict && why.kind == ERR_UNSUPPORTED))
		return 0;
	*err = why;
	return -1;
}

static int check_layers_word(const struct json *v, bool is_strict, struct err *err)
{
	if (!str_is(v->text, "layers") && (is_strict || v->text.n))
		return err_set(err, ERR_INPUT, "expected 'layers', got '%.*s'",
			STR_ARG(str_sub(v->text, 0, 100)));
	return 0;
}

static const struct doc_rule health_rules[] = {
	{"Test", DOC_STRINGS, 0, NULL, check_no_nul},
	{"Interval", DOC_COUNT},
	{"Timeout", DOC_COUNT},
	{"StartPeriod", DOC_COUNT},
	{"StartInterval", DOC_COUNT},
	{"Retries", DOC_COUNT},
	{NULL, DOC_END},
};

static const struct doc_rule run_rules[] = {
	{"User", DOC_STRING, 0, NULL, check_no_nul},
	{"ExposedPorts", DOC_KEYS},
	{"Env", DOC_STRINGS, 0, NULL, check_env},
	{"Entrypoint", DOC_STRINGS, 0, NULL, check_no_nul},
	{"Cmd", DOC_STRINGS, 0, NULL, check_no_nul},
	{"Volumes", DOC_KEYS},
	{"WorkingDir", DOC_STRING, 0, NULL, check_no_nul},
	{"Labels", DOC_PAIRS},
	{"StopSignal", DOC_STRING, 0, NULL, check_no_nul},
	{"ArgsEscaped", DOC_BOOL},
	{"Healthcheck", DOC_OBJECT, 0, health_rules},
	{"OnBuild", DOC_STRINGS},
	{"Shell", DOC_STRINGS, 0, NULL, check_no_nul},
	{NULL, DOC_END},
};

static const struct doc_rule rootfs_rules[] = {
	{"type", DOC_STRING, DOC_REQUIRED_STRICT, NULL, check_layers_word},
	{"diff_ids", DOC_STRINGS, DOC_REQUIRED_STRICT, NULL, check_diff_id, IMAGE_LAYERS_MAX},
	{NULL, DOC_END},
};

static const struct doc_rule history_rules[] = {
	{"created", DOC_STRING, 0, NULL, check_time},
	{"created_by", DOC_STRING},
	{"author", DOC_STRING},
	{"comment", DOC_STRING},
	{"empty_layer", DOC_BOOL},
	{NULL, DOC_END},
};

const struct doc_rule config_rules[] = {
	{"created", DOC_STRING, 0, NULL, check_time},
	{"author", DOC_STRING},
	{"architecture", DOC_STRING, DOC_REQUIRED_STRICT},
	{"variant", DOC_STRING},
	{"os", DOC_STRING, DOC_REQUIRED_STRICT},
	{"os.version", DOC_STRING},
	{"os.features", DOC_STRINGS},
	{"config", DOC_OBJECT, 0, run_rules},
	{"rootfs", DOC_OBJECT, DOC_REQUIRED_STRICT, rootfs_rules},
	{"history", DOC_LIST, 0, history_rules, NULL, IMAGE_LAYERS_MAX},
	{NULL, DOC_END},
};

static void read_health(const struct json *v, struct arena *a, struct image_health *h)
{
	if (!v)
		return;
	struct image_strs test = doc_strs(v, "Test", a);
	*h = (struct image_health){.is_set = true,
		.test = test.p,
		.n_test = test.n,
		.interval_ns = doc_i64(v, "Interval"),
		.timeout_ns = doc_i64(v, "Timeout"),
		.start_period_ns = doc_i64(v, "StartPeriod"),
		.start_interval_ns = doc_i64(v, "StartInterval"),
		.retries = doc_i64(v, "Retries")};
}

static void read_run(const struct json *v, struct arena *a, struct image_config *c)
{
	c->user = doc_str(v, "User");
	c->working_dir = doc_str(v, "WorkingDir");
	c->stop_signal = doc_str(v, "StopSignal");
	c->env = doc_strs(v, "Env", a);
	c->entrypoint = doc_strs(v, "Entrypoint", a);
	c->cmd = doc_strs(v, "Cmd", a);
	c->has_entrypoint = doc_get(v, "Entrypoint") != NULL;
	c->has_cmd = doc_get(v, "Cmd") != NULL;
	c->shell = doc_strs(v, "Shell", a);
	c->on_build = doc_strs(v, "OnBuild", a);
	c->is_args_escaped = doc_bool(v, "ArgsEscaped");
	c->ports = doc_keys(v, "ExposedPorts", a);
	c->volumes = doc_keys(v, "Volumes", a);
	c->labels = doc_pairs(v, "Labels", a);
	read_health(doc_get(v, "Healthcheck"), a, &c->health);
}

static void read_diff_ids(const struct json *rootfs, struct arena *a, struct image_config *c)
{
	struct err ignored; /* the rules have seen every one */
	struct image_strs texts = doc_strs(rootfs, "diff_ids", a);
	c->n_diff_ids = texts.n;
	c->diff_ids = ARENA_ARRAY(a, struct digest, texts.n);
	for (size_t i = 0; i < texts.n; i++)
		(void)digest_parse(texts.p[i], &c->diff_ids[i], &ignored);
}

static void read_history(const struct json *list, struct arena *a, struct image_config *c)
{
	c->n_history = list ? list->n : 0;
	c->history = ARENA_ARRAY(a, struct image_history, c->n_history);
	for (size_t i = 0; i < c->n_history; i++) {
		const struct json *v = &list->items[i];
		struct image_history *h = &c->history[i];
		(void)read_time(doc_str(v, "created"), &h->created_ns, &h->has_created);
		h->created_by = doc_str(v, "created_by");
		h->author = doc_str(v, "author");
		h->comment = doc_str(v, "comment");
		h->is_empty_layer = doc_bool(v, "empty_layer");
	}
}

int image_config_parse(struct str bytes, struct arena *a, struct image_config *ret, struct err *err)
{
	struct json *v = NULL;
	struct image_config c = {0};
	if (json_read(bytes, IMAGE_CONFIG_MAX, a, &v, err) < 0 ||
		doc_require(v, config_rules, a, err) < 0)
		return -1;
	c.platform = (struct image_platform){doc_str(v, "os"), doc_str(v, "architecture"),
		doc_str(v, "variant"), doc_str(v, "os.version")};
	platform_normalise(&c.platform, a);
	(void)read_time(doc_str(v, "created"), &c.created_ns, &c.has_created);
	c.author = doc_str(v, "author");
	read_run(doc_get(v, "config"), a, &c);
	read_diff_ids(doc_get(v, "rootfs"), a, &c);
	read_history(doc_get(v, "history"), a, &c);
	*ret = c;
	return 0;
}

static size_t n_history_layers(const struct image_config *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n_history; i++)
		n += !c->history[i].is_empty_layer;
	return n;
}

int image_config_check(const struct image_config *c, size_t n_layers, struct err *err)
{
	if (c->n_diff_ids != n_layers)
		return err_set(err, ERR_INPUT,
			"rootfs.diff_ids: %zu entries for %zu layers in the manifest",
			c->n_diff_ids, n_layers);
	if (c->n_history && n_history_layers(c) != n_layers)
		return err_set(err, ERR_INPUT, "history: speaks of %zu layers, rootfs has %zu",
			n_history_layers(c), n_layers);
	return 0;
}

void config_check(struct doc_walk *w, const struct json *v)
{
	const struct json *ids = doc_get(doc_get(v, "rootfs"), "diff_ids");
	const struct json *history = doc_get(v, "history");
	if (!ids || !history || ids->kind != JSON_ARRAY || history->kind != JSON_ARRAY)
		return;
	size_t n = 0;
	for (size_t i = 0; i < history->n; i++)
		n += !doc_bool(&history->items[i], "empty_layer");
	if (history->n && n != ids->n)
		doc_problem(w, "history", ERR_INPUT, "speaks of %zu layers, rootfs has %zu", n,
			ids->n);
}
