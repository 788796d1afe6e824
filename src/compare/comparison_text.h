/* SPDX-License-Identifier: MIT */
/* A comparison as people read it in a terminal. */
#ifndef COMPARISON_TEXT_H
#define COMPARISON_TEXT_H

#include <stdbool.h>

struct comparison;
struct out;

/* The paths are what the two runs are called. */
void comparison_write_text(struct out *out, const struct comparison *comparison, const char *base_path,
			   const char *current_path, bool has_colour);

#endif
