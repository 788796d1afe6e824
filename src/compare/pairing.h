/* SPDX-License-Identifier: MIT */
/* What of two runs belongs together, and how it varied from interval to interval. */
#ifndef PAIRING_H
#define PAIRING_H

struct comparison;
struct recorded_run;

/* A comparison with its operations, but without figures; for comparison_make(). NULL when memory is short. */
struct comparison *pairing_make(const struct recorded_run *base, const struct recorded_run *current);

#endif
