/* SPDX-License-Identifier: MIT */
/*
 * The one value between measuring and showing: everything that a format may print, computed once, const from then on.
 * No libbpf, no clock, no environment here.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/account.h"
#include "model/buckets.h"
#include "model/label.h"
#include "latencyprobe/abi.h"
#include "model/outlier.h"
#include "model/percentile.h"
#include "model/reading.h"
#include "model/stack_sums.h"

/* What one histogram holds: an operation, a return class, and the dimensions asked for. */
struct series {
	struct label *labels; /* "op" first; "phase" next where the target has phases; "ret" next; then dimensions */
	size_t n_labels;
	bool is_special;      /* of files that are not regular, where these are apart: behind all others, and in no totals */
	bool summary;         /* ret is ok: shown in full; the others as a line. `other` holds every ret, shown in full */
	/* Those that differ from it in ret at most, itself among them, in the snapshot's order: the first; the next one. */
	const struct series *first_sibling, *next_sibling;
	uint32_t device_id;   /* kernel dev_t of the label "device"; 0: none, or not one of all hosts */
	bool has_bytes;
	uint64_t count, sum_ns, bytes;
	uint32_t weight;      /* calls that each sample stands for; all that is counted here is as many times as measured */
	uint64_t min_ns, max_ns;
	bool min_max_exact;   /* false for an interval: then these are the bounds of the outermost slots */
	double rate_per_s, bytes_per_s, mean_ns;
	struct percentile percentiles[N_PERCENTILES];
	/* Of an interval: the last ones in which it had anything, and their mean; 0 of them where nothing is known. */
	unsigned int n_rolling;
	double rolling_mean_ns;
	bool is_spike;        /* far above that mean, see trend.h */
	uint64_t *slots;      /* LAT_N_SLOTS */
	struct buckets buckets;
};

/* What was measured, where the count is an estimate of all. */
static inline uint64_t series_n_measured(const struct series *series)
{
	return series->count / series->weight;
}

struct in_flight {
	char *device;
	uint32_t device_id; /* as in struct series */
	uint64_t n_queued, n_issued;
};

#define N_RANGES 6

/* Of everything that was recorded; of requests with phases the device's, of files the regular ones. */
struct totals {
	uint64_t count, sum_ns;
	uint64_t n_slow; /* in slots that lie above SLOW_NS as a whole */
	struct percentile percentiles[N_PERCENTILES];
	uint64_t ranges[N_RANGES]; /* of total_ranges; what is in the slot of a bound belongs to the side of the slot's middle */
};
#define SLOW_NS 1000000
extern const struct total_range {
	const char *name;
	uint64_t low_ns;
} total_ranges[N_RANGES];

/* A request that has not ended yet, for long. */
struct pending {
	struct label *labels; /* "op", "phase" (where it is now), "device", "comm" */
	size_t n_labels;
	uint64_t age_ns, sector, bytes;
	uint32_t pid, tid;
};

/* Where and how an operation was measured. */
struct probe_info {
	const char *op, *phase;
	char *function; /* or tracepoint */
	char *attach;   /* "fentry", "kprobe", "tp_btf", ... */
	uint64_t n_missed; /* times the kernel did not run a program because one was running; not known of kprobes */
};

/* A run that is part of a merged one. */
struct run_source {
	const char *host, *kernel, *command_line;
	uint64_t start_realtime_ns, end_realtime_ns;
	uint64_t elapsed_ns; /* by CLOCK_MONOTONIC */
};

/* Facts about the run, the same in each of its snapshots. Strings are owned by whoever made the struct. */
struct run_info {
	const char *target, *tool_version, *kernel, *host, *command_line;
	const char *by; /* "device" or "" */
	uint64_t max_ns, outlier_ns;
	uint32_t sample_rate; /* one of so many was measured; 0 and 1: all */
	const struct probe_info *probes;
	size_t n_probes;
	const struct run_source *sources; /* what it was merged from; NULL for a run of its own */
	size_t n_sources;
};

struct snapshot {
	const struct run_info *run; /* outlives the snapshot */
	uint64_t start_realtime_ns, end_realtime_ns;
	uint64_t start_monotonic_ns, end_monotonic_ns;
	uint64_t elapsed_ns;
	uint64_t number; /* 0 for the whole run, else which interval, from 1 */
	struct series *series; /* sorted: special files last; total time, largest first; label text. None with count 0 */
	size_t n_series;
	struct totals totals;
	uint64_t all_sum_ns; /* of all series, whatever their phase */
	struct account *accounts; /* per operation that was measured, in the target's order */
	size_t n_accounts;
	struct account total;
	struct in_flight *in_flight; /* sorted by device; NULL where the target has no such thing */
	size_t n_in_flight;
	struct outliers outliers; /* the slowest, in order of time; the accounts' LAT_EVENTS counts all */
	struct stack *stacks;     /* NULL where none were asked for */
	size_t n_stacks;
	struct pending *pending;  /* the oldest first; NULL where none were asked for */
	size_t n_pending;
};

struct target;
struct label_names;

/*
 * What lies between two readings of the same run. BEFORE is NULL for the whole run, which then starts at
 * START_REALTIME_NS / START_MONOTONIC_NS. NAMES turns keys into label text. Copies all it needs.
 * NULL when memory is short.
 */
struct snapshot_input {
	const struct reading *before, *now;
	const struct target *target;
	const struct run_info *run;
	const struct label_names *names;
	uint64_t start_realtime_ns, start_monotonic_ns;
	uint64_t number;
	uint32_t op_mask; /* which operations were measured */
	const __u64 *bucket_low_ns; /* of --buckets */
	size_t n_buckets;
	const struct outliers *outliers; /* NULL: none */
	const struct stacks *stacks;     /* NULL: none were asked for */
};
struct snapshot *snapshot_make(const struct snapshot_input *input);

/*
 * Computes what follows from the counts and the elapsed time: means, rates, percentiles, the order of the series and
 * which are siblings. False when memory is short.
 */
bool snapshot_derive(struct snapshot *snapshot);

/* How many calls each sample stands for: 1 unless only some were measured. */
uint32_t run_weight(const struct run_info *run);

/* Turns estimates of all back into what was measured, for statistics of samples; rates stay what they are. */
void snapshot_keep_samples(struct snapshot *snapshot);

void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* Sum of a whole log2 row: [lat_row_low(row), lat_row_low(row + 1)). */
uint64_t series_row_count(const struct series *series, unsigned int row);
uint64_t lat_row_low(unsigned int row);

/* The mean of a row's samples, each taken as the middle of its slot; 0 for an empty row. */
double series_row_mean_ns(const struct series *series, unsigned int row);

/* The value of the label, or NULL. */
const char *series_label(const struct series *series, const char *name);

/* An order by the values of all labels, in their order, but that of NAME. */
int series_compare_but(const struct series *left, const struct series *right, const char *name);

/* Whether it is part of struct totals: a request counts once, whatever its phases; special files do not. */
bool series_is_in_totals(const struct series *series);

/* Whatever their order. */
bool series_have_same_labels(const struct series *left, const struct series *right);

/*
 * A sum of which LIKE will be the first part: its labels, those named BUT left out (NULL: none). False when memory is
 * short; what it holds is to be freed with the snapshot in either case.
 */
bool series_begin_sum(struct series *sum, const struct series *like, const char *but);

/* Slot by slot, which is exact. What follows from the counts is left to snapshot_derive(). 0 or -errno of buckets_add(). */
int series_add(struct series *sum, const struct series *part, bool is_first);

#endif
