/* SPDX-License-Identifier: MIT */
/* A file of a run, --output or --folded: at its end, or as it goes on. */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include <stdbool.h>

struct output_file;
struct run_options;
struct format;
struct snapshot;

/* Without PATH *RECORDER is NULL, with which all others do nothing. 0 or -errno, reported. */
int output_file_open(struct output_file **recorder, const char *path, const struct format *format,
		  const struct run_options *options);

/* Errors are reported; what is traced goes on, and stdout shows it. */
void output_file_write(struct output_file *recorder, const struct snapshot *snapshot);

/* Nobody reads any more what it writes to stdout. */
bool output_file_is_over(const struct output_file *recorder);

/* The file was rotated: opens its path anew. False when it is none that is written as the run goes on. */
bool output_file_reopen(struct output_file *recorder);

/* False when not everything was written, which has been reported. Without the whole run a file is left as it was. */
bool output_file_close(struct output_file *recorder);

#endif
