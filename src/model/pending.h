/* SPDX-License-Identifier: MIT */
/* Requests that have not ended yet, for long: from what was read to what is shown. */
#ifndef PENDING_H
#define PENDING_H

#include <stdbool.h>

struct snapshot;
struct snapshot_input;

/* Fills in snapshot->pending. False when memory is short. */
bool pending_make(struct snapshot *snapshot, const struct snapshot_input *input);

void pending_free(struct snapshot *snapshot);

#endif
