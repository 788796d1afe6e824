/* SPDX-License-Identifier: MIT */
/* The functions of this kernel by address. */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* Compact, as it is kept while tracing. */
struct kernel_symbols {
	struct kernel_symbol {
		uint64_t address;
		uint32_t name; /* where in names */
	} *items; /* in order of address */
	size_t n;
	char *names;
	size_t n_bytes;
};

/* From /proc/kallsyms, with BPF programs as far as they are loaded. 0 or -errno; -EPERM when it hides addresses. */
int kernel_symbols_read(struct kernel_symbols *symbols);

/* The function that the address lies in, or NULL. */
const char *kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t address);

void kernel_symbols_free(struct kernel_symbols *symbols); /* what it holds, not the struct itself */

#endif
