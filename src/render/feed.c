/* SPDX-License-Identifier: MIT */
/* What a sink is given of a run: its header once, the intervals, the whole. */
#include "render/feed.h"

#include "registry/format.h"
#include "model/snapshot.h"

static bool is_wanted(const struct sink_feed *feed, const struct snapshot *snapshot)
{
	if (snapshot->number)
		return feed->has_all || feed->sink->streams;
	return !(feed->has_intervals && feed->sink->intervals_suffice);
}

bool sink_feed(struct sink_feed *feed, const struct snapshot *snapshot)
{
	if (!is_wanted(feed, snapshot))
		return false;
	if (!feed->has_begun && feed->sink->begin)
		feed->sink->begin(feed->out, snapshot);
	feed->has_begun = true;
	feed->has_intervals |= snapshot->number != 0;
	feed->sink->write(feed->out, snapshot, feed->options);
	return true;
}
