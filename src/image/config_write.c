/* The bytes written here become an image's id: the order of members never changes. */
#include "image/image_priv.h"

#include "base/clock.h"

static void add_time(struct json_out *o, bool has, int64_t ns)
{
	char text[CLOCK_TEXT];
	if (!has)
		return;
	clock_rfc3339(ns, text);
	json_key(o, "created");
	json_add_cstr(o, text);
}

static void add_list(struct json_out *o, const char *key, const struct image_strs *list)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < list->n; i++)
		json_add_str(o, list->p[i]);
	json_end(o);
}

static void add_list_if_any(struct json_out *o, const char *key, const struct image_strs *list)
{
	if (list->n)
		add_list(o, key, list);
}

static int compare_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted and without repetition: {"80/tcp":{}}. */
static void add_keys(struct json_out *o, const char *key, const struct image_strs *list)
{
	if (!list->n)
		return;
	CLEANUP(mem_free) struct str *sorted = mem_new(list->n, sizeof(*sorted));
	memcpy(sorted, list->p, list->n * sizeof(*sorted));
	vec_sort_raw(sorted, list->n, sizeof(*sorted), compare_strs);
	json_key(o, key);
	json_object(o);
	for (size_t i = 0; i < list->n; i++) {
		if (i && str_eq(sorted[i], sorted[i - 1]))
			continue;
		json_key_str(o, sorted[i]);
		json_object(o);
		json_end(o);
	}
	json_end(o);
}

static int compare_pairs(const void *a, const void *b)
{
	return str_cmp(((const struct image_pair *)a)->key, ((const struct image_pair *)b)->key);
}

static void add_labels(struct json_out *o, const struct image_pairs *labels)
{
	CLEANUP(mem_free) struct image_pair *sorted = mem_new(labels->n + 1, sizeof(*sorted));
	if (labels->n)
		memcpy(sorted, labels->p, labels->n * sizeof(*sorted));
	vec_sort_raw(sorted, labels->n, sizeof(*sorted), compare_pairs);
	struct image_pairs all = {sorted, labels->n};
	pairs_add(o, "Labels", &all);
}

static void add_duration(struct json_out *o, const char *key, int64_t ns)
{
	if (!ns)
		return;
	json_key(o, key);
	json_add_i64(o, ns);
}

static void add_health(struct json_out *o, const struct image_health *h)
{
	if (!h->is_set)
		return;
	struct image_strs test = {h->test, h->n_test};
	json_key(o, "Healthcheck");
	json_object(o);
	add_list_if_any(o, "Test", &test);
	add_duration(o, "Interval", h->interval_ns);
	add_duration(o, "Timeout", h->timeout_ns);
	add_duration(o, "StartPeriod", h->start_period_ns);
	add_duration(o, "StartInterval", h->start_interval_ns);
	add_duration(o, "Retries", h->retries);
	json_end(o);
}

static void add_run(struct json_out *o, const struct image_config *c)
{
	json_key(o, "config");
	json_object(o);
	str_member_add(o, "User", c->user);
	add_keys(o, "ExposedPorts", &c->ports);
	add_list_if_any(o, "Env", &c->env);
	if (c->has_entrypoint || c->entrypoint.n)
		add_list(o, "Entrypoint", &c->entrypoint);
	if (c->has_cmd || c->cmd.n)
		add_list(o, "Cmd", &c->cmd);
	add_keys(o, "Volumes", &c->volumes);
	str_member_add(o, "WorkingDir", c->working_dir);
	add_labels(o, &c->labels);
	str_member_add(o, "StopSignal", c->stop_signal);
	if (c->is_args_escaped) {
		json_key(o, "ArgsEscaped");
		json_add_bool(o, true);
	}
	add_health(o, &c->health);
	add_list_if_any(o, "OnBuild", &c->on_build);
	add_list_if_any(o, "Shell", &c->shell);
	json_end(o);
}

static void add_rootfs(struct json_out *o, const struct image_config *c)
{
	char text[DIGEST_TEXT];
	json_key(o, "rootfs");
	json_object(o);
	json_key(o, "type");
	json_add_cstr(o, "layers");
	json_key(o, "diff_ids");
	json_array(o);
	for (size_t i = 0; i < c->n_diff_ids; i++)
		json_add_cstr(o, digest_text(&c->diff_ids[i], text));
	json_end(o);
	json_end(o);
}

static void add_history(struct json_out *o, const struct image_config *c)
{
	if (!c->n_history)
		return;
	json_key(o, "history");
	json_array(o);
	for (size_t i = 0; i < c->n_history; i++) {
		const struct image_history *h = &c->history[i];
		json_object(o);
		add_time(o, h->has_created, h->created_ns);
		str_member_add(o, "created_by", h->created_by);
		str_member_add(o, "author", h->author);
		str_member_add(o, "comment", h->comment);
		if (h->is_empty_layer) {
			json_key(o, "empty_layer");
			json_add_bool(o, true);
		}
		json_end(o);
	}
	json_end(o);
}

void image_config_add(struct buf *b, const struct image_config *c)
{
	struct json_out o;
	json_out_init(&o, b, 0);
	json_object(&o);
	add_time(&o, c->has_created, c->created_ns);
	str_member_add(&o, "author", c->author);
	json_key(&o, "architecture");
	json_add_str(&o, c->platform.architecture);
	str_member_add(&o, "variant", c->platform.variant);
	json_key(&o, "os");
	json_add_str(&o, c->platform.os);
	str_member_add(&o, "os.version", c->platform.os_version);
	add_run(&o, c);
	add_rootfs(&o, c);
	add_history(&o, c);
	json_end(&o);
}
