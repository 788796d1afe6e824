/* SPDX-License-Identifier: MIT */
/* Recordings as the JSON object that the page of `report` shows. */
#ifndef PAGE_DATA_H
#define PAGE_DATA_H

#include <stddef.h>

#include <jansson.h>

struct recording;

/* A recording, and what to call it. */
struct report_run {
	const char *name;
	const struct recording *recording;
};

/*
 * {"runs": []}: for each the object of the format jsonl for the whole run, and
 *   "name"
 *   "n_intervals"
 *   "columns": see time_columns_times()
 *   "series"[]."heat", "lines": see time_columns.h; only of the series with the largest total time, if many
 *   "outliers": in place of the format's: {"labels": [names], "rows": [[us from the run's start to the end, latency_ns,
 *               bytes, sector, pid, tid, value of each label or null]]}
 * 0, or -errno, reported. The caller owns DATA.
 */
int page_data_make(const struct report_run *runs, size_t n_runs, json_t **data);

#endif
