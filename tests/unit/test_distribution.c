/* SPDX-License-Identifier: MIT */
/* Durations with counts: nothing is lost, all in order, each as near as is promised. */
#include <math.h>
#include <stdlib.h>

#include "model/distribution.h"
#include "fixtures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MAX_SAMPLES 400

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Each sample in its order against the point that stands for it. */
static void check(const struct series *series, const uint64_t *samples, size_t n_samples)
{
	struct point points[DISTRIBUTION_MAX];
	size_t n_points = distribution_points(series, points), i, at = 0;
	uint64_t left = points[0].count, n = points[0].count;

	for (i = 1; i < n_points; i++) {
		assert_true(points[i].ns > points[i - 1].ns);
		assert_true(points[i].count > 0);
		n += points[i].count;
	}
	assert_int_equal(n, n_samples);
	for (i = 0; i < n_samples; i++, left--) {
		if (!left)
			left = points[++at].count;
		if (samples[i] < lat_slot_low(LAT_OVERFLOW_SLOT))
			assert_true(fabs((double)points[at].ns - (double)samples[i]) <= (double)samples[i] * 0.032);
	}
	if (series->min_max_exact) {
		assert_int_equal(points[0].ns, samples[0]);
		assert_int_equal(points[n_points - 1].ns, samples[n_samples - 1]);
	}
}

static void test_random(void **state)
{
	const struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	uint64_t seed = 99, samples[MAX_SAMPLES];
	struct snapshot_input input;
	struct snapshot *snapshot;
	struct reading now, before;
	size_t round, n, i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		now = fixture_reading(1);
		before = fixture_reading(0);
		n = 1 + fixture_random(&seed) % (round % MAX_SAMPLES + 1);
		for (i = 0; i < n; i++) {
			samples[i] = fixture_random(&seed) >> (27 + fixture_random(&seed) % 37);
			fixture_record(&now, &key, samples[i], 0, 1);
		}
		qsort(samples, n, sizeof(*samples), compare);
		input = fixture_input(&fixture_files, &now);
		input.before = round % 2 ? &before : NULL;
		snapshot = snapshot_make(&input);
		check(&snapshot->series[0], samples, n);
		snapshot_free(snapshot);
		reading_free(&now);
		reading_free(&before);
	}
}

/* S2-11: the deviation that connections show. */
static void test_deviation(void **state)
{
	const struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(1);
	struct point points[DISTRIBUTION_MAX];
	struct snapshot *snapshot;
	size_t n_points;

	(void)state;
	/* Exact below 16 ns: three of 4, one of 12; the mean is 6. */
	fixture_record(&now, &key, 4, 0, 3);
	fixture_record(&now, &key, 12, 0, 1);
	snapshot = fixture_snapshot(NULL, &now, 0);
	n_points = distribution_points(&snapshot->series[0], points);
	assert_int_equal(n_points, 2);
	assert_true(fabs(distribution_deviation(&snapshot->series[0], points, n_points) - sqrt(12)) < 1e-9);
	snapshot_free(snapshot);
	reading_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_deviation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
