/* SPDX-License-Identifier: MIT */
/* Pairs of events: a beginning and an end that share a key. */
#ifndef KEYED_SPANS_BPF_H
#define KEYED_SPANS_BPF_H

#include "call.bpf.h"

/* Slots of the table that a key may be in. */
#define PAIR_N_SLOTS 4

static const struct hook pair_place = { .outcome = OUTCOME_STATUS, .nesting = NEVER_NESTS, .has_site = true };

/* Spreads keys that differ anywhere (Knuth, The Art of Computer Programming, volume 3, 6.4: multiplicative hashing). */
static __always_inline __u64 pair_mix(__u64 key)
{
	return key * 0x9E3779B97F4A7C15ULL;
}

static __always_inline struct lat_span *pair_slot(__u64 key, __u32 i)
{
	return span_slot((__u32)(pair_mix(key) >> 51) + i);
}

static __always_inline struct lat_span *pair_find(__u64 key)
{
	struct lat_span *span;
	__u32 i;

	for (i = 0; i < PAIR_N_SLOTS; i++) {
		span = pair_slot(key, i);
		if (span->id == key)
			return span;
	}
	return span_spilled(key);
}

/* Of the operation's slots, one whose end has not come within the limit is taken as one that was never seen. */
static __always_inline struct lat_span *pair_claim(__u64 key, __u32 op, __u64 now)
{
	struct lat_span *span;
	__u32 i;

	for (i = 0; i < PAIR_N_SLOTS; i++) {
		span = pair_slot(key, i);
		if (span_claim(span, key))
			return span;
		if (span->id && span->op == op && now - span->start_ns > lat_config.max_ns && now > span->start_ns) {
			lat_count(op, LAT_LOST_EXIT);
			lat_write(span->id, key);
			return span;
		}
	}
	span = span_spill(key);
	if (span)
		lat_write(span->id, key);
	else
		lat_count(op, LAT_LOST_SPAN);
	return span;
}

static __always_inline void pair_free(struct lat_span *span, __u64 key)
{
	if (span->claims)
		span_free(span);
	else
		span_unspill(key);
}

/* KEY is not 0. */
static __always_inline void pair_begin(__u64 key, __u32 site, __u64 arg)
{
	struct lat_span *span;
	__u64 now;
	bool pass = !lat_config.filter || filter_pass();

	if (!lat_read(lat_state.gate))
		return;
	span = pair_find(key);
	if (!pass || lat_sampled_out()) {
		lat_count(0, pass ? LAT_SAMPLED_OUT : LAT_FILTERED);
		if (span) {
			lat_count(0, LAT_LOST_EXIT);
			pair_free(span, key);
		}
		return;
	}
	lat_count(0, LAT_ENTERED);
	now = bpf_ktime_get_ns();
	if (span)
		lat_count(0, LAT_LOST_EXIT); /* begun again without an end */
	else
		span = pair_claim(key, 0, now);
	if (!span)
		return;
	span->op = 0;
	span->site = site;
	if (lat_config.key_at[LAT_DIM_ARG])
		span->arg = arg;
	lat_write(span->start_ns, now);
}

static __always_inline void pair_end(void *ctx, __u64 key, __s64 result)
{
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return;
	span = pair_find(key);
	if (!span) {
		if (!lat_config.has_filter)
			lat_count(0, LAT_UNMATCHED);
		return;
	}
	if (outcome_pass(result)) {
		call_record(&pair_place, span, 0, bpf_ktime_get_ns(), false, lat_config.stacks ? ctx : NULL);
	} else {
		lat_count_filtered_late(0);
	}
	pair_free(span, key);
}

#endif
