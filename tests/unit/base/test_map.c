#include "../test.h"

#include "base/map.h"

static int values[4000];

static struct str key_of(int i, char room[32])
{
	return str_n(room, (size_t)snprintf(room, 32, "key-%d", i));
}

static void map_keeps_the_order_of_insertion(void **state)
{
	struct map m = {0};
	map_put(&m, S("z"), &values[0]);
	map_put(&m, S("a"), &values[1]);
	map_put(&m, S("m"), &values[2]);
	assert_ptr_equal(map_put(&m, S("z"), &values[3]), &values[0]); /* replaced in place */
	assert_ptr_equal(map_remove(&m, S("a")), &values[1]);
	assert_null(map_remove(&m, S("a")));
	assert_null(map_put(&m, S("a"), &values[1])); /* new again: at the end */
	static const char *const order[] = {"z", "m", "a"};
	size_t i = 0;
	MAP_EACH(&m, e)
		STR_IS(e->key, order[i++]);
	assert_int_equal(i, 3);
	assert_int_equal(m.count, 3);
	assert_ptr_equal(map_get(&m, S("z")), &values[3]);
	map_done(&m, NULL);
}

static void map_tells_absent_from_null(void **state)
{
	struct map m = {0};
	assert_false(map_has(&m, S("x")));
	assert_null(map_get(&m, S("x")));
	assert_null(map_remove(&m, S("x")));
	map_put(&m, S("x"), NULL);
	assert_true(map_has(&m, S("x")));
	assert_null(map_get(&m, S("x")));
	map_done(&m, NULL);
}

static void map_keys_are_any_bytes_and_copied(void **state)
{
	struct map m = {0};
	char key[] = "own";
	map_put(&m, str_of(key), &values[0]);
	key[0] = 'x';
	assert_ptr_equal(map_get(&m, S("own")), &values[0]);
	map_put(&m, STR_NONE, &values[1]);
	map_put(&m, S("a\0b"), &values[2]);
	map_put(&m, S("a\0c"), &values[3]);
	assert_ptr_equal(map_get(&m, S("")), &values[1]);
	assert_ptr_equal(map_get(&m, S("a\0b")), &values[2]);
	assert_ptr_equal(map_get(&m, S("a\0c")), &values[3]);
	assert_null(map_get(&m, S("a")));
	assert_int_equal(map_find(&m, S("own"))->key.p[3], 0);
	map_done(&m, NULL);
}

static void map_finds_all_of_many_with_holes(void **state)
{
	struct map m = {0};
	char room[32];
	for (int i = 0; i < 4000; i++)
		assert_null(map_put(&m, key_of(i, room), &values[i]));
	for (int i = 0; i < 4000; i += 3)
		assert_ptr_equal(map_remove(&m, key_of(i, room)), &values[i]);
	for (int i = 0; i < 4000; i += 6)
		map_put(&m, key_of(i, room), &values[i]);
	size_t count = 0;
	for (int i = 0; i < 4000; i++) {
		bool has = i % 3 != 0 || i % 6 == 0;
		assert_ptr_equal(map_get(&m, key_of(i, room)), has ? &values[i] : NULL);
		count += has;
	}
	assert_int_equal(m.count, count);
	size_t seen = 0;
	MAP_EACH(&m, e)
		seen++;
	assert_int_equal(seen, count);
	map_done(&m, NULL);
}

/* A queue of constant length may not rebuild everything at each step, nor grow for ever. */
static void map_as_a_queue_stays_small(void **state)
{
	struct map m = {0};
	char room[32];
	for (int i = 0; i < 1000; i++)
		map_put(&m, key_of(i, room), &values[0]);
	struct map_entry *memory = m.p;
	size_t n_moves = 0, most = 0;
	for (int i = 1000; i < 200000; i++) {
		map_put(&m, key_of(i, room), &values[0]);
		assert_non_null(map_remove(&m, key_of(i - 1000, room)));
		n_moves += m.p != memory;
		memory = m.p;
		most = m.cap > most ? m.cap : most;
	}
	assert_int_equal(m.count, 1000);
	assert_true(most <= 4096);
	assert_true(n_moves < 10);
	map_done(&m, NULL);
}

static size_t n_freed;

static void count_free(void *value)
{
	n_freed++;
	free(value);
}

static void map_done_frees_what_is_left(void **state)
{
	struct map m = {0};
	map_done(&m, count_free);
	assert_int_equal(n_freed, 0);
	map_put(&m, S("a"), mem_new(1, 1));
	map_put(&m, S("b"), mem_new(1, 1));
	free(map_remove(&m, S("a")));
	map_done(&m, count_free);
	assert_int_equal(n_freed, 1);
	assert_null(m.p);
	map_put(&m, S("a"), mem_new(1, 1)); /* usable again */
	map_done(&m, count_free);
	assert_int_equal(n_freed, 2);
}

static void map_hash_spreads_alike_keys(void **state)
{
	enum { SLOTS = 1024, KEYS = 100 * SLOTS };
	static unsigned used[SLOTS];
	for (unsigned i = 0; i < KEYS; i++) {
		char room[32];
		used[map_hash(key_of((int)(i << 4), room)) % SLOTS]++;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		assert_true(used[i] > 40 && used[i] < 200);
	assert_true(map_hash(S("a")) != map_hash(S("a\0")));
	assert_true(map_hash(S("")) != map_hash(S("\0")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_keeps_the_order_of_insertion),
		cmocka_unit_test(map_tells_absent_from_null),
		cmocka_unit_test(map_keys_are_any_bytes_and_copied),
		cmocka_unit_test(map_finds_all_of_many_with_holes),
		cmocka_unit_test(map_as_a_queue_stays_small),
		cmocka_unit_test(map_done_frees_what_is_left),
		cmocka_unit_test(map_hash_spreads_alike_keys),
	};
	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
