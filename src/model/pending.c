/* SPDX-License-Identifier: MIT */
/* Requests that have not ended yet, for long: from what was read to what is shown. */
#include "model/pending.h"

#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "registry/target.h"

static bool add_label(struct pending *pending, const char *name, const char *value)
{
	return labels_add(&pending->labels, &pending->n_labels, name, strdup(value));
}

static bool make_one(struct pending *pending, const struct raw_pending *raw, const struct snapshot_input *input)
{
	char device[32], comm[LAT_COMM_LEN + 1] = "";

	memcpy(comm, raw->span.comm, LAT_COMM_LEN);
	*pending = (struct pending){
		.age_ns = raw->age_ns,
		.sector = raw->sector,
		.bytes = raw->span.bytes,
		.pid = raw->span.pid,
		.tid = raw->span.tid,
	};
	return add_label(pending, "op", input->target->ops[raw->span.op].name) &&
	       add_label(pending, "phase", raw->span.issue_ns ? "device" : "queue") &&
	       add_label(pending, "device", label_device(input->names, raw->span.device, device)) &&
	       add_label(pending, "comm", comm);
}

bool pending_make(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct reading *now = input->now;
	size_t i;

	if (!now->pending)
		return true;
	snapshot->pending = calloc(now->n_pending + 1, sizeof(*snapshot->pending));
	for (i = 0; snapshot->pending && i < now->n_pending; i++)
		if (now->pending[i].span.op < input->target->n_ops &&
		    !make_one(&snapshot->pending[snapshot->n_pending++], &now->pending[i], input))
			return false;
	return snapshot->pending;
}

void pending_free(struct snapshot *snapshot)
{
	while (snapshot->n_pending) {
		struct pending *pending = &snapshot->pending[--snapshot->n_pending];

		labels_free(pending->labels, pending->n_labels);
	}
	free(snapshot->pending);
}
