/* SPDX-License-Identifier: MIT */
/* By simulation: false alarms are rare, real shifts are found; and what intervals tell of noise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compare/comparison.h"
#include "fixtures.h"

#define SECOND 1000000000ULL
#define P50 0
#define P99 4
#define N_PAIRS 1000
#define N_SHIFTS 200
#define N_INTERVALS 20

static const struct limit no_limits[N_FIGURES];

/* Much like a lognormal distribution around 50 us, and one of 64 takes eight times as long. */
static uint64_t draw(uint64_t *seed, double scale)
{
	uint64_t bits = fixture_random(seed);
	double sum = (double)(bits & 0x3FFF) + (double)(bits >> 14 & 0x3FFF) + (double)(bits >> 28 & 0x3FFF) +
		     (double)(bits >> 42 & 0x3FFF);

	/* Four even spreads from 0 to 1: mean 2, variance 1/3. */
	return (uint64_t)(scale * 50000 * exp((sum / 0x4000 - 2) * 1.5) * (bits >> 58 ? 1 : 8));
}

/* How pairs are drawn. */
struct draws {
	int n_base, n_current;
	double shift;       /* of the current run */
	double drift;       /* half of how far an interval is off at most, as a logarithm */
	bool has_intervals; /* they were recorded */
};

static struct recorded_run run_of(uint64_t *seed, const struct draws *draws, int n, double scale)
{
	struct snapshot **intervals = calloc(N_INTERVALS, sizeof(struct snapshot *));
	struct recorded_run run = { .intervals = (const struct snapshot *const *)intervals };
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading reading = fixture_reading(0), before;
	uint64_t i;
	int left;

	for (i = 1; i <= N_INTERVALS; i++) {
		double even = (double)(fixture_random(seed) >> 11) * 0x1p-53, drift = draws->drift * (4 * even - 2);

		if (draws->has_intervals)
			before = fixture_copy(&reading);
		reading.monotonic_ns += SECOND / 2;
		reading.realtime_ns += SECOND / 2;
		for (left = n / N_INTERVALS; left; left--)
			fixture_record(&reading, &read, draw(seed, scale * exp(drift)), 1, 1);
		if (!draws->has_intervals)
			continue;
		intervals[run.n_intervals++] = fixture_snapshot(&before, &reading, i);
		reading_free(&before);
	}
	run.whole = fixture_snapshot(NULL, &reading, 0);
	reading_free(&reading);
	return run;
}

static void free_run(const struct recorded_run *run)
{
	size_t i;

	for (i = 0; i < run->n_intervals; i++)
		snapshot_free((struct snapshot *)run->intervals[i]);
	snapshot_free((struct snapshot *)run->whole);
	free((void *)run->intervals);
}

/* How many of N_TRIALS comparisons find, somewhere or in the given figure, what is more than noise. */
static int count_alarms(uint64_t seed, int n_trials, const struct draws *draws, int kind)
{
	int n_alarms = 0, trial;

	for (trial = 0; trial < n_trials; trial++) {
		struct recorded_run base = run_of(&seed, draws, draws->n_base, 1);
		struct recorded_run current = run_of(&seed, draws, draws->n_current, draws->shift);
		struct comparison *comparison = comparison_make(&base, &current, no_limits);

		assert_int_equal(comparison->n_both, 1);
		n_alarms += kind == N_FIGURES ? comparison->n_differ > 0 :
			    comparison->operations[0].figures[kind].verdict == VERDICT_WORSE;
		comparison_free(comparison);
		free_run(&base);
		free_run(&current);
	}
	print_message("%d and %d samples, %g times as long, drift %g, %s intervals: found in %d of %d\n", draws->n_base,
		      draws->n_current, draws->shift, draws->drift, draws->has_intervals ? "with" : "without", n_alarms,
		      n_trials);
	return n_alarms;
}

/* S3-12: the 5 % are those of whole comparisons: all percentiles that are carried, and the mean. */
static void test_false_alarms(void **state)
{
	static const struct draws draws[] = {
		{ 200, 200, 1 }, { 2000, 2000, 1 }, { 10000, 10000, 1 }, { 300, 10000, 1 }, { 10000, 300, 1 },
		{ 200, 200, 1, 0, true }, { 4000, 4000, 1, 0, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(draws) / sizeof(draws[0]); i++)
		assert_in_range(count_alarms(1, N_PAIRS, &draws[i], N_FIGURES), 0, N_PAIRS * COMPARISON_ALPHA);
}

/* What drifts is only like itself where intervals tell so. */
static void test_drift(void **state)
{
	static const struct draws drifting = { 4000, 4000, 1, 0.3, true }, untold = { 4000, 4000, 1, 0.3, false };

	(void)state;
	assert_in_range(count_alarms(3, N_PAIRS, &drifting, N_FIGURES), 0, N_PAIRS * COMPARISON_ALPHA);
	assert_in_range(count_alarms(4, N_SHIFTS, &untold, N_FIGURES), N_SHIFTS * COMPARISON_ALPHA + 1, N_SHIFTS);
}

static void test_power(void **state)
{
	static const struct draws draws[] = { { 100000, 100000, 1.2 }, { 100000, 100000, 1.2, 0, true } };

	(void)state;
	assert_in_range(count_alarms(2, N_SHIFTS, &draws[0], P99), N_SHIFTS * 95 / 100, N_SHIFTS);
	assert_in_range(count_alarms(5, N_SHIFTS / 4, &draws[1], P99), N_SHIFTS / 4 * 95 / 100, N_SHIFTS / 4);
}

/* In each of the first N_BUSY intervals N reads, and in the first one or in all of them N_ERRORS errors. */
static struct recorded_run busy_run(uint64_t n_busy, uint64_t n, uint64_t n_errors, bool in_all)
{
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), error = fixture_key(FILES_READ, LAT_RET_ERROR);
	struct snapshot **intervals = calloc(N_INTERVALS, sizeof(struct snapshot *));
	struct recorded_run run = { .intervals = (const struct snapshot *const *)intervals };
	struct reading reading = fixture_reading(0), before;
	uint64_t i;

	for (i = 1; i <= N_INTERVALS; i++) {
		before = fixture_copy(&reading);
		reading.monotonic_ns += SECOND;
		reading.realtime_ns += SECOND;
		if (i <= n_busy)
			fixture_record(&reading, &read, 1000, 1, n + i % 3);
		if (n_errors && (i == 1 || in_all))
			fixture_record(&reading, &error, 500, 1, n_errors);
		intervals[run.n_intervals++] = fixture_snapshot(&before, &reading, i);
		reading_free(&before);
	}
	run.whole = fixture_snapshot(NULL, &reading, 0);
	reading_free(&reading);
	return run;
}

static enum verdict verdict_between(struct recorded_run base, struct recorded_run current, int kind)
{
	struct comparison *comparison = comparison_make(&base, &current, no_limits);
	enum verdict verdict = comparison->operations[0].figures[kind].verdict;

	comparison_free(comparison);
	free_run(&base);
	free_run(&current);
	return verdict;
}

static struct recorded_run run_with_errors(uint64_t n, uint64_t n_errors, bool in_all)
{
	return busy_run(N_INTERVALS, n, n_errors, in_all);
}

/* Forty errors in one interval may be bad luck, two in each are not; and rates are judged. */
static void test_intervals(void **state)
{
	struct recorded_run base, current;

	(void)state;
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), run_with_errors(500, 40, false), FIGURE_ERROR),
			 VERDICT_NOISE);
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), run_with_errors(500, 2, true), FIGURE_ERROR),
			 VERDICT_WORSE);
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), run_with_errors(450, 0, false), FIGURE_RATE),
			 VERDICT_WORSE);
	assert_int_equal(verdict_between(run_with_errors(450, 0, false), run_with_errors(500, 0, false), FIGURE_RATE),
			 VERDICT_BETTER);
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), run_with_errors(500, 0, false), FIGURE_RATE),
			 VERDICT_NOISE);
	/* What was there in seven intervals of twenty may be a burst. */
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), busy_run(7, 2000, 0, false), P50), VERDICT_FEW);
	assert_int_equal(verdict_between(run_with_errors(500, 0, false), busy_run(8, 2000, 0, false), P50), VERDICT_NOISE);
	/* Seven are too few. */
	base = run_with_errors(500, 0, false);
	current = run_with_errors(500, 40, false);
	while (current.n_intervals >= NOISE_MIN_BLOCKS)
		snapshot_free((struct snapshot *)current.intervals[--current.n_intervals]);
	assert_int_equal(verdict_between(base, current, FIGURE_ERROR), VERDICT_WORSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_drift), cmocka_unit_test(test_power),
		cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
