/* SPDX-License-Identifier: MIT */
/* A reading: a plain copy of the kernel's counters. No libbpf, no clock here. */
#ifndef READING_H
#define READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

/* Raw material of one series: what the kernel had counted at the time. */
struct raw_series {
	struct lat_key key;
	uint64_t sum_ns, bytes, max_ns, inverse_min_ns; /* as in struct lat_hist */
	uint32_t first_slot, n_slots; /* all others hold nothing; most of thousands of series have few */
	uint64_t *counts;             /* of these; owned by the reading */
	struct lat_bucket_counts buckets;
};

/* Copies what is in HIST, key and buckets apart; false when memory is short. */
bool raw_series_fill(struct raw_series *raw, const struct lat_hist *hist);

/* NULL stands for nothing. */
static inline uint64_t raw_series_slot(const struct raw_series *raw, uint32_t slot)
{
	return raw && slot - raw->first_slot < raw->n_slots ? raw->counts[slot - raw->first_slot] : 0;
}

uint64_t raw_series_count(const struct raw_series *raw);

/* Series are sorted by key, as memcmp() orders them, and unique; shards are added up. */
struct reading {
	uint64_t realtime_ns, monotonic_ns;
	struct raw_series *series;
	size_t n_series;
	struct lat_account accounts[LAT_MAX_OPS];
	/* What was under way: counted from the spans. [op] */
	uint64_t in_flight[LAT_MAX_OPS];
	bool final; /* the gate was closed first: nothing moved meanwhile, so in_flight is exact */
	struct device_depth {
		uint32_t device;
		uint64_t n_queued, n_issued;
	} *depths; /* sorted by device, unique */
	size_t n_depths;
	/* What has been under way for --pending or longer; the oldest first. NULL without it. */
	struct raw_pending {
		struct lat_span span;
		uint64_t sector;
		uint64_t age_ns;
	} *pending;
	size_t n_pending;
};

/* NULL when there is no such series; READING may be NULL. */
const struct raw_series *reading_find(const struct reading *reading, const struct lat_key *key);

void reading_free(struct reading *reading); /* what it holds, not the struct itself */

#endif
