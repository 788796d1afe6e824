/* SPDX-License-Identifier: MIT */
/*
 * Names by hash, each with a number. Not hsearch(3): the hash of the GNU C library's forgets all but a name's first few
 * bytes, so that for the 60,000 functions of a kernel each one is compared with dozens of others.
 */
#include "base/name_table.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo, http://www.isthe.com/chongo/tech/comp/fnv/). */
static uint32_t hash(const char *name)
{
	uint32_t hash = 2166136261;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619;
	return hash;
}

bool name_table_make(struct name_table *index, size_t n)
{
	uint32_t size = 16;

	/* At least half of it stays free, so that ways are short. */
	while (size < 2 * n)
		size *= 2;
	index->items = calloc(size, sizeof(*index->items));
	index->mask = size - 1;
	return index->items;
}

/* Where the name is, or would be. */
static struct name_entry *place(const struct name_table *index, const char *name)
{
	uint32_t at = hash(name) & index->mask;

	while (index->items[at].name && strcmp(index->items[at].name, name))
		at = (at + 1) & index->mask;
	return &index->items[at];
}

void name_table_add(struct name_table *index, const char *name, uint32_t number)
{
	struct name_entry *item = place(index, name);

	if (!item->name)
		*item = (struct name_entry){ name, number };
}

const struct name_entry *name_table_find(const struct name_table *index, const char *name)
{
	const struct name_entry *item = place(index, name);

	return item->name ? item : NULL;
}

void name_table_free(struct name_table *index)
{
	free(index->items);
	*index = (struct name_table){ 0 };
}
