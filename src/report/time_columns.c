/* SPDX-License-Identifier: MIT */
/* Time columns: a recording's intervals, summed until no more are left than a page can show side by side. */
#include "report/time_columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "recording/recording.h"
#include "render/json_snapshot.h"
#include "model/snapshot.h"
#include "model/snapshot_sum.h"

#define NS_PER_MS 1000000
#define HALF_ROW_SLOTS (LAT_N_SUB / 2)
#define N_HALF_ROWS (LAT_N_SLOTS / HALF_ROW_SLOTS + 1)
#define BASE 36
#define MAX_DIGITS 13 /* of 64 bits in base 36 */
#define KEPT_PER_UNIT 1000

/* The percentiles that are drawn over time, as places in percentile_ranks. */
static const size_t lines[] = { 0, 2, 4, 5 };

static size_t count_intervals(const struct recording *recording)
{
	size_t n = 0;

	while (recording_interval(recording, n))
		n++;
	return n;
}

int time_columns_make(struct time_columns *columns, const struct recording *recording, size_t max)
{
	size_t n = count_intervals(recording), i;
	const struct snapshot **intervals = calloc(n + 1, sizeof(struct snapshot *));
	int error = 0;

	*columns = (struct time_columns){
		.items = intervals, .n_intervals = n, .n_summed = n > max ? (n + max - 1) / max : 1,
	};
	columns->sums = calloc(n + 1, sizeof(struct snapshot *));
	if (!intervals || !columns->sums)
		error = fail(-ENOMEM, "report");
	for (i = 0; !error && i < n; i++)
		intervals[i] = recording_interval(recording, i);
	if (columns->n_summed == 1)
		columns->n = n;
	for (i = 0; !error && columns->n_summed > 1 && i < n; i += columns->n_summed) {
		error = snapshot_sum(&intervals[i], n - i < columns->n_summed ? n - i : columns->n_summed,
				     &columns->sums[columns->n_sums]);
		/* What the sum was made of lies at or behind its own place. */
		if (!error)
			intervals[columns->n++] = columns->sums[columns->n_sums++];
	}
	if (error)
		time_columns_free(columns);
	return error;
}

void time_columns_free(struct time_columns *columns)
{
	size_t i;

	for (i = 0; i < columns->n_sums; i++)
		snapshot_free(columns->sums[i]);
	free(columns->sums);
	free(columns->items);
	*columns = (struct time_columns){ 0 };
}

json_t *time_columns_times(const struct time_columns *columns, uint64_t start_realtime_ns)
{
	json_t *times = json_object(), *starts = json_array(), *elapsed = json_array();
	int64_t start_ns;
	size_t i;

	for (i = 0; i < columns->n; i++) {
		/* Less than 0 if the clock was set back. */
		start_ns = (int64_t)(columns->items[i]->start_realtime_ns - start_realtime_ns);
		json_append(&starts, json_integer(start_ns / NS_PER_MS));
		json_append(&elapsed, json_integer((json_int_t)(columns->items[i]->elapsed_ns / NS_PER_MS)));
	}
	json_set_integer(&times, "n_summed", columns->n_summed);
	json_set(&times, "start_ms", starts);
	json_set(&times, "elapsed_ms", elapsed);
	return times;
}

static const struct series *find_series(const struct snapshot *snapshot, const struct series *like)
{
	const struct series *series;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++)
		if (series_have_same_labels(series, like))
			return series;
	return NULL;
}

static uint64_t half_row_count(const struct series *series, size_t half_row)
{
	size_t slot = half_row * HALF_ROW_SLOTS, end = slot + HALF_ROW_SLOTS;
	uint64_t count = 0;

	for (; slot < end && slot < LAT_N_SLOTS; slot++)
		count += series->slots[slot];
	return count;
}

static char *put_number(char *at, uint64_t number)
{
	char digits[MAX_DIGITS];
	size_t n = 0;

	do {
		digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % BASE];
		number /= BASE;
	} while (number);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_column(char *at, const struct series *series)
{
	size_t first = 0, last = N_HALF_ROWS - 1;
	uint64_t count;

	while (first < last && !half_row_count(series, first))
		first++;
	while (last > first && !half_row_count(series, last))
		last--;
	at = put_number(at, first);
	for (; first <= last; first++) {
		*at++ = ',';
		count = half_row_count(series, first);
		if (count)
			at = put_number(at, count);
	}
	return at;
}

json_t *time_columns_heat(const struct time_columns *columns, const struct series *series)
{
	/* Of a column: its counts, each with a comma, the first's number and a semicolon. */
	char *text = malloc(columns->n * (N_HALF_ROWS + 1) * (MAX_DIGITS + 1) + 1), *at = text;
	const struct series *found;
	json_t *heat;
	size_t i;

	for (i = 0; text && i < columns->n; i++) {
		if (i)
			*at++ = ';';
		found = find_series(columns->items[i], series);
		if (found)
			at = put_column(at, found);
	}
	heat = text ? json_stringn(text, (size_t)(at - text)) : NULL;
	free(text);
	return heat;
}

/* More digits than three cannot be seen in a line, and are beyond what slots tell. */
static json_t *make_point(uint64_t ns)
{
	uint64_t unit = 1;

	while (ns / unit >= KEPT_PER_UNIT)
		unit *= 10;
	return json_integer((json_int_t)((ns + unit / 2) / unit * unit));
}

json_t *time_columns_lines(const struct time_columns *columns, const struct series *series)
{
	json_t *object = json_object(), *points[sizeof(lines) / sizeof(lines[0])], *maxima = json_array();
	const size_t n_lines = sizeof(lines) / sizeof(lines[0]);
	const struct percentile *percentile;
	const struct series *found;
	char name[16];
	size_t i, line;

	for (line = 0; line < n_lines; line++)
		points[line] = json_array();
	for (i = 0; i < columns->n; i++) {
		found = find_series(columns->items[i], series);
		json_append(&maxima, found ? make_point(found->max_ns) : json_null());
		for (line = 0; line < n_lines; line++) {
			percentile = found ? &found->percentiles[lines[line]] : NULL;
			json_append(&points[line],
				    percentile && percentile->carried ? make_point(percentile->ns) : json_null());
		}
	}
	for (line = 0; line < n_lines; line++) {
		snprintf(name, sizeof(name), "p%g", percentile_ranks[lines[line]]);
		json_set(&object, name, points[line]);
	}
	json_set(&object, "max", maxima);
	return object;
}
