/* SPDX-License-Identifier: MIT */
/* Labels as people read them. */
#ifndef TEXT_LABELS_H
#define TEXT_LABELS_H

#include <stddef.h>

struct label;
struct out;

/* "read", "read  device  nvme0n1", "read  pid 4711": all but how it ended. */
void text_write_labels(struct out *out, const struct label *labels, size_t n_labels);

#endif
