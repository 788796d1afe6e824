/* SPDX-License-Identifier: MIT */
/* What series say of each connection, whatever the operation and its result. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stddef.h>
#include <stdint.h>

struct snapshot;

#define CONNECTION_LABEL "conn" /* "SRC:PORT -> DST:PORT" */

struct connection {
	const char *name; /* the snapshot's */
	uint64_t count, min_ns, max_ns;
	double mean_ns, deviation_ns; /* the standard deviation around it, each sample in the middle of its slot */
};

/* In order of name; the caller frees it. NULL when memory is short; *N is 0 where no series has the label. */
struct connection *connections_make(const struct snapshot *snapshot, size_t *n);

#endif
