/* SPDX-License-Identifier: MIT */
/* Globals of a BPF object by name. */
#ifndef BPF_GLOBALS_H
#define BPF_GLOBALS_H

#include <stddef.h>

struct bpf_object;

/* How large a global of that section (".rodata", ".bss") is; 0 when there is none of that name. */
size_t bpf_global_size(const struct bpf_object *object, const char *section, const char *name);

/* A constant (const volatile), to be set before loading; NULL when the object has none of that name. */
void *bpf_global_constant(struct bpf_object *object, const char *name);

/*
 * A zero-initialised variable of a loaded object, shared with the kernel. It has to be the only one, or the first. The
 * caller unmaps *N_BYTES. NULL and errno on failure.
 */
void *bpf_global_share(struct bpf_object *object, const char *name, size_t *n_bytes);

#endif
