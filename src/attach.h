/* SPDX-License-Identifier: MIT */
/* Where and how a target is attached to this kernel. */
#ifndef ATTACH_H
#define ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct stem;
struct target;

enum attach_kind { ATTACH_AUTO, ATTACH_FENTRY, ATTACH_KPROBE };

#define ATTACH_MAX_PLACES 32

/* What was chosen for one stem. */
struct place {
	const struct stem *stem;
	const char *function;              /* or tracepoint */
	bool is_fentry;
	struct bpf_program *entry, *exit;  /* a tracepoint has no exit */
};

/*
 * Chooses for each stem of the wanted operations what this kernel has, and marks its programs for loading. 0, or an
 * exit status when an operation cannot be measured at all, reported.
 */
int attach_choose(struct bpf_object *object, const struct target *target, enum attach_kind attach, uint32_t op_mask,
		  struct place places[static ATTACH_MAX_PLACES], size_t *n_places);

/* Attaches one of the place's programs. NULL and errno on failure. */
struct bpf_link *attach_program(const struct place *place, struct bpf_program *program);

#endif
