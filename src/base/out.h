/* SPDX-License-Identifier: MIT */
/* An output stream that remembers its first error, so that formats need not check every write. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct out;

/*
 * Opens PATH for writing. A regular file is written beside its final place and renamed by out_close(), so that a
 * reader never sees half of it; links are followed; "-" is stdout; devices, pipes and links to files that do not exist
 * yet are written directly. NULL and errno on failure; the caller reports.
 */
struct out *out_open(const char *path);

/* Wraps a stream that the caller keeps and closes. NULL and errno when memory is short. */
struct out *out_wrap(FILE *stream);

void out_printf(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_puts(struct out *out, const char *text);
void out_write(struct out *out, const void *bytes, size_t n_bytes);

/* Writes outside text as escape_text() makes it, with spaces behind it up to WIDTH columns. */
void out_escaped(struct out *out, const char *text, int width);

/* Takes over an error (-errno) that whoever writes met elsewhere; unless there was one before. */
void out_fail(struct out *out, int error);

/* Flushes; 0 or the first error so far as -errno. EPIPE is an error here; the caller ends quietly on it. */
int out_flush(struct out *out);

/* Flushes, closes, renames into place, frees. 0 or -errno; on an error the final place is left as it was. */
int out_close(struct out *out);

/* Frees and leaves the final place as it was. */
void out_abandon(struct out *out);

#endif
