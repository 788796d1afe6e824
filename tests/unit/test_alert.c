/* SPDX-License-Identifier: MIT */
/* Alerts: what can be said, and when each fires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/alert.h"
#include "fixtures.h"
#include "model/snapshot.h"

static void test_parse(void **state)
{
	struct alert alert;

	(void)state;
	assert_int_equal(alert_parse(&alert, "p99>5ms"), 0);
	assert_int_equal(alert.figure, ALERT_PERCENTILE);
	assert_true(percentile_ranks[alert.percentile] == 99);
	assert_true(alert.limit == 5e6 && !alert.is_below && !alert.n_where);
	assert_int_equal(alert_parse(&alert, "read,device:p99.9<0.5"), 0);
	assert_int_equal(alert.n_where, strlen("read,device"));
	assert_true(alert.limit == 5e8 && alert.is_below);
	assert_int_equal(alert_parse(&alert, "a:b>c:count>1000"), 0);
	assert_int_equal(alert.n_where, strlen("a:b>c"));
	assert_true(alert.limit == 1000);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
		"", "p99", "p99>", ">5ms", "p98>5ms", "p99=5ms", "p99>5 ms", "p99>-1", "count>5ms", "count>", "count>0x1",
		":p99>5ms", "p99 >5ms", "median>5ms", "p>5", "read:>5", "p99x>5", "rate>nan",
	};
	struct alert alert;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!alert_parse(&alert, wrong[i]))
			fail_msg("%s was taken", wrong[i]);
}

static struct snapshot *find(const char *name)
{
	size_t i = 0;

	while (strcmp(fixtures[i].name, name))
		i++;
	return fixtures[i].make();
}

/* Whether TEXT fires, and then for the operation OP; NULL: for none in particular. */
static void require_fired(const struct snapshot *snapshot, const char *text, bool has_fired, const char *op)
{
	struct alert_result result;
	struct alert alert;

	assert_int_equal(alert_parse(&alert, text), 0);
	result = alert_check(&alert, snapshot);
	if (result.has_fired != has_fired)
		fail_msg("%s: fired %d with %g", text, result.has_fired, result.value);
	if (!has_fired)
		return;
	assert_int_equal(!op, !result.series);
	if (op)
		assert_string_equal(series_label(result.series, "op"), op);
}

/* read: 50,000 ok, p99 75.8us, max 76.9ms; write: 80 ok, p50 4.74us, max 1.80ms; fsync: 2 errors only. */
static void test_files(void **state)
{
	struct snapshot *snapshot = find("files");

	(void)state;
	require_fired(snapshot, "p99>75us", true, "write"); /* too few samples for the figure to be shown */
	require_fired(snapshot, "read:p99>75us", true, "read");
	require_fired(snapshot, "read:p99>78us", false, NULL);
	require_fired(snapshot, "p50>4us", true, "write");
	require_fired(snapshot, "read:p50>4us", false, NULL);
	require_fired(snapshot, "max>76ms", true, "read");
	require_fired(snapshot, "count>49999", true, "read");
	require_fired(snapshot, "count>50000", false, NULL);
	require_fired(snapshot, "count<100", true, "write");
	require_fired(snapshot, "rate>4999", true, "read");
	require_fired(snapshot, "mean>30us", true, "write");
	require_fired(snapshot, "errors>1", true, "fsync");
	require_fired(snapshot, "read:errors>0", false, NULL);
	require_fired(snapshot, "close:count<1", true, NULL);
	require_fired(snapshot, "close:p99<1s", false, NULL);
	require_fired(snapshot, "fsync:p99>1ns", false, NULL); /* none ended ok */
	snapshot_free(snapshot);
}

/* Every value that is named is a label of the series. */
static void test_labels(void **state)
{
	struct snapshot *snapshot = find("disks");

	(void)state;
	require_fired(snapshot, "read,device,sda:p50>7ms", true, "read");
	require_fired(snapshot, "read,device,nvme0n1:p50>7ms", false, NULL);
	require_fired(snapshot, "sda:errors>11", true, "read");
	require_fired(snapshot, "nvme0n1:errors>0", false, NULL);
	require_fired(snapshot, "sd:p50>1ns", false, NULL);
	snapshot_free(snapshot);
}

/* Whoever waits for a pipe is no reason for an alert, but where it is asked for. */
static void test_special(void **state)
{
	struct snapshot *snapshot = find("special");

	(void)state;
	require_fired(snapshot, "read:p99>150ms", false, NULL);
	require_fired(snapshot, "max>150ms", false, NULL);
	require_fired(snapshot, "read:count>40", true, "read");
	require_fired(snapshot, "special,read:p99>150ms", true, "read");
	require_fired(snapshot, "special:count>39", true, "read");
	require_fired(snapshot, "special:count>40", false, NULL);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_wrong), cmocka_unit_test(test_files),
		cmocka_unit_test(test_labels), cmocka_unit_test(test_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
