/* SPDX-License-Identifier: MIT */
/* Words that the user gave, cut apart at commas. */
#ifndef WORD_LIST_H
#define WORD_LIST_H

#include <stddef.h>

struct word_list {
	char **items; /* owned; ended by NULL */
	size_t n;
};

/* What stands between commas in each of N words, empty ones as well. 0 or -ENOMEM, reported. */
int word_list_split(struct word_list *words, char *const *joined, size_t n);

void word_list_free(struct word_list *words); /* what it holds, not the struct itself */

#endif
