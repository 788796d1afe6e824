/* SPDX-License-Identifier: MIT */
/* Snapshots added up slot by slot, which is exact, as all have the same slots. */
#ifndef SNAPSHOT_SUM_H
#define SNAPSHOT_SUM_H

#include <stddef.h>

struct snapshot;

/*
 * The sum of N snapshots of the same target, as one of a whole run from the first start to the last end, which shares
 * the texts of PARTS and so must not outlive them. Series with the same labels become one. Elapsed time is that of the
 * parts together, less what they overlap. 0, or -errno, reported.
 */
int snapshot_sum(const struct snapshot *const *parts, size_t n_parts, struct snapshot **sum);

#endif
