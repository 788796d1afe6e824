/* SPDX-License-Identifier: MIT */
/* Records written to a file by a thread of its own, so that whoever has them never waits for a disk. */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_writer;

/* Of what a disk that is too slow has not taken yet; what comes on top is counted as lost. */
#define WRITER_MAX_QUEUED (64 << 20)

/*
 * Truncates PATH, which has to last. Records are written N_PER_FLUSH at a time, and when IS_SYNCED are on the disk then.
 * NULL and errno on failure; the caller reports.
 */
struct record_writer *record_writer_open(const char *path, uint64_t n_per_flush, bool is_synced);

/* Takes over BYTES, a whole record from malloc(3). */
void record_writer_give(struct record_writer *writer, char *bytes, size_t n_bytes);

/* Whether it is a regular file, which can be rotated. */
bool record_writer_is_file(const struct record_writer *writer);

/* Opens the path anew for what is given from now on. False when the file still is the one that is there. */
bool record_writer_reopen(struct record_writer *writer);

/*
 * Waits until all has been written. What could not be is reported, when it happens and here with its number, and is
 * left out as a whole. 0, or -EIO when there was any.
 */
int record_writer_close(struct record_writer *writer);

#endif
