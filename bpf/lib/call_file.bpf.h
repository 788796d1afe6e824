/* SPDX-License-Identifier: MIT */
/* The file that a call is about, looked at when it begins or ends. */
#ifndef CALL_FILE_BPF_H
#define CALL_FILE_BPF_H

#include "hook.bpf.h"

/* As a plain number: with what the verifier takes as an address it is strict. */
static __always_inline __u64 call_first_argument(const struct hook *hook, void *ctx)
{
	__u64 argument = 0;

	if (hook->is_kprobe)
		return CTX_REGISTER(ctx, PT_REGS_PARM1);
	bpf_probe_read_kernel(&argument, sizeof(argument), ctx);
	return argument;
}

/* The same, to be kept in a span: from there it comes back as a number. */
static __always_inline __u64 call_first_word(const struct hook *hook, void *ctx)
{
	return hook->is_kprobe ? CTX_REGISTER(ctx, PT_REGS_PARM1) : CTX_WORD(ctx, 0);
}

static __always_inline bool is_closing(const struct hook *hook)
{
	return hook->file == FILE_CLOSED || hook->file == FILE_SYSCALL;
}

/* Whether the path waits for the call's end; else when that comes, its file is gone, or nothing is left that names it. */
static __always_inline bool call_keeps_path_late(const struct hook *hook)
{
	return PATHS_LATE && !is_closing(hook) && (hook->nesting == NEVER_NESTS || hook->file == FILE_RESULT);
}

/*
 * Looks at the file that the first argument names. Arguments are read as plain numbers: with what the verifier takes as
 * an address it is strict.
 */
static __always_inline void call_look_at_file(const struct hook *hook, void *ctx, struct lat_span *span)
{
	__u64 arguments[4] = {};

	if (hook->is_kprobe) {
		arguments[0] = CTX_REGISTER(ctx, PT_REGS_PARM1);
		arguments[3] = CTX_REGISTER(ctx, PT_REGS_PARM4);
	} else {
		bpf_probe_read_kernel(arguments, hook->file == FILE_POSITION ? sizeof(arguments) : sizeof(__u64), ctx);
	}
	file_look_at(&span->touched.file, file_of_call(hook->file, arguments[0]), !call_keeps_path_late(hook), false);
	if (hook->nesting == NEVER_NESTS)
		span->arg = arguments[0];
	if (hook->file == FILE_POSITION && lat_config.key_at[LAT_DIM_PATTERN])
		file_access(&span->touched.file, arguments[0], arguments[3]);
}

/* Of what is being closed all is looked at now: when the call ends it is gone. */
static __noinline void call_keep_closing(struct lat_span *span, __u64 file)
{
	if (!span)
		return;
	span->is_special = file && file_is_special(file);
	if (lat_config.names_files)
		location_read(&span->touched.location, file);
}

/* What is kept of the file while no more is asked of it than its kind and, by events, its name. */
static __always_inline void call_touch(const struct hook *hook, void *ctx, struct lat_span *span)
{
	if (is_closing(hook))
		call_keep_closing(span, file_of_call(hook->file, call_first_argument(hook, ctx)));
	else if (hook->file != FILE_UNKNOWN && hook->file != FILE_RESULT)
		span->touched.argument = call_first_word(hook, ctx);
}

static __always_inline bool is_file(__s64 result)
{
	return (__u64)result < (__u64)-MAX_ERRNO;
}

/*
 * As the call ends: whether it was of a file that is known and is not a regular one. CTX is that of a program whose first
 * argument is the file itself, as the verifier knows, or NULL.
 */
static __always_inline bool call_is_special(const struct hook *hook, void *ctx, const struct lat_span *span,
					    __s64 result)
{
	struct inode *inode;
	__u64 file;

	if (hook->file == FILE_UNKNOWN)
		return false;
	if (is_closing(hook))
		return span->is_special;
	if (hook->file == FILE_RESULT)
		return is_file(result) && file_is_special(result);
	if (hook->file == FILE_POSITION && !hook->is_kprobe && ctx) {
		inode = ((struct file *)CTX_WORD(ctx, 0))->f_inode;
		return IS_SPECIAL(inode->i_mode, inode->i_flags);
	}
	if (hook->file == FILE_POSITION)
		return file_is_special(span->touched.argument);
	file = file_of_call(hook->file, span->touched.argument);
	return file && file_is_special(file);
}

/*
 * Of a call that has no file there still is to say that it has none. Not from where the call is recorded: both would take
 * more of the stack than 5.10 allows, where each function takes a multiple of 32 bytes.
 */
static __noinline void call_file(const struct hook *hook, struct lat_span *span, __s64 result)
{
	if (!hook || !span)
		return;
	if (hook->file == FILE_UNKNOWN || hook->file == FILE_RESULT)
		file_look_at(&span->touched.file, hook->file == FILE_RESULT && is_file(result) ? result : 0,
			     !call_keeps_path_late(hook), false);
	if (hook->file == FILE_POSITION && lat_config.key_at[LAT_DIM_PATTERN])
		access_advance(span->arg, result);
}

/* Which file an outlier was of: TOUCHED becomes its location. False: of none. */
static __noinline bool call_locate(const struct hook *hook, union lat_touched *touched, __s64 result)
{
	__u64 file = 0, inode;

	if (!hook || !touched || hook->file == FILE_UNKNOWN)
		return false;
	if (!is_closing(hook)) {
		if (hook->file == FILE_RESULT)
			file = is_file(result) ? result : 0;
		else
			file = file_of_call(hook->file, touched->argument);
		if (!file)
			return false;
		location_read(&touched->location, file);
	}
	/* What was closed is gone, and something else may be in its place. */
	inode = (__u64)KERNEL_READ(struct dentry, touched->location.dentry, d_inode);
	if (!inode)
		path_remember(&touched->location, LAT_FTYPE_NONE);
	else if (KERNEL_READ(struct inode, inode, i_ino) == touched->location.key.inode)
		path_remember(&touched->location, inode_type(inode));
	return true;
}

/* Whether TOUCHED says which file it was, and its path is remembered. The call has ended, and is one that is shown. */
static __always_inline bool call_name_file(const struct hook *hook, const struct lat_span *span,
					   union lat_touched *touched, __s64 result)
{
	if (lat_config.needs_file && !call_keeps_path_late(hook))
		return true;
	if (lat_config.needs_file)
		touched->argument = span->arg;
	return call_locate(hook, touched, result);
}

#endif
