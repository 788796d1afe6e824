/* SPDX-License-Identifier: MIT */
/* What all series of a snapshot add up to. */
#ifndef TOTALS_H
#define TOTALS_H

struct snapshot;

/* Fills in snapshot->totals and all_sum_ns from the series' counts. */
void totals_make(struct snapshot *snapshot);

#endif
