/* SPDX-License-Identifier: MIT */
/* Samples between bounds that the user gave, each counted exactly. */
#ifndef BUCKETS_H
#define BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

struct bucket {
	uint64_t low_ns, high_ns; /* high_ns: the first that is not in it; UINT64_MAX: there is no limit */
	uint64_t count;
};

struct buckets {
	struct bucket *items; /* NULL where none were asked for */
	size_t n;
};

/* What was counted since BEFORE, which may be NULL; N lower bounds, the first 0. False when memory is short. */
bool buckets_make(struct buckets *buckets, const __u64 *low_ns, size_t n, const struct lat_bucket_counts *now,
		  const struct lat_bucket_counts *before);

/*
 * Adds MORE to SUM, which takes over its bounds where IS_FIRST. Of such with other bounds there is no sum: none is left.
 * 0 or -errno.
 */
int buckets_add(struct buckets *sum, const struct buckets *more, bool is_first);

/* "0-1us", "1-10us", "100us-1ms", "100ms+". */
#define BUCKET_LEN 64
char *bucket_range(const struct bucket *bucket, char buffer[static BUCKET_LEN]);

void buckets_free(struct buckets *buckets); /* what it holds, not the struct itself */

#endif
