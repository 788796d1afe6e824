/* SPDX-License-Identifier: MIT */
/* From readings to snapshots: subtraction, bounds, labels and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fixtures.h"

#define SECOND 1000000000ULL

static const struct lat_key other_key = { .words = { ~0ULL } };

static const struct series *find(const struct snapshot *snapshot, const char *op, const char *ret)
{
	size_t i;

	for (i = 0; i < snapshot->n_series; i++)
		if (!strcmp(series_label(&snapshot->series[i], "op"), op) &&
		    !strcmp(series_label(&snapshot->series[i], "ret"), ret))
			return &snapshot->series[i];
	return NULL;
}

static void test_whole_run(void **state)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(2 * SECOND);
	const struct series *series;
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &key, 1003, 4096, 3);
	fixture_record(&now, &key, 70007, 100, 1);
	snapshot = fixture_snapshot(NULL, &now, 0);
	reading_free(&now);
	assert_int_equal(snapshot->elapsed_ns, 2 * SECOND);
	assert_int_equal(snapshot->start_realtime_ns, FIXTURE_START_REALTIME_NS);
	assert_int_equal(snapshot->n_series, 1);
	series = &snapshot->series[0];
	assert_true(series->summary && series->has_bytes && series->min_max_exact);
	assert_int_equal(series->count, 4);
	assert_int_equal(series->sum_ns, 3 * 1003 + 70007);
	assert_int_equal(series->bytes, 3 * 4096 + 100);
	assert_int_equal(series->min_ns, 1003);
	assert_int_equal(series->max_ns, 70007);
	assert_true(series->rate_per_s == 2);
	assert_true(series->bytes_per_s == 6194);
	assert_true(series->mean_ns == 18254);
	assert_int_equal(series->slots[lat_slot(1003)], 3);
	assert_int_equal(series_row_count(series, lat_slot(1003) / LAT_N_SUB), 3);
	assert_int_equal(series_row_count(series, LAT_N_ROWS - 1), 0);
	assert_null(snapshot->in_flight);
	snapshot_free(snapshot);
}

static void test_rows_are_powers_of_two(void **state)
{
	unsigned int row;

	(void)state;
	assert_int_equal(lat_row_low(0), 0);
	for (row = 1; row < LAT_N_ROWS; row++)
		assert_int_equal(lat_row_low(row), 1ULL << (row + 3));
}

static void test_interval(void **state)
{
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	struct lat_key fsync = fixture_key(FILES_FSYNC, LAT_RET_ERROR);
	struct reading before = fixture_reading(SECOND), now = fixture_reading(3 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	const struct series *series;
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&before, &read, 10, 1, 5);
	fixture_record(&before, &read, 999999, 1, 1);
	fixture_record(&before, &write, 50, 1, 7);
	fixture_record(&now, &read, 10, 1, 5);
	fixture_record(&now, &read, 999999, 1, 1);
	fixture_record(&now, &read, 1000, 8, 10);
	fixture_record(&now, &write, 50, 1, 7);
	fixture_record(&now, &fsync, 77, 0, 1);
	input.before = &before;
	input.number = 3;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->number, 3);
	assert_int_equal(snapshot->elapsed_ns, 2 * SECOND);
	assert_int_equal(snapshot->start_realtime_ns, before.realtime_ns);
	/* Writes did not go on, so there is no series of them. */
	assert_int_equal(snapshot->n_series, 2);
	series = find(snapshot, "read", "ok");
	assert_int_equal(series->count, 10);
	assert_int_equal(series->sum_ns, 10000);
	assert_int_equal(series->bytes, 80);
	assert_true(series->rate_per_s == 5);
	/* The bounds of 1000's slot: neither 10 nor 999999 was in this interval. */
	assert_false(series->min_max_exact);
	assert_int_equal(series->min_ns, 992);
	assert_int_equal(series->max_ns, 1023);
	series = find(snapshot, "fsync", "error");
	assert_false(series->summary);
	assert_false(series->has_bytes);
	snapshot_free(snapshot);
	reading_free(&before);
	reading_free(&now);
}

static void test_lost_races_are_mended(void **state)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(SECOND);
	struct raw_series *raw;
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &key, 1000, 0, 1);
	fixture_record(&now, &key, 100000, 0, 1);
	raw = fixture_series(&now, &key);
	raw->max_ns = 50000;
	raw->inverse_min_ns = ~5000ULL;
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->series[0].min_ns, 1023);
	assert_int_equal(snapshot->series[0].max_ns, lat_slot_low(lat_slot(100000)));
	snapshot_free(snapshot);
	reading_free(&now);
}

/* S0-17, S1-15: beyond the last slot only the bounds are known. */
static void test_overflow(void **state)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading before = fixture_reading(SECOND), now = fixture_reading(2 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &key, 100 * SECOND, 0, 2);
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->series[0].min_ns, 100 * SECOND);
	assert_int_equal(snapshot->series[0].max_ns, 100 * SECOND);
	assert_int_equal(series_row_count(&snapshot->series[0], LAT_N_ROWS - 1), 2);
	snapshot_free(snapshot);
	input.before = &before;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->series[0].min_ns, 1ULL << LAT_TOP_BITS);
	assert_int_equal(snapshot->series[0].max_ns, 100 * SECOND);
	snapshot_free(snapshot);
	reading_free(&before);
	reading_free(&now);
}

static void test_order(void **state)
{
	struct lat_key keys[] = {
		fixture_key(FILES_READ, LAT_RET_OK), fixture_key(FILES_WRITE, LAT_RET_OK),
		fixture_key(FILES_READ, LAT_RET_ERROR), fixture_key(FILES_FSYNC, LAT_RET_OK),
	};
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &keys[0], 100, 0, 1);
	fixture_record(&now, &keys[1], 100, 0, 1);
	fixture_record(&now, &keys[2], 100, 0, 1);
	fixture_record(&now, &keys[3], 10, 0, 20);
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->n_series, 4);
	assert_string_equal(series_label(&snapshot->series[0], "op"), "fsync");
	assert_string_equal(series_label(&snapshot->series[1], "ret"), "error");
	assert_string_equal(series_label(&snapshot->series[2], "op"), "read");
	assert_string_equal(series_label(&snapshot->series[3], "op"), "write");
	snapshot_free(snapshot);
	reading_free(&now);
}

/* Files that are not regular come last, however long they took, and are in no totals. */
static void test_special(void **state)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	const struct lat_key pipe = fixture_special(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &pipe, SECOND / 2, 1, 30);
	fixture_record(&now, &read, 100, 1, 10);
	fixture_record(&now, &write, 200, 1, 20);
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->n_series, 3);
	assert_null(series_label(&snapshot->series[0], "ftype"));
	assert_null(series_label(&snapshot->series[1], "ftype"));
	assert_string_equal(series_label(&snapshot->series[2], "ftype"), "special");
	assert_true(snapshot->series[2].is_special && !snapshot->series[1].is_special);
	assert_int_equal(snapshot->series[2].count, 30);
	assert_int_equal(snapshot->totals.count, 30);
	assert_int_equal(snapshot->totals.sum_ns, 10 * 100 + 20 * 200);
	assert_ptr_equal(snapshot->series[2].first_sibling, &snapshot->series[2]);
	snapshot_free(snapshot);
	reading_free(&now);
}

static void test_labels(void **state)
{
	static struct device_name devices[] = { { .device = 8 << 20, .name = "sda" } };
	const struct label_names names = {
		.devices = devices,
		.n_devices = 1,
		.key_at = { [LAT_DIM_DEVICE] = 1, [LAT_DIM_COMM] = 2 },
	};
	static const char *const expected[][2] = {
		{ "op", "read" }, { "phase", "queue" }, { "ret", "error" }, { "comm", "dd" }, { "device", "sda" },
	};
	struct lat_key key = fixture_key(DISKS_READ_QUEUE, LAT_RET_ERROR);
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct snapshot *snapshot;
	size_t i;

	(void)state;
	key.words[1] = 8 << 20;
	memcpy(&key.words[2], "dd", 2);
	fixture_record(&now, &key, 1, 0, 1);
	input.names = &names;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->series[0].n_labels, 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(snapshot->series[0].labels[i].name, expected[i][0]);
		assert_string_equal(snapshot->series[0].labels[i].value, expected[i][1]);
	}
	assert_null(series_label(&snapshot->series[0], "pid"));
	snapshot_free(snapshot);
	reading_free(&now);
}

static void test_other(void **state)
{
	const struct lat_key errors = key_of_other(LAT_RET_ERROR);
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &other_key, 5000, 8, 6);
	fixture_record(&now, &errors, 400, 0, 7);
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->n_series, 2);
	assert_string_equal(series_label(&snapshot->series[1], "ret"), "error");
	assert_int_equal(snapshot->series[1].count, 7);
	assert_false(snapshot->series[1].summary);
	assert_int_equal(snapshot->series[0].n_labels, 2);
	assert_string_equal(series_label(&snapshot->series[0], "op"), "other");
	assert_string_equal(series_label(&snapshot->series[0], "ret"), "ok");
	assert_true(snapshot->series[0].summary);
	assert_int_equal(snapshot->series[0].count, 6);
	assert_int_equal(snapshot->series[0].bytes, 48);
	snapshot_free(snapshot);
	reading_free(&now);
}

/* What a newer or broken kernel side might say. */
static void test_unknown_keys_are_left_out(void **state)
{
	struct lat_key op = fixture_key(FILES_N_OPS, LAT_RET_OK), ret = fixture_key(FILES_READ, LAT_N_RETS);
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &op, 100, 0, 3);
	fixture_record(&now, &ret, 100, 0, 3);
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->n_series, 0);
	snapshot_free(snapshot);
	reading_free(&now);
}

static void test_depths(void **state)
{
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct snapshot *snapshot;

	(void)state;
	snapshot = snapshot_make(&input);
	/* A target with devices has a depth even where it is nothing. */
	assert_non_null(snapshot->in_flight);
	assert_int_equal(snapshot->n_in_flight, 0);
	snapshot_free(snapshot);
	now.depths = calloc(1, sizeof(*now.depths));
	now.depths[0] = (struct device_depth){ .device = 9 << 20 | 1, .n_queued = 2, .n_issued = 3 };
	now.n_depths = 1;
	snapshot = snapshot_make(&input);
	reading_free(&now);
	assert_int_equal(snapshot->n_in_flight, 1);
	assert_string_equal(snapshot->in_flight[0].device, "9:1");
	assert_int_equal(snapshot->in_flight[0].n_queued, 2);
	assert_int_equal(snapshot->in_flight[0].n_issued, 3);
	snapshot_free(snapshot);
}

static void test_no_time_at_all(void **state)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading now = fixture_reading(0);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &key, 0, 0, 1);
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_true(snapshot->series[0].rate_per_s == 0);
	assert_int_equal(snapshot->series[0].min_ns, 0);
	assert_int_equal(snapshot->series[0].max_ns, 0);
	snapshot_free(snapshot);
	snapshot_free(NULL);
	reading_free(&now);
}

/* Reads that ended in three ways are siblings, in the snapshot's order; writes are none of theirs. */
static void test_siblings(void **state)
{
	const struct lat_key keys[] = {
		fixture_key(FILES_READ, LAT_RET_OK), fixture_key(FILES_READ, LAT_RET_EOF),
		fixture_key(FILES_READ, LAT_RET_ERROR), fixture_key(FILES_WRITE, LAT_RET_OK),
	};
	const uint64_t ns[] = { 2000, 1000, 4000, 3000 };
	struct reading now = fixture_reading(SECOND);
	const struct series *ok, *eof, *error, *write;
	struct snapshot *snapshot;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fixture_record(&now, &keys[i], ns[i], 0, 1);
	snapshot = fixture_snapshot(NULL, &now, 0);
	ok = find(snapshot, "read", "ok");
	eof = find(snapshot, "read", "eof");
	error = find(snapshot, "read", "error");
	write = find(snapshot, "write", "ok");
	assert_ptr_equal(error->first_sibling, error);
	assert_ptr_equal(error->next_sibling, ok);
	assert_ptr_equal(ok->first_sibling, error);
	assert_ptr_equal(ok->next_sibling, eof);
	assert_ptr_equal(eof->first_sibling, error);
	assert_null(eof->next_sibling);
	assert_ptr_equal(write->first_sibling, write);
	assert_null(write->next_sibling);
	snapshot_free(snapshot);
	reading_free(&now);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_run), cmocka_unit_test(test_rows_are_powers_of_two),
		cmocka_unit_test(test_interval), cmocka_unit_test(test_lost_races_are_mended),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_order), cmocka_unit_test(test_labels),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_other), cmocka_unit_test(test_unknown_keys_are_left_out),
		cmocka_unit_test(test_depths), cmocka_unit_test(test_no_time_at_all), cmocka_unit_test(test_siblings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
