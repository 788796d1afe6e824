/* SPDX-License-Identifier: MIT */
/* From the numbers of call stacks in the kernel's map to the names of their functions. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>

struct frames;
struct lat_event;
struct probe;

/* PROBE is attached, and must outlive it. 0 or -errno, reported. */
int frames_open(struct frames **frames, struct probe *probe);

/*
 * The event's stack from the outermost function to the innermost with semicolons between; with stacks of user space
 * the thread's name comes first, and then those. It lasts until the next call. NULL when memory is short.
 */
const char *frames_fold(struct frames *frames, const struct lat_event *event);

/* Says how many were lost, if any. */
void frames_close(struct frames *frames); /* NULL is fine */

#endif
