/* SPDX-License-Identifier: MIT */
/* Connections under way, by their sockets: what happens to one socket, whatever thread or interrupt it happens in. */
#ifndef CONNECTION_BPF_H
#define CONNECTION_BPF_H

#include "latency.bpf.h"

/* Apart from calls' spans, since connections last. The user side sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct lat_span);
} lat_sockets SEC(".maps");

static __always_inline bool connection_asked(__u32 op)
{
	return lat_config.op_mask & 1 << op;
}

/* WHO is whether it is known: false in interrupts. */
static __noinline void connection_begin(__u64 socket, __u32 op, bool who)
{
	struct lat_span span = { .id = socket, .start_ns = bpf_ktime_get_ns(), .op = op, .skip = !connection_asked(op) };

	if (who && lat_config.needs_who)
		span_set_who(&span);
	if (!span.skip)
		lat_count(op, LAT_ENTERED);
	if (bpf_map_update_elem(&lat_sockets, &socket, &span, BPF_ANY) && !span.skip)
		lat_count(op, LAT_LOST_SPAN);
}

static __always_inline void connection_filtered(const struct lat_span *span)
{
	if (!span->skip)
		lat_count_filtered_late(span->op);
}

static __noinline void connection_record(const struct lat_span *span, __u32 ret, __u32 error)
{
	__u64 now = bpf_ktime_get_ns(), ns;
	struct ending end = { .ret = ret, .error = error };

	if (!span || span->skip)
		return;
	/* Only now are both ends known, of those that connect. */
	if (!socket_pass(span->id)) {
		connection_filtered(span);
		return;
	}
	end.op = span->op;
	end.socket = span->id;
	ns = now - span->start_ns;
	if (lat_record(lat_series_of(span, end), 0, end.op, ns, 0, lat_config.is_plain) && is_outlier(ns))
		event_send(span, &end, now, ns, 0, no_stacks());
}

#endif
