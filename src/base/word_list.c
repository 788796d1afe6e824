/* SPDX-License-Identifier: MIT */
/* Words that the user gave, cut apart at commas. */
#include "base/word_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static int add(struct word_list *words, const char *from, size_t length)
{
	char **more = realloc(words->items, (words->n + 2) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	words->items = more;
	more[words->n] = strndup(from, length);
	if (!more[words->n])
		return -ENOMEM;
	more[++words->n] = NULL;
	return 0;
}

int word_list_split(struct word_list *words, char *const *joined, size_t n)
{
	const char *at;
	size_t length, i;
	int error = 0;

	*words = (struct word_list){ 0 };
	for (i = 0; i < n && !error; i++)
		for (at = joined[i]; at && !error; at = at[length] ? at + length + 1 : NULL) {
			length = strcspn(at, ",");
			error = add(words, at, length);
		}
	if (!error)
		return 0;
	word_list_free(words);
	return fail(error, "names");
}

void word_list_free(struct word_list *words)
{
	while (words->n)
		free(words->items[--words->n]);
	free(words->items);
	*words = (struct word_list){ 0 };
}
