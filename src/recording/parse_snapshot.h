/* SPDX-License-Identifier: MIT */
/* One recorded JSON object back to a snapshot. Nothing in it is believed. */
#ifndef PARSE_SNAPSHOT_H
#define PARSE_SNAPSHOT_H

#include <jansson.h>

struct names;
struct parse_error;
struct snapshot;

/* The snapshot, which NAMES must outlive. NULL with a reason when it is not one, or memory is short. */
struct snapshot *recording_parse(const json_t *root, struct names *names, struct parse_error *error);

#endif
