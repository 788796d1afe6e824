/* SPDX-License-Identifier: MIT */
/*
 * The documents' own samples, some figures of which do not follow from their counts: recorded as they are, and what
 * follows worked out by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "capture.h"
#include "fixtures.h"
#include "registry/format.h"

#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define NVME (259U << 20)

/* N latencies of NS each; the last has none. */
struct row {
	uint64_t ns, n;
};

static const __u64 decades[] = { 0, US, 10 * US, 100 * US, MS, 10 * MS, 100 * MS, SECOND };

/* Of the target files, counted between decades as well; FILES_READ of them all. */
static struct snapshot *record(const struct row *rows, size_t n_decades)
{
	const struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;
	size_t decade;

	for (; rows->n; rows++) {
		fixture_record(&now, &key, rows->ns, 0, rows->n);
		now.accounts[FILES_READ].counts[LAT_ENTERED] += rows->n;
		for (decade = n_decades; decade && rows->ns < decades[decade - 1]; decade--)
			;
		if (decade)
			fixture_series(&now, &key)->buckets.counts[decade - 1] += rows->n;
	}
	input.bucket_low_ns = decades;
	input.n_buckets = n_decades;
	snapshot = snapshot_make(&input);
	assert_non_null(snapshot);
	assert_int_equal(snapshot->total.unaccounted, 0);
	reading_free(&now);
	return snapshot;
}

/* RANK, in percent, is one of those that are shown. */
static void require_between(const struct series *series, double rank, uint64_t low_ns, uint64_t high_ns)
{
	const struct percentile *percentile = series->percentiles;

	while (percentile->rank != rank)
		percentile++;
	assert_in_range(percentile->low_ns, low_ns, high_ns);
	assert_in_range(percentile->high_ns, low_ns, high_ns);
}

/* Each of these lines is in the text, in this order; line by line, whatever stands between them. */
static void require_lines(const char *text, const char *const *lines, size_t n_lines)
{
	size_t i;

	for (i = 0; i < n_lines; i++) {
		text = strstr(text, lines[i]);
		if (!text)
			fail_msg("not found, or not behind the lines before it: %s", lines[i]);
		text += strlen(lines[i]);
	}
}
#define REQUIRE_LINES(text, lines) require_lines(text, lines, sizeof(lines) / sizeof((lines)[0]))

/* S0-26, S0-9, S0-4: of 2,705, the 1,353rd is from 1 to 10us, the 2,435th and the 2,570th from 100us to 1ms. */
static void test_file_latency(void **state)
{
	static const struct row rows[] = {
		{ 500, 1200 }, { 5 * US, 800 }, { 50 * US, 400 }, { 500 * US, 200 }, { 5 * MS, 80 }, { 50 * MS, 20 },
		{ 500 * MS, 5 }, { 0 },
	};
	/* 40 stars for the most, and as many for the others as their share of it: 800 / 1200 * 40 and so on. */
	static const char *const lines[] = {
		"read: 2,705 ops, ",
		"0-1us  1,200   44.4%  |****************************************\n",
		"1-10us    800   29.6%  |***************************\n",
		"10-100us    400   14.8%  |*************\n",
		"100us-1ms    200    7.4%  |*******\n",
		"1-10ms     80    3.0%  |***\n",
		"10-100ms     20    0.7%  |*\n",
		"100ms+      5    0.2%  |*\n",
		"total: 2,705 ops",
	};
	struct snapshot *snapshot = record(rows, 7);
	char *text = capture_format("text", snapshot, &(struct format_options){ .width = 120 });
	const struct series *series = snapshot->series;

	(void)state;
	require_between(series, 50, US, 10 * US);
	require_between(series, 90, 100 * US, MS);
	require_between(series, 95, 100 * US, MS);
	require_between(series, 99, MS, 10 * MS);
	REQUIRE_LINES(text, lines);
	free(text);
	snapshot_free(snapshot);
}

static const struct row profiler_rows[] = {
	{ 500, 5000 }, { 5 * US, 3000 }, { 50 * US, 1500 }, { 500 * US, 400 }, { 5 * MS, 80 }, { 50 * MS, 15 },
	{ 500 * MS, 4 }, { 5 * SECOND, 1 }, { 0 },
};

/* S1-23, S1-2, S1-6, S1-7: 8.4425 s in all, so 844 us each; the 9,000th and the 9,500th are from 10 to 100us. */
static void test_profiler(void **state)
{
	static const char *const lines[] = {
		"read: 10,000 ops, ",
		"0-1us  5,000   50.0%  |", "1-10us  3,000   30.0%  |", "10-100us  1,500   15.0%  |", "100us-1ms    400    4.0%  |",
		"1-10ms     80    0.8%  |", "10-100ms     15    0.1%  |", "100ms-1s      4   <0.1%  |", "1s+      1   <0.1%  |",
		" 844us\n", "total: 10,000 ops that took 8.44s, 100 (1.0%) of them longer than 1ms\n",
	};
	struct snapshot *snapshot = record(profiler_rows, 8);
	char *text = capture_format("text", snapshot, NULL);
	const struct series *series = snapshot->series;

	(void)state;
	assert_int_equal(series->sum_ns, 8442500000);
	assert_true(series->mean_ns == 844250);
	require_between(series, 50, 0, US);
	require_between(series, 90, 10 * US, 100 * US);
	require_between(series, 95, 10 * US, 100 * US);
	require_between(series, 99, 100 * US, MS);
	REQUIRE_LINES(text, lines);
	free(text);
	snapshot_free(snapshot);
}

/* S1-3: each of these has a row of its own, whose average it is, within 3.2 %. */
static void test_row_averages(void **state)
{
	struct snapshot *snapshot = record(profiler_rows, 0);
	const struct row *row;

	(void)state;
	for (row = profiler_rows; row->n; row++)
		assert_true(fabs(series_row_mean_ns(snapshot->series, lat_slot(row->ns) / LAT_N_SUB) / (double)row->ns - 1) <=
			    0.032);
	snapshot_free(snapshot);
}

/* S1-8: 100 of 10,000 are 1 %, which is not over it; 101 of 10,001 are. */
static void test_slow_calls(void **state)
{
	static const struct row fine[] = { { 5 * US, 9900 }, { 5 * MS, 100 }, { 0 } };
	static const struct row slow[] = { { 5 * US, 9900 }, { 5 * MS, 101 }, { 0 } };
	static const char *const hints[] = {
		"101 (1.0%) of them longer than 1ms\n", "WARNING", "disk I/O", "lock contention", "memory pressure",
	};
	struct snapshot *snapshot = record(fine, 0);
	char *text = capture_format("text", snapshot, NULL);

	(void)state;
	assert_null(strstr(text, "WARNING"));
	free(text);
	snapshot_free(snapshot);
	snapshot = record(slow, 0);
	text = capture_format("text", snapshot, NULL);
	REQUIRE_LINES(text, hints);
	free(text);
	snapshot_free(snapshot);
}

/* S2-21, S2-10, S2-12, S2-13: of 150,000, the 112,500th is below 1 ms and the 148,500th from 5 to 10. */
static void test_tcp(void **state)
{
	static const struct row rows[] = {
		{ 500 * US, 120000 }, { 2 * MS, 25000 }, { 7 * MS, 4000 }, { 20 * MS, 900 }, { 70 * MS, 90 }, { 200 * MS, 10 },
		{ 0 },
	};
	static const struct {
		const char *name;
		double low_ms, high_ms;
	} percentiles[] = {
		{ "p50", 0, 1 }, { "p75", 0, 1 }, { "p90", 1, 5 }, { "p95", 1, 5 }, { "p99", 5, 10 }, { "p999", 10, 50 },
	};
	struct snapshot *snapshot = record(rows, 0);
	char *text = capture_format("json", snapshot, NULL);
	json_t *root = json_loads(text, 0, NULL), *histogram, *found;
	json_t *expected = json_pack("{sisisisisisi}", "0-1ms", 120000, "1-5ms", 25000, "5-10ms", 4000, "10-50ms", 900,
				     "50-100ms", 90, "100ms+", 10);
	size_t i;

	(void)state;
	histogram = json_object_get(root, "histogram");
	assert_true(json_equal(histogram, expected));
	assert_int_equal(json_integer_value(json_object_get(root, "total_events")), 150000);
	assert_true(json_real_value(json_object_get(root, "duration_seconds")) == 1);
	assert_string_equal(json_string_value(json_object_get(root, "timestamp")), "2026-01-01T00:00:01.000000Z");
	found = json_object_get(root, "percentiles");
	assert_int_equal(json_object_size(found), sizeof(percentiles) / sizeof(percentiles[0]));
	for (i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
		double ms = json_number_value(json_object_get(found, percentiles[i].name));

		if (ms <= percentiles[i].low_ms || ms >= percentiles[i].high_ms)
			fail_msg("%s is %g ms", percentiles[i].name, ms);
	}
	json_decref(expected);
	json_decref(root);
	free(text);
	snapshot_free(snapshot);
}

/* The only object of the array, which has this device's number and name. */
static json_t *of_the_disk(const json_t *root, const char *array)
{
	json_t *objects = json_object_get(root, array), *object = json_array_get(objects, 0);

	assert_int_equal(json_array_size(objects), 1);
	assert_int_equal(json_integer_value(json_object_get(object, "device_id")), NVME);
	assert_string_equal(json_string_value(json_object_get(object, "device_name")), "nvme0n1");
	return object;
}

/* Bounds in us, of a power of two of ns each, behind each other; the sum of the counts, which are ROWS' own. */
static json_int_t require_buckets(const json_t *buckets, const struct row *rows)
{
	json_int_t sum = 0;
	json_t *bucket;
	size_t i;

	json_array_foreach(buckets, i, bucket) {
		double low_us = json_number_value(json_object_get(bucket, "bucket_low"));
		json_int_t slot = json_integer_value(json_object_get(bucket, "slot"));

		assert_true(low_us == ldexp(1, (int)slot + 3) / 1000);
		assert_true(json_number_value(json_object_get(bucket, "bucket_high")) == 2 * low_us);
		assert_true(low_us * 1000 <= (double)rows[i].ns && (double)rows[i].ns < low_us * 2000);
		assert_int_equal(json_integer_value(json_object_get(bucket, "count")), rows[i].n);
		sum += json_integer_value(json_object_get(bucket, "count"));
	}
	assert_int_equal(rows[i].n, 0);
	return sum;
}

/* S4-15, S4-9, S4-10, S4-11: its rows make 89. And 1691400312 is 09:25:12, not 08:45:12. */
static void test_block(void **state)
{
	/* The middle of each row that has any. */
	static const struct row rows[] = {
		{ 24 * US, 1 }, { 48 * US, 27 }, { 96 * US, 40 }, { 192 * US, 1 }, { 384 * US, 10 }, { 768 * US, 3 },
		{ 1536 * US, 1 }, { 6144 * US, 4 }, { 24576 * US, 2 }, { 0 },
	};
	static struct device_name devices[] = { { .device = NVME, .name = "nvme0n1" } };
	static const struct label_names names = { .devices = devices, .n_devices = 1, .key_at = { [LAT_DIM_DEVICE] = 1 } };
	struct lat_key key = fixture_key(DISKS_READ, LAT_RET_OK);
	struct reading now = fixture_reading(5 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct snapshot *snapshot;
	const struct row *row;
	json_t *root, *object;
	char *text;

	(void)state;
	now.realtime_ns = 1691400312123000000;
	input.start_realtime_ns = now.realtime_ns - 5 * SECOND;
	input.names = &names;
	key.words[1] = NVME;
	for (row = rows; row->n; row++)
		fixture_record(&now, &key, row->ns, 4096, row->n);
	now.depths = calloc(1, sizeof(*now.depths));
	now.depths[now.n_depths++] = (struct device_depth){ .device = NVME, .n_queued = 0, .n_issued = 1 };
	snapshot = snapshot_make(&input);
	text = capture_format("jsonl", snapshot, NULL);
	root = json_loads(text, 0, NULL);
	assert_true(fabs(json_real_value(json_object_get(root, "timestamp")) - 1691400312.123) < 0.0001);
	assert_string_equal(json_string_value(json_object_get(root, "iso_timestamp")), "2023-08-07T09:25:12.123000+00:00");
	assert_true(json_real_value(json_object_get(root, "interval_s")) == 5);
	object = of_the_disk(root, "latency_histogram");
	assert_int_equal(json_integer_value(json_object_get(object, "total")), 89);
	assert_int_equal(require_buckets(json_object_get(object, "buckets"), rows), 89);
	object = of_the_disk(root, "inflight");
	assert_int_equal(json_integer_value(json_object_get(object, "count")), 1);
	json_decref(root);
	free(text);
	snapshot_free(snapshot);
	reading_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_latency), cmocka_unit_test(test_profiler), cmocka_unit_test(test_row_averages),
		cmocka_unit_test(test_slow_calls), cmocka_unit_test(test_tcp), cmocka_unit_test(test_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
