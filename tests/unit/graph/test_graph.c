#include "../test.h"

#include "graph/graph.h"

static size_t next(struct graph *g)
{
	size_t node = SIZE_MAX;
	return graph_next(g, &node) ? node : SIZE_MAX;
}

/* a <- b, a <- c, (b, c) <- d */
static struct graph *diamond(void)
{
	struct graph *g = graph_new();
	for (int i = 0; i < 4; i++)
		assert_int_equal(graph_add(g, str_n(&"abcd"[i], 1), NULL), i);
	graph_need(g, 1, 0);
	graph_need(g, 2, 0);
	graph_need(g, 3, 2);
	graph_need(g, 3, 1);
	return g;
}

static void graph_keeps_names_data_and_needs(void **state)
{
	CLEANUP(graph_free) struct graph *g = diamond();
	int data;
	char name[] = "last";
	size_t last = graph_add(g, str_of(name), &data);
	memset(name, 'x', 4);
	STR_IS(graph_name(g, last), "last");
	STR_IS(graph_name(g, 1), "b");
	assert_ptr_equal(graph_data(g, last), &data);
	assert_int_equal(graph_count(g), 5);
	assert_int_equal(graph_n_needs(g, 3), 2);
	assert_int_equal(graph_need_at(g, 3, 0), 2);
	assert_int_equal(graph_need_at(g, 3, 1), 1);
	graph_need(g, 3, 2);
	assert_int_equal(graph_n_needs(g, 3), 2);
}

static void graph_next_offers_in_order_as_needs_end(void **state)
{
	CLEANUP(graph_free) struct graph *g = diamond();
	assert_int_equal(graph_left(g), 4);
	assert_int_equal(graph_state(g, 0), GRAPH_READY);
	assert_int_equal(graph_state(g, 1), GRAPH_WAITING);
	assert_int_equal(next(g), 0);
	assert_int_equal(graph_state(g, 0), GRAPH_RUNNING);
	assert_int_equal(next(g), SIZE_MAX);
	graph_finish(g, 0, GRAPH_OK);
	assert_int_equal(graph_state(g, 1), GRAPH_READY);
	assert_int_equal(next(g), 1);
	assert_int_equal(next(g), 2);
	assert_int_equal(next(g), SIZE_MAX);
	graph_finish(g, 2, GRAPH_OK);
	assert_int_equal(next(g), SIZE_MAX);
	graph_finish(g, 1, GRAPH_OK);
	assert_true(graph_needs_ok(g, 3));
	assert_int_equal(next(g), 3);
	assert_int_equal(graph_left(g), 1);
	graph_finish(g, 3, GRAPH_OK);
	assert_int_equal(graph_left(g), 0);
	assert_int_equal(next(g), SIZE_MAX);
}

static void graph_next_still_offers_after_a_failure(void **state)
{
	CLEANUP(graph_free) struct graph *g = diamond();
	assert_int_equal(next(g), 0);
	graph_finish(g, 0, GRAPH_FAILED);
	assert_int_equal(next(g), 1);
	assert_false(graph_needs_ok(g, 1));
	graph_finish(g, 1, GRAPH_SKIPPED);
	assert_int_equal(next(g), 2);
	graph_finish(g, 2, GRAPH_OK); /* if: always() */
	assert_int_equal(next(g), 3);
	assert_false(graph_needs_ok(g, 3));
	assert_int_equal(graph_state(g, 1), GRAPH_SKIPPED);
}

static void graph_next_comes_back_to_earlier_nodes(void **state)
{
	CLEANUP(graph_free) struct graph *g = graph_new();
	graph_add(g, S("first"), NULL);
	graph_add(g, S("second"), NULL);
	graph_add(g, S("third"), NULL);
	graph_need(g, 0, 2);
	assert_int_equal(next(g), 1);
	assert_int_equal(next(g), 2);
	graph_finish(g, 2, GRAPH_OK);
	assert_int_equal(next(g), 0);
}

static void graph_grows_while_it_runs(void **state)
{
	CLEANUP(graph_free) struct graph *g = graph_new();
	graph_add(g, S("matrix"), NULL);
	assert_int_equal(next(g), 0);
	graph_finish(g, 0, GRAPH_OK);
	size_t one = graph_add(g, S("one"), NULL), two = graph_add(g, S("two"), NULL);
	graph_need(g, one, 0); /* finished already */
	graph_need(g, two, one);
	assert_int_equal(graph_left(g), 2);
	assert_int_equal(next(g), one);
	assert_int_equal(next(g), SIZE_MAX);
	graph_finish(g, one, GRAPH_OK);
	assert_int_equal(next(g), two);
}

static void graph_only_wants_the_targets_and_their_needs(void **state)
{
	CLEANUP(graph_free) struct graph *g = diamond();
	size_t alone = graph_add(g, S("alone"), NULL), targets[] = {2, alone};
	graph_only(g, targets, 2);
	assert_true(graph_is_wanted(g, 0) && graph_is_wanted(g, 2) && graph_is_wanted(g, alone));
	assert_false(graph_is_wanted(g, 1) || graph_is_wanted(g, 3));
	assert_int_equal(graph_left(g), 3);
	assert_int_equal(next(g), 0);
	assert_int_equal(next(g), alone);
	graph_finish(g, 0, GRAPH_OK);
	assert_int_equal(graph_state(g, 1), GRAPH_WAITING);
	assert_int_equal(next(g), 2);
	assert_int_equal(next(g), SIZE_MAX);
	graph_finish(g, 2, GRAPH_OK);
	graph_finish(g, alone, GRAPH_OK);
	assert_int_equal(graph_left(g), 0);
}

static void graph_of_nothing_works(void **state)
{
	CLEANUP(graph_free) struct graph *g = graph_new();
	struct err err = {0};
	assert_int_equal(next(g), SIZE_MAX);
	assert_int_equal(graph_left(g), 0);
	OK(graph_check(g, &err));
	OK(graph_order(g, NULL, &err));
	graph_only(g, NULL, 0);
	graph_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graph_keeps_names_data_and_needs),
		cmocka_unit_test(graph_next_offers_in_order_as_needs_end),
		cmocka_unit_test(graph_next_still_offers_after_a_failure),
		cmocka_unit_test(graph_next_comes_back_to_earlier_nodes),
		cmocka_unit_test(graph_grows_while_it_runs),
		cmocka_unit_test(graph_only_wants_the_targets_and_their_needs),
		cmocka_unit_test(graph_of_nothing_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
