/* SPDX-License-Identifier: MIT */
/* One recorded JSON object back to a snapshot. Nothing in it is believed. */
#ifndef RECORDING_PARSE_H
#define RECORDING_PARSE_H

#include <jansson.h>

struct snapshot;

/* Texts and facts about runs that snapshots point to, each kept once. */
struct names;
struct names *names_new(void);
void names_free(struct names *names); /* NULL is fine */

struct parse_error {
	char text[200]; /* what is wrong, without a line's end */
};

/* The snapshot, which NAMES must outlive. NULL with a reason when it is not one, or memory is short. */
struct snapshot *recording_parse(const json_t *root, struct names *names, struct parse_error *error);

#endif
