/* SPDX-License-Identifier: MIT */
/* The programs of places that are measured alike, made by one macro. */
#ifndef PROGRAMS_BPF_H
#define PROGRAMS_BPF_H

#include "call.bpf.h"

/*
 * The programs of one hook, NAME, where the operation OP is measured; see enum outcome and enum nesting. The user
 * side sets the number of arguments.
 */
#define PROBE_CALL(name, op, outcome, nesting) \
	PROBE_CALL_NUMBERED(name, op, outcome, nesting, false, FILE_UNKNOWN, __COUNTER__)
#define PROBE_SOCKET_CALL(name, op, outcome, nesting) \
	PROBE_CALL_NUMBERED(name, op, outcome, nesting, true, FILE_UNKNOWN, __COUNTER__)
#define PROBE_FILE_CALL(name, op, outcome, nesting, from) \
	PROBE_CALL_NUMBERED(name, op, outcome, nesting, false, from, __COUNTER__)
#define PROBE_CALL_NUMBERED(name, operation, how, nests, is_socket, from, hook_number) \
	static const struct hook name##__trampoline = { \
		.op = operation, .number = hook_number, .outcome = how, .nesting = nests, .file = from, .has_socket = is_socket, \
	}; \
	static const struct hook name##__breakpoint = { \
		.op = operation, .number = hook_number, .outcome = how, .nesting = nests, .file = from, .has_socket = is_socket, \
		.is_kprobe = true, \
	}; \
	const volatile __u8 name##__n_args = 0; \
	PROBE_CALL_PAIR(&name##__trampoline, name##__fentry, "fentry", name##__fexit, "fexit", &name##__n_args); \
	PROBE_CALL_PAIR(&name##__breakpoint, name##__kprobe, "kprobe", name##__kretprobe, "kretprobe", &name##__n_args)

#define PROBE_CALL_PAIR(hook, entry, entry_section, exit, exit_section, n_args) \
	SEC(entry_section) int entry(void *ctx) \
	{ \
		call_enter(hook, ctx); \
		return 0; \
	} \
	SEC(exit_section) int exit(void *ctx) \
	{ \
		call_leave(hook, ctx, n_args); \
		return 0; \
	} \
	extern int entry##__needs_a_semicolon

#endif
