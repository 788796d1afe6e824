/* SPDX-License-Identifier: MIT */
/* Recordings as the data of a page: columns, what they hold, and that no text can leave its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "fixtures.h"
#include "golden.h"
#include "base/out.h"
#include "recording/recording.h"
#include "report/time_columns.h"
#include "report/page_data.h"
#include "report/page.h"
#include "render/json_snapshot.h"
#include "registry/format.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND 1000000000ULL
#define N_INTERVALS 5

static struct recording *recording_of(struct snapshot *const *snapshots, size_t n)
{
	char path[] = "/tmp/latencyprobe-report.XXXXXX";
	FILE *stream = fdopen(mkstemp(path), "w");
	struct out *out = out_wrap(stream);
	struct recording *recording = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		format_find("jsonl")->write(out, snapshots[i], &(struct format_options){ 0 });
	assert_int_equal(out_close(out), 0);
	fclose(stream);
	assert_int_equal(recording_read(&recording, path), 0);
	unlink(path);
	return recording;
}

/*
 * Interval n, from 1 on, has n reads of 1 us (slot 111, half row 13), from the third on 50 of 12 ns, and of the last
 * half row one; every other one has a write.
 */
static struct recording *five_intervals(void)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	struct reading before = fixture_reading(0), now;
	struct snapshot *snapshots[N_INTERVALS];
	struct recording *recording;
	struct snapshot_input input;
	size_t i;

	for (i = 0; i < N_INTERVALS; i++) {
		now = fixture_copy(&before);
		now.realtime_ns += SECOND;
		now.monotonic_ns += SECOND;
		fixture_record(&now, &read, 1000, 1, i + 1);
		if (i >= 2)
			fixture_record(&now, &read, 12, 1, 50);
		if (i >= 2)
			fixture_record(&now, &read, 100 * SECOND, 1, 1);
		if (i % 2)
			fixture_record(&now, &write, 1000, 1, 1);
		input = fixture_input(&fixture_files, &now);
		input.before = &before;
		input.number = i + 1;
		snapshots[i] = snapshot_make(&input);
		reading_free(&before);
		before = now;
	}
	reading_free(&before);
	recording = recording_of(snapshots, N_INTERVALS);
	for (i = 0; i < N_INTERVALS; i++)
		snapshot_free(snapshots[i]);
	return recording;
}

static const struct series *find_op(const struct recording *recording, const char *op)
{
	const struct snapshot *whole = recording_whole(recording);
	size_t i;

	for (i = 0; i < whole->n_series; i++)
		if (!strcmp(series_label(&whole->series[i], "op"), op))
			return &whole->series[i];
	return NULL;
}

static void check_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void test_columns(void **state)
{
	struct recording *recording = five_intervals();
	const struct series *read = find_op(recording, "read"), *write = find_op(recording, "write");
	struct time_columns columns;

	(void)state;
	assert_int_equal(time_columns_make(&columns, recording, N_INTERVALS), 0);
	check_json(time_columns_times(&columns, FIXTURE_START_REALTIME_NS),
		   "{\"n_summed\":1,\"start_ms\":[0,1000,2000,3000,4000],\"elapsed_ms\":[1000,1000,1000,1000,1000]}");
#define EMPTY_FROM_14 ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,1"
	check_json(time_columns_heat(&columns, read),
		   "\"d,1;d,2;1,1e,,,,,,,,,,,,3" EMPTY_FROM_14 ";1,1e,,,,,,,,,,,,4" EMPTY_FROM_14
		   ";1,1e,,,,,,,,,,,,5" EMPTY_FROM_14 "\"");
	check_json(time_columns_heat(&columns, write), "\";d,1;;d,1;\"");
	time_columns_free(&columns);
	recording_free(recording);
}

/* Three and then two, as five do not fit into four. */
static void test_summed_columns(void **state)
{
	struct recording *recording = five_intervals();
	struct time_columns columns;

	(void)state;
	assert_int_equal(time_columns_make(&columns, recording, 2), 0);
	check_json(time_columns_times(&columns, FIXTURE_START_REALTIME_NS),
		   "{\"n_summed\":3,\"start_ms\":[0,3000],\"elapsed_ms\":[3000,2000]}");
	check_json(time_columns_heat(&columns, find_op(recording, "write")), "\"d,1;d,1\"");
	check_json(time_columns_lines(&columns, find_op(recording, "read")),
		   "{\"p50\":[12,12],\"p90\":[null,12],\"p99\":[null,null],\"p99.9\":[null,null],"
		   "\"max\":[100000000000,100000000000]}");
	time_columns_free(&columns);
	recording_free(recording);
}

static void test_no_intervals(void **state)
{
	struct snapshot *snapshot = fixtures[0].make();
	struct recording *recording = recording_of(&snapshot, 1);
	struct time_columns columns;
	json_t *data, *run;

	(void)state;
	assert_int_equal(time_columns_make(&columns, recording, 2), 0);
	assert_int_equal(columns.n, 0);
	time_columns_free(&columns);
	assert_int_equal(page_data_make(&(struct report_run){ .name = "", .recording = recording }, 1, &data), 0);
	run = json_array_get(json_object_get(data, "runs"), 0);
	assert_null(json_object_get(json_array_get(json_object_get(run, "series"), 0), "heat"));
	json_decref(data);
	recording_free(recording);
	snapshot_free(snapshot);
}

/* One run twice. */
static void test_golden(void **state)
{
	struct recording *recording = five_intervals();
	const struct report_run runs[] = {
		{ .name = "before.jsonl", .recording = recording }, { .name = "after\xff", .recording = recording },
	};
	struct capture capture;
	json_t *data;
	bool is_same;
	char *text;
	size_t i;

	(void)state;
	assert_int_equal(page_data_make(runs, 2, &data), 0);
	/* Only passed on, and in the golden files of the formats already. */
	for (i = 0; i < 2; i++)
		json_object_del(json_array_get(json_object_get(data, "runs"), i), "account");
	capture_begin(&capture);
	json_write(capture.out, data, JSON_INDENT(1));
	text = capture_end(&capture);
	is_same = is_golden("report", ".json", text);
	recording_free(recording);
	free(text);
	assert_true(is_same);
}

static struct outlier make_outlier(uint64_t end_ns, const char *comm)
{
	struct outlier outlier = {
		.end_realtime_ns = FIXTURE_START_REALTIME_NS + end_ns, .latency_ns = 1000, .pid = 7,
	};

	assert_true(outlier_label(&outlier, "op", "read"));
	assert_true(outlier_label(&outlier, "ret", "ok"));
	assert_true(!comm || outlier_label(&outlier, "comm", comm));
	return outlier;
}

static void test_outliers(void **state)
{
	struct run_info run;
	struct snapshot *snapshot = fixtures[0].make();
	struct recording *recording;
	struct report_run named;
	json_t *data;

	(void)state;
	run = *snapshot->run;
	run.outlier_ns = 1000;
	snapshot->run = &run;
	assert_true(outliers_add(&snapshot->outliers, make_outlier(5000, NULL)));
	assert_true(outliers_add(&snapshot->outliers, make_outlier(9000, "dd")));
	recording = recording_of(&snapshot, 1);
	named = (struct report_run){ .name = "run", .recording = recording };
	assert_int_equal(page_data_make(&named, 1, &data), 0);
	check_json(json_incref(json_object_get(json_array_get(json_object_get(data, "runs"), 0), "outliers")),
		   "{\"labels\":[\"op\",\"ret\",\"comm\"],\"rows\":[[5,1000,0,0,7,0,\"read\",\"ok\",null],"
		   "[9,1000,0,0,7,0,\"read\",\"ok\",\"dd\"]]}");
	json_decref(data);
	recording_free(recording);
	snapshot_free(snapshot);
}

/* The data cannot end its element, and is what it was when it is read back. */
static void test_page(void **state)
{
	static const char hostile[] = "</script><!--<script>\n\"\\";
	struct capture capture;
	char *page, *data, *end;
	json_error_t error;
	json_t *back;

	(void)state;
	capture_begin(&capture);
	page_write(capture.out, json_pack("{s:s}", hostile, hostile));
	page = capture_end(&capture);
	assert_int_equal(strncmp(page, "<!DOCTYPE html>", 15), 0);
	data = strstr(page, "id=\"data\">");
	assert_non_null(data);
	data += strlen("id=\"data\">");
	end = strchr(data, '<');
	assert_int_equal(strncmp(end, "</script>", 9), 0);
	*end = '\0';
	back = json_loads(data, 0, &error);
	assert_string_equal(json_string_value(json_object_get(back, hostile)), hostile);
	json_decref(back);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns), cmocka_unit_test(test_summed_columns),
		cmocka_unit_test(test_no_intervals), cmocka_unit_test(test_golden),
		cmocka_unit_test(test_outliers), cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
