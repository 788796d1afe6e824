/* SPDX-License-Identifier: MIT */
/* Single operations in the JSON object of a snapshot: outliers, their stacks, and what is pending. */
#include "render/json_events.h"

#include <stdlib.h>
#include <string.h>

#include "render/json_snapshot.h"
#include "model/snapshot.h"
#include "base/units.h"

static void append_text(json_t **array, const char *text, size_t length)
{
	char *copy = strndup(text, length);

	json_append(array, copy ? json_text(copy) : NULL);
	free(copy);
}

/* The innermost first, as debuggers do; FOLDED has it last. */
static json_t *make_frames(const char *folded)
{
	const char *frame, *end = folded + strlen(folded);
	json_t *array = json_array();

	while (end > folded) {
		for (frame = end; frame > folded && frame[-1] != ';'; frame--)
			;
		append_text(&array, frame, (size_t)(end - frame));
		end = frame > folded ? frame - 1 : folded;
	}
	return array;
}

static json_t *make_outliers(const struct outliers *outliers)
{
	json_t *array = json_array(), *object;
	const struct outlier *outlier;
	char buffer[UNITS_TIME_LEN];

	for (outlier = outliers->items; outlier < outliers->items + outliers->n; outlier++) {
		object = json_object();
		json_set_text(&object, "end", units_iso8601(buffer, outlier->end_realtime_ns));
		json_set_integer(&object, "end_realtime_ns", outlier->end_realtime_ns);
		json_set_integer(&object, "latency_ns", outlier->latency_ns);
		json_set_integer(&object, "bytes", outlier->bytes);
		if (outlier->sector != OUTLIER_NO_SECTOR)
			json_set_integer(&object, "sector", outlier->sector);
		json_set_integer(&object, "pid", outlier->pid);
		json_set_integer(&object, "tid", outlier->tid);
		json_set(&object, "labels", json_of_labels(outlier->labels, outlier->n_labels));
		if (outlier->folded)
			json_set(&object, "stack", make_frames(outlier->folded));
		json_append(&array, object);
	}
	return array;
}

static json_t *make_stacks(const struct snapshot *snapshot)
{
	json_t *array = json_array(), *object;
	size_t i;

	for (i = 0; i < snapshot->n_stacks; i++) {
		object = json_object();
		json_set_text(&object, "folded", snapshot->stacks[i].folded);
		json_set_integer(&object, "count", snapshot->stacks[i].count);
		json_set_integer(&object, "sum_ns", snapshot->stacks[i].sum_ns);
		json_append(&array, object);
	}
	return array;
}

static json_t *make_pending(const struct snapshot *snapshot)
{
	const struct pending *pending, *end = snapshot->pending + snapshot->n_pending;
	json_t *array = json_array(), *object;

	for (pending = snapshot->pending; pending < end; pending++) {
		object = json_object();
		json_set_integer(&object, "age_ns", pending->age_ns);
		json_set_integer(&object, "bytes", pending->bytes);
		if (pending->sector != OUTLIER_NO_SECTOR)
			json_set_integer(&object, "sector", pending->sector);
		json_set_integer(&object, "pid", pending->pid);
		json_set_integer(&object, "tid", pending->tid);
		json_set(&object, "labels", json_of_labels(pending->labels, pending->n_labels));
		json_append(&array, object);
	}
	return array;
}

void json_set_events(json_t **root, const struct snapshot *snapshot)
{
	if (snapshot->run->outlier_ns)
		json_set(root, "outliers", make_outliers(&snapshot->outliers));
	if (snapshot->stacks)
		json_set(root, "stacks", make_stacks(snapshot));
	if (snapshot->pending)
		json_set(root, "pending", make_pending(snapshot));
}
