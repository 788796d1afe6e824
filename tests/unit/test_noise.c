/* SPDX-License-Identifier: MIT */
/* Intervals and tests against values from exact fractions and published tables, and against simulation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixtures.h"
#include "latencyprobe/bucket.h"
#include "compare/significance.h"

static void assert_ranks(uint64_t n, double percent, double tail, uint64_t low, uint64_t high)
{
	struct significance_ranks ranks = significance_ranks_of(n, percent, tail);

	if (ranks.low != low || ranks.high != high)
		fail_msg("%g %% of %llu: ranks %llu to %llu, expected %llu to %llu", percent, (unsigned long long)n,
			 (unsigned long long)ranks.low, (unsigned long long)ranks.high, (unsigned long long)low,
			 (unsigned long long)high);
}

/* The medians are those of the sign test's tables (Conover, table A3); the others are from exact fractions. */
static void test_ranks(void **state)
{
	(void)state;
	assert_ranks(5, 50, 0.025, 0, 6);
	assert_ranks(10, 50, 0.025, 2, 9);
	assert_ranks(20, 50, 0.025, 6, 15);
	assert_ranks(25, 50, 0.025, 8, 18);
	assert_ranks(100, 50, 0.025, 40, 61);
	assert_ranks(50, 90, 0.025, 41, 50);
	assert_ranks(100, 99, 0.025, 97, 101);
	assert_ranks(1000, 99, 0.025, 983, 997);
	assert_ranks(1000, 99, 0.001, 979, 999);
	assert_ranks(2000, 99.9, 0.005, 1994, 2001);
	assert_ranks(300, 75, 0.0001, 196, 253);
	assert_ranks(1, 99, 0.001, 0, 2);
}

/* Where the exact way ends and the normal distribution takes over, both say the same. */
static void test_many(void **state)
{
	static const uint64_t counts[] = { 399000000, 401000000 };
	double reach, n;
	struct significance_ranks ranks;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		n = (double)counts[i];
		ranks = significance_ranks_of(counts[i], 50, 0.001);
		reach = 3.090232 * sqrt(n) / 2;
		assert_true(fabs((double)ranks.low - (n / 2 - reach)) < 4);
		assert_true(fabs((double)ranks.high - (n / 2 + reach)) < 4);
	}
	ranks = significance_ranks_of(UINT64_MAX / 2, 99.99, 1e-9);
	assert_true(ranks.low < ranks.high && ranks.high < UINT64_MAX / 2);
}

/* Each end misses the quantile no more often than it may, and not much less often. */
static void test_coverage(void **state)
{
	static const double percents[] = { 50, 90, 99 };
	const double tail = 0.025;
	const int n = 2000, n_trials = 4000;
	uint64_t seed = 2026;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct significance_ranks ranks = significance_ranks_of((uint64_t)n, percents[i], tail);
		int n_low = 0, n_high = 0, trial, k, n_below;

		for (trial = 0; trial < n_trials; trial++) {
			for (k = n_below = 0; k < n; k++)
				n_below += (double)(fixture_random(&seed) >> 11) * 0x1p-53 < percents[i] / 100;
			n_low += (uint64_t)n_below < ranks.low;
			n_high += (uint64_t)n_below >= ranks.high;
		}
		/* 100 of 4,000 expected at most; 4 standard deviations. */
		assert_in_range(n_low, 30, 140);
		assert_in_range(n_high, 30, 140);
	}
}

static void test_quantiles(void **state)
{
	static const struct {
		double tail, degrees, expected; /* of printed tables */
	} rows[] = {
		{ 0.025, 20, 2.085963 }, { 0.025, 30, 2.042272 }, { 0.001, 40, 3.306878 }, { 0.0005, 100, 3.390491 },
		{ 0.025, 1e9, 1.959964 }, { 0.025, 1, 12.7062 }, { 0.001, 2, 22.3271 }, { 0.005, 7, 3.499483 },
		{ 0.0005, 9, 4.780913 }, { 0.001, 7.9, 4.785290 },
	};
	size_t i;

	(void)state;
	assert_true(fabs(significance_normal_quantile(0.5)) < 1e-6);
	assert_true(fabs(significance_normal_quantile(0.025) - 1.959964) < 1e-5);
	assert_true(fabs(significance_normal_quantile(0.001) - 3.090232) < 1e-5);
	assert_true(fabs(significance_normal_quantile(1e-6) - 4.753424) < 1e-5);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(fabs(significance_student_quantile(rows[i].tail, rows[i].degrees) - rows[i].expected) < 1e-3);
}

static void assert_fisher(uint64_t k, uint64_t n, uint64_t other_k, uint64_t other_n, double tail)
{
	assert_true(significance_shares_differ(k, n, other_k, other_n, tail * 1.00001));
	assert_false(significance_shares_differ(k, n, other_k, other_n, tail * 0.99999));
	assert_true(significance_shares_differ(other_k, other_n, k, n, tail * 1.00001));
	assert_false(significance_shares_differ(other_k, other_n, k, n, tail * 0.99999));
}

/* Fisher's tea and his convicts' twins (Journal of the Royal Statistical Society 98, 1935); then exact fractions. */
static void test_shares(void **state)
{
	(void)state;
	assert_fisher(4, 4, 0, 4, 1.0 / 70);
	assert_fisher(3, 4, 1, 4, 17.0 / 70);
	assert_fisher(10, 13, 2, 17, 0.00046518094336290503);
	assert_fisher(40, 100000, 0, 100000, 9.059538821882126e-13);
	assert_fisher(12, 1000, 30, 3000, 0.3507616036918572);
	assert_fisher(9, 1000, 3, 4000, 6.070496889683604e-05);
	assert_fisher(30, 2000, 60, 2000, 0.0009160702701081539);
	assert_false(significance_shares_differ(0, 10, 0, 1000, 0.4));
	assert_false(significance_shares_differ(10, 10, 7, 7, 0.4));
	assert_true(significance_shares_differ(500000000, 1000000000, 500200000, 1000000000, 1e-6));
	assert_false(significance_shares_differ(500000000, 1000000000, 500100000, 1000000000, 1e-6));
}

/* t = 0.3 / sqrt(2 / 100) = 2.1213 with 198 degrees of freedom: between the quantiles for 0.025 and for 0.01. */
static void test_means(void **state)
{
	const struct significance_mean one = { .mean = 5, .variance = 0.01, .degrees = 99 };
	const struct significance_mean other = { .mean = 5.3, .variance = 0.01, .degrees = 99 };
	const struct significance_mean sure = { .mean = 5, .degrees = 50 }, surer = { .mean = 5.001, .degrees = 50 };

	(void)state;
	assert_true(significance_means_differ(&one, &other, 0.025));
	assert_true(significance_means_differ(&other, &one, 0.025));
	assert_false(significance_means_differ(&one, &other, 0.01));
	assert_false(significance_means_differ(&one, &one, 0.4));
	assert_true(significance_means_differ(&sure, &surer, 1e-9));
	assert_false(significance_means_differ(&sure, &sure, 0.4));
}

/* In slots of 1 ns there is nothing to be unsure of; in wider ones the variance is no smaller than the truth. */
static void test_mean_of_slots(void **state)
{
	uint64_t slots[LAT_N_SLOTS] = { [3] = 30, [7] = 20, [15] = 50 }, sum = 90 + 140 + 750;
	struct significance_mean mean = significance_mean_of(slots, 100, sum, 3, 15);

	(void)state;
	assert_true(mean.mean == 9.8 && mean.degrees == 99);
	/* (30 x 6.8^2 + 20 x 2.8^2 + 50 x 5.2^2) / 99 / 100 */
	assert_true(fabs(mean.variance - 28.96 / 99) < 1e-9);
	assert_true(mean.carried);
	slots[LAT_OVERFLOW_SLOT] = 1;
	assert_false(significance_mean_of(slots, 101, sum + (1ULL << 40), 3, 1ULL << 40).carried);

	slots[LAT_OVERFLOW_SLOT] = slots[3] = slots[7] = slots[15] = 0;
	slots[lat_slot(1000)] = 50;
	slots[lat_slot(2000)] = 50;
	mean = significance_mean_of(slots, 100, 150000, 1000, 2000);
	assert_true(mean.variance >= 500.0 * 500 / 99 && mean.variance < 1.2 * 500 * 500 / 99);
}

/*
 * Ten blocks of 100 samples, of which 40 and 60 in turn are marked: squares 10 x 10^2, so the variance of the share is
 * 10 / 9 x 1000 / 1000^2 = 1 / 900, where independent ones would have 0.25 / 1000: 40 / 9 times as much. Student's t
 * for 9 degrees of freedom is 2.262157 where the normal quantile is 1.959964.
 */
static void test_blocks(void **state)
{
	struct significance_blocks blocks = { 0 }, same = { 0 };
	struct significance_mean mean = { .mean = 0.5, .variance = 1e-4, .degrees = 999 };
	struct significance_ranks ranks;
	double ratio = 2.262157 / 1.959964;
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		significance_blocks_add(&blocks, i % 2 ? 40 : 60, 100, 0.5);
		significance_blocks_add(&same, 50, 100, 0.5);
		if (i == NOISE_MIN_BLOCKS - 2)
			assert_true(significance_effective_n(&blocks, 0.5, 1000, 0.025) == 1000);
	}
	assert_true(blocks.squares == 1000);
	assert_true(fabs(significance_effective_n(&blocks, 0.5, 1000, 0.025) - 225 / ratio / ratio) < 0.01);
	assert_true(significance_effective_n(&same, 0.5, 1000, 0.025) == 1000);
	assert_true(significance_effective_n(&blocks, 1, 1000, 0.025) == 1000);
	significance_mean_widen(&mean, &same, 1000);
	assert_true(mean.variance == 1e-4 && mean.degrees == 999);
	significance_mean_widen(&mean, &blocks, 1000);
	assert_true(fabs(mean.variance - 1.0 / 900) < 1e-12 && mean.degrees == 9);

	/* As of 20 samples: from their 6th to their 15th, of 100 each. */
	ranks = significance_scaled_ranks(2000, 20.9, 50, 0.025);
	assert_true(ranks.low == 500 && ranks.high == 1500);
	ranks = significance_scaled_ranks(2000, 5, 50, 0.025);
	assert_true(ranks.low == 0 && ranks.high == 2001);
	ranks = significance_scaled_ranks(2000, 0.9, 50, 0.025);
	assert_true(ranks.low == 0 && ranks.high == 2001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks), cmocka_unit_test(test_many), cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_quantiles), cmocka_unit_test(test_shares), cmocka_unit_test(test_means),
		cmocka_unit_test(test_mean_of_slots), cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
