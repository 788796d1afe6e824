/* SPDX-License-Identifier: MIT */
/* What the live screen remembers: the last intervals, condensed. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/label.h"
#include "model/percentile.h"

struct snapshot;

/* As many intervals as the widest screen shows, and as many series as anybody looks through. */
#define LIVE_COLUMNS 512
#define LIVE_SERIES 128
#define LIVE_SLOWEST 16
/* Where all places are taken, a series gives way after so many intervals without anything. */
#define LIVE_KEPT_COLUMNS 10

#define LIVE_NOT_CARRIED UINT64_MAX

/* One series in one interval; all zero where it had nothing, but for its depth and what it does not carry. */
struct live_cell {
	uint64_t count, bytes, sum_ns, min_ns, max_ns; /* bounds of slots, as those of any interval */
	uint64_t depth; /* in flight at the interval's end; of its device where there is one, else of its operation */
	uint64_t percentile_ns[N_PERCENTILES]; /* LIVE_NOT_CARRIED where there is none */
	struct live_slot {
		uint32_t slot;
		uint64_t count;
	} *slots; /* those not empty, in order */
	size_t n_slots;
};

struct live_series {
	uint64_t id; /* never used again */
	struct label *labels;
	size_t n_labels;
	bool has_bytes;
	uint32_t weight; /* as in struct series */
	uint64_t last_column; /* the last in which it had something */
	struct live_cell cells[LIVE_COLUMNS];
};

struct live_slow {
	uint64_t end_realtime_ns, latency_ns, bytes;
	uint32_t pid;
	struct label *labels;
	size_t n_labels;
};

struct live_column {
	uint64_t end_realtime_ns, elapsed_ns;
	uint64_t n_lost;     /* measured less well than asked for, or unaccounted */
	uint64_t n_outliers; /* all there were, not only those that are kept */
	struct live_slow slowest[LIVE_SLOWEST]; /* the slowest first */
	size_t n_slowest;
};

/* All zero to begin with, but for what every snapshot would say. */
struct live_history {
	const char *target, *host; /* outlive it */
	uint64_t outlier_ns;       /* 0: no outliers are asked for */
	uint32_t weight;           /* calls that each sample stands for */
	struct live_column columns[LIVE_COLUMNS]; /* as the series' cells: number i at i % LIVE_COLUMNS */
	uint64_t n_columns;  /* ever */
	struct live_series *series[LIVE_SERIES]; /* in order of appearance, but for places used again */
	size_t n_series;
	uint64_t next_id;
	uint64_t n_left_out; /* series of the last interval that found no place */
};

/* Adds an interval in the place of the oldest. 0, or -ENOMEM, reported; then the interval is incomplete. */
int live_history_add(struct live_history *history, const struct snapshot *snapshot);

/* Some columns that are next to each other: [first, end). */
struct live_window {
	uint64_t first, end;
};

/* The last N columns up to END that are remembered. */
struct live_window live_history_window(const struct live_history *history, uint64_t end, unsigned int n);

const struct live_column *live_history_column(const struct live_history *history, uint64_t number);
const struct live_cell *live_series_cell(const struct live_series *series, uint64_t number);

uint64_t live_history_elapsed_ns(const struct live_history *history, struct live_window window);

/* The series in these columns together: counts, sums, extremes and percentiles; no slots. Depth: the largest. */
struct live_cell live_series_sum(const struct live_series *series, struct live_window window);

void live_history_free(struct live_history *history); /* what it holds, not the struct itself */

#endif
