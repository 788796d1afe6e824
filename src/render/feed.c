/* SPDX-License-Identifier: MIT */
/* What a format is given of a run: its header once, the intervals, the whole. */
#include "render/feed.h"

#include "registry/format.h"
#include "model/snapshot.h"

static bool is_wanted(const struct feed *feed, const struct snapshot *snapshot)
{
	if (snapshot->number)
		return feed->has_all || feed->format->streams;
	return !(feed->has_intervals && feed->format->intervals_suffice);
}

bool feed_snapshot(struct feed *feed, const struct snapshot *snapshot)
{
	if (!is_wanted(feed, snapshot))
		return false;
	if (!feed->has_begun && feed->format->begin)
		feed->format->begin(feed->out, snapshot);
	feed->has_begun = true;
	feed->has_intervals |= snapshot->number != 0;
	feed->format->write(feed->out, snapshot, feed->options);
	return true;
}
