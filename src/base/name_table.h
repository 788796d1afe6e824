/* SPDX-License-Identifier: MIT */
/* Names by hash, each with a number. */
#ifndef NAME_INDEX_H
#define NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero to begin with. */
struct name_index {
	struct indexed_name {
		const char *name; /* somebody else's, which lasts as long; NULL: free */
		uint32_t number;
	} *items;
	uint32_t mask;
};

/* Room for N names at most. False when memory is short. */
bool name_index_make(struct name_index *index, size_t n);

/* Of several with one name the first is kept. */
void name_index_add(struct name_index *index, const char *name, uint32_t number);

/* NULL when there is none. */
const struct indexed_name *name_index_find(const struct name_index *index, const char *name);

void name_index_free(struct name_index *index);

#endif
