/* SPDX-License-Identifier: MIT */
/* Where one of N calls was measured, what is counted is N times as much in every output, and marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "model/alert.h"
#include "capture.h"
#include "fixtures.h"
#include "golden.h"
#include "live/history.h"
#include "recording/recording.h"
#include "registry/format.h"

#define US 1000ULL
#define SECOND 1000000000ULL
#define RATE 8
#define N_OK 1003

/* 1,003 reads of 4 KiB and 3 that failed; the account is of what was measured. */
static struct snapshot *make(void)
{
	static const struct probe_info probes[] = { { .op = "read", .function = "vfs_read", .attach = "fentry" } };
	static const struct run_info run = {
		.target = "files", .tool_version = "0.0.0", .kernel = "6.1.0-test", .host = "web-1",
		.command_line = "latencyprobe files --sample-rate 8", .by = "", .max_ns = 60 * SECOND,
		.sample_rate = RATE, .probes = probes, .n_probes = 1,
	};
	static const __u64 low_ns[] = { 0, 10 * US };
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), error = fixture_key(FILES_READ, LAT_RET_ERROR);
	struct reading now = fixture_reading(10 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;

	fixture_record(&now, &read, 5 * US, 4096, 1000);
	fixture_record(&now, &read, 70 * US, 4096, 3);
	fixture_record(&now, &error, 2 * US, 0, 3);
	fixture_series(&now, &read)->buckets = (struct lat_bucket_counts){ .counts = { 1000, 3 } };
	fixture_series(&now, &error)->buckets = (struct lat_bucket_counts){ .counts = { 3, 0 } };
	now.accounts[FILES_READ].counts[LAT_SAMPLED_OUT] = 7000;
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 7000 + N_OK + 3;
	input.run = &run;
	input.op_mask = 1 << FILES_READ;
	input.bucket_low_ns = low_ns;
	input.n_buckets = 2;
	snapshot = snapshot_make(&input);
	reading_free(&now);
	assert_non_null(snapshot);
	return snapshot;
}

static void test_estimates(void **state)
{
	struct snapshot *snapshot = make();
	const struct series *ok = &snapshot->series[0];

	(void)state;
	assert_int_equal(ok->count, N_OK * RATE);
	assert_int_equal(series_n_measured(ok), N_OK);
	assert_int_equal(ok->bytes, N_OK * 4096ULL * RATE);
	assert_int_equal(ok->buckets.items[1].count, 3 * RATE);
	assert_int_equal(snapshot->totals.count, (N_OK + 3) * RATE);
	assert_int_equal(snapshot->total.recorded, N_OK + 3);
	assert_int_equal(snapshot->total.unaccounted, 0);
	assert_true(ok->rate_per_s > 802.3 && ok->rate_per_s < 802.5);
	/* What carries a percentile are samples, not what they stand for. */
	assert_int_equal(ok->percentiles[PERCENTILE_P99].n_above, 10);
	assert_true(ok->percentiles[PERCENTILE_P99].carried);
	assert_int_equal(ok->percentiles[PERCENTILE_P99 + 1].n_above, 1);
	assert_false(ok->percentiles[PERCENTILE_P99 + 1].carried);
	snapshot_keep_samples(snapshot);
	assert_int_equal(ok->count, N_OK);
	assert_int_equal(ok->buckets.items[1].count, 3);
	assert_int_equal(ok->slots[lat_slot(70 * US)], 3);
	assert_true(ok->rate_per_s > 802.3);
	snapshot_free(snapshot);
}

static void test_every_format(void **state)
{
	static const char *const names[] = { "text", "json", "jsonl", "csv", "hgrm", "hlog" };
	struct snapshot *snapshot = make();
	bool is_same = true;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		/* Another deflate packs the same counts into other bytes. */
		if (!strcmp(names[i], "hlog") && strstr(zlibVersion(), "ng"))
			continue;
		text = capture_format(names[i], snapshot, NULL);
		assert_true(strstr(text, "estimate") || strstr(text, "about 8,024 ops"));
		is_same &= is_golden("sampled", format_find(names[i])->suffix, text);
		free(text);
	}
	snapshot_free(snapshot);
	assert_true(is_same);
}

static void test_alerts(void **state)
{
	struct snapshot *snapshot = make();
	struct alert alert;

	(void)state;
	assert_int_equal(alert_parse(&alert, "read:count>8023"), 0);
	assert_true(alert_check(&alert, snapshot).has_fired);
	assert_int_equal(alert_parse(&alert, "errors>24"), 0);
	assert_false(alert_check(&alert, snapshot).has_fired);
	snapshot_free(snapshot);
}

static void test_live(void **state)
{
	struct live_history *history = calloc(1, sizeof(*history));
	struct snapshot *snapshot = make();
	struct live_cell sum;

	(void)state;
	assert_non_null(history);
	assert_int_equal(live_history_add(history, snapshot), 0);
	sum = live_series_sum(history->series[0], (struct live_window){ 0, 1 });
	assert_int_equal(sum.count, N_OK * RATE);
	assert_true(sum.percentile_ns[PERCENTILE_P99] != LIVE_NOT_CARRIED);
	assert_true(sum.percentile_ns[PERCENTILE_P99 + 1] == LIVE_NOT_CARRIED);
	live_history_free(history);
	free(history);
	snapshot_free(snapshot);
}

/* S0-18, S2-7: a count that is no multiple of the rate would lose samples when it is divided again. */
static void test_recording(void **state)
{
	struct snapshot *snapshot = make();
	char *text = capture_format("jsonl", snapshot, NULL), *again, *rate;
	struct recording *recording;

	(void)state;
	assert_int_equal(recording_read_bytes(&recording, "sampled", text, strlen(text)), 0);
	again = capture_format("jsonl", recording_whole(recording), NULL);
	assert_string_equal(text, again);
	free(again);
	recording_keep_samples(recording);
	assert_int_equal(recording_whole(recording)->series[0].count, N_OK);
	recording_free(recording);
	rate = strstr(text, "\"sample_rate\":8");
	assert_non_null(rate);
	rate[strlen("\"sample_rate\":")] = '7';
	assert_int_not_equal(recording_read_bytes(&recording, "sampled", text, strlen(text)), 0);
	free(text);
	snapshot_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimates), cmocka_unit_test(test_every_format), cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_live), cmocka_unit_test(test_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
