/* SPDX-License-Identifier: MIT */
/* Outliers as they happen: from the ring buffer to a line each, and the slowest kept for reports. */
#ifndef OUTLIER_STREAM_H
#define OUTLIER_STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct outlier_stream;
struct label_names;
struct out;
struct outliers;
struct tracer;
struct stacks;
struct target;

/* Of a second, where only few lines are to be printed. */
#define EVENTS_FEW 10

/*
 * Lines go to OUT as outliers come, or nowhere when it is NULL, or with N_SLOWEST only when outlier_stream_print_slowest() is
 * called; IS_FEW: at most EVENTS_FEW a second. All arguments must outlive it. 0 or -errno, reported.
 */
int outlier_stream_open(struct outlier_stream **events, struct tracer *tracer, const struct target *target,
		const struct label_names *names, struct out *out, uint32_t n_slowest, bool is_few);

/* Readable when there is something for outlier_stream_consume(). */
int outlier_stream_fd(const struct outlier_stream *events);

/* Takes and prints what has arrived, but not for ever while more arrives. True when there may be more. */
bool outlier_stream_consume(struct outlier_stream *events);

/* The slowest since the last call of outlier_stream_next_interval(), and of the whole run. */
const struct outliers *outlier_stream_interval(const struct outlier_stream *events);
const struct outliers *outlier_stream_run(const struct outlier_stream *events);

/* Their call stacks; NULL without --stacks. */
const struct stacks *outlier_stream_interval_stacks(const struct outlier_stream *events);
const struct stacks *outlier_stream_run_stacks(const struct outlier_stream *events);

/* Those of the interval, or of the run, the slowest first. Nothing without N_SLOWEST. */
void outlier_stream_print_slowest(struct outlier_stream *events, bool is_run);

/* Ends the lines printed so far, if there are any, as a report follows; later ones have headings again. */
void outlier_stream_end_lines(struct outlier_stream *events);

void outlier_stream_next_interval(struct outlier_stream *events);

void outlier_stream_close(struct outlier_stream *events); /* NULL is fine */

#endif
