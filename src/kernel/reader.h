/* SPDX-License-Identifier: MIT */
/* From the maps in the kernel to a reading, without ever resetting anything there. */
#ifndef READER_H
#define READER_H

#include <stdbool.h>

struct tracer;
struct reader;
struct reading;

/* The tracer must outlive the reader. 0 or -errno, reported. */
int reader_open(struct reader **reader, struct tracer *tracer);

/*
 * Copies what has been counted so far. FINAL says that the gate is closed, so that nothing moves. The caller frees
 * the reading's content with reading_free(). 0 or -errno, reported.
 */
int reader_read(struct reader *reader, bool final, struct reading *reading);

void reader_close(struct reader *reader); /* NULL is fine */

#endif
