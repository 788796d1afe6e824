/* SPDX-License-Identifier: MIT */
/* Sink json: the whole snapshot as one JSON object. */
#include "sinks/sink.h"

#include "sinks/json_object.h"

static void write_json(struct out *out, const struct snapshot *snapshot, const struct sink_options *options)
{
	(void)options;
	json_write(out, json_of_snapshot(snapshot, false), JSON_INDENT(1));
}

static const struct sink json_sink = {
	.name = "json",
	.help = "one JSON object with all that is known; times in ns",
	.suffix = ".json",
	.write = write_json,
};
SINK_REGISTER(json_sink);
