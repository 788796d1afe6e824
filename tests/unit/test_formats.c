/* SPDX-License-Identifier: MIT */
/* Every format against its golden files, and the registries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

#include "capture.h"
#include "fixtures.h"
#include "golden.h"
#include "base/out.h"
#include "registry/format.h"
#include "render/feed.h"

static bool is_as_written(const struct format *format, const char *name, const struct snapshot *snapshot,
			  const struct format_options *options)
{
	char *text = capture_format(format->name, snapshot, options);
	bool is_same = is_golden(name, format->suffix, text);

	free(text);
	return is_same;
}

/* S0-9, S4-8: headings, rows, bars and what is in flight, to the byte. */
static void test_golden(void **state)
{
	const struct fixture *fixture = *state;
	struct snapshot *snapshot = fixture->make();
	const struct format *format;
	bool is_same = true;
	size_t i;

	for (i = 0; (format = format_at(i)); i++) {
		/* Another deflate packs the same counts into other bytes. */
		if (!strcmp(format->name, "hlog") && strstr(zlibVersion(), "ng"))
			continue;
		is_same &= is_as_written(format, fixture->name, snapshot, &(struct format_options){ 0 });
	}
	snapshot_free(snapshot);
	assert_true(is_same);
}

static void test_colour_and_width(void **state)
{
	const struct format_options options = { .colour = true, .width = 60 };
	struct snapshot *snapshot = fixtures[0].make();
	bool is_same = is_as_written(format_find("text"), "files-colour", snapshot, &options);

	(void)state;
	snapshot_free(snapshot);
	assert_true(is_same);
}

static void test_top(void **state)
{
	struct snapshot *files = fixtures[0].make(), *many = fixture_many();
	bool is_same = is_as_written(format_find("text"), "files-top", files, &(struct format_options){ .top = 1 });

	(void)state;
	is_same &= is_as_written(format_find("text"), "many", many, &(struct format_options){ 0 });
	snapshot_free(files);
	snapshot_free(many);
	assert_true(is_same);
}

/* Neither in a line too long for the terminal nor with bytes that it would obey. */
static void test_text_is_tame(void **state)
{
	struct snapshot *snapshot;
	char *text, *line, *rest;
	size_t i, column;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		snapshot = fixtures[i].make();
		text = rest = capture_format("text", snapshot, NULL);
		while ((line = strsep(&rest, "\n"))) {
			if (strncmp(line, "account:", 8) && strlen(line) > 80)
				fail_msg("%s: %zu columns: %s", fixtures[i].name, strlen(line), line);
			for (column = 0; line[column]; column++)
				assert_true((unsigned char)line[column] >= ' ' && line[column] != 0x7F);
		}
		free(text);
		snapshot_free(snapshot);
	}
}

static void test_json_is_json(void **state)
{
	struct snapshot *snapshot;
	json_error_t error;
	json_t *root;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		snapshot = fixtures[i].make();
		text = capture_format("json", snapshot, NULL);
		root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
		if (!root)
			fail_msg("%s: %s in line %d", fixtures[i].name, error.text, error.line);
		assert_string_equal(json_string_value(json_object_get(root, "schema")), "latencyprobe.snapshot");
		assert_int_equal(json_array_size(json_object_get(root, "series")), snapshot->n_series);
		assert_int_equal(text[strlen(text) - 1], '\n');
		json_decref(root);
		free(text);
		snapshot_free(snapshot);
	}
}

static void test_registries(void **state)
{
	(void)state;
	assert_true(strcmp(format_at(0)->name, format_at(1)->name) < 0);
	assert_ptr_equal(format_find(format_at(0)->name), format_at(0));
	assert_ptr_equal(format_for_path("a.outliers.csv"), format_find("csv-outliers"));
	assert_ptr_equal(format_for_path("outliers.csv"), format_find("csv"));
	assert_null(format_find("jso"));
	assert_ptr_equal(format_for_path("a/b.json"), format_find("json"));
	assert_ptr_equal(format_for_path("b.txt"), format_find("text"));
	assert_ptr_equal(format_for_path("b.jsonl"), format_find("jsonl"));
	assert_null(format_for_path(".json"));
	assert_null(format_for_path("json"));
	assert_ptr_equal(target_at(0), &fixture_disks);
	assert_ptr_equal(target_at(1), &fixture_files);
	assert_null(target_at(2));
	assert_ptr_equal(target_find("files"), &fixture_files);
	assert_null(target_find(""));
}

/* A thread may be called what a spreadsheet would run. */
static void test_csv_has_no_formula(void **state)
{
	struct snapshot *snapshot = fixtures[0].make();
	struct label *label = &snapshot->series[0].labels[0];
	char *text;

	(void)state;
	free(label->value);
	label->value = strdup("=cmd|'/c calc'!A1,\"x\"");
	text = capture_format("csv", snapshot, NULL);
	assert_non_null(strstr(text, ",\"'=cmd|'/c calc'!A1,\"\"x\"\"\",,ok,"));
	free(text);
	snapshot_free(snapshot);
}

/* S2-11: a connection has all its operations in it; its figures are those of all their samples. */
static void test_connections(void **state)
{
	static const char name[] = "10.0.0.1:4000 -> [::1]:80";
	struct snapshot *snapshot = fixtures[0].make();
	json_t *root, *connection;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < snapshot->n_series; i++)
		assert_true(labels_add(&snapshot->series[i].labels, &snapshot->series[i].n_labels, "conn",
				       strdup(i == 1 ? "\xff" : name)));
	text = capture_format("json", snapshot, NULL);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(json_object_get(root, "connections")), 2);
	connection = json_object_get(json_object_get(root, "connections"), name);
	assert_string_equal(json_string_value(json_object_get(connection, "source")), "10.0.0.1:4000");
	assert_string_equal(json_string_value(json_object_get(connection, "destination")), "[::1]:80");
	assert_int_equal(json_integer_value(json_object_get(connection, "events")),
			 snapshot->totals.count - snapshot->series[1].count);
	assert_true(json_real_value(json_object_get(connection, "min_latency_us")) == 0.15);
	assert_true(json_real_value(json_object_get(connection, "max_latency_us")) > 76000);
	assert_true(json_real_value(json_object_get(connection, "std_dev_us")) >
		    json_real_value(json_object_get(connection, "avg_latency_us")));
	json_decref(root);
	free(text);
	snapshot_free(snapshot);
}

static size_t n_begun, n_written;

static void count_begin(struct out *out, const struct snapshot *snapshot)
{
	(void)out;
	(void)snapshot;
	assert_int_equal(n_written, 0);
	n_begun++;
}

static void count_written(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	(void)out;
	(void)snapshot;
	(void)options;
	n_written++;
}

/* NUMBERS are those of the snapshots given, one a digit; NUMBERS_WRITTEN those of them that are to be written. */
static void feed(struct format format, bool has_all, const char *numbers, const char *numbers_written)
{
	struct snapshot *snapshot = fixtures[0].make();
	struct feed feed = { .format = &format, .has_all = has_all };
	bool is_wanted;

	format.begin = count_begin;
	format.write = count_written;
	n_begun = n_written = 0;
	for (; *numbers; numbers++) {
		is_wanted = *numbers == *numbers_written;
		numbers_written += is_wanted;
		snapshot->number = (uint64_t)(*numbers - '0');
		assert_int_equal(feed_snapshot(&feed, snapshot), is_wanted);
	}
	assert_int_equal(*numbers_written, 0);
	assert_int_equal(n_begun, 1);
	snapshot_free(snapshot);
}

static void test_feed(void **state)
{
	(void)state;
	feed((struct format){ .streams = false }, true, "120", "120");
	feed((struct format){ .streams = false }, false, "120", "0");
	feed((struct format){ .streams = true }, false, "120", "120");
	feed((struct format){ .streams = true, .intervals_suffice = true }, false, "120", "12");
	feed((struct format){ .streams = true, .intervals_suffice = true }, false, "0", "0");
}

static void test_full_disk(void **state)
{
	struct snapshot *snapshot = NULL;
	const struct format *format;
	struct out *out;
	size_t i;

	(void)state;
	for (i = 0; i < n_fixtures; i++)
		if (!strcmp(fixtures[i].name, "slow")) /* has something for every format */
			snapshot = fixtures[i].make();
	for (i = 0; (format = format_at(i)); i++) {
		out = out_open("/dev/full");
		assert_non_null(out);
		if (format->begin)
			format->begin(out, snapshot);
		format->write(out, snapshot, &(struct format_options){ 0 });
		assert_int_not_equal(out_close(out), 0);
	}
	snapshot_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_colour_and_width), cmocka_unit_test(test_top),
		cmocka_unit_test(test_csv_has_no_formula), cmocka_unit_test(test_connections), cmocka_unit_test(test_text_is_tame),
		cmocka_unit_test(test_json_is_json), cmocka_unit_test(test_registries),
		cmocka_unit_test(test_full_disk), cmocka_unit_test(test_feed),
	};
	struct CMUnitTest *goldens = calloc(n_fixtures, sizeof(*goldens));
	int n_failed;
	size_t i;

	for (i = 0; goldens && i < n_fixtures; i++)
		goldens[i] = (struct CMUnitTest){ .name = fixtures[i].name, .test_func = test_golden,
						  .initial_state = (void *)&fixtures[i] };
	n_failed = _cmocka_run_group_tests("golden files", goldens, goldens ? n_fixtures : 0, NULL, NULL);
	free(goldens);
	return n_failed + cmocka_run_group_tests(others, NULL, NULL);
}
