/* SPDX-License-Identifier: MIT */
/* Call stacks of outliers, and the time that each took: those with the most are kept. */
#ifndef STACK_SUMS_H
#define STACK_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call stack of outliers, and the time that they took. */
struct stack {
	char *folded; /* frames from the outermost to the innermost, with semicolons between */
	uint64_t count, sum_ns;
};

/* As many as are kept of an interval, and of a whole run, beside one for all others. */
#define STACKS_KEPT 1000
#define STACK_OTHER "other"

/* All zero to begin with. */
struct stacks {
	struct stack *items;
	size_t n;
	uint16_t *slots; /* of a hash table: 1 + the item's number */
};

/* False when memory is short. */
bool stacks_add(struct stacks *stacks, const char *folded, uint64_t ns);

/*
 * A copy: the STACKS_KEPT with the most time, that with the most first, and STACK_OTHER for the rest. NULL when memory
 * is short, never only since there is none.
 */
struct stack *stacks_copy(const struct stacks *stacks, size_t *n_copied);

void stacks_free(struct stacks *stacks); /* what it holds, not the struct itself */

#endif
