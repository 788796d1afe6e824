/* SPDX-License-Identifier: MIT */
/* Target tcp: sends and receives as programs see them; connections and requests. */
#include "registry/target.h"

#include <bpf/libbpf.h>

#include "kernel/map_sizes.h"
#include "kernel/tracer.h"
#include "tcp.skel.h"

/* As in bpf/tcp.bpf.c. */
enum { SEND, RECV, CLEANUP_RBUF, CONNECT, ACCEPT, LIFETIME, REQUEST, SRTT };

/* With --max-keys at least as many as that. About 100 bytes each, 136 with who it was; the latter are taken at once. */
#define N_SOCKETS 16384
#define N_SOCKETS_FIXED 8192

static const struct op ops[] = {
	[SEND] = { .name = "send", .help = "tcp_sendmsg: until the data is queued, not until it is delivered",
		   .has_bytes = true },
	[RECV] = { .name = "recv", .help = "tcp_recvmsg: mostly waiting for the peer", .has_bytes = true, .waits = true },
	[CLEANUP_RBUF] = { .name = "cleanup_rbuf", .help = "tcp_cleanup_rbuf: giving receive buffer back, sending ACKs" },
	[CONNECT] = { .name = "connect", .help = "from the SYN on until the connection stands, or has failed" },
	[ACCEPT] = { .name = "accept", .help = "a connection's wait in the queue, until accept returns it" },
	[LIFETIME] = { .name = "lifetime", .help = "from connected or accepted until closed; recorded as it closes",
		       .waits = true },
	[REQUEST] = { .name = "request", .help = "clients: last send to first receive; servers: first receive to first send",
		      .is_extra = true },
	[SRTT] = { .name = "srtt", .help = "TCP's smoothed round-trip time of a connection, as it closes", .is_extra = true },
};

static const struct hook_def hooks[] = {
	{ .name = "send", .op = SEND, .functions = { "tcp_sendmsg" } },
	{ .name = "recv", .op = RECV, .functions = { "tcp_recvmsg" } },
	{ .name = "cleanup_rbuf", .op = CLEANUP_RBUF, .functions = { "tcp_cleanup_rbuf" } },
	/* Called directly where the compiler has inlined the other. */
	{ .name = "cleanup_rbuf_inner", .op = CLEANUP_RBUF, .functions = { "__tcp_cleanup_rbuf" } },
	{ .name = "inet_sock_set_state", .op = CONNECT, .tracepoint = "inet_sock_set_state",
	  .ops = 1U << CONNECT | 1U << ACCEPT | 1U << LIFETIME | 1U << REQUEST | 1U << SRTT },
	{ .name = "accepted", .op = ACCEPT, .functions = { "inet_csk_accept" },
	  .ops = 1U << ACCEPT | 1U << LIFETIME | 1U << SRTT },
	{ .name = "tcp_rcv_space_adjust", .op = REQUEST, .tracepoint = "tcp_rcv_space_adjust", .ops = 1U << REQUEST },
	{ .name = "request_send", .op = REQUEST, .functions = { "tcp_sendmsg_locked" }, .ops = 1U << REQUEST },
	{ .name = "request_sendpage", .op = REQUEST, .functions = { "do_tcp_sendpages" } },
};

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static int configure(struct setup *setup)
{
	const uint32_t connections = 1U << CONNECT | 1U << ACCEPT | 1U << LIFETIME | 1U << SRTT, requests = 1U << REQUEST;
	struct bpf_map *sockets = bpf_object__find_map_by_name(setup->object, "lat_sockets");
	const uint32_t mask = setup->config->op_mask, n = !!(mask & connections) + !!(mask & requests);
	const uint32_t keys = setup->options->max_keys;

	if (n)
		map_set_max_entries_nopreallocated(sockets, n * larger(keys, N_SOCKETS), n * larger(keys, N_SOCKETS_FIXED));
	if (!setup->config->needs_who)
		bpf_map__set_value_size(sockets, offsetof(struct lat_span, bytes));
	return 0;
}

static const struct target tcp = {
	.name = "tcp",
	.summary = "TCP calls (send, recv, cleanup_rbuf), connections (connect, accept, lifetime) and requests",
	.covers =
		"  Every send and receive on a TCP socket, IPv4 and IPv6, by whatever system call.\n"
		"  send: until the data is queued (with MSG_ZEROCOPY: not even copied), not until it is delivered.\n"
		"  recv: mostly waiting for the peer; ret=eof is an orderly end, ret=again a socket with nothing there.\n"
		"  cleanup_rbuf: ret=eof are the calls that had nothing to give back (inside long reads, after MSG_PEEK).\n"
		"  connect, accept, lifetime: by connection, not by call, so of non-blocking connects as well. Who began it is who\n"
		"  called connect or accept; filters by process ask for them. accept ends with ret=error when a connection is\n"
		"  closed before anybody accepts it, lifetime when it ends with a timeout or,\n"
		"  at the end that receives it, with a reset.\n"
		"  A connection closes when TCP has done with it: for the side that closes first, that is after the other's FIN.\n"
		"  request: at the end that connected, from its last send to the first data received after it; at the end that\n"
		"  was accepted, from the first data received to the first send after it. So requests that are sent before the\n"
		"  last one's answer is there (pipelining) count as one, and where both ends send as they like (HTTP/2, websockets)\n"
		"  these are turns of the conversation. Closed before there is an answer: `unanswered` in the account, such as the\n"
		"  last words of TLS. With filters by process: of who sent or received what it begins with.\n"
		"  srtt: tcp_sock.srtt_us of each connection that closes, also of those that stood before tracing began (not where\n"
		"  filters by process ask who they belong to).\n"
		"  role: of connections, as they were seen to begin. Of calls, requests, and connections that stood before, as the\n"
		"  socket tells: a server's has the backlog of the listening one; a client's has a port that the kernel chose.\n"
		"  unknown: neither, such as clients that choose their port.\n",
	.cannot_see =
		"  Sends of kernel TLS and all of MPTCP; receives through splice and zero-copy mappings.\n"
		"  Single packets. Lifetimes of connections that stood before tracing began. More than 16,384 connections at once,\n"
		"  or as many as --max-keys where that is more (counted as lost).\n"
		"  Requests of connections whose role is unknown, and those sent along with the SYN (fast open).\n",
	.ops = ops,
	.n_ops = sizeof(ops) / sizeof(ops[0]),
	.hooks = hooks,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_SIZE |
		1U << LAT_DIM_CGROUP | 1U << LAT_DIM_ERRNO | 1U << LAT_DIM_CONN | 1U << LAT_DIM_PEER |
		1U << LAT_DIM_LPORT | 1U << LAT_DIM_RPORT | 1U << LAT_DIM_FAMILY | 1U << LAT_DIM_ROLE,
	.needs_kprobes = true,
	.elf_bytes = tcp_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(tcp);
