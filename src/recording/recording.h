/* SPDX-License-Identifier: MIT */
/* Recorded runs: from the files of the formats json and jsonl back to snapshots. */
#ifndef RECORDING_H
#define RECORDING_H

#include <stddef.h>

struct recording;
struct snapshot;

/*
 * Reads a whole file; "-" is stdin. 0, or -errno, reported with the file's name and, where the content is at fault, the
 * line. What can be computed (percentiles, rates, sums) is computed anew and not believed.
 */
int recording_read(struct recording **recording, const char *path);

/* The same from memory; NAME is for messages. */
int recording_read_bytes(struct recording **recording, const char *name, const char *bytes, size_t n_bytes);

/* The intervals in order of time; there are none in what the format json writes. Owned by the recording. */
const struct snapshot *recording_interval(const struct recording *recording, size_t index); /* NULL behind the last */

/* The whole run. Where the recording broke off before its end: the sum of its intervals. Never NULL. */
const struct snapshot *recording_whole(const struct recording *recording);

/* Turns estimates of all, where only some calls were measured, back into what was; rates stay. */
void recording_keep_samples(struct recording *recording);

void recording_free(struct recording *recording); /* NULL is fine */

#endif
