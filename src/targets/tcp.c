/* SPDX-License-Identifier: MIT */
/* Target tcp: sends and receives as programs see them. */
#include "targets/target.h"

#include "tcp.skel.h"

enum { SEND, RECV, CLEANUP_RBUF };

static const struct op ops[] = {
	[SEND] = { .name = "send", .help = "tcp_sendmsg: until the data is queued, not until it is delivered",
		   .has_bytes = true },
	[RECV] = { .name = "recv", .help = "tcp_recvmsg: mostly waiting for the peer", .has_bytes = true },
	[CLEANUP_RBUF] = { .name = "cleanup_rbuf", .help = "tcp_cleanup_rbuf: giving receive buffer back, sending ACKs" },
};

static const struct stem stems[] = {
	{ .name = "send", .op = SEND, .functions = { "tcp_sendmsg" } },
	{ .name = "recv", .op = RECV, .functions = { "tcp_recvmsg" } },
	{ .name = "cleanup_rbuf", .op = CLEANUP_RBUF, .functions = { "tcp_cleanup_rbuf" } },
	/* Called directly where the compiler has inlined the other. */
	{ .name = "cleanup_rbuf_inner", .op = CLEANUP_RBUF, .functions = { "__tcp_cleanup_rbuf" } },
};

static const struct target tcp = {
	.name = "tcp",
	.summary = "TCP calls: send, recv, cleanup_rbuf, over IPv4 and IPv6",
	.covers =
		"  Every send and receive on a TCP socket, IPv4 and IPv6, by whatever system call.\n"
		"  send: until the data is queued (with MSG_ZEROCOPY: not even copied), not until it is delivered.\n"
		"  recv: mostly waiting for the peer; ret=eof is an orderly end, ret=again a socket with nothing there.\n"
		"  cleanup_rbuf: ret=eof are the calls that had nothing to give back (inside long reads, after MSG_PEEK).\n",
	.cannot_see =
		"  Sends of kernel TLS and all of MPTCP; receives through splice and zero-copy mappings.\n"
		"  What the network does: only the calls are timed, not the packets.\n",
	.ops = ops,
	.n_ops = sizeof(ops) / sizeof(ops[0]),
	.stems = stems,
	.n_stems = sizeof(stems) / sizeof(stems[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_SIZE |
		1U << LAT_DIM_CGROUP | 1U << LAT_DIM_ERRNO | 1U << LAT_DIM_CONN | 1U << LAT_DIM_PEER |
		1U << LAT_DIM_LPORT | 1U << LAT_DIM_RPORT | 1U << LAT_DIM_FAMILY,
	.needs_kprobes = true,
	.elf_bytes = tcp_bpf__elf_bytes,
};
TARGET_REGISTER(tcp);
