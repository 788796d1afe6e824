/* SPDX-License-Identifier: MIT */
/* Format json: the whole snapshot as one JSON object. */
#include "registry/format.h"

#include "render/json_snapshot.h"
#include "render/json_summary.h"

static void write_json(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	json_t *root = json_of_snapshot(snapshot, false);

	(void)options;
	json_set_summary(&root, snapshot);
	json_write(out, root, JSON_INDENT(1));
}

static const struct format json_format = {
	.name = "json",
	.help = "one JSON object with all that is known; times in ns",
	.suffix = ".json",
	.write = write_json,
};
FORMAT_REGISTER(json_format);
