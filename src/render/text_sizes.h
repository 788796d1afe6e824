/* SPDX-License-Identifier: MIT */
/* Latency by size, as the table that the text report has of it. */
#ifndef TEXT_SIZES_H
#define TEXT_SIZES_H

#include <stddef.h>

struct out;
struct series;
struct text_notes;

/*
 * A row for each range of latencies, a column for each of the N sizes that add up to ALL, with the percentiles of each
 * below it; in several pieces where WIDTH columns of the terminal have no room for it.
 */
void text_write_sizes(struct out *out, const struct series *all, const struct series *const *sizes, size_t n, int width,
		      struct text_notes *notes);

#endif
