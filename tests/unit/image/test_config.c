#include "../test.h"

#include "image/image.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* As dockerd writes them: nulls, container_config, members nobody needs. */
static const char docker_config[] =
	"{\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"app\","
	"\"AttachStdin\":false,\"ExposedPorts\":{\"9000/tcp\":{},\"80/tcp\":{}},\"Tty\":false,"
	"\"Env\":[\"PATH=/bin\",\"A=\"],\"Cmd\":[\"sh\"],\"Healthcheck\":{\"Test\":[\"CMD-SHELL\","
	"\"true\"],\"Interval\":30000000000,\"Timeout\":5000000000,\"Retries\":3},\"ArgsEscaped\":true,"
	"\"Image\":\"sha256:" HEX "\",\"Volumes\":null,\"WorkingDir\":\"/w\",\"Entrypoint\":[],"
	"\"OnBuild\":null,\"Labels\":{\"z\":\"1\",\"a\":\"2\"},\"StopSignal\":\"SIGINT\"},"
	"\"container\":\"" HEX "\",\"container_config\":{\"Env\":7,\"Cmd\":{}},"
	"\"created\":\"2026-02-03T04:05:06.123456789Z\",\"docker_version\":\"1.2\",\"history\":["
	"{\"created\":\"2026-02-03T04:05:06Z\",\"created_by\":\"ADD file\",\"comment\":\"c\"},"
	"{\"created_by\":\"CMD sh\",\"empty_layer\":true}],\"os\":\"linux\",\"rootfs\":{\"type\":"
	"\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}";

static void config_parse_docker(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_config c;
	struct err err = {0};
	OK(image_config_parse(str_of(docker_config), &a, &c, &err));
	STR_IS(c.user, "app");
	STR_IS(c.working_dir, "/w");
	STR_IS(c.stop_signal, "SIGINT");
	assert_int_equal(c.env.n, 2);
	STR_IS(c.env.p[1], "A=");
	assert_int_equal(c.ports.n, 2);
	STR_IS(c.ports.p[0], "80/tcp");
	assert_int_equal(c.volumes.n, 0);
	assert_true(c.has_entrypoint);
	assert_int_equal(c.entrypoint.n, 0);
	assert_true(c.has_cmd);
	assert_true(c.is_args_escaped);
	assert_true(c.health.is_set);
	assert_int_equal(c.health.n_test, 2);
	assert_int_equal(c.health.interval_ns, 30000000000);
	assert_int_equal(c.health.retries, 3);
	assert_int_equal(c.n_diff_ids, 1);
	assert_int_equal(c.n_history, 2);
	assert_true(c.history[1].is_empty_layer);
	assert_false(c.history[1].has_created);
	assert_true(c.has_created);
	assert_int_equal(c.created_ns % 1000000000, 123456789);
	OK(image_config_check(&c, 1, &err));
	FAILS(ERR_INPUT, image_config_check(&c, 2, &err));
}

static void config_add_golden(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(8192), again = BUF(8192);
	struct image_config c;
	struct err err = {0};
	char text[DIGEST_TEXT];
	OK(image_config_parse(str_of(docker_config), &a, &c, &err));
	image_config_add(&b, &c);
	assert_string_equal(buf_cstr(&b),
		"{\"created\":\"2026-02-03T04:05:06.123456789Z\",\"architecture\":\"amd64\",\"os\":"
		"\"linux\",\"config\":{\"User\":\"app\",\"ExposedPorts\":{\"80/tcp\":{},\"9000/tcp\":"
		"{}},\"Env\":[\"PATH=/bin\",\"A=\"],\"Entrypoint\":[],\"Cmd\":[\"sh\"],\"WorkingDir\":"
		"\"/w\",\"Labels\":{\"a\":\"2\",\"z\":\"1\"},\"StopSignal\":\"SIGINT\",\"ArgsEscaped\":"
		"true,\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":30000000000,"
		"\"Timeout\":5000000000,\"Retries\":3}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
		"\"sha256:" HEX "\"]},\"history\":[{\"created\":\"2026-02-03T04:05:06Z\","
		"\"created_by\":\"ADD file\",\"comment\":\"c\"},{\"created_by\":\"CMD sh\","
		"\"empty_layer\":true}]}");
	struct digest d = digest_of(buf_str(&b));
	assert_string_equal(digest_text(&d, text),
		"sha256:05bd6c1783c0054f7c72f6d3b02273652996847dd3b4ba0e6d7878aace1752c5");
	OK(image_config_parse(buf_str(&b), &a, &c, &err));
	image_config_add(&again, &c);
	assert_string_equal(buf_cstr(&b), buf_cstr(&again));
}

static void config_parse_tolerates_what_tools_write(void **state)
{
	static const char *const docs[] = {
		"{}",
		"{\"config\":null,\"rootfs\":null,\"history\":null,\"created\":null}",
		"{\"created\":\"0001-01-01T00:00:00Z\",\"config\":{}}",
		"{\"config\":{\"Entrypoint\":\"/run\",\"Cmd\":null,\"Labels\":{\"a\":null}}}",
		"{\"Config\":{\"env\":[\"A=b\"]},\"OS\":\"linux\"}",
		"{\"config\":{\"Env\":[\"no value\"]},\"history\":[{\"created\":\"\"}]}",
		"{\"rootfs\":{\"diff_ids\":[]},\"moby.buildkit.cache.v0\":\"e30=\"}",
	};
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_config c;
		struct err err = {0};
		OK(image_config_parse(str_of(docs[i]), &a, &c, &err));
		assert_false(c.has_created);
	}
}

static void config_parse_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"[]", "expected an object, got an array"},
		{"{\"os\":7}", "os: expected a string, got a number"},
		{"{\"created\":\"yesterday\"}", "created: 'yesterday' is not a time"},
		{"{\"config\":{\"User\":1}}", "config.User: expected a string"},
		{"{\"config\":{\"Env\":[7]}}", "config.Env[0]: expected a string"},
		{"{\"config\":{\"Env\":[\"A=\\u0000\"]}}", "config.Env[0]: has a NUL"},
		{"{\"config\":{\"Volumes\":[\"/v\"]}}", "config.Volumes: expected an object"},
		{"{\"config\":{},\"Config\":{}}", "config: is there twice"},
		{"{\"config\":{\"Healthcheck\":{\"Interval\":\"30s\"}}}",
			"config.Healthcheck.Interval: expected a whole number, got a string"},
		{"{\"config\":{\"Healthcheck\":{\"Interval\":-1}}}",
			"config.Healthcheck.Interval: expected a whole number"},
		{"{\"history\":{}}", "history: expected a list"},
		{"{\"history\":[{\"empty_layer\":1}]}",
			"history[0].empty_layer: expected true or false"},
		{"{\"rootfs\":{\"type\":\"files\"}}", "rootfs.type: expected 'layers'"},
		{"{\"rootfs\":{\"diff_ids\":[\"md5:00\"]}}", "rootfs.diff_ids[0]: "},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_config c;
		struct err err = {0};
		if (image_config_parse(str_of(bad[i].text), &a, &c, &err) == 0)
			fail_msg("%s was accepted", bad[i].text);
		if (!strstr(err.what, bad[i].says))
			fail_msg("%s: %s", bad[i].text, err.what);
	}
}

/* F54: a million variables or labels. */
static void config_parse_limits(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(32 << 20);
	CLEANUP(arena_done) struct arena a = {0};
	struct image_config c;
	struct err err = {0};
	buf_add_cstr(&b, "{\"config\":{\"Env\":[\"A=\"");
	for (int i = 0; i < 1000 * 1000; i++)
		buf_add_cstr(&b, ",\"A=\"");
	buf_add_cstr(&b, "]}}");
	FAILS(ERR_LIMIT, image_config_parse(buf_str(&b), &a, &c, &err));
	buf_clear(&b);
	buf_add_cstr(&b, "{\"config\":{\"Labels\":{\"a\":\"\"");
	for (int i = 0; i < 100 * 1000; i++)
		buf_fmt(&b, ",\"%d\":\"\"", i);
	buf_add_cstr(&b, "}}}");
	FAILS(ERR_LIMIT, image_config_parse(buf_str(&b), &a, &c, &err));
}

static void config_check_history(void **state)
{
	struct image_history history[] = {{0}, {.is_empty_layer = true}, {0}};
	struct digest ids[2] = {{0}};
	struct image_config c = {
		.history = history, .n_history = 3, .diff_ids = ids, .n_diff_ids = 2};
	struct err err = {0};
	OK(image_config_check(&c, 2, &err));
	history[1].is_empty_layer = false;
	FAILS(ERR_INPUT, image_config_check(&c, 2, &err));
	c.n_history = 0;
	OK(image_config_check(&c, 2, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_parse_docker),
		cmocka_unit_test(config_add_golden),
		cmocka_unit_test(config_parse_tolerates_what_tools_write),
		cmocka_unit_test(config_parse_bad),
		cmocka_unit_test(config_parse_limits),
		cmocka_unit_test(config_check_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
