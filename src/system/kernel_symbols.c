/* SPDX-License-Identifier: MIT */
/* The functions of this kernel by address. */
#include "system/kernel_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 65536
/* Farther behind where a function begins, an address is none of it: the list has no sizes. */
#define MAX_FUNCTION_BYTES (256 * 1024)

static int add(struct kernel_symbols *symbols, uint64_t address, const char *name)
{
	size_t length = strlen(name) + 1;
	void *grown;

	/* Powers of two. */
	if (!symbols->n || (symbols->n >= FIRST_ROOM && !(symbols->n & (symbols->n - 1)))) {
		grown = realloc(symbols->items, (symbols->n ? 2 * symbols->n : FIRST_ROOM) * sizeof(*symbols->items));
		if (!grown)
			return -ENOMEM;
		symbols->items = grown;
	}
	if (!symbols->n_bytes || (symbols->n_bytes - 1) / FIRST_ROOM != (symbols->n_bytes + length - 1) / FIRST_ROOM) {
		grown = realloc(symbols->names, ((symbols->n_bytes + length) / FIRST_ROOM + 1) * FIRST_ROOM);
		if (!grown)
			return -ENOMEM;
		symbols->names = grown;
	}
	symbols->items[symbols->n++] = (struct kernel_symbol){ address, (uint32_t)symbols->n_bytes };
	memcpy(symbols->names + symbols->n_bytes, name, length);
	symbols->n_bytes += length;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct kernel_symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (left->name > right->name) - (left->name < right->name);
}

int kernel_symbols_read(struct kernel_symbols *symbols)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[1024], name[512], type;
	uint64_t address;
	int error = 0;

	*symbols = (struct kernel_symbols){ 0 };
	if (!file)
		return -errno;
	while (!error && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 " %c %511s", &address, &type, name) == 3 && strchr("tTwW", type) && address)
			error = add(symbols, address, name);
	fclose(file);
	if (!error && !symbols->n)
		error = -EPERM;
	if (error)
		kernel_symbols_free(symbols);
	else
		qsort(symbols->items, symbols->n, sizeof(*symbols->items), compare);
	return error;
}

const char *kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->n, middle;
	const char *name;

	/* The last one at or below the address; of several at the same one, the first. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (symbols->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - symbols->items[low - 1].address > MAX_FUNCTION_BYTES)
		return NULL;
	while (low > 1 && symbols->items[low - 2].address == symbols->items[low - 1].address)
		low--;
	name = symbols->names + symbols->items[low - 1].name;
	return strcmp(name, "_etext") ? name : NULL; /* where the kernel's own code ends */
}

void kernel_symbols_free(struct kernel_symbols *symbols)
{
	free(symbols->items);
	free(symbols->names);
	*symbols = (struct kernel_symbols){ 0 };
}
