#include "../test.h"

#include "base/arena.h"

static void arena_alloc_gives_zeroed_aligned_memory_of_its_own(void **state)
{
	static const size_t sizes[] = {0, 1, 7, 16, 100, 4000, 4096, 4097, 20000, 1};
	CLEANUP(arena_done) struct arena a = {0};
	unsigned char *got[ARRAY_LEN(sizes) * 20];
	size_t n = 0;
	for (size_t round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			unsigned char *p = arena_alloc(&a, sizes[i], 1);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, (int)n + 1, sizes[i]);
			got[n++] = p;
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizes[i % ARRAY_LEN(sizes)]; k++)
			assert_int_equal(got[i][k], (unsigned char)(i + 1));
}

static void arena_large_pieces_do_not_waste_the_current_block(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	char *first = arena_alloc(&a, 16, 1);
	(void)arena_alloc(&a, 100000, 1);
	char *second = arena_alloc(&a, 16, 1);
	assert_ptr_equal(second, first + 16);
	assert_true(a.total_bytes < 100000 + 2 * 16384);
}

static void arena_text_is_a_copy_that_ends_in_nul(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	char text[] = "abc";
	struct str s = arena_str(&a, str_of(text));
	char *c = arena_cstr(&a, STR_NONE);
	text[0] = 'x';
	STR_IS(s, "abc");
	assert_int_equal(s.p[3], 0);
	assert_string_equal(c, "");
	STR_IS(arena_fmt(&a, "%s-%d", "n", 7), "n-7");
	STR_IS(arena_fmt(&a, "%s", ""), "");
	char big[9000];
	memset(big, 'q', sizeof(big));
	struct str f = arena_fmt(&a, "%.*s", (int)sizeof(big), big);
	assert_int_equal(f.n, sizeof(big));
	assert_int_equal(f.p[f.n], 0);
}

static void arena_done_leaves_an_empty_arena(void **state)
{
	struct arena a = {0};
	arena_done(&a);
	(void)ARENA_NEW(&a, int64_t);
	(void)ARENA_ARRAY(&a, int64_t, 10000);
	arena_done(&a);
	assert_null(a.blocks);
	assert_int_equal(a.total_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_alloc_gives_zeroed_aligned_memory_of_its_own),
		cmocka_unit_test(arena_large_pieces_do_not_waste_the_current_block),
		cmocka_unit_test(arena_text_is_a_copy_that_ends_in_nul),
		cmocka_unit_test(arena_done_leaves_an_empty_arena),
	};
	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
