/* SPDX-License-Identifier: MIT */
/* Which outliers are kept: the slowest, whatever their order, each with what belongs to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fixtures.h"
#include "model/outlier.h"

#define N 5000

/* What it says of itself is its latency. */
static struct outlier make(uint64_t latency_ns, bool has_stack)
{
	struct outlier outlier = { .end_realtime_ns = N - latency_ns, .latency_ns = latency_ns };
	char text[32];

	snprintf(text, sizeof(text), "f%llu", (unsigned long long)latency_ns);
	assert_true(outlier_label(&outlier, "op", text));
	outlier.folded = has_stack ? strdup(text) : NULL;
	return outlier;
}

/* All latencies from 1 to N once, in no order. */
static void shuffle(uint64_t latencies[static N])
{
	uint64_t seed = 7, i, at, kept;

	for (i = 0; i < N; i++)
		latencies[i] = i + 1;
	for (i = N - 1; i; i--) {
		at = fixture_random(&seed) % (i + 1);
		kept = latencies[i];
		latencies[i] = latencies[at];
		latencies[at] = kept;
	}
}

static void test_slowest_are_kept(void **state)
{
	struct outliers outliers = { 0 }, copy;
	uint64_t latencies[N];
	struct outlier outlier;
	char text[32];
	size_t i;

	(void)state;
	shuffle(latencies);
	for (i = 0; i < N; i++) {
		outlier = make(latencies[i], latencies[i] % 2);
		assert_true(outliers_keep(&outliers, &outlier));
		outlier_free(&outlier);
	}
	assert_int_equal(outliers.n, OUTLIERS_KEPT);
	assert_int_equal(outliers_floor(&outliers), N - OUTLIERS_KEPT + 2);
	assert_true(outliers_copy(&copy, &outliers));
	for (i = 0; i < copy.n; i++) {
		/* In order of time, the slowest first as they are made here. */
		assert_int_equal(copy.items[i].latency_ns, N - i);
		snprintf(text, sizeof(text), "f%zu", (size_t)N - i);
		assert_string_equal(outlier_find_label(&copy.items[i], "op"), text);
		if ((N - i) % 2)
			assert_string_equal(copy.items[i].folded, text);
		else
			assert_null(copy.items[i].folded);
	}
	outliers_free(&copy);
	outliers_free(&outliers);
}

/* Asked before anything is made of it, it must not say no to one that would be kept, nor the other way round. */
static void test_want(void **state)
{
	struct outliers outliers = { 0 };
	uint64_t latencies[N], n_kept = 0, lowest = 0;
	size_t i, at;
	bool is_wanted;

	(void)state;
	shuffle(latencies);
	for (i = 0; i < N; i++) {
		is_wanted = outliers_want(&outliers, latencies[i]);
		for (at = 0, lowest = UINT64_MAX; at < outliers.n; at++)
			lowest = outliers.items[at].latency_ns < lowest ? outliers.items[at].latency_ns : lowest;
		assert_int_equal(is_wanted, i < OUTLIERS_KEPT || latencies[i] > lowest);
		assert_int_equal(is_wanted, latencies[i] >= outliers_floor(&outliers));
		n_kept += is_wanted;
		assert_true(outliers_add(&outliers, make(latencies[i], true)));
	}
	assert_true(n_kept > OUTLIERS_KEPT && n_kept < N);
	outliers_free(&outliers);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_slowest_are_kept), cmocka_unit_test(test_want) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
