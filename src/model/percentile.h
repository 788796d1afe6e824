/* SPDX-License-Identifier: MIT */
/* Quantiles from slot counts. */
#ifndef PERCENTILE_H
#define PERCENTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "latencyprobe/bucket.h"

/* The percentiles that every output shows, in this order. */
#define N_PERCENTILES 7
enum { PERCENTILE_P50 = 0, PERCENTILE_P99 = 4 }; /* where these stand */
extern const double percentile_ranks[N_PERCENTILES]; /* 50 75 90 95 99 99.9 99.99 */

/*
 * The sample of rank ceil(RANK / 100 * count), from slot counts. The truth is within [low_ns, high_ns], the bounds of
 * its slot and of the whole histogram, and ns is the middle between them: at most PERCENTILE_ERROR_PERCENT off, where
 * a place in proportion to the rank in the slot could be twice as far off. In the overflow slot only the bounds hold.
 */
struct percentile {
	double rank;      /* in percent */
	uint64_t ns;
	uint64_t low_ns, high_ns;
	uint64_t n_above; /* samples above this rank */
	bool carried;     /* at least PERCENTILE_MIN_ABOVE samples lie above */
};
#define PERCENTILE_MIN_ABOVE 10
#define PERCENTILE_ERROR_PERCENT "3.2"

/*
 * COUNT is the sum of the slots, in which each sample counts WEIGHT times; MIN_NS and MAX_NS bound all samples. All zero
 * but the rank when COUNT is 0.
 */
struct percentile percentile_of(const uint64_t slots[static LAT_N_SLOTS], uint64_t count, uint32_t weight, double rank,
				uint64_t min_ns, uint64_t max_ns);

#endif
