/* SPDX-License-Identifier: MIT */
/* Connections under way, by their sockets: what happens to one socket, whatever thread or interrupt it happens in. */
#ifndef CONNECTION_BPF_H
#define CONNECTION_BPF_H

#include "record.bpf.h"

/*
 * Apart from calls' spans, since connections last. By the address of the struct sock; requests (request.bpf.h) by the odd
 * number behind it. The user side sets the sizes: unless lat_config.needs_who, a span ends before who it was.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct lat_span));
} lat_sockets SEC(".maps");

static __always_inline bool connection_is_closed(__u64 socket)
{
	return BPF_CORE_READ((struct sock *)socket, __sk_common.skc_state) == TCP_CLOSE;
}

static __always_inline bool connection_asked(__u32 op)
{
	return lat_config.op_mask & 1 << op;
}

/* A beginning, counted as what it is; whether it is to be measured. */
static __always_inline bool connection_enter(__u32 op, bool pass)
{
	enum lat_count count = !pass ? LAT_FILTERED : lat_sampled_out() ? LAT_SAMPLED_OUT : LAT_ENTERED;

	if (connection_asked(op))
		lat_count(op, count);
	return connection_asked(op) && count == LAT_ENTERED;
}

/* Another connection begins where one was that nobody has seen the end of. */
static __always_inline void connection_forget(__u64 socket)
{
	const struct lat_span *old = bpf_map_lookup_elem(&lat_sockets, &socket);

	if (!old)
		return;
	if (!old->skip)
		lat_count(old->op, LAT_LOST_EXIT);
	bpf_map_delete_elem(&lat_sockets, &socket);
}

/*
 * WHO is whether it is known: false in interrupts. KEEP is whether the span is needed even when it is not measured. False
 * when there is no room for it.
 */
static __noinline bool connection_begin(__u64 socket, __u32 op, __u32 role, bool who, bool keep)
{
	struct lat_span span = { .id = socket, .op = op, .role = role, .skip = !connection_enter(op, true) };

	connection_forget(socket);
	if (span.skip && !keep)
		return true;
	if (who)
		span_set_submitter(&span);
	span.start_ns = bpf_ktime_get_ns();
	if (!bpf_map_update_elem(&lat_sockets, &socket, &span, BPF_ANY))
		return true;
	if (!span.skip)
		lat_count(op, LAT_LOST_SPAN);
	return false;
}

/*
 * Takes the socket's span out of the map: whoever does so ends it, as accept may return a connection just while it is
 * reset. False when there is none, or somebody else has it.
 */
static __always_inline bool connection_take(__u64 socket, struct lat_span *span)
{
	const struct lat_span *found = bpf_map_lookup_elem(&lat_sockets, &socket);

	if (!found)
		return false;
	__builtin_memcpy(span, found, offsetof(struct lat_span, bytes));
	if (lat_config.needs_who)
		*span = *found;
	return !bpf_map_delete_elem(&lat_sockets, &socket);
}

static __always_inline void connection_filtered(const struct lat_span *span)
{
	if (!span->skip)
		lat_count_filtered_late(span->op);
}

static __always_inline __u64 connection_age(const struct lat_span *span)
{
	return bpf_ktime_get_ns() - span->start_ns;
}

static __noinline void connection_record(const struct lat_span *span, __u32 ret, __u32 error, __u64 ns)
{
	struct ending end = { .ret = ret, .error = error, .is_request = true };
	struct lat_extra submitter = {};

	if (!span || span->skip)
		return;
	submitter.cgroup = span->cgroup;
	end.extra = &submitter;
	/* Only now are both ends known, of those that connect. */
	if (!filter_pass_time(ns) || !socket_pass(span->id)) {
		connection_filtered(span);
		return;
	}
	end.op = span->op;
	end.socket = span->id;
	end.role = span->role;
	if (lat_record(lat_series_of(span, &end), 0, end.op, ns, 0, lat_config.is_plain) && is_outlier(&end, ns, false))
		event_send(span, &end, bpf_ktime_get_ns(), ns, LAT_NO_SECTOR, no_stacks());
}

#endif
