/* SPDX-License-Identifier: MIT */
/* `latencyprobe list`: what targets measure, where, and what they cannot see. */
#ifndef LIST_H
#define LIST_H

struct target;

/* All targets, a line each. */
void list_targets(void);

/* One target in full, with what this kernel has of it. */
void list_target(const struct target *target);

#endif
