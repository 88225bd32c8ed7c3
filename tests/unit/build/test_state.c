#include "../test.h"

#include "build/state.h"

static struct str joined(struct arena *a, const struct image_strs *s)
{
	struct str all = S("");
	for (size_t i = 0; i < s->n; i++)
		all = arena_fmt(a, "%.*s%s%.*s", STR_ARG(all), i ? " " : "", STR_ARG(s->p[i]));
	return all;
}

static void state_set_env_replaces_in_place(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	assert_null(state_env(&s, S("A")).p);
	state_set_env(&s, S("A"), S("1"));
	state_set_env(&s, S("AB"), S("2"));
	struct state before = s;
	state_set_env(&s, S("A"), S("x=y"));
	state_set_env(&s, S("C"), S(""));
	STR_IS(joined(&a, &s.config.env), "A=x=y AB=2 C=");
	STR_IS(joined(&a, &before.config.env), "A=1 AB=2"); /* a copy is a snapshot */
	STR_IS(state_env(&s, S("A")), "x=y");
	STR_IS(state_env(&s, S("AB")), "2");
	STR_IS(state_env(&s, S("C")), "");
	assert_non_null(state_env(&s, S("C")).p);
	assert_null(state_env(&s, S("B")).p);
}

static void state_set_env_keeps_any_bytes(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	struct str value = str_n("a\0b\n%s", 6);
	state_set_env(&s, S("A"), value);
	assert_true(str_eq(state_env(&s, S("A")), value));
}

static void state_set_label_replaces_and_keeps_order(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	state_set_label(&s, S("b"), S("1"));
	state_set_label(&s, S("a"), S("2"));
	struct state before = s;
	state_set_label(&s, S("b"), S("3"));
	assert_int_equal(s.config.labels.n, 2);
	STR_IS(s.config.labels.p[0].key, "b");
	STR_IS(s.config.labels.p[0].value, "3");
	STR_IS(s.config.labels.p[1].key, "a");
	STR_IS(before.config.labels.p[0].value, "1");
}

static void state_add_port_writes_one_port_per_member(void **state)
{
	static const struct {
		const char *ports[4], *expected;
	} cases[] = {
		{{"80"}, "80/tcp"},
		{{"80/tcp", "80"}, "80/tcp"},
		{{"53/udp", "53/UDP", "53/tcp"}, "53/tcp 53/udp"},
		{{"8000-8002"}, "8000/tcp 8001/tcp 8002/tcp"},
		{{"8000-8001/udp", "8001-8002/udp"}, "8000/udp 8001/udp 8002/udp"},
		{{"127.0.0.1:8080:80"}, "80/tcp"},
		{{"8080:80/sctp"}, "80/sctp"},
		{{"0"}, "0/tcp"},
		{{"65535"}, "65535/tcp"},
		/* sorted as text, as the document's keys are */
		{{"9", "80", "443"}, "443/tcp 80/tcp 9/tcp"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct state s = {.arena = &a};
		for (size_t k = 0; k < 4 && cases[i].ports[k]; k++)
			state_add_port(&s, str_of(cases[i].ports[k]));
		STR_IS(joined(&a, &s.config.ports), cases[i].expected);
	}
}

static void state_add_port_of_the_widest_range_ends(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	state_add_port(&s, S("0-65535"));
	assert_int_equal(s.config.ports.n, 65536);
}

static void state_add_volume_keeps_a_sorted_set(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	static const char *const paths[] = {"/b", "/a", "/c", "/a", "/a/b", "/b"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		state_add_volume(&s, str_of(paths[i]));
	STR_IS(joined(&a, &s.config.volumes), "/a /a/b /b /c");
}

static void state_lists_grow_at_their_ends(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.arena = &a};
	struct image_history h = {.created_by = S("one")};
	struct digest d = digest_of(S("one"));
	state_add_on_build(&s, S("RUN a"));
	state_add_on_build(&s, S("RUN a"));
	STR_IS(joined(&a, &s.config.on_build), "RUN a RUN a");
	state_add_history(&s, &h);
	h.created_by = S("two");
	state_add_history(&s, &h);
	assert_int_equal(s.config.n_history, 2);
	STR_IS(s.config.history[0].created_by, "one");
	STR_IS(s.config.history[1].created_by, "two");
	state_add_diff_id(&s, &d);
	assert_int_equal(s.config.n_diff_ids, 1);
	assert_true(digest_eq(&s.config.diff_ids[0], &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_set_env_replaces_in_place),
		cmocka_unit_test(state_set_env_keeps_any_bytes),
		cmocka_unit_test(state_set_label_replaces_and_keeps_order),
		cmocka_unit_test(state_add_port_writes_one_port_per_member),
		cmocka_unit_test(state_add_port_of_the_widest_range_ends),
		cmocka_unit_test(state_add_volume_keeps_a_sorted_set),
		cmocka_unit_test(state_lists_grow_at_their_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
