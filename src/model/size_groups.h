/* SPDX-License-Identifier: MIT */
/* Series by size: what all sizes add up to, and which series are its sizes. */
#ifndef SIZE_GROUPS_H
#define SIZE_GROUPS_H

#include <stddef.h>

struct series;
struct snapshot;

#define SIZES_LABEL "size"
#define SIZES_MAX 65 /* as many values as the dimension has */

/*
 * A snapshot of the same run in which series that differ in nothing but their size are one, and have no label for it.
 * Of the rest only what follows from the series is filled in. It shares SNAPSHOT's run. NULL where
 * no series has a size, and when memory is short.
 */
struct snapshot *size_groups_add_up(const struct snapshot *snapshot);

/* The series of SNAPSHOT that became SUM, the smallest size first. Returns how many; 0 where they had no size. */
size_t size_groups_of(const struct snapshot *snapshot, const struct series *sum, const struct series *sizes[static SIZES_MAX]);

#endif
