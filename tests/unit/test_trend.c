/* SPDX-License-Identifier: MIT */
/* Rolling averages over intervals, and what stands out from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fixtures.h"
#include "model/snapshot.h"
#include "model/trend.h"

/* An interval of N reads of NS each, after what came before; and, if there are any, writes. */
static struct snapshot *interval(struct trend *trend, uint64_t ns, uint64_t n, uint64_t n_writes)
{
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	struct reading now = fixture_reading(1000000000);
	struct snapshot *snapshot;

	fixture_record(&now, &read, ns, 0, n);
	if (n_writes)
		fixture_record(&now, &write, 1, 0, n_writes);
	snapshot = fixture_snapshot(NULL, &now, 0);
	reading_free(&now);
	trend_apply(trend, snapshot);
	return snapshot;
}

static void require_trend(struct snapshot *snapshot, unsigned int n_rolling, double mean_ns, bool is_spike)
{
	const struct series *series = snapshot->series;

	assert_string_equal(series_label(series, "op"), "read");
	assert_int_equal(series->n_rolling, n_rolling);
	assert_true(series->rolling_mean_ns == mean_ns);
	assert_int_equal(series->is_spike, is_spike);
	snapshot_free(snapshot);
}

/* S0-15: the mean of the intervals before, and what is more than twice that. */
static void test_rolling(void **state)
{
	struct trend *trend = trend_new();
	int i;

	(void)state;
	require_trend(interval(trend, 1000, 100, 0), 0, 0, false);
	require_trend(interval(trend, 4000, 100, 0), 1, 1000, false); /* too few intervals to tell */
	require_trend(interval(trend, 1000, 200, 5), 2, 2500, false); /* weighed by count */
	require_trend(interval(trend, 5000, 100, 0), 3, 1750, true);
	require_trend(interval(trend, 9000, 9, 0), 4, 2400, false); /* too few operations */
	for (i = 0; i < TREND_WINDOW; i++)
		snapshot_free(interval(trend, 2000, 100, 0));
	require_trend(interval(trend, 2000, 100, 0), TREND_WINDOW, 2000, false);
	require_trend(interval(trend, 4001, 100, 0), TREND_WINDOW, 2000, true);
	trend_free(trend);
	require_trend(interval(NULL, 1000, 1, 0), 0, 0, false);
}

/* What was away for longer than the window has no past. */
static void test_forgotten(void **state)
{
	struct trend *trend = trend_new();
	struct snapshot *snapshot;
	int i;

	(void)state;
	for (i = 0; i <= TREND_WINDOW + 1; i++)
		snapshot_free(interval(trend, 1000, 100, i == 0));
	snapshot = interval(trend, 1000, 100, 5);
	assert_int_equal(snapshot->series[1].n_rolling, 0);
	snapshot_free(snapshot);
	snapshot = interval(trend, 1000, 100, 5);
	assert_int_equal(snapshot->series[1].n_rolling, 1);
	snapshot_free(snapshot);
	trend_free(trend);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rolling), cmocka_unit_test(test_forgotten) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
