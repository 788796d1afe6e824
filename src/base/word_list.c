/* SPDX-License-Identifier: MIT */
/* Words that the user gave, cut apart at commas. */
#include "base/word_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static int add(struct words *words, const char *from, size_t length)
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

int words_split(struct words *words, char *const *joined, size_t n)
{
	const char *at;
	size_t length, i;
	int error = 0;

	*words = (struct words){ 0 };
	for (i = 0; i < n && !error; i++)
		for (at = joined[i]; at && !error; at = at[length] ? at + length + 1 : NULL) {
			length = strcspn(at, ",");
			error = add(words, at, length);
		}
	if (!error)
		return 0;
	words_free(words);
	return fail(error, "names");
}

void words_free(struct words *words)
{
	while (words->n)
		free(words->items[--words->n]);
	free(words->items);
	*words = (struct words){ 0 };
}
