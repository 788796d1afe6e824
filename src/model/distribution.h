/* SPDX-License-Identifier: MIT */
/* A series as durations with counts, for formats that know no slots. */
#ifndef DISTRIBUTION_H
#define DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/bucket.h"

struct series;

struct point {
	uint64_t ns, count;
};

/* Every slot can have one, and the minimum and the maximum theirs. */
#define DISTRIBUTION_MAX (LAT_N_SLOTS + 2)

/*
 * The durations of a series, each greater than the last; their counts add up to that of the series. A slot is at its
 * middle, as percentiles are, and so at most PERCENTILE_ERROR_PERCENT off; the smallest and the largest sample stand by
 * themselves where they are known exactly. Returns how many.
 */
size_t distribution_points(const struct series *series, struct point points[static DISTRIBUTION_MAX]);

/* The standard deviation around the exact mean, of samples at these points. */
double distribution_deviation(const struct series *series, const struct point *points, size_t n_points);

#endif
