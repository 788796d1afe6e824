/* SPDX-License-Identifier: MIT */
/* Single operations in the JSON object of a snapshot: outliers, their stacks, and what is pending. */
#ifndef JSON_EVENTS_H
#define JSON_EVENTS_H

#include <jansson.h>

struct snapshot;

/* What of these the snapshot has, each as an array. */
void json_set_events(json_t **root, const struct snapshot *snapshot);

#endif
