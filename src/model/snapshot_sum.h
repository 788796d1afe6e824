/* SPDX-License-Identifier: MIT */
/* Snapshots added up slot by slot, which is exact, as all have the same slots. */
#ifndef SNAPSHOT_SUM_H
#define SNAPSHOT_SUM_H

#include <stddef.h>

struct snapshot;

/*
 * The sum of N snapshots of the same target, as one of a whole run from the first start to the last end, which shares
 * the texts of PARTS and so must not outlive them. Series with the same labels become one. 0, or -errno, reported.
 *
 * Its elapsed time is that in which any of the parts was measured, each from its CLOCK_REALTIME start for as long as its
 * CLOCK_MONOTONIC says: time that they share counts once, so that the rates of hosts measured at the same time add up,
 * and time between them not at all, so that the rate of runs one after the other is that of their mean. Intervals that
 * follow each other are one piece. The monotonic end is the first part's start and the elapsed time.
 */
int snapshot_sum(const struct snapshot *const *parts, size_t n_parts, struct snapshot **sum);

#endif
