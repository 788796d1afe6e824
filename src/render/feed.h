/* SPDX-License-Identifier: MIT */
/* What a sink is given of a run: its header once, the intervals, the whole. */
#ifndef SINK_FEED_H
#define SINK_FEED_H

#include <stdbool.h>

struct out;
struct sink;
struct sink_options;
struct snapshot;

/* One output from its first byte to its last. All zero behind the first four to begin with. */
struct sink_feed {
	const struct sink *sink;
	struct out *out; /* the caller's */
	const struct sink_options *options;
	bool has_all; /* intervals go to any sink, as on a terminal; else only to one that streams */
	bool has_begun, has_intervals;
};

/* Writes the snapshot if it belongs into this output. The whole run comes last. False when it was left out. */
bool sink_feed(struct sink_feed *feed, const struct snapshot *snapshot);

#endif
