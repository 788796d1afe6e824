/* SPDX-License-Identifier: MIT */
/* What a run comes to in a few members, under the names and in the units that scripts for TCP probes look for. */
#ifndef JSON_SUMMARY_H
#define JSON_SUMMARY_H

#include <jansson.h>

struct snapshot;

/* As json_set() does. */
void json_set_summary(json_t **root, const struct snapshot *snapshot);

#endif
