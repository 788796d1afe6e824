/* SPDX-License-Identifier: MIT */
/* Target tcp: where programs' sends and receives enter and leave TCP, over IPv4 and IPv6; and connections' lives. */
#include "lib/programs.bpf.h"
#include "lib/connection.bpf.h"

#define IPPROTO_TCP_NUMBER 6
#define ECONNABORTED 103
#define SRTT_UNIT_NS 125 /* of tcp_sock.srtt_us: eighths of a microsecond */

/* As in src/targets/tcp.c. */
enum tcp_op { OP_SEND, OP_RECV, OP_CLEANUP_RBUF, OP_CONNECT, OP_ACCEPT, OP_LIFETIME, OP_REQUEST, OP_SRTT };

#include "lib/request.bpf.h"

PROBE_SOCKET_CALL(send, OP_SEND, OUTCOME_INT_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(recv, OP_RECV, OUTCOME_INT_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf, OP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf_inner, OP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);

static __always_inline bool has_who_filter(void)
{
	return lat_config.pid || lat_config.filter_comm || lat_config.filter_cgroup || lat_config.filter_follow ||
	       lat_config.filter_uid;
}

/* Whether it is to be known, when a connection is closed, how it began. */
static __always_inline bool srtt_needs_span(void)
{
	return connection_asked(OP_SRTT) &&
	       (has_who_filter() || lat_config.needs_who || lat_config.key_at[LAT_DIM_ROLE]);
}

/* It has connected, or was accepted: its lifetime takes the place of the span that it had. */
static __always_inline void lifetime_begin(struct lat_span *span, __u64 socket, bool pass)
{
	bool skip;

	pass = pass && socket_pass(socket);
	if (pass && !span) {
		connection_begin(socket, OP_LIFETIME, LAT_ROLE_SERVER, true, srtt_needs_span());
		return;
	}
	skip = !connection_enter(OP_LIFETIME, pass);
	if (!span)
		return;
	span->op = OP_LIFETIME;
	span->skip = skip;
	lat_write(span->start_ns, bpf_ktime_get_ns());
	if (skip && !(pass && srtt_needs_span()))
		bpf_map_delete_elem(&lat_sockets, &socket);
}

static __always_inline void connect_begin(__u64 socket)
{
	bool keep = connection_asked(OP_LIFETIME) || srtt_needs_span();

	if (lat_config.filter && !filter_pass()) {
		connection_enter(OP_CONNECT, false);
		connection_forget(socket);
	} else if (!connection_begin(socket, OP_CONNECT, LAT_ROLE_CLIENT, true, keep) && connection_enter(OP_LIFETIME, true)) {
		/* Its lifetime, should it come to that, is lost with it. */
		lat_count(OP_LIFETIME, LAT_LOST_SPAN);
	}
}

static __always_inline void connect_end(__u64 socket, __u8 old)
{
	struct lat_span *span = bpf_map_lookup_elem(&lat_sockets, &socket);

	if (span && span->op == OP_CONNECT) {
		connection_record(span, LAT_RET_OK, 0, connection_age(span));
		lifetime_begin(span, socket, true);
	} else if (!span && old == TCP_SYN_SENT && connection_asked(OP_CONNECT) && !lat_config.has_filter) {
		lat_count(OP_CONNECT, LAT_UNMATCHED);
	}
}

/* The smoothed round-trip time that TCP has come to. KNOWN is the connection's span. */
static __always_inline void srtt_record(const struct lat_span *known, __u64 socket)
{
	struct lat_span span = { .id = socket, .op = OP_SRTT };
	__u64 ns = (__u64)BPF_CORE_READ((struct tcp_sock *)socket, srtt_us) * SRTT_UNIT_NS;

	/* It is closed in an interrupt: who it belongs to was seen when it began, or was not. */
	if (known && known->op == OP_ACCEPT)
		known = NULL;
	if (!ns || !connection_enter(OP_SRTT, known || !has_who_filter()))
		return;
	if (known) {
		span.role = known->role;
		span.cgroup = known->cgroup;
	}
	if (known && lat_config.needs_who) {
		span.pid = known->pid;
		span.tid = known->tid;
		__builtin_memcpy(span.comm, known->comm, sizeof(span.comm));
	}
	connection_record(&span, LAT_RET_OK, 0, ns);
}

static __always_inline void span_end(const struct lat_span *span)
{
	__u64 socket = span->id; /* the macro takes what it is given for a path through kernel structs */
	__u32 error = BPF_CORE_READ((struct sock *)socket, sk_err);

	if (!error && span->op != OP_LIFETIME)
		error = ECONNABORTED;
	/* Nobody accepted it. */
	if (span->op == OP_ACCEPT && has_who_filter())
		connection_filtered(span);
	else
		connection_record(span, error ? LAT_RET_ERROR : LAT_RET_OK, error, connection_age(span));
}

static __always_inline void connection_end(__u64 socket)
{
	struct lat_span span = {};
	bool is_known = connection_take(socket, &span);

	if (connection_asked(OP_SRTT))
		srtt_record(is_known ? &span : NULL, socket);
	if (is_known)
		span_end(&span);
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
	if (new == TCP_SYN_SENT) {
		connect_begin(socket);
		if (connection_asked(OP_REQUEST))
			request_add(socket, LAT_ROLE_CLIENT);
	} else if (new == TCP_SYN_RECV && old != TCP_SYN_SENT) {
		/* As it enters the queue: accept may return it right then. */
		if (connection_asked(OP_ACCEPT))
			connection_begin(socket, OP_ACCEPT, LAT_ROLE_SERVER, false, false);
		if (connection_asked(OP_REQUEST))
			request_add(socket, LAT_ROLE_SERVER);
	} else if (new == TCP_ESTABLISHED) {
		connect_end(socket, old);
	} else if (new == TCP_CLOSE) {
		connection_end(socket);
		if (connection_asked(OP_REQUEST))
			request_close(socket);
	}
	return 0;
}

/* Wherever data is copied to a program, or consumed in its name. */
SEC("tp_btf/tcp_rcv_space_adjust")
int tcp_rcv_space_adjust(__u64 *ctx)
{
	__u64 socket = 0;

	if (!lat_read(lat_state.gate))
		return 0;
	bpf_probe_read_kernel(&socket, sizeof(socket), ctx);
	request_event(socket, LAT_ROLE_SERVER);
	return 0;
}

/* Behind all sends; what is sent by files' pages has another function on kernels before 6.5. */
#define PROBE_REQUEST_SEND(name, size_arg, size_parm) \
	SEC("fentry") int name##__fentry(__u64 *ctx) \
	{ \
		__u64 args[size_arg + 1] = {}; \
		bpf_probe_read_kernel(args, sizeof(args), ctx); \
		if (lat_read(lat_state.gate) && args[size_arg]) \
			request_event(args[0], LAT_ROLE_CLIENT); \
		return 0; \
	} \
	SEC("kprobe") int name##__kprobe(struct pt_regs *ctx) \
	{ \
		if (lat_read(lat_state.gate) && size_parm(ctx)) \
			request_event(PT_REGS_PARM1(ctx), LAT_ROLE_CLIENT); \
		return 0; \
	} \
	extern int name##__needs_a_semicolon

PROBE_REQUEST_SEND(request_send, 2, PT_REGS_PARM3);
PROBE_REQUEST_SEND(request_sendpage, 3, PT_REGS_PARM4);

static __always_inline void accept_end(__u64 socket)
{
	struct lat_span span = {};
	bool pass, is_known;

	if (!lat_read(lat_state.gate) || !socket)
		return;
	pass = !lat_config.filter || filter_pass();
	is_known = connection_take(socket, &span);
	if (is_known && !pass) {
		connection_filtered(&span);
	} else if (is_known) {
		span_set_submitter(&span);
		connection_record(&span, LAT_RET_OK, 0, connection_age(&span));
	}
	/* It may have been reset in the queue, and then has recorded that. */
	if (connection_is_closed(socket))
		return;
	if (!is_known && connection_asked(OP_ACCEPT) && !lat_config.has_filter)
		lat_count(OP_ACCEPT, LAT_UNMATCHED);
	lifetime_begin(NULL, socket, pass);
	/* While this came to be known, or a moment before. */
	if (connection_is_closed(socket) && connection_take(socket, &span))
		span_end(&span);
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
