/* SPDX-License-Identifier: MIT */
/* Whether accesses follow one another: where each open file, or each disk, was last read or written up to. */
#ifndef ACCESS_PATTERN_BPF_H
#define ACCESS_PATTERN_BPF_H

#include "maps.bpf.h"

/* The oldest are forgotten. Only with --by pattern. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} lat_ends SEC(".maps");

/* The pattern of an access that begins at POSITION; until more is known, it ends at END. What has no last one began at 0. */
static __always_inline enum lat_pattern access_begin(__u64 key, __u64 position, __u64 end)
{
	__u64 *last = bpf_map_lookup_elem(&lat_ends, &key);
	enum lat_pattern pattern = position == (last ? *last : 0) ? LAT_PATTERN_SEQUENTIAL : LAT_PATTERN_RANDOM;

	if (last)
		lat_write(*last, end);
	else
		bpf_map_update_elem(&lat_ends, &key, &end, BPF_ANY);
	return pattern;
}

static __always_inline void access_advance(__u64 key, __s64 result)
{
	__u64 *last = result > 0 ? bpf_map_lookup_elem(&lat_ends, &key) : NULL;

	if (last)
		lat_add(last, result);
}

#endif
