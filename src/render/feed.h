/* SPDX-License-Identifier: MIT */
/* What a format is given of a run: its header once, the intervals, the whole. */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>

struct out;
struct format;
struct format_options;
struct snapshot;

/* One output from its first byte to its last. All zero behind the first four to begin with. */
struct feed {
	const struct format *format;
	struct out *out; /* the caller's */
	const struct format_options *options;
	bool has_all; /* intervals go to any format, as on a terminal; else only to one that streams */
	bool has_begun, has_intervals;
};

/* Writes the snapshot if it belongs into this output. The whole run comes last. False when it was left out. */
bool feed_snapshot(struct feed *feed, const struct snapshot *snapshot);

#endif
