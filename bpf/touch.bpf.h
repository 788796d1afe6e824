/* SPDX-License-Identifier: MIT */
/* The file that a call is about, looked at when it begins or ends. */
#ifndef TOUCH_BPF_H
#define TOUCH_BPF_H

#include "place.bpf.h"

/* As a plain number: with what the verifier takes as an address it is strict. */
static __always_inline __u64 call_first_argument(const struct place *place, void *ctx)
{
	__u64 argument = 0;

	if (place->is_kprobe)
		return CTX_REGISTER(ctx, PT_REGS_PARM1);
	bpf_probe_read_kernel(&argument, sizeof(argument), ctx);
	return argument;
}

/* The same, to be kept in a span: from there it comes back as a number. */
static __always_inline __u64 call_first_word(const struct place *place, void *ctx)
{
	return place->is_kprobe ? CTX_REGISTER(ctx, PT_REGS_PARM1) : CTX_WORD(ctx, 0);
}

/*
 * Looks at the file that the first argument names. Arguments are read as plain numbers: with what the verifier takes as
 * an address it is strict.
 */
static __always_inline void call_look_at_file(const struct place *place, void *ctx, struct lat_span *span)
{
	__u64 arguments[4] = {};

	if (place->is_kprobe) {
		arguments[0] = CTX_REGISTER(ctx, PT_REGS_PARM1);
		arguments[3] = CTX_REGISTER(ctx, PT_REGS_PARM4);
	} else {
		bpf_probe_read_kernel(arguments, place->file == FILE_POSITION ? sizeof(arguments) : sizeof(__u64), ctx);
	}
	file_look_at(&span->file, file_of_call(place->file, arguments[0]), false);
	if (place->file != FILE_POSITION || !lat_config.key_at[LAT_DIM_PATTERN])
		return;
	span->arg = arguments[0];
	access_begin(&span->file, arguments[0], arguments[3]);
}

/* Only events ask for the file: mostly there is none, so it is looked at when the call ends, unless it is gone then. */
static __always_inline void call_touch(const struct place *place, void *ctx, struct lat_span *span)
{
	if (place->file == FILE_CLOSED || place->file == FILE_SYSCALL)
		call_look_at_file(place, ctx, span);
	else if (place->file != FILE_UNKNOWN && place->file != FILE_RESULT)
		span->touched = call_first_word(place, ctx);
}

/*
 * Of a call that has no file there still is to say that it has none. Not from where the call is recorded: both would take
 * more of the stack than 5.10 allows, where each function takes a multiple of 32 bytes.
 */
static __noinline void call_file(const struct place *place, struct lat_span *span, __s64 result)
{
	if (!place || !span)
		return;
	if (place->file == FILE_UNKNOWN || place->file == FILE_RESULT)
		file_look_at(&span->file, place->file == FILE_RESULT && (__u64)result < (__u64)-MAX_ERRNO ?
						  (struct file *)result : NULL, false);
	if (place->file == FILE_POSITION && lat_config.key_at[LAT_DIM_PATTERN])
		access_end(span->arg, result);
}

/* Of an outlier, what call_touch() put off. */
static __always_inline void call_look_at_touched(const struct place *place, struct lat_file *file, __u64 touched,
						 __s64 result)
{
	if (place->file == FILE_UNKNOWN)
		file_look_at(file, NULL, false);
	else if (place->file == FILE_RESULT)
		file_look_at(file, (__u64)result < (__u64)-MAX_ERRNO ? (struct file *)result : NULL, false);
	else if (place->file != FILE_CLOSED && place->file != FILE_SYSCALL)
		file_look_at(file, file_of_call(place->file, touched), false);
}

#endif
