/* SPDX-License-Identifier: MIT */
/* A file of a run, --output or --folded: at its end, or as it goes on. */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>

struct recorder;
struct run_options;
struct sink;
struct snapshot;

/* Without PATH *RECORDER is NULL, with which all others do nothing. 0 or -errno, reported. */
int recorder_open(struct recorder **recorder, const char *path, const struct sink *sink,
		  const struct run_options *options);

/* Errors are reported; what is traced goes on, and stdout shows it. */
void recorder_write(struct recorder *recorder, const struct snapshot *snapshot);

/* Nobody reads any more what it writes to stdout. */
bool recorder_is_over(const struct recorder *recorder);

/* The file was rotated: opens its path anew. False when it is none that is written as the run goes on. */
bool recorder_reopen(struct recorder *recorder);

/* False when not everything was written, which has been reported. Without the whole run a file is left as it was. */
bool recorder_close(struct recorder *recorder);

#endif
