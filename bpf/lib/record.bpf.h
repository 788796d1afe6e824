/* SPDX-License-Identifier: MIT */
/* Recording a time, and the events of outliers. */
#ifndef RECORD_BPF_H
#define RECORD_BPF_H

#include "series.bpf.h"

static __always_inline struct lat_stack_ids no_stacks(void)
{
	return (struct lat_stack_ids){ .kernel = -1, .user = -1 };
}

/* Where the running thread is now. */
static __always_inline struct lat_stack_ids stacks_take(void *ctx)
{
	struct lat_stack_ids ids = no_stacks();

	ids.kernel = bpf_get_stackid(ctx, &lat_stacks, 0);
	if (lat_config.stacks == LAT_STACKS_USER)
		ids.user = bpf_get_stackid(ctx, &lat_stacks, BPF_F_USER_STACK);
	return ids;
}

/* Whether an event tells of what ended after NS; IS_SPECIAL: it was of a file that is not a regular one. */
static __always_inline bool is_outlier(const struct ending *end, __u64 ns, bool is_special)
{
	return lat_config.outlier_ns && ns >= lat_config.outlier_ns && lat_config.outlier_ops & 1U << (end->op & 31) &&
	       !(is_special && lat_config.outliers_regular);
}

/* What it was about, where that is asked for. */
static __always_inline void event_touch(struct lat_event *event, const struct ending *end)
{
	struct socket_ends ends = {};

	__builtin_memset(event->conn, 0, sizeof(event->conn));
	if (lat_config.needs_socket) {
		socket_read(&ends, end->socket);
		socket_conn(event->conn, &ends);
	} else if (lat_config.names_files && end->named) {
		event->file = *end->named;
	}
}

/* The event of an outlier, written where it is read: on the stack there is no room for it below all that leads here. */
static __always_inline void event_send(const struct lat_span *span, const struct ending *end, __u64 end_ns, __u64 ns,
				       __u64 sector, const struct lat_stack_ids stacks)
{
	struct lat_event *event;

	/* Among those that are shown or kept there is none as short. */
	if (ns < lat_read(lat_state.outlier_floor_ns)) {
		lat_count(end->op, LAT_EVENTS);
		return;
	}
	event = bpf_ringbuf_reserve(&lat_ring, sizeof(*event), 0);
	if (!event) {
		lat_count(end->op, LAT_RING_FULL);
		return;
	}
	event->end_ns = end_ns;
	event->latency_ns = ns;
	event->bytes = end->bytes;
	event->sector = sector;
	event->pid = span->pid;
	event->tid = span->tid;
	event->op = end->op;
	event->ret = end->ret;
	event->device = span->device;
	event->cpu = bpf_get_smp_processor_id();
	event->stacks = stacks;
	__builtin_memcpy(event->comm, span->comm, sizeof(event->comm));
	event_touch(event, end);
	bpf_ringbuf_submit(event, 0);
	lat_count(end->op, LAT_EVENTS);
}

/* Exact, whatever the histogram's slots. */
static __noinline void bucket_add(__u32 index, __u64 ns)
{
	struct lat_bucket_counts *buckets = bpf_map_lookup_elem(&lat_buckets, &index);
	__u32 i, bucket = 0;

	if (!buckets)
		return;
#pragma unroll
	for (i = 1; i < LAT_MAX_BUCKETS; i++)
		if (i < lat_config.n_buckets && ns >= lat_config.bucket_low_ns[i])
			bucket = i;
	barrier_var(bucket);
	if (bucket < LAT_MAX_BUCKETS)
		lat_add(&buckets->counts[bucket], 1);
}

static __always_inline void lat_extreme(__u64 *extreme, __u64 value)
{
	/*
	 * Not atomic: 5.10 has no compare-and-exchange. A store that is lost all the same is off by less than a slot,
	 * as the reader bounds it by the outermost slots.
	 */
	if (value > lat_read(*extreme)) {
		lat_write(*extreme, value);
		if (value > lat_read(*extreme)) /* another CPU's smaller one came behind it */
			lat_write(*extreme, value);
	}
}

/* Into the histogram; NS is within lat_config.max_ns. IS_PLAIN: there are no buckets. */
static __always_inline void lat_add_time(__u32 number, __u64 ns, __u64 bytes, bool is_plain)
{
	__u32 cpu = bpf_get_smp_processor_id(), index, slot;
	struct lat_hist *hist;

	index = (number << lat_config.n_shards_log2) + (cpu & lat_config.shard_mask);
	hist = bpf_map_lookup_elem(&lat_hists, &index);
	slot = lat_slot(ns);
	barrier_var(slot);
	if (!hist || slot >= LAT_N_SLOTS) /* neither can be, but the verifier does not know */
		return;
	lat_add(&hist->slots[slot], 1);
	if (!is_plain && lat_config.n_buckets)
		bucket_add(index, ns);
	lat_add(&hist->sum_ns, ns);
	if (bytes)
		lat_add(&hist->bytes, bytes);
	lat_extreme(&hist->max_ns, ns);
	lat_extreme(&hist->inverse_min_ns, ~ns);
}

/* The same of any time, or into the account as to why not; false when it is the latter. */
static __always_inline bool lat_record(__u32 series, __u32 bank, __u32 op, __u64 ns, __u64 bytes, bool is_plain)
{
	if (ns > lat_config.max_ns) {
		lat_count(op, (__s64)ns < 0 ? LAT_LOST_CLOCK : LAT_REJECTED);
		return false;
	}
	lat_add_time(series * lat_config.n_banks + bank, ns, bytes, is_plain);
	if (!is_plain && !lat_config.is_direct && series < LAT_N_RETS)
		lat_count(op, LAT_OTHER_KEY);
	return true;
}

#endif
