/* SPDX-License-Identifier: MIT */
/* Recordings as the JSON object that the page of `report` shows. */
#include "report/page_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "recording/recording.h"
#include "report/time_columns.h"
#include "render/json_snapshot.h"
#include "model/snapshot.h"

#define NS_PER_US 1000
/* What a page shows side by side, and how much of it keeps the page below 1 MB: columns of all series and runs. */
#define MAX_COLUMNS 600
#define MIN_COLUMNS 120
#define MAX_SERIES_COLUMNS 6000
#define MAX_LABEL_NAMES 32

static size_t max_columns(const struct report_run *runs, size_t n_runs)
{
	size_t n_series = 1, fitting, i;

	for (i = 0; i < n_runs; i++)
		n_series += recording_whole(runs[i].recording)->n_series;
	fitting = MAX_SERIES_COLUMNS / n_series;
	if (fitting > MAX_COLUMNS / n_runs)
		fitting = MAX_COLUMNS / n_runs;
	return fitting < MIN_COLUMNS ? MIN_COLUMNS : fitting;
}

/* Adds to the members of ARRAY, which stand for the series, what each had over time. False when memory is short. */
static bool set_columns(json_t *array, const struct snapshot *whole, const struct time_columns *columns, size_t max)
{
	json_t *object;
	size_t i;

	for (i = 0; i < whole->n_series && i < max; i++) {
		object = json_array_get(array, i);
		if (json_object_set_new(object, "heat", time_columns_heat(columns, &whole->series[i])) ||
		    json_object_set_new(object, "lines", time_columns_lines(columns, &whole->series[i])))
			return false;
	}
	return true;
}

/* The names of all labels that outliers have, in order of appearance. */
static size_t collect_names(const struct outliers *outliers, const char *names[static MAX_LABEL_NAMES])
{
	size_t n_names = 0, i, label, at;

	for (i = 0; i < outliers->n; i++)
		for (label = 0; label < outliers->items[i].n_labels; label++) {
			for (at = 0; at < n_names && strcmp(names[at], outliers->items[i].labels[label].name); at++)
				;
			if (at == n_names && n_names < MAX_LABEL_NAMES)
				names[n_names++] = outliers->items[i].labels[label].name;
		}
	return n_names;
}

static void append_label(json_t **row, const char *value)
{
	json_append(row, value ? json_text(value) : json_null());
}

static json_t *make_outliers(const struct snapshot *whole)
{
	json_t *object = json_object(), *labels = json_array(), *rows = json_array(), *row;
	const char *names[MAX_LABEL_NAMES];
	size_t n_names = collect_names(&whole->outliers, names), i;
	const struct outlier *outlier;

	for (i = 0; i < n_names; i++)
		json_append(&labels, json_text(names[i]));
	for (outlier = whole->outliers.items; outlier < whole->outliers.items + whole->outliers.n; outlier++) {
		const int64_t end_ns = (int64_t)(outlier->end_realtime_ns - whole->start_realtime_ns);
		const uint64_t numbers[] = {
			outlier->latency_ns, outlier->bytes, outlier->sector, outlier->pid, outlier->tid,
		};

		row = json_array();
		json_append(&row, json_integer(end_ns / NS_PER_US));
		for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			json_append(&row, json_integer((json_int_t)numbers[i]));
		for (i = 0; i < n_names; i++)
			append_label(&row, outlier_find_label(outlier, names[i]));
		json_append(&rows, row);
	}
	json_set(&object, "labels", labels);
	json_set(&object, "rows", rows);
	return object;
}

/* At most MAX_N columns, of at most MAX_SERIES series. */
static int make_run(const struct report_run *run, size_t max_n, size_t max_series, json_t **object)
{
	const struct snapshot *whole = recording_whole(run->recording);
	struct time_columns columns;
	int error = time_columns_make(&columns, run->recording, max_n);

	if (error)
		return error;
	*object = json_of_snapshot(whole, true);
	json_set_text(object, "name", run->name);
	json_set_integer(object, "n_intervals", columns.n_intervals);
	json_set(object, "columns", time_columns_times(&columns, whole->start_realtime_ns));
	if (whole->outliers.n)
		json_set(object, "outliers", make_outliers(whole));
	if (columns.n && !set_columns(json_object_get(*object, "series"), whole, &columns, max_series)) {
		json_decref(*object);
		*object = NULL;
	}
	time_columns_free(&columns);
	return 0;
}

int page_data_make(const struct report_run *runs, size_t n_runs, json_t **data)
{
	size_t max = max_columns(runs, n_runs), i;
	json_t *array = json_array(), *run;
	int error = 0;

	for (i = 0; !error && i < n_runs; i++) {
		error = make_run(&runs[i], max, MAX_SERIES_COLUMNS / max / n_runs, &run);
		if (!error)
			json_append(&array, run);
	}
	if (error) {
		json_decref(array);
		return error;
	}
	*data = json_object();
	json_set(data, "runs", array);
	return *data ? 0 : fail(-ENOMEM, "report");
}
