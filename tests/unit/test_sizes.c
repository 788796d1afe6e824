/* SPDX-License-Identifier: MIT */
/* Latency by size: what sizes add up to, and the table that the text report has of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture.h"
#include "fixtures.h"
#include "golden.h"
#include "registry/format.h"
#include "model/size_groups.h"
#include "model/trend.h"

#define US 1000ULL
#define SECOND 1000000000ULL
#define N_SIZES 9 /* 0, 1 and so on up to 64 KiB, eight times as much each */

static const struct label_names names = { .key_at = { [LAT_DIM_SIZE] = 1, [LAT_DIM_PID] = 2 } };

static struct lat_key key_of(unsigned int op, enum lat_ret ret, uint64_t size, uint64_t pid)
{
	struct lat_key key = fixture_key(op, ret);

	key.words[1] = size;
	key.words[2] = pid;
	return key;
}

/* Reads of each size by two processes, the more bytes the slower and the fewer, and what did not end well. */
static struct reading make_reading(uint64_t elapsed_ns, uint64_t scale)
{
	struct reading reading = fixture_reading(elapsed_ns);
	const struct lat_key other = { .words = { ~0ULL } };
	struct lat_key key;
	uint64_t pid, i;

	for (pid = 7; pid < 9; pid++)
		for (i = 0; i < N_SIZES; i++) {
			key = key_of(FILES_READ, LAT_RET_OK, i ? 3 * i - 2 : 0, pid);
			fixture_record(&reading, &key, US << i, i ? 1ULL << (3 * i - 3) : 0, scale * (N_SIZES - i) * pid);
			fixture_record(&reading, &key, 10 * (US << i), i ? 1ULL << (3 * i - 3) : 0, 1);
		}
	key = key_of(FILES_READ, LAT_RET_EOF, 0, 7);
	fixture_record(&reading, &key, 300, 0, 12);
	key = key_of(FILES_READ, LAT_RET_ERROR, 0, 7);
	fixture_record(&reading, &key, 900, 0, 2);
	key = key_of(FILES_READ, LAT_RET_ERROR, 13, 7);
	fixture_record(&reading, &key, 1100, 0, 1);
	fixture_record(&reading, &other, 5 * US, 100, 3);
	for (i = 0; i < reading.n_series; i++)
		reading.accounts[FILES_READ].counts[LAT_ENTERED] += raw_series_count(&reading.series[i]);
	reading.accounts[FILES_READ].counts[LAT_OTHER_KEY] = 3;
	return reading;
}

/* Bounds are those of slots. */
static void fill_buckets(struct raw_series *series, const __u64 *low_ns, size_t n)
{
	unsigned int slot;
	size_t bucket;

	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		for (bucket = n - 1; lat_slot_low(slot) < low_ns[bucket]; bucket--)
			;
		series->buckets.counts[bucket] += series->counts[slot];
	}
}

static struct snapshot *make(bool has_sizes, const __u64 *bucket_low_ns, size_t n_buckets)
{
	static const struct label_names no_sizes = { .key_at = { [LAT_DIM_PID] = 2 } };
	struct reading now = make_reading(10 * SECOND, 100);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;
	size_t i;

	input.names = has_sizes ? &names : &no_sizes;
	input.bucket_low_ns = bucket_low_ns;
	input.n_buckets = n_buckets;
	for (i = 0; n_buckets && i < now.n_series; i++)
		fill_buckets(&now.series[i], bucket_low_ns, n_buckets);
	snapshot = snapshot_make(&input);
	reading_free(&now);
	assert_non_null(snapshot);
	return snapshot;
}

static void require_text(const char *name, const struct snapshot *snapshot, unsigned int width)
{
	char *text = capture_format("text", snapshot, &(struct format_options){ .width = width });
	bool is_same = is_golden(name, ".txt", text);

	free(text);
	assert_true(is_same);
}

static void test_sums(void **state)
{
	struct snapshot *snapshot = make(true, NULL, 0), *sums = size_groups_add_up(snapshot);
	const struct series *sizes[SIZES_MAX], *series;
	uint64_t count, bytes, sum_ns, n_all = 0;
	size_t n, i;

	(void)state;
	assert_non_null(sums);
	assert_int_equal(sums->n_series, 5); /* of each process what ended ok, of one eof and error, and the rest */
	for (series = sums->series; series < sums->series + sums->n_series; series++) {
		assert_null(series_label(series, SIZES_LABEL));
		n_all += series->count;
		n = size_groups_of(snapshot, series, sizes);
		count = bytes = sum_ns = 0;
		for (i = 0; i < n; i++) {
			assert_true(!i || sizes[i - 1]->bytes / sizes[i - 1]->count < sizes[i]->bytes / sizes[i]->count ||
				    !series->summary);
			count += sizes[i]->count;
			bytes += sizes[i]->bytes;
			sum_ns += sizes[i]->sum_ns;
		}
		if (!strcmp(series_label(series, "op"), "other")) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_int_equal(n, series->summary ? N_SIZES : strcmp(series_label(series, "ret"), "eof") ? 2 : 1);
		assert_int_equal(series->count, count);
		assert_int_equal(series->bytes, bytes);
		assert_int_equal(series->sum_ns, sum_ns);
		if (series->summary) {
			assert_int_equal(series->min_ns, US);
			assert_int_equal(series->max_ns, 10 * (US << (N_SIZES - 1)));
		}
	}
	assert_int_equal(n_all, snapshot->totals.count);
	snapshot_free(sums);
	snapshot_free(snapshot);
}

static void test_without_sizes(void **state)
{
	struct snapshot *snapshot = make(false, NULL, 0);

	(void)state;
	assert_null(size_groups_add_up(snapshot));
	snapshot_free(snapshot);
}

/* S1-12: a table of latency by size. */
static void test_text(void **state)
{
	static const __u64 low_ns[] = { 0, 16384, 131072 };
	struct snapshot *snapshot = make(true, NULL, 0), *buckets = make(true, low_ns, 3);

	(void)state;
	require_text("sizes", snapshot, 0);
	require_text("sizes-wide", snapshot, 100);
	require_text("sizes-buckets", buckets, 0);
	snapshot_free(snapshot);
	snapshot_free(buckets);
}

/* Of an interval each size has its own mean before, and its own spike. */
static void test_interval(void **state)
{
	struct reading now = make_reading(11 * SECOND, 100), before = fixture_reading(10 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;
	struct trend *trend = trend_new();
	size_t i;

	(void)state;
	input.names = &names;
	input.before = &before;
	for (input.number = 1; input.number <= 4; input.number++) {
		snapshot = snapshot_make(&input);
		for (i = 0; input.number == 4 && i < snapshot->n_series; i++)
			if (snapshot->series[i].bytes == 64 * snapshot->series[i].count)
				snapshot->series[i].mean_ns *= 3;
		trend_apply(trend, snapshot);
		if (input.number == 4)
			require_text("sizes-interval", snapshot, 0);
		snapshot_free(snapshot);
	}
	trend_free(trend);
	reading_free(&before);
	reading_free(&now);
}

static void test_label_size(void **state)
{
	(void)state;
	assert_int_equal(label_size("0B"), 0);
	assert_int_equal(label_size("1B-2B"), 1);
	assert_int_equal(label_size("4KiB-8KiB"), 13);
	assert_int_equal(label_size("8EiB-16EiB"), 64);
	assert_int_equal(label_size("3KiB-8KiB"), 0);
	assert_int_equal(label_size("-"), 0);
	assert_int_equal(label_size("\033[2J"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums), cmocka_unit_test(test_without_sizes), cmocka_unit_test(test_text),
		cmocka_unit_test(test_interval), cmocka_unit_test(test_label_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
