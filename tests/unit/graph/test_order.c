#include "../test.h"

#include "graph/graph.h"

static struct graph *with_nodes(size_t n)
{
	struct graph *g = graph_new();
	char name[24];
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		graph_add(g, str_of(name), NULL);
	}
	return g;
}

static void graph_check_lists_the_cycle(void **state)
{
	static const struct {
		size_t needs[6][2];
		size_t n;
		const char *what;
	} cases[] = {
		{{{0, 0}}, 1, "'n0' needs 'n0'"},
		{{{0, 1}, {1, 0}}, 2, "'n0' needs 'n1' needs 'n0'"},
		{{{0, 1}, {1, 2}, {2, 3}, {3, 1}}, 4, "'n1' needs 'n2' needs 'n3' needs 'n1'"},
		{{{0, 1}, {0, 2}, {1, 2}, {3, 0}}, 4, NULL},
		{{{2, 1}, {1, 0}, {3, 2}, {2, 3}}, 4, "'n2' needs 'n3' needs 'n2'"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(graph_free) struct graph *g = with_nodes(4);
		struct err err = {0};
		size_t order[4];
		for (size_t k = 0; k < cases[i].n; k++)
			graph_need(g, cases[i].needs[k][0], cases[i].needs[k][1]);
		if (!cases[i].what) {
			OK(graph_check(g, &err));
			continue;
		}
		FAILS(ERR_INPUT, graph_check(g, &err));
		assert_string_equal(err.what, cases[i].what);
		FAILS(ERR_INPUT, graph_order(g, order, &err));
		size_t target = 0;
		graph_only(g, &target, 1); /* ends all the same */
		assert_true(graph_is_wanted(g, 0));
	}
}

static void graph_check_of_a_long_cycle_is_short(void **state)
{
	CLEANUP(graph_free) struct graph *g = with_nodes(100000);
	struct err err;
	for (size_t i = 0; i < 100000; i++)
		graph_need(g, i, (i + 1) % 100000);
	FAILS(ERR_INPUT, graph_check(g, &err));
	assert_string_equal(err.what,
		"'n0' needs 'n1' needs 'n2' needs 'n3' needs 'n4' needs 'n5' needs 99988 others "
		"need 'n99994' needs 'n99995' needs 'n99996' needs 'n99997' needs 'n99998' needs "
		"'n99999' needs 'n0'");
}

static void graph_order_puts_needs_first(void **state)
{
	uint64_t random = 88172645463325252U;
	for (int round = 0; round < 200; round++) {
		CLEANUP(graph_free) struct graph *g = with_nodes(30);
		size_t shuffled[30], order[30], place[30];
		struct err err = {0};
		for (size_t i = 0; i < 30; i++)
			shuffled[i] = i;
		for (size_t i = 0; i < 90; i++) {
			random ^= random << 13; /* xorshift */
			random ^= random >> 7;
			random ^= random << 17;
			size_t a = random % 30, b = (random >> 20) % 30;
			if (round % 2 && i < 30) {
				size_t kept = shuffled[a];
				shuffled[a] = shuffled[b];
				shuffled[b] = kept;
			}
			if (a < b && i >= 30)
				graph_need(g, shuffled[b], shuffled[a]);
		}
		OK(graph_order(g, order, &err));
		memset(place, 0xff, sizeof(place));
		for (size_t i = 0; i < 30; i++)
			place[order[i]] = i;
		for (size_t i = 0; i < 30; i++) {
			assert_true(place[i] < 30);
			for (size_t k = 0; k < graph_n_needs(g, i); k++)
				assert_true(place[graph_need_at(g, i, k)] < place[i]);
		}
	}
}

/* A chain as deep as this would end a recursive walk. */
static void graph_of_a_deep_chain_works(void **state)
{
	enum { N = 200000 };
	CLEANUP(graph_free) struct graph *g = with_nodes(N);
	CLEANUP(mem_free) size_t *order = mem_new(N, sizeof(*order));
	struct err err = {0};
	for (size_t i = 0; i + 1 < N; i++)
		graph_need(g, i, i + 1);
	OK(graph_order(g, order, &err));
	for (size_t i = 0; i < N; i++)
		assert_int_equal(order[i], N - 1 - i);
	size_t target = N / 2, node;
	graph_only(g, &target, 1);
	assert_int_equal(graph_left(g), N / 2);
	for (size_t i = N; i-- > N / 2;) {
		assert_true(graph_next(g, &node));
		assert_int_equal(node, i);
		graph_finish(g, node, GRAPH_OK);
	}
	assert_int_equal(graph_left(g), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graph_check_lists_the_cycle),
		cmocka_unit_test(graph_check_of_a_long_cycle_is_short),
		cmocka_unit_test(graph_order_puts_needs_first),
		cmocka_unit_test(graph_of_a_deep_chain_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
