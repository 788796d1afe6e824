/* SPDX-License-Identifier: MIT */
/* What the intervals before this one were like: rolling averages, and which mean stands out. */
#ifndef TREND_H
#define TREND_H

struct snapshot;
struct trend;

/* A spike is a mean of more than TREND_SPIKE times the rolling one, of enough intervals and operations to tell. */
#define TREND_WINDOW 10
#define TREND_MIN_INTERVALS 3
#define TREND_MIN_COUNT 10
#define TREND_SPIKE 2

struct trend *trend_new(void); /* NULL when memory is short, with which all others do nothing */

/* Fills in what series have of a trend; each interval once, in order of time. Short memory leaves some out. */
void trend_apply(struct trend *trend, struct snapshot *interval);

void trend_free(struct trend *trend);

#endif
