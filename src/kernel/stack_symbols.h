/* SPDX-License-Identifier: MIT */
/* From the numbers of call stacks in the kernel's map to the names of their functions. */
#ifndef STACK_SYMBOLS_H
#define STACK_SYMBOLS_H

#include <stdint.h>

struct stack_symbols;
struct lat_event;
struct tracer;

/* PROBE is attached, and must outlive it. 0 or -errno, reported. */
int stack_symbols_open(struct stack_symbols **frames, struct tracer *tracer);

/*
 * The event's stack from the outermost function to the innermost with semicolons between; with stacks of user space
 * the thread's name comes first, and then those. It lasts until the next call. NULL when memory is short.
 */
const char *stack_symbols_fold(struct stack_symbols *frames, const struct lat_event *event);

/* Says how many were lost, if any. */
void stack_symbols_close(struct stack_symbols *frames); /* NULL is fine */

#endif
