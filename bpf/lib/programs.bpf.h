/* SPDX-License-Identifier: MIT */
/* The programs of places that are measured alike, made by one macro. */
#ifndef PROGRAMS_BPF_H
#define PROGRAMS_BPF_H

#include "call.bpf.h"

/*
 * The programs of one place, STEM, where the operation OP is measured; see enum outcome and enum nesting. The user
 * side sets the number of arguments.
 */
#define PROBE_CALL(stem, op, outcome, nesting) \
	PROBE_CALL_NUMBERED(stem, op, outcome, nesting, false, FILE_UNKNOWN, __COUNTER__)
#define PROBE_SOCKET_CALL(stem, op, outcome, nesting) \
	PROBE_CALL_NUMBERED(stem, op, outcome, nesting, true, FILE_UNKNOWN, __COUNTER__)
#define PROBE_FILE_CALL(stem, op, outcome, nesting, from) \
	PROBE_CALL_NUMBERED(stem, op, outcome, nesting, false, from, __COUNTER__)
#define PROBE_CALL_NUMBERED(stem, op, outcome, nesting, has_socket, from, number) \
	static const struct place stem##__trampoline = { \
		op, number, outcome, nesting, false, false, false, from, has_socket \
	}; \
	static const struct place stem##__breakpoint = { \
		op, number, outcome, nesting, true, false, false, from, has_socket \
	}; \
	const volatile __u8 stem##__n_args = 0; \
	PROBE_CALL_PAIR(&stem##__trampoline, stem##__fentry, "fentry", stem##__fexit, "fexit", &stem##__n_args); \
	PROBE_CALL_PAIR(&stem##__breakpoint, stem##__kprobe, "kprobe", stem##__kretprobe, "kretprobe", &stem##__n_args)

#define PROBE_CALL_PAIR(place, entry, entry_section, exit, exit_section, n_args) \
	SEC(entry_section) int entry(void *ctx) \
	{ \
		call_enter(place, ctx); \
		return 0; \
	} \
	SEC(exit_section) int exit(void *ctx) \
	{ \
		call_leave(place, ctx, n_args); \
		return 0; \
	} \
	extern int entry##__needs_a_semicolon

#endif
