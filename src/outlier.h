/* SPDX-License-Identifier: MIT */
/* Outliers as they happen: from the ring buffer to one line each. */
#ifndef OUTLIER_H
#define OUTLIER_H

#include <stdbool.h>

struct label_names;
struct out;
struct outlier;
struct probe;
struct target;

/* Lines go to OUT. All arguments must outlive it. 0 or -errno, reported. */
int outlier_open(struct outlier **outlier, struct probe *probe, const struct target *target,
		 const struct label_names *names, struct out *out);

/* Readable when there is something for outlier_print(). */
int outlier_fd(const struct outlier *outlier);

/* Prints what has arrived, but not for ever while more arrives. True when there may be more. */
bool outlier_print(struct outlier *outlier);

void outlier_close(struct outlier *outlier); /* NULL is fine */

#endif
