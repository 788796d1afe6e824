/* SPDX-License-Identifier: MIT */
/* Target tcp: where programs' sends and receives enter and leave TCP, over IPv4 and IPv6; and connections' lives. */
#include "programs.bpf.h"
#include "connection.bpf.h"

#define IPPROTO_TCP_NUMBER 6
#define ECONNABORTED 103

/* As in src/targets/tcp.c. */
enum tcp_op { OP_SEND, OP_RECV, OP_CLEANUP_RBUF, OP_CONNECT, OP_ACCEPT, OP_LIFETIME };

PROBE_SOCKET_CALL(send, OP_SEND, OUTCOME_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(recv, OP_RECV, OUTCOME_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf, OP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf_inner, OP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);

static __always_inline bool has_who_filter(void)
{
	return lat_config.pid || lat_config.filter_comm || lat_config.filter_cgroup || lat_config.filter_follow ||
	       lat_config.filter_uid;
}

/* It has connected, or was accepted: its lifetime takes the place of the span that it had. */
static __always_inline void lifetime_begin(struct lat_span *span, __u64 socket)
{
	if (connection_asked(OP_LIFETIME) && !socket_pass(socket)) {
		lat_count(OP_LIFETIME, LAT_FILTERED);
	} else if (connection_asked(OP_LIFETIME) && !span) {
		connection_begin(socket, OP_LIFETIME, true);
		return;
	} else if (connection_asked(OP_LIFETIME)) {
		span->op = OP_LIFETIME;
		span->skip = 0;
		lat_write(span->start_ns, bpf_ktime_get_ns());
		lat_count(OP_LIFETIME, LAT_ENTERED);
		return;
	}
	if (span)
		bpf_map_delete_elem(&lat_sockets, &socket);
}

static __always_inline void connect_begin(__u64 socket)
{
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &socket);

	if (span && !span->skip)
		lat_count(span->op, LAT_LOST_EXIT);
	if (!lat_config.filter || filter_pass()) {
		connection_begin(socket, OP_CONNECT, true);
		return;
	}
	if (connection_asked(OP_CONNECT))
		lat_count(OP_CONNECT, LAT_FILTERED);
	if (span)
		bpf_map_delete_elem(&lat_sockets, &socket);
}

static __always_inline void connect_end(__u64 socket, __u8 old)
{
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &socket);

	if (span && span->op == OP_CONNECT) {
		connection_record(span, LAT_RET_OK, 0);
		lifetime_begin(span, socket);
	} else if (!span && old == TCP_SYN_SENT && connection_asked(OP_CONNECT) && !lat_config.has_filter) {
		lat_count(OP_CONNECT, LAT_UNMATCHED);
	}
}

static __always_inline void connection_end(__u64 socket)
{
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &socket);
	__u32 error;

	if (!span)
		return;
	error = BPF_CORE_READ((struct sock *)socket, sk_err);
	if (!error && span->op != OP_LIFETIME)
		error = ECONNABORTED;
	/* Nobody accepted it. */
	if (span->op == OP_ACCEPT && has_who_filter())
		connection_filtered(span);
	else
		connection_record(span, error ? LAT_RET_ERROR : LAT_RET_OK, error);
	bpf_map_delete_elem(&lat_sockets, &socket);
}

SEC("tp_btf/inet_sock_set_state")
int inet_sock_set_state(__u64 *ctx)
{
	__u8 old = ctx[1], new = ctx[2];
	__u64 socket = 0;

	if (!lat_read(lat_state.gate))
		return 0;
	bpf_probe_read_kernel(&socket, sizeof(socket), ctx); /* as a plain number */
	if (BPF_CORE_READ((struct sock *)socket, sk_protocol) != IPPROTO_TCP_NUMBER)
		return 0;
	if (new == TCP_SYN_SENT)
		connect_begin(socket);
	else if (new == TCP_SYN_RECV && old != TCP_SYN_SENT && connection_asked(OP_ACCEPT))
		connection_begin(socket, OP_ACCEPT, false); /* as it enters the queue: accept may return it right then */
	else if (new == TCP_ESTABLISHED)
		connect_end(socket, old);
	else if (new == TCP_CLOSE)
		connection_end(socket);
	return 0;
}

static __always_inline void accept_end(__u64 socket)
{
	struct lat_span *span;
	bool pass;

	if (!lat_read(lat_state.gate) || !socket)
		return;
	pass = !lat_config.filter || filter_pass();
	span = bpf_map_lookup_elem(&lat_sockets, &socket);
	if (span && span->op == OP_ACCEPT && !pass) {
		connection_filtered(span);
	} else if (span && span->op == OP_ACCEPT) {
		if (lat_config.needs_who)
			span_set_who(span);
		connection_record(span, LAT_RET_OK, 0);
	}
	/* It may have been reset in the queue, and then has recorded that. */
	if (BPF_CORE_READ((struct sock *)socket, __sk_common.skc_state) == TCP_CLOSE)
		return;
	if (!span && connection_asked(OP_ACCEPT) && !lat_config.has_filter)
		lat_count(OP_ACCEPT, LAT_UNMATCHED);
	if (pass) {
		lifetime_begin(span, socket);
		return;
	}
	if (connection_asked(OP_LIFETIME))
		lat_count(OP_LIFETIME, LAT_FILTERED);
	if (span)
		bpf_map_delete_elem(&lat_sockets, &socket);
}

/* Only its return says which connection it is. */
const volatile __u8 accepted__n_args = 0;

SEC("fentry") int accepted__fentry(void *ctx)
{
	return 0;
}

SEC("fexit") int accepted__fexit(__u64 *ctx)
{
	__u64 socket = 0;

	switch (accepted__n_args) {
	case 2: bpf_probe_read_kernel(&socket, sizeof(socket), ctx + 2); break;
	case 4: bpf_probe_read_kernel(&socket, sizeof(socket), ctx + 4); break;
	}
	accept_end(socket);
	return 0;
}

SEC("kprobe") int accepted__kprobe(void *ctx)
{
	return 0;
}

SEC("kretprobe") int accepted__kretprobe(struct pt_regs *ctx)
{
	accept_end(PT_REGS_RC(ctx));
	return 0;
}
