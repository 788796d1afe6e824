/* SPDX-License-Identifier: MIT */
/* Which of many names somebody may have meant. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

#define NEAREST_MAX 3

/*
 * Keeps the names most like WANTED: those fewest insertions, deletions and replacements of a byte away from it
 * (Levenshtein's distance), and at most a third of its length.
 */
struct suggestion {
	const char *wanted;
	const char *names[NEAREST_MAX]; /* the nearest first; borrowed */
	size_t distances[NEAREST_MAX];
	size_t n;
};

/* Considers one more name. */
void suggestion_consider(struct suggestion *nearest, const char *name);

/* "; did you mean A, B or C?", or "" when there is none, in the caller's buffer. */
const char *suggestion_text(const struct suggestion *nearest, char *buffer, size_t size);

#endif
