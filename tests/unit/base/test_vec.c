#include "../test.h"

#include "base/vec.h"

VEC_TYPE(int_vec, int);

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int sum_of(const struct int_vec *v)
{
	int sum = 0;
	VEC_EACH(v, i) /* of a const vec, too */
		sum += *i;
	return sum;
}

static void vec_grows_and_keeps_what_is_in_it(void **state)
{
	struct int_vec v = {0};
	assert_int_equal(sum_of(&v), 0);
	for (int i = 0; i < 1000; i++)
		vec_push(&v, 1000 - i);
	assert_int_equal(v.n, 1000);
	assert_int_equal(*vec_last(&v), 1);
	vec_sort(&v, by_value);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.p[i], i + 1);
	assert_int_equal(vec_pop(&v), 1000);
	assert_int_equal(sum_of(&v), 999 * 1000 / 2);
	vec_clear(&v);
	assert_int_equal(sum_of(&v), 0);
	assert_true(v.cap >= 1000);
	*vec_add(&v) += 5; /* zeroed although the memory was used before */
	assert_int_equal(v.p[0], 5);
	vec_done(&v);
	assert_null(v.p);
	vec_sort(&v, by_value);
	vec_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_grows_and_keeps_what_is_in_it),
	};
	return cmocka_run_group_tests_name("base/vec", tests, NULL, NULL);
}
