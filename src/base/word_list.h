/* SPDX-License-Identifier: MIT */
/* Words that the user gave, cut apart at commas. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

struct words {
	char **items; /* owned; ended by NULL */
	size_t n;
};

/* What stands between commas in each of N words, empty ones as well. 0 or -ENOMEM, reported. */
int words_split(struct words *words, char *const *joined, size_t n);

void words_free(struct words *words); /* what it holds, not the struct itself */

#endif
