/* SPDX-License-Identifier: MIT */
/* `latencyprobe merge`: the sum of recorded runs. */
#ifndef MERGE_H
#define MERGE_H

#include <stddef.h>

struct merged;
struct snapshot;

/* An exit status. */
int merge(int argc, char **argv);

/* Why the runs cannot be added up, as new text that the caller frees; NULL when they can. NAMES are for the text. */
char *merge_find_fault(const struct snapshot *const *runs, const char *const *names, size_t n_runs);

/*
 * The sum of N runs, which the result must not outlive, with what is said about each of them in its run_info. 0, or
 * -errno, reported.
 */
int merge_runs(struct merged **merged, const struct snapshot *const *runs, size_t n_runs);
const struct snapshot *merged_run(const struct merged *merged);
void merged_free(struct merged *merged); /* NULL is fine */

#endif
