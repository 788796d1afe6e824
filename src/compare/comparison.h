/* SPDX-License-Identifier: MIT */
/*
 * What changed between two runs, and whether it is more than noise: computed once, const from then on.
 * No clock, no files, no options here.
 *
 * A percentile changed by more than noise when the intervals that hold it in either run (significance_ranks_of()) do not meet,
 * not even in a slot: since both have the same slots, what lies in different slots is in the order of its slots, so
 * slots never add a false alarm; a shift within a slot (at most 6.25 %) is not seen. Means: Welch's test with the
 * largest variances that the slots allow. Shares of errors: Fisher's exact test.
 *
 * Samples are taken as independent, unless a run was recorded in NOISE_MIN_BLOCKS intervals or more: then what the
 * intervals differ by is noise as well (significance_effective_n()), rates, of whose noise nothing is known otherwise, are judged
 * like means, and what was there in fewer intervals is not judged.
 *
 * The tests of a comparison share one chance of a false alarm (Bonferroni): of comparisons of two runs that follow the
 * same distributions, at most COMPARISON_ALPHA have a figure anywhere that is said to be more than noise. Figures that
 * have a limit share that chance among themselves, so that checking few of them finds more.
 */
#ifndef COMPARISON_H
#define COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compare/significance.h"
#include "model/percentile.h"

struct label;
struct series;
struct snapshot;

#define COMPARISON_ALPHA 0.05

/* The percentiles come first, in the order of percentile_ranks. */
enum figure_kind { FIGURE_MEAN = N_PERCENTILES, FIGURE_RATE, FIGURE_ERROR, N_FIGURES };
#define FIGURE_NAME_LEN 16
const char *figure_name(int kind, char buffer[static FIGURE_NAME_LEN]); /* "p99.9" "mean" "rate" "error" */

/* By how much a figure may be worse: percent, for the share of errors percentage points. */
struct limit {
	bool is_set;
	double value;
};

enum verdict {
	VERDICT_NOISE,   /* a change that chance may have made */
	VERDICT_BETTER,  /* more than that */
	VERDICT_WORSE,
	VERDICT_FEW,     /* too few samples to tell */
	VERDICT_UNKNOWN, /* rates of a run without intervals */
};

/* ns; for rates per second, for errors percent of all that ended. */
struct figure {
	double base, current;
	double change;      /* percent of the base, INFINITY from 0 on; for errors percentage points */
	enum verdict verdict;
	struct limit limit;
	bool is_beyond;     /* worse by more than the limit, and more than noise unless that is not known */
	/* Percentiles that are judged: what holds them in either run, to the bounds of slots; UINT64_MAX: no limit. */
	uint64_t base_low_ns, base_high_ns, current_low_ns, current_high_ns;
};

/* An operation with its dimensions, in both runs or in one. */
struct operation {
	const struct label *labels; /* those of one of its series, "ret" among them; owned by the snapshot */
	size_t n_labels;
	struct side {
		const struct series *ok; /* NULL: none ended ok */
		uint64_t n_all, n_errors;
		struct significance_blocks blocks[N_FIGURES]; /* the intervals in which there was anything; of the rate all */
		double shares[N_PERCENTILES]; /* how much of all is below what the blocks of a percentile count */
	} base, current; /* n_all 0: not in that run */
	struct figure figures[N_FIGURES]; /* all zero where it is in one run only */
};

/* With snapshot_keep_samples(), since noise is one of samples. */
struct recorded_run {
	const struct snapshot *whole;
	const struct snapshot *const *intervals;
	size_t n_intervals;
};

struct comparison {
	struct recorded_run base, current; /* outlive the comparison */
	struct operation *operations; /* in both: most time in the base first; then what is in one only */
	size_t n_operations, n_both;
	size_t n_tests;    /* among which COMPARISON_ALPHA is shared */
	size_t n_checks;   /* of them those with a limit, which share it among themselves */
	size_t n_differ;   /* figures that are more than noise */
	size_t n_limited;  /* judged against a limit; special files are not */
	size_t n_beyond;
	size_t n_few;      /* not judged against a limit, for want of samples */
	bool has_limits;
	bool has_other;    /* a series of all keys beyond --max-keys was left out */
};

/*
 * Whether the two were measured alike: same target, dimensions, way of attaching, share of calls sampled. If not,
 * REASON says why they were not.
 */
#define REASON_LEN 256
bool comparison_is_possible(const struct snapshot *base, const struct snapshot *current,
			    char reason[static REASON_LEN]);

/* NULL when memory is short. */
struct comparison *comparison_make(const struct recorded_run *base, const struct recorded_run *current,
				   const struct limit limits[static N_FIGURES]);

void comparison_free(struct comparison *comparison); /* NULL is fine */

#endif
