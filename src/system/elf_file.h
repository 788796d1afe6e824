/* SPDX-License-Identifier: MIT */
/* What programs and libraries say of themselves: functions, USDT probes, the language. */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <stdbool.h>

struct elf_file;

/*
 * Opens a program or library: by path, or by a name that is looked up in $PATH and, where it contains ".so", in the
 * usual folders of libraries. 0 or -errno, reported.
 */
int elf_file_open(struct elf_file **file, const char *name);

/* The path. Lasts as long as the file is open, as do all strings that are handed out. */
const char *elf_file_path(const struct elf_file *file);

/* Calls CONSIDER for each function of the symbol tables. Ends with what is not 0, and returns it. */
int elf_file_each_function(struct elf_file *file, int (*consider)(void *context, const char *name), void *context);

/* The same for each place of each USDT probe; N_ARGS is the number of its arguments. */
int elf_file_each_usdt(struct elf_file *file,
		       int (*consider)(void *context, const char *provider, const char *probe, int n_args), void *context);

/* Whether it was made by Go, whose stacks move: return probes crash such programs (golang/go#22008). */
bool elf_file_is_go(struct elf_file *file);

void elf_file_close(struct elf_file *file); /* NULL is fine */

#endif
