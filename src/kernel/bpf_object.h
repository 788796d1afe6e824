/* SPDX-License-Identifier: MIT */
/* A target's BPF object: its own, or one from a file that fits in its point. */
#ifndef BPF_OBJECT_H
#define BPF_OBJECT_H

#include <stdbool.h>

struct bpf_object;
struct target;

/*
 * Opens, and does not load. From PATH where that is not NULL: such an object has to have all programs, maps, constants
 * and structs that the target's own has, just as they are there. 0 or an exit status, reported.
 */
int object_open(struct bpf_object **object, const struct target *target, const char *path);

/* Whether libbpf survives to load one that came from a file, whatever the kernel says of it: tried in a process of its own. */
bool object_try_load(struct bpf_object *object);

#endif
