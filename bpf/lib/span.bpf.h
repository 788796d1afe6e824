/* SPDX-License-Identifier: MIT */
/* Spans: what is under way. */
#ifndef SPAN_BPF_H
#define SPAN_BPF_H

#include "filter.bpf.h"
#include "maps.bpf.h"

/*
 * Spans live in a table, and in the map lat_spill while the slot that the table has for them is somebody else's.
 * Only whoever a span stands for (a thread, or whoever handles a request now) looks for it, never two at once.
 */
static __always_inline struct lat_span *span_slot(__u32 index)
{
	struct lat_span *span = &lat_state.spans[index & (LAT_N_SPANS - 1)];

	barrier_var(span); /* or the compiler computes it anew for each field */
	return span;
}

/* Whether the free slot has become ours, beside SPILLED claims of spilled spans; see struct lat_span. */
static __always_inline bool span_claim_beside(struct lat_span *span, __u64 id, __u32 spilled)
{
	if (lat_read(span->claims) != spilled)
		return false;
	lat_add(&span->claims, 1);
	if (lat_read(span->claims) != spilled + 1) {
		lat_add(&span->claims, -1);
		return false;
	}
	lat_write(span->id, id);
	return true;
}

static __always_inline bool span_claim(struct lat_span *span, __u64 id)
{
	return span_claim_beside(span, id, 0);
}

static __always_inline struct lat_span *span_spilled(__u64 key)
{
	return lat_read(lat_state.n_spilled) ? bpf_map_lookup_elem(&lat_spill, &key) : NULL;
}

/* NULL when there is no room. */
static __noinline struct lat_span *span_spill(__u64 key)
{
	struct lat_span empty = {};

	if (bpf_map_update_elem(&lat_spill, &key, &empty, BPF_NOEXIST))
		return NULL;
	lat_add(&lat_state.n_spilled, 1);
	return bpf_map_lookup_elem(&lat_spill, &key);
}

static __always_inline void span_free(struct lat_span *span)
{
	lat_write(span->id, 0);
	lat_add(&span->claims, -1);
}

static __always_inline void span_unspill(__u64 key)
{
	if (!bpf_map_delete_elem(&lat_spill, &key))
		lat_add(&lat_state.n_spilled, -1);
}

/* Remembers who is running, for filters, keys and events. */
static __always_inline void span_set_who(struct lat_span *span)
{
	__u64 pid_tgid = lat_pid_tgid();

	span->pid = pid_tgid >> 32;
	span->tid = (__u32)pid_tgid;
	current_comm((__u64 *)span->comm);
}

/* The same of what may end in any thread or interrupt: whatever is asked for. */
static __always_inline void span_set_submitter(struct lat_span *span)
{
	if (lat_config.needs_who)
		span_set_who(span);
	if (lat_config.key_at[LAT_DIM_CGROUP])
		span->cgroup = bpf_get_current_cgroup_id();
}

#endif
