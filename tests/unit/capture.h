/* SPDX-License-Identifier: MIT */
/* What is written to a stream, as text. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdio.h>

struct out;
struct format_options;
struct snapshot;

struct capture {
	struct out *out; /* to be written to */
	FILE *stream;
	char *text;
	size_t n_bytes;
};

void capture_begin(struct capture *capture);

/* What was written in between; the caller frees it. */
char *capture_end(struct capture *capture);

/* What the format of that name writes, with its header; the caller frees it. OPTIONS may be NULL. */
char *capture_format(const char *name, const struct snapshot *snapshot, const struct format_options *options);

#endif
