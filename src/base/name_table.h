/* SPDX-License-Identifier: MIT */
/* Names by hash, each with a number. */
#ifndef NAME_TABLE_H
#define NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero to begin with. */
struct name_table {
	struct name_entry {
		const char *name; /* somebody else's, which lasts as long; NULL: free */
		uint32_t number;
	} *items;
	uint32_t mask;
};

/* Room for N names at most. False when memory is short. */
bool name_table_make(struct name_table *index, size_t n);

/* Of several with one name the first is kept. */
void name_table_add(struct name_table *index, const char *name, uint32_t number);

/* NULL when there is none. */
const struct name_entry *name_table_find(const struct name_table *index, const char *name);

void name_table_free(struct name_table *index);

#endif
