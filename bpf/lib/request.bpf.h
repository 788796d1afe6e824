/* SPDX-License-Identifier: MIT */
/*
 * Requests: what a client waits for, from its last send to the first data that it receives; and what a server takes, from
 * the first data that it receives to its first send. All events of a socket come while the kernel holds its lock, so
 * never two at once.
 */
#ifndef REQUEST_BPF_H
#define REQUEST_BPF_H

#include "connection.bpf.h"

/*
 * A socket's span stays from request to request: `start_ns` is 0 while none is under way, and `skip` is 0 only while one
 * is that is measured.
 */
static __always_inline __u64 request_key(__u64 socket)
{
	return socket | 1;
}

static __always_inline bool request_add(__u64 socket, __u32 role)
{
	struct lat_span idle = { .id = socket, .op = OP_REQUEST, .role = role, .skip = 1 };
	__u64 key = request_key(socket);

	connection_forget(key);
	return !bpf_map_update_elem(&lat_sockets, &key, &idle, BPF_ANY);
}

static __always_inline void request_begin(struct lat_span *span)
{
	span->skip = !connection_enter(OP_REQUEST, (!lat_config.filter || filter_pass()) && socket_pass(span->id));
	if (!span->skip)
		span_set_submitter(span);
	lat_write(span->start_ns, bpf_ktime_get_ns());
}

static __always_inline void request_end(struct lat_span *span)
{
	connection_record(span, LAT_RET_OK, 0, connection_age(span));
	span->skip = 1;
	lat_write(span->start_ns, 0);
}

/* Data is sent or received; BEGINNER is the role of those whose requests begin with that, and end with the other. */
static __noinline void request_event(__u64 socket, __u32 beginner)
{
	__u64 key = request_key(socket);
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &key);
	__u32 role = span ? span->role : socket_role(socket);

	/* What was received before it was closed can be read still, but nothing will end. */
	if (!span && connection_is_closed(socket))
		return;
	if (!span && role != LAT_ROLE_UNKNOWN) {
		if (request_add(socket, role))
			span = bpf_map_lookup_elem(&lat_sockets, &key);
		else if (role == beginner && connection_enter(OP_REQUEST, true))
			lat_count(OP_REQUEST, LAT_LOST_SPAN);
	}
	if (!span)
		return;
	if (role == beginner && !span->start_ns)
		request_begin(span);
	else if (role == beginner && role == LAT_ROLE_CLIENT)
		lat_write(span->start_ns, bpf_ktime_get_ns());
	else if (role != beginner && span->start_ns)
		request_end(span);
}

/* The connection is closed. */
static __always_inline void request_close(__u64 socket)
{
	__u64 key = request_key(socket);
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &key);

	if (!span)
		return;
	if (!span->skip)
		lat_count(OP_REQUEST, LAT_UNANSWERED);
	bpf_map_delete_elem(&lat_sockets, &key);
}

#endif
