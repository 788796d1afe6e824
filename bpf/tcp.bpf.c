/* SPDX-License-Identifier: MIT */
/* Target tcp: where programs' sends and receives enter and leave TCP, over IPv4 and IPv6. */
#include "latency.bpf.h"

PROBE_CALL(send, call_end_bytes);
PROBE_CALL(recv, call_end_bytes);
PROBE_CALL_COPIED(cleanup_rbuf);
PROBE_CALL_COPIED(cleanup_rbuf_inner);
