/* SPDX-License-Identifier: MIT */
/* Single operations in a recorded JSON object: outliers, their stacks, and what is pending. */
#ifndef PARSE_EVENTS_H
#define PARSE_EVENTS_H

#include <jansson.h>

struct parse;
struct snapshot;

void parse_events(struct parse *parse, const json_t *root, struct snapshot *snapshot);

#endif
