/* config.json, against tests/golden/container/. A case is a word per line, some with a value. */
#include "../golden.h"

#include "container/stage_priv.h"

struct request {
	struct stage_spec stage;
	struct container_user user;
	struct oci_config config;
	struct late_mounts late;
	struct oci_devices devices;
	struct container_mount mounts[2];
};

static void add_late(struct request *r, bool is_tmpfs)
{
	size_t i = r->late.n;
	r->mounts[i] = (struct container_mount){.kind = is_tmpfs ? CONTAINER_TMPFS : CONTAINER_BIND,
		.is_read_only = !is_tmpfs,
		.size_bytes = is_tmpfs ? 4096 : 0};
	struct late_mount *l = vec_add(&r->late);
	l->mount = &r->mounts[i];
	snprintf(l->target, sizeof(l->target), "/dev/%s", is_tmpfs ? "shm" : "volume");
	snprintf(l->source, sizeof(l->source), "%s", is_tmpfs ? "" : "late/0");
}

static const char *const odd_env[] = {"A=\"\n\\", "B=\xff", "C=\xc3\xa9", NULL};

static void set(struct request *r, struct str word)
{
	struct container_spec *c = &r->stage.c;
	if (str_is(word, "tty"))
		c->has_tty = true;
	else if (str_is(word, "size"))
		r->config.rows = 24, r->config.columns = 80;
	else if (str_is(word, "privileged"))
		c->is_privileged = true, r->config.caps = CAPS_ALL;
	else if (str_is(word, "read-only"))
		c->is_read_only = true;
	else if (str_is(word, "no-network"))
		c->network = CONTAINER_NET_NONE;
	else if (str_is(word, "user"))
		r->user = (struct container_user){1000, 1001, {44, 45}, 2, "/home/app"};
	else if (str_is(word, "limits"))
		c->memory_bytes = 1 << 30, c->pids_max = 100, c->cpu_millis = 1500,
		c->shm_bytes = 1 << 20;
	else if (str_is(word, "cgroup"))
		r->config.cgroup = "knarr-7-name";
	else if (str_is(word, "bytes"))
		c->env = odd_env;
	else if (str_is(word, "late"))
		add_late(r, false), add_late(r, true);
	else if (str_is(word, "no-caps"))
		r->config.caps = 0;
	else if (str_is(word, "devices"))
		r->config.devices = &r->devices;
	else
		fail_msg("unknown word '%.*s'", STR_ARG(word));
}

static void answer(const struct golden *g, struct buf *out)
{
	static const char *const args[] = {"sh", "-c", "echo \"$A\"", NULL};
	static const char *const env[] = {"PATH=/bin", NULL};
	struct request r = {.stage = {.c = {.name = "name", .args = args, .env = env, .cwd = "/"}}};
	struct str rest = g->in, word;
	CLEANUP(buf_done) struct buf compact = BUF(1 << 20);
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct json *v;
	struct json_out o;
	r.config = (struct oci_config){
		.stage = &r.stage, .user = &r.user, .caps = caps_default, .late = &r.late};
	vec_push(&r.devices.v, ((struct oci_device){"/dev/sda", 'b', 8, 0, 0, 6, 0660}));
	while (str_word(&rest, &word))
		set(&r, word);
	oci_config_add(&compact, &r.config);
	OK(json_parse(buf_str(&compact), NULL, &a, &v, &err));
	json_out_init(&o, out, 1);
	json_add_value(&o, v);
	buf_add_ch(out, '\n');
	vec_done(&r.late);
	vec_done(&r.devices.v);
}

static void config_is_as_it_was(void **state)
{
	golden_run("container", answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(config_is_as_it_was)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
