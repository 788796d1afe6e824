/* SPDX-License-Identifier: MIT */
/* The live screen: frames against golden files, and at every size and with hostile names nothing but whole lines. */
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
#include "live/history.h"
#include "live/screen.h"
#include "live/view.h"

#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define NVME (259U << 20)

static struct device_name device_names[] = { { .device = NVME, .name = "nvme0n1" } };
static const struct label_names disk_names = { .devices = device_names, .n_devices = 1,
					       .key_at = { [LAT_DIM_DEVICE] = 1 } };
static const struct label_names comm_names = { .key_at = { [LAT_DIM_COMM] = 1 } };

static struct live_history *new_history(const char *target)
{
	struct live_history *history = calloc(1, sizeof(*history));

	assert_non_null(history);
	history->target = target;
	history->host = "web-1";
	return history;
}

static void free_history(struct live_history *history)
{
	live_history_free(history);
	free(history);
}

/* The interval that ends with NOW, whose counters are its own. */
static void add(struct live_history *history, struct reading *now, const struct target *target,
		const struct label_names *names, const struct outliers *outliers)
{
	struct reading before = fixture_reading(now->monotonic_ns - FIXTURE_START_MONOTONIC_NS - SECOND);
	struct snapshot_input input = fixture_input(target, now);
	struct snapshot *snapshot;

	now->final = before.final = false;
	input.before = &before;
	input.number = history->n_columns + 1;
	input.names = names;
	input.outliers = outliers;
	snapshot = snapshot_make(&input);
	assert_non_null(snapshot);
	assert_int_equal(live_history_add(history, snapshot), 0);
	snapshot_free(snapshot);
	reading_free(&before);
	reading_free(now);
}

/* An hour like any other, but with a stall every 13 s that takes four times as long each second. */
static void add_disks(struct live_history *history, uint64_t i, const struct outliers *outliers)
{
	struct reading now = fixture_reading((i + 1) * SECOND);
	struct lat_key read = fixture_key(DISKS_READ, LAT_RET_OK), write = fixture_key(DISKS_WRITE, LAT_RET_OK);
	uint64_t seed = i + 1, ns, n;

	read.words[1] = write.words[1] = NVME;
	for (n = 0; n < 800; n++) {
		ns = 60 * US + fixture_random(&seed) % (40 * US);
		fixture_record(&now, &read, n % 10 ? ns : 5 * ns, 4096, 1);
		fixture_record(&now, &write, 20 * US + fixture_random(&seed) % (10 * US), 16384, n < 50);
	}
	if (i % 13 > 9)
		fixture_record(&now, &read, MS << (2 * (i % 13 - 9)), 4096, 30);
	now.accounts[DISKS_READ].counts[LAT_ENTERED] = 800 + (i % 13 > 9 ? 30 : 0) + (i == 3);
	now.accounts[DISKS_WRITE].counts[LAT_ENTERED] = 50;
	now.accounts[DISKS_READ].counts[LAT_EVENTS] = i % 13 > 9 ? 30 : 0;
	now.accounts[DISKS_READ].counts[LAT_LOST_EXIT] = i == 3;
	now.depths = calloc(1, sizeof(*now.depths));
	assert_non_null(now.depths);
	now.depths[now.n_depths++] = (struct device_depth){ .device = NVME, .n_queued = 2, .n_issued = i % 13 };
	add(history, &now, &fixture_disks, &disk_names, outliers);
}

static void add_slow(struct outliers *outliers, uint64_t ns, const char *comm, uint32_t pid)
{
	struct outlier outlier = { .end_realtime_ns = FIXTURE_START_REALTIME_NS + 70 * SECOND + ns, .latency_ns = ns,
				   .bytes = 4096, .pid = pid, .tid = pid };

	assert_true(outlier_label(&outlier, "op", "read") && outlier_label(&outlier, "phase", "device") &&
		    outlier_label(&outlier, "ret", "ok") && outlier_label(&outlier, "comm", comm) &&
		    outlier_label(&outlier, "device", "nvme0n1"));
	assert_true(outliers_add(outliers, outlier));
}

static struct live_history *disks_history(uint64_t n, bool has_outliers)
{
	struct live_history *history = new_history("disks");
	struct outliers outliers = { 0 };
	uint64_t i;

	if (has_outliers) {
		history->outlier_ns = MS;
		for (i = 0; i < 20; i++)
			add_slow(&outliers, (1 + i * 7 % 20) * MS, i % 2 ? "postgres" : "a\033[2Jb", 1000 + (uint32_t)i);
	}
	for (i = 0; i < n; i++)
		add_disks(history, i, i + 2 == n ? &outliers : NULL);
	outliers_free(&outliers);
	return history;
}

static struct live_history *hostile_history(void)
{
	static const char *const comms[] = {
		"a\033[2Jb\"c", "line\ntwo\ttabs", "\xff\xfe\\x41", "\xe2\x80\xaertl", "caf\xc3\xa9 <&>", "",
		"\xe6\xbc\xa2\xe5\xad\x97", "e\xcc\x81\xcc\x81", "\xf0\x9f\x90\x9b\xf0\x9f\x90\x9b", "4711", "\xc2\x9b" "31m",
	};
	struct live_history *history = new_history("files");
	struct reading now = fixture_reading(SECOND);
	struct lat_key key;
	size_t i;

	for (i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		key = fixture_key(FILES_READ, i % 5 ? LAT_RET_OK : LAT_RET_ERROR);
		memcpy(&key.words[1], comms[i], strnlen(comms[i], LAT_COMM_LEN));
		fixture_record(&now, &key, i ? 1ULL << (3 * i) : 0, 1, 1 + i * 1000);
	}
	history->host = "we\033]0;b\007";
	add(history, &now, &fixture_files, &comm_names, NULL);
	return history;
}

static char *frame_of(const struct live_history *history, const struct live_view *view)
{
	struct capture capture;

	capture_begin(&capture);
	live_screen_write(capture.out, history, view);
	return capture_end(&capture);
}

struct shot {
	const char *name;
	struct live_view view;
	bool has_outliers;
	uint64_t n_columns;
};

static const struct shot shots[] = {
	{ "live-80x24", { .look = { 80, 24, COLOURS_NONE, true } }, false, 70 },
	{ "live-80x24-ascii", { .look = { 80, 24, COLOURS_NONE, false } }, true, 70 },
	{ "live-40x10", { .look = { 40, 10, COLOURS_NONE, true } }, true, 70 },
	{ "live-24x6", { .look = { 24, 6, COLOURS_NONE, false } }, false, 70 },
	{ "live-120x40-256", { .look = { 120, 40, COLOURS_256, true } }, true, 70 },
	{ "live-60x20-true", { .look = { 60, 20, COLOURS_TRUE, true }, .selected_id = 1 }, false, 30 },
	{ "live-empty", { .look = { 80, 24, COLOURS_NONE, true } }, true, 0 },
	{ "live-help", { .look = { 80, 24, COLOURS_NONE, true }, .has_help = true }, false, 5 },
	{ "live-paused", { .look = { 80, 24, COLOURS_NONE, false }, .is_paused = true, .paused_at = 60,
			   .selected_id = 2, .unit = LIVE_UNIT_MS }, true, 70 },
};

static void test_golden(void **state)
{
	struct live_history *history;
	bool is_same = true;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shots) / sizeof(shots[0]); i++) {
		history = disks_history(shots[i].n_columns, shots[i].has_outliers);
		text = frame_of(history, &shots[i].view);
		is_same &= is_golden(shots[i].name, ".frame", text);
		free(text);
		free_history(history);
	}
	assert_true(is_same);
}

/* The bytes of what TEXT begins with, a character or a sequence that frames may have, and its columns. */
static size_t take(const char *text, const struct look *look, unsigned int *n_columns)
{
	size_t n = 1;

	*n_columns = 0;
	if (text[0] == '\033') {
		assert_int_equal(text[1], '[');
		n = 2 + strspn(text + 2, "0123456789;");
		assert_non_null(strchr("HKm", text[n]));
		assert_true(text[n] != 'm' || look->colours != COLOURS_NONE);
		return n + 1;
	}
	assert_true((unsigned char)text[0] >= ' ' && text[0] != 0x7F);
	assert_true(look->utf8 || !(text[0] & 0x80));
	while ((text[n] & 0xC0) == 0x80)
		n++;
	*n_columns = 1;
	return n;
}

static void check_frame(const char *text, const struct look *look)
{
	unsigned int line = 1, column = 0, n_columns;

	assert_int_equal(strncmp(text, "\033[H", 3), 0);
	for (text += 3; *text;) {
		if (!strncmp(text, "\r\n", 2)) {
			line++;
			column = 0;
			text += 2;
			continue;
		}
		/* In the last column, a cursor that waits to wrap would have that erased. */
		assert_false(column == look->width && !strncmp(text, "\033[K", 3));
		text += take(text, look, &n_columns);
		column += n_columns;
		if (column > look->width)
			fail_msg("%ux%u: line %u is longer", look->width, look->height, line);
	}
	assert_int_equal(line, look->height);
}

static void check_sizes(const struct live_history *history, struct live_view view)
{
	static const unsigned int sizes[] = { 1, 2, 3, 5, 8, 10, 19, 24, 31, 40, 60, 79, 80, 81, 132, 200, 533, 600 };
	const size_t n = sizeof(sizes) / sizeof(sizes[0]);
	size_t i;
	char *text;

	for (i = 0; i < n * 60; i++) {
		view.look.width = sizes[i % n];
		view.look.height = 1 + (unsigned int)(i / n);
		view.look.utf8 = i % 2;
		view.look.colours = i / 2 % 3;
		text = frame_of(history, &view);
		check_frame(text, &view.look);
		free(text);
	}
}

static void test_every_size(void **state)
{
	struct live_history *histories[] = { disks_history(0, true), disks_history(20, true), hostile_history() };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		check_sizes(histories[i], (struct live_view){ 0 });
		check_sizes(histories[i], (struct live_view){ .has_help = true, .unit = LIVE_UNIT_US });
		free_history(histories[i]);
	}
}

static void test_hostile_names(void **state)
{
	struct live_history *history = hostile_history();
	struct live_view view = { .look = { 100, 40, COLOURS_NONE, true } };
	char *text = frame_of(history, &view);

	(void)state;
	assert_non_null(strstr(text, "read error a\\x1b[2Jb\"c"));
	assert_non_null(strstr(text, "read caf\xc3\xa9 <&>"));
	assert_non_null(strstr(text, "read ??"));
	assert_non_null(strstr(text, "read comm 4711"));
	assert_non_null(strstr(text, "we\\x1b]0;b\\x07"));
	free(text);
	free_history(history);
}

static void test_window(void **state)
{
	struct live_history *history = disks_history(LIVE_COLUMNS + 5, false);
	struct live_window all = live_history_window(history, history->n_columns, LIVE_COLUMNS);
	struct live_cell sum = live_series_sum(history->series[0], all);
	struct live_window late = live_history_window(history, 3, 80);
	struct live_cell one = live_series_sum(history->series[0], (struct live_window){ 7, 8 });

	(void)state;
	assert_memory_equal(one.percentile_ns, live_series_cell(history->series[0], 7)->percentile_ns,
			    sizeof(one.percentile_ns));
	assert_int_equal(all.first, 5);
	assert_int_equal(all.end, LIVE_COLUMNS + 5);
	assert_int_equal(late.first, late.end);
	assert_true(sum.count >= LIVE_COLUMNS * 800);
	assert_int_equal(live_history_elapsed_ns(history, all), LIVE_COLUMNS * SECOND);
	/* Paused for so long that nothing is left of what was visible. */
	check_sizes(history, (struct live_view){ .is_paused = true, .paused_at = 3 });
	free_history(history);
}

static void test_more_series_than_places(void **state)
{
	struct live_history *history = new_history("files");
	struct reading now;
	struct lat_key key;
	unsigned int i, interval;

	(void)state;
	for (interval = 0; interval < LIVE_KEPT_COLUMNS + 5; interval++) {
		now = fixture_reading((interval + 1) * SECOND);
		for (i = 0; i < 50; i++) {
			key = fixture_key(FILES_READ, LAT_RET_OK);
			snprintf((char *)&key.words[1], LAT_COMM_LEN, "%u", interval < 4 ? interval * 50 + i : 1000 + i);
			fixture_record(&now, &key, 100, 1, 1);
		}
		add(history, &now, &fixture_files, &comm_names, NULL);
		/* Four times 50 need 200 places; the last have to wait until the first have been idle for long. */
		assert_int_equal(history->n_left_out, interval < 2 || interval > LIVE_KEPT_COLUMNS ? 0 :
				 interval == 2 ? 150 - LIVE_SERIES : 50);
	}
	assert_int_equal(history->n_series, LIVE_SERIES);
	free_history(history);
}

/* A device that hangs completes nothing, and that is when one looks. */
static void test_depth_without_operations(void **state)
{
	struct live_history *history = disks_history(2, false);
	struct reading now = fixture_reading(3 * SECOND);

	(void)state;
	now.depths = calloc(1, sizeof(*now.depths));
	assert_non_null(now.depths);
	now.depths[now.n_depths++] = (struct device_depth){ .device = NVME, .n_issued = 32 };
	add(history, &now, &fixture_disks, &disk_names, NULL);
	assert_int_equal(live_series_cell(history->series[0], 2)->count, 0);
	assert_int_equal(live_series_cell(history->series[0], 2)->depth, 32);
	free_history(history);
}

static void press(struct live_view *view, const struct live_history *history, const char *keys)
{
	size_t n = strlen(keys), at, n_used;

	for (at = 0; at < n; at += n_used)
		assert_true(live_view_key(view, history, live_view_decode(keys + at, n - at, &n_used)));
}

static void test_keys(void **state)
{
	struct live_history *history = disks_history(5, false);
	struct live_view view = { .look = { 80, 24, COLOURS_NONE, true } };

	(void)state;
	press(&view, history, "\t");
	assert_int_equal(live_view_selected(&view, history), 1);
	press(&view, history, "\033[A");
	assert_int_equal(live_view_selected(&view, history), 0);
	press(&view, history, "\033[Z\033OB\033[1;5C2");
	assert_int_equal(view.selected_id, history->series[1]->id);
	press(&view, history, "9\033[200~\033xyz\033");
	assert_int_equal(view.selected_id, history->series[1]->id);
	press(&view, history, "0");
	assert_int_equal(view.selected_id, 0);
	press(&view, history, " u?");
	assert_true(view.is_paused && view.has_help && view.unit == LIVE_UNIT_US);
	add_disks(history, 5, NULL);
	assert_int_equal(live_view_end(&view, history), 5);
	press(&view, history, " uu?");
	assert_int_equal(live_view_end(&view, history), 6);
	assert_true(!view.is_paused && !view.has_help && view.unit == LIVE_UNIT_AUTO);
	assert_false(live_view_key(&view, history, 'q'));
	free_history(history);
}

static void test_units(void **state)
{
	struct live_view us = { .unit = LIVE_UNIT_US }, ms = { .unit = LIVE_UNIT_MS };
	char text[UNITS_LEN];

	(void)state;
	assert_string_equal(live_view_duration(&us, text, 12345678), "12346us");
	assert_string_equal(live_view_duration(&us, text, 16), "0.016us");
	assert_string_equal(live_view_duration(&us, text, 68719476736), "68.7s");
	assert_string_equal(live_view_duration(&ms, text, 512), "512ns");
	assert_string_equal(live_view_duration(&ms, text, 12345678), "12.3ms");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_every_size), cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_more_series_than_places), cmocka_unit_test(test_depth_without_operations),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
