/* SPDX-License-Identifier: MIT */
/* Single operations in a recorded JSON object: outliers, their stacks, and what is pending. */
#include "recording/parse_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "recording/json_fields.h"
#include "model/snapshot.h"

/* Frames from the innermost on, which the text that they become has last; NULL where there are none. */
static char *parse_stack(struct parse *parse, const json_t *object)
{
	const json_t *array;
	size_t n = parse_array(parse, object, "stack", false, &array), i, n_bytes;
	char *folded = NULL;
	FILE *stream = array ? open_memstream(&folded, &n_bytes) : NULL;
	const char *text;
	char *frame;

	for (i = n; stream && i--;) {
		text = json_string_value(json_array_get(array, i));
		if (!text)
			parse_complain(parse, "a frame of \"stack\" is no text");
		frame = text ? unescape_invalid(text) : NULL;
		fprintf(stream, "%s%s", i + 1 < n ? ";" : "", frame ? frame : "");
		free(frame);
	}
	if (array && (!stream || fclose(stream)))
		parse_complain(parse, "memory is short");
	return folded;
}

static void parse_outliers(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "outliers", false, &array), i;
	struct outlier *outlier;

	if (!array)
		return;
	snapshot->outliers.items = parse_room(parse, n, sizeof(*outlier));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		outlier = &snapshot->outliers.items[snapshot->outliers.n++];
		outlier->end_realtime_ns = parse_number(parse, object, "end_realtime_ns");
		outlier->latency_ns = parse_number(parse, object, "latency_ns");
		outlier->bytes = parse_number(parse, object, "bytes");
		outlier->sector = OUTLIER_NO_SECTOR;
		if (json_object_get(object, "sector"))
			outlier->sector = parse_number(parse, object, "sector");
		outlier->pid = parse_id(parse, object, "pid");
		outlier->tid = parse_id(parse, object, "tid");
		outlier->folded = parse_stack(parse, object);
		parse_labels(parse, object, &outlier->labels, &outlier->n_labels);
	}
}

static void parse_stacks(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "stacks", false, &array), i;

	if (!array)
		return;
	snapshot->stacks = parse_room(parse, n, sizeof(*snapshot->stacks));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		snapshot->stacks[i] = (struct stack){
			.folded = unescape_invalid(parse_text(parse, object, "folded")),
			.count = parse_number(parse, object, "count"),
			.sum_ns = parse_number(parse, object, "sum_ns"),
		};
		snapshot->n_stacks++;
		if (!snapshot->stacks[i].folded)
			parse_complain(parse, "memory is short");
	}
}

static void parse_pending(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "pending", false, &array), i;
	struct pending *pending;

	if (!array)
		return;
	snapshot->pending = parse_room(parse, n, sizeof(*pending));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		pending = &snapshot->pending[snapshot->n_pending++];
		pending->age_ns = parse_number(parse, object, "age_ns");
		pending->bytes = parse_number(parse, object, "bytes");
		pending->sector = OUTLIER_NO_SECTOR;
		if (json_object_get(object, "sector"))
			pending->sector = parse_number(parse, object, "sector");
		pending->pid = parse_id(parse, object, "pid");
		pending->tid = parse_id(parse, object, "tid");
		parse_all_labels(parse, object, &pending->labels, &pending->n_labels);
	}
}

void parse_events(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	parse_outliers(parse, root, snapshot);
	parse_stacks(parse, root, snapshot);
	parse_pending(parse, root, snapshot);
}
