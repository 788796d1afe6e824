/* SPDX-License-Identifier: MIT */
/* Percentiles against sorted samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fixtures.h"
#include "model/percentile.h"

#define MAX_SAMPLES 20000
#define N_RANKS 10001

struct samples {
	uint64_t ns[MAX_SAMPLES]; /* sorted */
	size_t n;
	uint64_t slots[LAT_N_SLOTS];
};

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void count_samples(struct samples *samples)
{
	size_t i;

	qsort(samples->ns, samples->n, sizeof(samples->ns[0]), compare_numbers);
	memset(samples->slots, 0, sizeof(samples->slots));
	for (i = 0; i < samples->n; i++)
		samples->slots[lat_slot(samples->ns[i])]++;
}

static uint64_t uniform(uint64_t *seed)
{
	return fixture_random(seed) % 1000000;
}

static uint64_t log_uniform(uint64_t *seed)
{
	return fixture_random(seed) >> (fixture_random(seed) % 36 + 28);
}

static uint64_t two_humps(uint64_t *seed)
{
	return fixture_random(seed) % 10 ? 900 + fixture_random(seed) % 200 : 5000000 + fixture_random(seed) % 1000;
}

/* All at the upper end of a slot, where taking a place in proportion is worst. */
static uint64_t slot_tops(uint64_t *seed)
{
	return lat_slot_low((uint32_t)(100 + fixture_random(seed) % 200)) - 1;
}

static uint64_t constant(uint64_t *seed)
{
	(void)seed;
	return 1234567;
}

static uint64_t mostly_overflow(uint64_t *seed)
{
	return (1ULL << 35) + fixture_random(seed) % (1ULL << 38);
}

static void check_rank(const struct samples *samples, uint64_t hundredths)
{
	uint64_t place = (hundredths * samples->n + 9999) / 10000, truth;
	struct percentile percentile;

	place = place ? place : 1;
	truth = samples->ns[place - 1];
	percentile = percentile_of(samples->slots, samples->n, 1, (double)hundredths / 100, samples->ns[0],
				   samples->ns[samples->n - 1]);
	assert_in_range(truth, percentile.low_ns, percentile.high_ns);
	assert_in_range(percentile.ns, percentile.low_ns, percentile.high_ns);
	assert_int_equal(percentile.n_above, samples->n - place);
	assert_int_equal(percentile.carried, samples->n - place >= PERCENTILE_MIN_ABOVE);
	if (lat_slot(truth) < LAT_OVERFLOW_SLOT)
		assert_true((double)llabs((long long)percentile.ns - (long long)truth) <= 0.03125 * (double)truth);
}

static void check_monotone(const struct samples *samples)
{
	uint64_t last = 0, hundredths;

	for (hundredths = 0; hundredths < N_RANKS; hundredths++) {
		struct percentile percentile = percentile_of(samples->slots, samples->n, 1, (double)hundredths / 100,
							     samples->ns[0], samples->ns[samples->n - 1]);

		assert_true(percentile.ns >= last);
		last = percentile.ns;
	}
	assert_true(last <= samples->ns[samples->n - 1]);
}

/* S0-11: every rank, of samples that are spread in different ways. */
static void test_against_sorted_samples(void **state)
{
	static uint64_t (*const distributions[])(uint64_t *seed) = {
		uniform, log_uniform, two_humps, slot_tops, constant, mostly_overflow,
	};
	static const size_t counts[] = { 1, 2, 3, 9, 10, 11, 99, 100, 101, 1000, 9999, 10000, MAX_SAMPLES };
	static struct samples samples;
	size_t distribution, count, i;
	uint64_t seed, hundredths;

	(void)state;
	for (distribution = 0; distribution < sizeof(distributions) / sizeof(distributions[0]); distribution++) {
		seed = distribution + 1;
		print_message("distribution %zu: seed %zu\n", distribution, distribution + 1);
		for (count = 0; count < sizeof(counts) / sizeof(counts[0]); count++) {
			samples.n = counts[count];
			for (i = 0; i < samples.n; i++)
				samples.ns[i] = distributions[distribution](&seed);
			count_samples(&samples);
			for (hundredths = 0; hundredths < N_RANKS; hundredths++)
				check_rank(&samples, hundredths);
			check_monotone(&samples);
		}
	}
}

static void test_nothing(void **state)
{
	static const uint64_t slots[LAT_N_SLOTS];
	struct percentile percentile = percentile_of(slots, 0, 1, 99, 0, 0);

	(void)state;
	assert_int_equal(percentile.ns, 0);
	assert_int_equal(percentile.n_above, 0);
	assert_false(percentile.carried);
}

/* Where a rank falls exactly between samples, it is the one below, however the rank looks as a double. */
static void test_exact_ranks(void **state)
{
	static uint64_t slots[LAT_N_SLOTS];
	uint64_t count;

	(void)state;
	slots[5] = 1;
	for (count = 1000; count <= 1000000000000; count *= 10) {
		slots[5] = count;
		assert_int_equal(percentile_of(slots, count, 1, 99.9, 5, 5).n_above, count / 1000);
		assert_int_equal(percentile_of(slots, count, 1, 50, 5, 5).n_above, count / 2);
		assert_int_equal(percentile_of(slots, count, 1, 100, 5, 5).n_above, 0);
	}
	slots[5] = 1ULL << 62;
	assert_int_equal(percentile_of(slots, slots[5], 1, 50, 5, 5).n_above, 1ULL << 61);
}

static void test_overflow_is_bounded(void **state)
{
	static uint64_t slots[LAT_N_SLOTS];
	struct percentile percentile;

	(void)state;
	slots[LAT_OVERFLOW_SLOT] = 3;
	percentile = percentile_of(slots, 3, 1, 50, 1ULL << 36, 90000000000);
	assert_int_equal(percentile.low_ns, 1ULL << 36);
	assert_int_equal(percentile.high_ns, 90000000000);
	assert_in_range(percentile.ns, percentile.low_ns, percentile.high_ns);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_sorted_samples), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_exact_ranks), cmocka_unit_test(test_overflow_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
