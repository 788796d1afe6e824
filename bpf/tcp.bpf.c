/* SPDX-License-Identifier: MIT */
/* Target tcp: where programs' sends and receives enter and leave TCP, over IPv4 and IPv6. */
#include "call.bpf.h"

/* As in src/targets/tcp.c. */
enum tcp_op { TCP_SEND, TCP_RECV, TCP_CLEANUP_RBUF };

PROBE_SOCKET_CALL(send, TCP_SEND, OUTCOME_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(recv, TCP_RECV, OUTCOME_BYTES, NEVER_NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf, TCP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);
PROBE_SOCKET_CALL(cleanup_rbuf_inner, TCP_CLEANUP_RBUF, OUTCOME_COPIED, NESTS);
