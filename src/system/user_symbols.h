/* SPDX-License-Identifier: MIT */
/* The functions of processes by address. */
#ifndef USER_SYMBOLS_H
#define USER_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

struct user_symbols;

/* NULL when memory is short. */
struct user_symbols *user_symbols_new(void);

#define USER_SYMBOL_LEN 256

/*
 * The function in which the address lies, in the caller's buffer: its name, FILE+0xOFFSET where the file tells none, or
 * [unknown]. Of a process that has ended only what was looked up while it ran is known.
 */
const char *user_symbols_find(struct user_symbols *symbols, pid_t pid, uint64_t address,
			      char buffer[static USER_SYMBOL_LEN]);

void user_symbols_free(struct user_symbols *symbols); /* NULL is fine */

#endif
