/* SPDX-License-Identifier: MIT */
/* The socket that something is about: what keys and filters need of it, read where they need it. */
#ifndef SOCKET_BPF_H
#define SOCKET_BPF_H

#include "filter.bpf.h"
#include "maps.bpf.h"

#define AF_INET6 10
#define SOCKET_MAPPED bpf_htonl(0xffff)

/* Addresses as IPv6 has them, in memory order; those of IPv4 are mapped (::ffff:a.b.c.d), whatever the socket's family. */
struct socket_ends {
	__u64 local[2], remote[2];
	__u32 lport, rport;
};

/*
 * ADDRESS is a struct sock's, as a plain number. The local port is that which connections keep when they are closed:
 * skc_num is not.
 */
static __noinline void socket_read(struct socket_ends *ends, __u64 address)
{
	struct sock *sk = (void *)address;
	__u32 words[4] = {};

	if (!ends)
		return;
	ends->lport = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)address, inet_sport));
	ends->rport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		BPF_CORE_READ_INTO(&ends->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&ends->remote, sk, __sk_common.skc_v6_daddr);
		return;
	}
	words[2] = SOCKET_MAPPED;
	words[3] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	__builtin_memcpy(ends->local, words, sizeof(words));
	words[3] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	__builtin_memcpy(ends->remote, words, sizeof(words));
}

/*
 * Told without having seen the connection begin. A socket from accept has the backlog of the listening one that it was
 * copied from. A port of which `fastreuse` is negative has been given out by the kernel in connect (__inet_hash_connect()),
 * until the connection is closed. What neither tells of: clients that chose their port, and servers without a backlog.
 */
static __noinline __u32 socket_role(__u64 address)
{
	struct inet_bind_bucket *bucket;

	if (BPF_CORE_READ((struct sock *)address, sk_max_ack_backlog))
		return LAT_ROLE_SERVER;
	bucket = BPF_CORE_READ((struct inet_connection_sock *)address, icsk_bind_hash);
	if (bucket && (__s8)BPF_CORE_READ(bucket, fastreuse) < 0)
		return LAT_ROLE_CLIENT;
	return LAT_ROLE_UNKNOWN;
}

/* The words of LAT_DIM_CONN. */
static __always_inline void socket_conn(__u64 words[5], const struct socket_ends *ends)
{
	words[0] = ends->local[0];
	words[1] = ends->local[1];
	words[2] = ends->remote[0];
	words[3] = ends->remote[1];
	words[4] = ends->lport << 16 | ends->rport;
}

static __always_inline bool socket_is_ipv4(const __u64 address[2])
{
	return !address[0] && (__u32)address[1] == SOCKET_MAPPED;
}

static __always_inline bool socket_is_within(const __u64 address[2])
{
	return !((address[0] ^ lat_config.addr[0]) & lat_config.addr_mask[0]) &&
	       !((address[1] ^ lat_config.addr[1]) & lat_config.addr_mask[1]);
}

/* The filters by socket. */
static __always_inline bool socket_pass(__u64 socket)
{
	struct socket_ends ends = {};

	if (!lat_config.filter_socket)
		return true;
	socket_read(&ends, socket);
	if (lat_config.port &&
	    (ends.lport == lat_config.port || ends.rport == lat_config.port) == filter_negates(LAT_NOT_PORT))
		return false;
	if (lat_config.family && socket_is_ipv4(ends.remote) != (lat_config.family == 4))
		return false;
	return !lat_config.has_addr ||
	       (socket_is_within(ends.local) || socket_is_within(ends.remote)) != filter_negates(LAT_NOT_ADDR);
}

#define SOCKET_WORD(dim, i) key->words[(lat_config.key_at[dim] + (i)) & (LAT_KEY_WORDS - 1)]

/* ROLE is what is known of it; 0: look. */
static __always_inline void socket_key(struct lat_key *key, __u64 socket, __u32 role)
{
	struct socket_ends ends = {};
	__u64 conn[5];
	__u32 i;

	if (lat_config.key_at[LAT_DIM_ROLE])
		SOCKET_WORD(LAT_DIM_ROLE, 0) = role ? role : socket_role(socket);
	if (!lat_config.keys_ends)
		return;
	socket_read(&ends, socket);
	if (lat_config.key_at[LAT_DIM_CONN]) {
		socket_conn(conn, &ends);
#pragma unroll
		for (i = 0; i < 5; i++)
			SOCKET_WORD(LAT_DIM_CONN, i) = conn[i];
	}
	if (lat_config.key_at[LAT_DIM_PEER]) {
		SOCKET_WORD(LAT_DIM_PEER, 0) = ends.remote[0];
		SOCKET_WORD(LAT_DIM_PEER, 1) = ends.remote[1];
	}
	if (lat_config.key_at[LAT_DIM_LPORT])
		SOCKET_WORD(LAT_DIM_LPORT, 0) = ends.lport;
	if (lat_config.key_at[LAT_DIM_RPORT])
		SOCKET_WORD(LAT_DIM_RPORT, 0) = ends.rport;
	if (lat_config.key_at[LAT_DIM_FAMILY])
		SOCKET_WORD(LAT_DIM_FAMILY, 0) = socket_is_ipv4(ends.remote) ? 4 : 6;
}

#endif
