/* SPDX-License-Identifier: MIT */
/* The programs of places that are measured alike, made by one macro. */
#ifndef PROGRAMS_BPF_H
#define PROGRAMS_BPF_H

#include "call.bpf.h"

/*
 * With a filter, what comes after a match is a function of its own: the JIT saves the registers that a function uses
 * where it begins, and a call that is filtered out needs nearly none. So is what takes stacks, or the context would be
 * kept in a register without need.
 */
static __noinline void call_begin_apart(const struct place *place, void *ctx)
{
	call_begin(place, ctx, false);
}

static __noinline void call_end_apart(const struct place *place, void *ctx, __u8 n_args, bool has_stacks)
{
	call_end(place, ctx, n_args, has_stacks);
}

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
	PROBE_CALL_PAIR(&stem##__trampoline, stem##__fentry, "fentry", stem##__fexit, "fexit", stem##__n_args); \
	PROBE_CALL_PAIR(&stem##__breakpoint, stem##__kprobe, "kprobe", stem##__kretprobe, "kretprobe", 0)

#define PROBE_CALL_PAIR(place, entry, entry_section, exit, exit_section, n_args) \
	SEC(entry_section) int entry(void *ctx) \
	{ \
		enum lat_filter filter = lat_config.filter; \
		if (filter == LAT_FILTER_NONE) \
			call_begin(place, ctx, true); \
		else if (filter == LAT_FILTER_PID ? filter_pass_pid() : filter_pass() && call_pass_socket(place, ctx)) \
			call_begin_apart(place, ctx); \
		else \
			call_filtered(place, ctx); \
		return 0; \
	} \
	SEC(exit_section) int exit(void *ctx) \
	{ \
		if (lat_config.stacks) \
			call_end_apart(place, ctx, n_args, true); \
		else if (lat_config.filter == LAT_FILTER_NONE) \
			call_end(place, ctx, n_args, false); \
		else if (call_may_have_begun(place, ctx)) \
			call_end_apart(place, ctx, n_args, false); \
		return 0; \
	} \
	extern int entry##__needs_a_semicolon

#endif
