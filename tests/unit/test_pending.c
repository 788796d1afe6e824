/* SPDX-License-Identifier: MIT */
/* Requests that are pending: from a reading to the text and to a recording and back. */
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
#include "recording/json_fields.h"
#include "recording/parse_snapshot.h"
#include "render/json_snapshot.h"

static struct snapshot *make_snapshot(size_t n)
{
	struct reading now = fixture_reading(5000000000ULL);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct snapshot *snapshot;
	size_t i;

	now.pending = calloc(n + 1, sizeof(*now.pending));
	for (i = 0; i < n; i++)
		now.pending[i] = (struct raw_pending){
			.span = { .op = DISKS_READ, .bytes = 4096, .pid = 7, .tid = 8, .device = 8 << 20, .comm = "a;b\n",
				  .issue_ns = i },
			.sector = i ? 2048 : OUTLIER_NO_SECTOR,
			.age_ns = 3000000000ULL - i,
		};
	now.n_pending = n;
	snapshot = snapshot_make(&input);
	reading_free(&now);
	return snapshot;
}

static void test_text(void **state)
{
	struct snapshot *snapshot = make_snapshot(23);
	char *text = capture_format("text", snapshot, NULL);

	(void)state;
	assert_non_null(strstr(text, "            3.00s  read     queue   "));
	assert_non_null(strstr(text, "            3.00s  read     device  "));
	assert_non_null(strstr(text, "a;b\\x0a"));
	assert_non_null(strstr(text, "and 3 more"));
	free(text);
	snapshot_free(snapshot);
}

static void test_recording(void **state)
{
	struct snapshot *snapshot = make_snapshot(2), *again;
	struct names *names = names_new();
	struct parse_error error = { "" };
	json_t *json = json_of_snapshot(snapshot, false);

	(void)state;
	again = recording_parse(json, names, &error);
	assert_string_equal(error.text, "");
	assert_non_null(again);
	assert_int_equal(again->n_pending, 2);
	assert_true(again->pending[0].sector == OUTLIER_NO_SECTOR);
	assert_int_equal(again->pending[1].sector, 2048);
	assert_int_equal(again->pending[1].age_ns, 2999999999ULL);
	assert_int_equal(again->pending[1].bytes, 4096);
	assert_int_equal(again->pending[1].pid, 7);
	assert_string_equal(labels_find(again->pending[1].labels, again->pending[1].n_labels, "comm"), "a;b\n");
	json_decref(json);
	snapshot_free(again);
	snapshot_free(snapshot);
	names_free(names);
}

/* Without --pending nothing is said of them; with it and without any, that there is none. */
static void test_none(void **state)
{
	struct snapshot *snapshot = make_snapshot(0);

	(void)state;
	assert_non_null(snapshot->pending);
	assert_int_equal(snapshot->n_pending, 0);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_recording), cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
