/* SPDX-License-Identifier: MIT */
/* Outliers as they happen: from the ring buffer to a line each, and the slowest kept for reports. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct events;
struct label_names;
struct out;
struct outliers;
struct probe;
struct stacks;
struct target;

/* Of a second, where only few lines are to be printed. */
#define EVENTS_FEW 10

/*
 * Lines go to OUT as outliers come, or nowhere when it is NULL, or with N_SLOWEST only when events_print_slowest() is
 * called; IS_FEW: at most EVENTS_FEW a second. All arguments must outlive it. 0 or -errno, reported.
 */
int events_open(struct events **events, struct probe *probe, const struct target *target,
		const struct label_names *names, struct out *out, uint32_t n_slowest, bool is_few);

/* Readable when there is something for events_take(). */
int events_fd(const struct events *events);

/* Takes and prints what has arrived, but not for ever while more arrives. True when there may be more. */
bool events_take(struct events *events);

/* The slowest since the last call of events_next_interval(), and of the whole run. */
const struct outliers *events_interval(const struct events *events);
const struct outliers *events_run(const struct events *events);

/* Their call stacks; NULL without --stacks. */
const struct stacks *events_interval_stacks(const struct events *events);
const struct stacks *events_run_stacks(const struct events *events);

/* Those of the interval, or of the run, the slowest first. Nothing without N_SLOWEST. */
void events_print_slowest(struct events *events, bool is_run);

/* Ends the lines printed so far, if there are any, as a report follows; later ones have headings again. */
void events_end_lines(struct events *events);

void events_next_interval(struct events *events);

void events_close(struct events *events); /* NULL is fine */

#endif
