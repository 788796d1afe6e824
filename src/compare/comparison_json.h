/* SPDX-License-Identifier: MIT */
/* A comparison as one JSON object; README.md documents its members. */
#ifndef COMPARISON_JSON_H
#define COMPARISON_JSON_H

struct comparison;
struct out;

/* The paths are what the two runs are called. */
void comparison_write_json(struct out *out, const struct comparison *comparison, const char *base_path,
			   const char *current_path);

#endif
