/* SPDX-License-Identifier: MIT */
/* Operations that took long, one by one: the slowest of many are kept. */
#ifndef OUTLIER_H
#define OUTLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/label.h"

/* The sector of what has none, such as a flush. */
#define OUTLIER_NO_SECTOR LAT_NO_SECTOR

struct outlier {
	uint64_t end_realtime_ns, latency_ns, bytes, sector;
	uint32_t pid, tid;
	struct label *labels; /* "op" first, then "phase", "ret", "comm" and what it was about, such as "device" */
	size_t n_labels;
	char *folded; /* owned: its call stack, as in struct stack; NULL without --stacks */
};

/* As many as are kept of an interval, and of a whole run. */
#define OUTLIERS_KEPT 1000

/* All zero to begin with. */
struct outliers {
	struct outlier *items; /* a heap with the fastest first; in a copy: in order of time */
	size_t n;
};

/* Takes over what OUTLIER owns, which may be dropped at once. False when memory is short. */
bool outliers_add(struct outliers *outliers, struct outlier outlier);

/* Whether one that took that long would be kept. */
bool outliers_want(const struct outliers *outliers, uint64_t latency_ns);

/* What takes less would not be kept. */
uint64_t outliers_floor(const struct outliers *outliers);

/* Adds a copy of OUTLIER if it is wanted. False when memory is short. */
bool outliers_keep(struct outliers *outliers, const struct outlier *outlier);

/* A copy of it all, in order of time. False when memory is short; then there is nothing to free. */
bool outliers_copy(struct outliers *copy, const struct outliers *outliers);

/* What they hold, not the structs themselves. */
void outliers_free(struct outliers *outliers);
void outlier_free(struct outlier *outlier);

/* Adds a label with a copy of VALUE; NAME has to last. False when memory is short. */
bool outlier_label(struct outlier *outlier, const char *name, const char *value);

/* The value of the label, or NULL. */
const char *outlier_find_label(const struct outlier *outlier, const char *name);

#endif
