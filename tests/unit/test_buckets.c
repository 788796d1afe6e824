/* SPDX-License-Identifier: MIT */
/* Buckets: what they are called, and sums of such with the same bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/buckets.h"

#define US 1000ULL
#define MS 1000000ULL

static void require_range(uint64_t low_ns, uint64_t high_ns, const char *expected)
{
	const struct bucket bucket = { low_ns, high_ns, 0 };
	char buffer[BUCKET_LEN];

	assert_string_equal(bucket_range(&bucket, buffer), expected);
}

/* As the documents have them. */
static void test_ranges(void **state)
{
	(void)state;
	require_range(0, 1 * US, "0-1us");
	require_range(1 * US, 10 * US, "1-10us");
	require_range(100 * US, 1 * MS, "100us-1ms");
	require_range(0, 1 * MS, "0-1ms");
	require_range(1 * MS, 5 * MS, "1-5ms");
	require_range(1500 * US, 10 * MS, "1.5-10ms");
	require_range(100 * MS, UINT64_MAX, "100ms+");
	require_range(1000 * MS, 10000 * MS, "1-10s");
	require_range(0, UINT64_MAX, "0ns+");
}

static void test_sums(void **state)
{
	const __u64 low_ns[] = { 0, 1000, 5000 }, other_low_ns[] = { 0, 1000, 6000 };
	const struct lat_bucket_counts before = { { 1, 2, 3 } }, now = { { 1, 5, 10 } };
	struct buckets first, second, other, sum = { 0 };

	(void)state;
	assert_true(buckets_make(&first, low_ns, 3, &now, NULL));
	assert_true(buckets_make(&second, low_ns, 3, &now, &before));
	assert_true(buckets_make(&other, other_low_ns, 3, &now, NULL));
	assert_int_equal(buckets_add(&sum, &first, true), 0);
	assert_int_equal(buckets_add(&sum, &second, false), 0);
	assert_int_equal(sum.n, 3);
	assert_int_equal(sum.items[0].count, 1);
	assert_int_equal(sum.items[1].count, 8);
	assert_int_equal(sum.items[2].count, 17);
	assert_int_equal(sum.items[1].high_ns, 5000);
	assert_int_equal(buckets_add(&sum, &other, false), 0);
	assert_null(sum.items);
	assert_int_equal(sum.n, 0);
	buckets_free(&first);
	buckets_free(&second);
	buckets_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges), cmocka_unit_test(test_sums) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
