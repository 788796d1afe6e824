/* SPDX-License-Identifier: MIT */
/* Time columns: a recording's intervals, summed until no more are left than a page can show side by side. */
#ifndef TIME_COLUMNS_H
#define TIME_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct recording;
struct series;
struct snapshot;

struct time_columns {
	const struct snapshot **items; /* in order of time */
	size_t n;
	size_t n_intervals;
	size_t n_summed;        /* intervals in a column; the last may have fewer */
	struct snapshot **sums; /* what of ITEMS is owned */
	size_t n_sums;
};

/* At most MAX columns, which RECORDING must outlive. 0, or -errno, reported; then there is nothing to free. */
int time_columns_make(struct time_columns *columns, const struct recording *recording, size_t max);

void time_columns_free(struct time_columns *columns); /* what it holds, not the struct itself */

/* {"n_summed", "start_ms": [], "elapsed_ms": []}; starts are counted from START_REALTIME_NS. */
json_t *time_columns_times(const struct time_columns *columns, uint64_t start_realtime_ns);

/*
 * What the columns have of the series with the same labels. Columns are separated by semicolons; each is the number of
 * its first half row that is not empty (half row n is slots 8n to 8n + 7), and then the counts from there to the last
 * that is not empty, in base 36 and with commas; 0 is left out: "1c,5,,2z;;1d,1".
 */
json_t *time_columns_heat(const struct time_columns *columns, const struct series *series);

/*
 * {"p50": [], ..., "max": []}: ns with three digits for each column; null where there is nothing, or, for a
 * percentile, too few samples above.
 */
json_t *time_columns_lines(const struct time_columns *columns, const struct series *series);

#endif
