/* SPDX-License-Identifier: MIT */
/* Calls of kernel functions, begun and ended. */
#ifndef CALL_BPF_H
#define CALL_BPF_H

#include "record.bpf.h"
#include "call_file.bpf.h"

static __always_inline bool call_is_skipped(const struct lat_span *span)
{
	return lat_config.sample_below && span->skip;
}

/* One that is skipped was not counted as entered. */
static __always_inline void call_count_lost(const struct lat_span *span, __u32 op)
{
	if (!call_is_skipped(span))
		lat_count(op, LAT_LOST_EXIT);
}

/*
 * This thread has begun such an operation already. Either this call is nested in that one: deeper on the same stack,
 * or at the same place, when another function jumped to this one as its last act. Or that one's exit was never seen;
 * since kernels choose each system call's place on the stack at random, its depth alone does not tell.
 */
static __always_inline struct lat_span *call_begin_again(const struct hook *hook, struct lat_span *span, __u64 frame)
{
	if (hook->nesting == NESTS && is_same_stack(frame, span->id) &&
	    (frame < span->id || (frame == span->id && hook->number != span->hook)) && is_under_way(span)) {
		lat_count(hook->op, LAT_NESTED);
		return NULL;
	}
	call_count_lost(span, hook->op);
	lat_write(span->id, frame);
	return span;
}

/* Where the slot of the table is not simply free. NULL when there is nothing to begin. */
static __noinline struct lat_span *call_begin_slowly(const struct hook *hook, struct lat_span *slot, __u64 frame)
{
	__u64 key = call_spill_key(hook->op);
	struct lat_span *span;

	if (slot->id && is_same_stack(frame, slot->id))
		return call_begin_again(hook, slot, frame);
	span = span_spilled(key);
	if (span && is_same_stack(frame, span->id))
		return call_begin_again(hook, span, frame);
	if (span) {
		/* Of a thread that had the same number. */
		call_count_lost(span, hook->op);
		call_unspill(span, key, hook->op);
	}
	if (span_claim_beside(slot, frame, lat_read(slot->claims) & ~(LAT_CLAIM_SPILLED - 1)))
		return slot;
	span = call_spill(slot, key, frame);
	if (!span)
		lat_count(hook->op, LAT_LOST_SPAN);
	return span;
}

/* The same thread under another name, or the next one on its stack: the exit of its filtered call must find nothing. */
static __noinline void call_drop(struct lat_span *slot, __u64 frame, __u32 op)
{
	__u64 key = call_spill_key(op);
	struct lat_span *span;

	if (!slot)
		return;
	if (slot->id && is_same_stack(frame, slot->id)) {
		call_count_lost(slot, op);
		span_free(slot);
		return;
	}
	span = span_spilled(key);
	if (!span || !is_same_stack(frame, span->id))
		return;
	call_count_lost(span, op);
	call_unspill(span, key, op);
}

static __always_inline bool call_pass_socket(const struct hook *hook, void *ctx)
{
	return !hook->has_socket || !lat_config.filter_socket || socket_pass(call_first_argument(hook, ctx));
}

/* A call that is not measured, by COUNT. */
static __always_inline void call_left_out(const struct hook *hook, void *ctx, enum lat_count count)
{
	__u32 shard = lat_shard();
	__u64 frame = call_frame(hook, ctx);

	if (!lat_read(lat_state.gate))
		return;
	lat_count_in(shard, hook->op, count);
	if (call_claims(frame, hook->op))
		call_drop(call_slot(frame, hook->op), frame, hook->op);
}

static __always_inline void call_filtered(const struct hook *hook, void *ctx)
{
	call_left_out(hook, ctx, LAT_FILTERED);
}

/*
 * The span, or NULL when there is nothing to measure or no room. A call that may have others of its operation inside is
 * begun even when it is left out by sampling: those inside are parts of it, and none on their own. PASSES_ALL is for when
 * lat_config.filter is LAT_FILTER_NONE: then there is nothing to ask but whether there is room.
 */
static __always_inline struct lat_span *call_begin(const struct hook *hook, void *ctx, bool passes_all)
{
	__u64 frame = call_frame(hook, ctx);
	struct lat_span *span = call_slot(frame, hook->op);
	bool skip = false;

	if (!lat_read(lat_state.gate))
		return NULL;
	if (!passes_all && lat_sampled_out()) {
		if (hook->nesting == NEVER_NESTS) {
			call_left_out(hook, ctx, LAT_SAMPLED_OUT);
			return NULL;
		}
		skip = true;
	}
	if (!skip)
		lat_count(hook->op, LAT_ENTERED);
	if (!span_claim(span, frame)) {
		span = call_begin_slowly(hook, span, frame);
		if (!span) {
			if (skip)
				lat_count(hook->op, LAT_ENTERED); /* it was counted as something else than sampled out */
			return NULL;
		}
	}
	if (skip)
		lat_count(hook->op, LAT_SAMPLED_OUT);
	if (!passes_all && lat_config.sample_below)
		span->skip = skip;
	span->op = hook->op;
	span->hook = hook->number;
	if (hook->outcome == OUTCOME_COPIED)
		span->bytes = call_second_argument(hook, ctx);
	if (hook->nesting == NESTS)
		span->mark = call_mark(hook, ctx);
	if (hook->has_socket)
		span->socket = call_first_word(hook, ctx);
	if (!passes_all && !skip && hook->file != FILE_UNKNOWN && hook->file != FILE_RESULT && lat_config.needs_file)
		call_look_at_file(hook, ctx, span);
	else
		call_touch(hook, ctx, span);
	lat_write(span->start_ns, bpf_ktime_get_ns());
	return span;
}

/* False for almost all calls that were filtered out. */
static __always_inline bool call_may_have_begun(const struct hook *hook, void *ctx)
{
	return call_claims(call_frame(hook, ctx), hook->op);
}

static __always_inline struct ending call_ending(const struct hook *hook, const struct lat_span *span, __s64 *result)
{
	const bool has_bytes = hook->outcome == OUTCOME_BYTES || hook->outcome == OUTCOME_INT_BYTES;
	struct ending end = { .op = hook->op, .bytes = has_bytes && *result > 0 ? *result : 0 };

	if (hook->outcome == OUTCOME_COPIED)
		*result = (__s32)span->bytes;
	end.ret = outcome_ret(hook->outcome, *result);
	if (hook->has_site)
		end.site = span->site;
	return end;
}

/* Whether filters that need a call's end let it through; else it is counted as filtered. */
static __always_inline bool call_pass_late(const struct ending *end, __u64 ns)
{
	if (filter_pass_time(ns) && file_pass(end->file))
		return true;
	lat_count_filtered_late(end->op);
	return false;
}

static __noinline void call_send(struct lat_span *span, const struct ending *end, __u64 end_ns, void *stack_ctx)
{
	if (!lat_config.key_has_who)
		span_set_who(span);
	event_send(span, end, end_ns, end_ns - span->start_ns, LAT_NO_SECTOR,
		   stack_ctx ? stacks_take(stack_ctx) : no_stacks());
}

/* Apart, as its key would take space on the stack also while an outlier is sent: see call_file(). */
static __noinline __u32 call_series(const struct lat_span *span, const struct ending *end)
{
	return span && end ? series_of_key(span, end) : 0;
}

/*
 * All that is asked of a call beyond its time and outcome; one for all places, as each would be long. STACK_CTX is NULL
 * where no stacks are taken; else the program's context.
 */
static __noinline void call_record_more(const struct hook *hook, struct lat_span *span, __s64 result, __u64 end_ns,
					void *stack_ctx)
{
	struct ending end = call_ending(hook, span, &result);
	__u64 ns = end_ns - span->start_ns;
	union lat_touched touched = {};
	bool is_special, has_event;
	__u32 series;

	if (call_is_skipped(span))
		return;
	if (lat_config.needs_file || lat_config.names_files)
		touched = span->touched; /* who it was takes its place */
	if (lat_config.needs_file)
		end.file = &touched.file;
	is_special = lat_config.needs_file ? type_is_special(touched.file.type) : hook->file != FILE_UNKNOWN && span->is_special;
	end.is_special = lat_config.splits_files && is_special;
	if (lat_config.passes_late && !call_pass_late(&end, ns)) {
		if (lat_config.needs_file && touched.file.is_new)
			bpf_map_delete_elem(&lat_paths, &touched.file.key);
		return;
	}
	if (end.ret >= LAT_RET_AGAIN)
		end.error = -(__s32)result;
	if (hook->has_socket && lat_config.needs_socket)
		end.socket = span->socket;
	if (lat_config.key_has_who)
		span_set_who(span);
	series = lat_config.is_direct ? lat_direct_series(&end) : call_series(span, &end);
	if (!lat_record(series, 0, hook->op, ns, end.bytes, false))
		return;
	has_event = is_outlier(&end, ns, is_special);
	if (lat_config.keeps_paths && (has_event || lat_config.key_at[LAT_DIM_FILE]) &&
	    call_name_file(hook, span, &touched, result))
		end.named = &touched.file.key;
	if (!has_event)
		return;
	call_send(span, &end, end_ns, stack_ctx);
}

/* IS_SPECIAL is call_is_special(). */
static __always_inline void call_record(const struct hook *hook, struct lat_span *span, __s64 result, __u64 end_ns,
					bool is_special, void *stack_ctx)
{
	__u64 ns = end_ns - span->start_ns;
	struct ending end;

	if (ns >= lat_config.notable_ns) {
		if (hook->file != FILE_UNKNOWN)
			span->is_special = is_special;
		if (lat_config.needs_file && !call_is_skipped(span))
			call_file(hook, span, result);
		call_record_more(hook, span, result, end_ns, stack_ctx);
		return;
	}
	end = call_ending(hook, span, &result);
	end.is_special = is_special;
	lat_add_time(lat_direct_series(&end), ns, end.bytes, true); /* calls have one bank */
}

/* Where the slot of the table is not that of the call. */
static __noinline void call_end_slowly(const struct hook *hook, struct lat_span *slot, __u64 frame, __s64 result,
					    void *stack_ctx)
{
	__u64 end_ns, key;
	struct lat_span *span;

	if (slot->id && is_same_stack(frame, slot->id))
		return; /* the exit of a nested call, or of one whose entry was not seen */
	if (lat_read(slot->claims) < LAT_CLAIM_SPILLED) {
		if (!lat_config.has_filter && lat_read(lat_state.gate))
			lat_count(hook->op, LAT_UNMATCHED);
		return;
	}
	end_ns = bpf_ktime_get_ns();
	key = call_spill_key(hook->op);
	span = span_spilled(key);
	if (!lat_read(lat_state.gate))
		return;
	if (!span && !lat_config.has_filter)
		lat_count(hook->op, LAT_UNMATCHED);
	if (!span || !is_same_frame(frame, span->id, hook->is_kprobe) || span->hook != hook->number)
		return;
	call_record(hook, span, result, end_ns, call_is_special(hook, NULL, span, result), stack_ctx);
	call_unspill(span, key, hook->op);
}

static __always_inline __s64 call_result(const struct hook *hook, void *ctx, const volatile __u8 *n_args)
{
	__s64 result;

	if (hook->outcome == OUTCOME_COPIED)
		return 0;
	result = hook->is_kprobe ? CTX_REGISTER(ctx, PT_REGS_RC) : fexit_result(ctx, *n_args);
	if (hook->outcome == OUTCOME_INT_BYTES) {
		barrier_var(result); /* or the compiler does so before it asks, and pointers may not be shifted */
		result = (__s32)result;
	}
	return result;
}

/* CTX is as for call_is_special(). */
static __always_inline void call_end_with(const struct hook *hook, void *ctx, __u64 frame, __s64 result, void *stack_ctx)
{
	struct lat_span *span = call_slot(frame, hook->op);

	if (!is_same_frame(frame, span->id, hook->is_kprobe) || span->hook != hook->number) {
		call_end_slowly(hook, span, frame, result, stack_ctx);
		return;
	}
	if (!lat_read(lat_state.gate))
		return;
	call_record(hook, span, result, bpf_ktime_get_ns(), call_is_special(hook, ctx, span, result), stack_ctx);
	span_free(span);
}

/* N_ARGS is for fexit: the function's number of arguments. */
static __always_inline void call_end(const struct hook *hook, void *original_ctx, const volatile __u8 *n_args,
				     bool has_stacks)
{
	void *ctx = ctx_copy(original_ctx);
	__s64 result = call_result(hook, ctx, n_args);

	call_end_with(hook, ctx, call_frame(hook, ctx), result, has_stacks ? original_ctx : NULL);
}

/*
 * What begins or ends a call that passed a filter is a function of its own: the JIT saves the registers that a function
 * uses where it begins, and a call that is filtered out needs nearly none. So is what takes stacks, or the context would
 * be kept in a register without need.
 */
static __noinline struct lat_span *call_begin_apart(const struct hook *hook, void *ctx)
{
	return call_begin(hook, ctx, false);
}

static __noinline void call_end_apart(const struct hook *hook, void *ctx, const volatile __u8 *n_args, bool has_stacks)
{
	call_end(hook, ctx, n_args, has_stacks);
}

/* The programs: where calls are entered; as call_begin. */
static __always_inline struct lat_span *call_enter(const struct hook *hook, void *ctx)
{
	enum lat_filter filter = lat_config.filter;

	if (filter == LAT_FILTER_NONE)
		return call_begin(hook, ctx, true);
	if (filter == LAT_FILTER_PID ? filter_pass_pid() : filter_pass() && call_pass_socket(hook, ctx))
		return call_begin_apart(hook, ctx);
	call_filtered(hook, ctx);
	return NULL;
}

/* And where they are left; as call_end. */
static __always_inline void call_leave(const struct hook *hook, void *ctx, const volatile __u8 *n_args)
{
	enum lat_filter filter = lat_config.filter;

	if (filter == LAT_FILTER_NONE && !lat_config.stacks)
		call_end(hook, ctx, n_args, false);
	else if (filter == LAT_FILTER_NONE || call_may_have_begun(hook, ctx))
		call_end_apart(hook, ctx, n_args, lat_config.stacks);
}

#endif
