/* SPDX-License-Identifier: MIT */
/* Calls of many functions, each measured at every depth: a thread has a span for each that it is in. */
#ifndef NESTED_CALLS_BPF_H
#define NESTED_CALLS_BPF_H

#include "call.bpf.h"

/* Of one stack; together with others' that fall to the same slots. */
#define NEST_MAX_DEPTH 16

/* What a result says of how the call ended; bits 32 and up of a place's cookie, below which is its site. */
enum nest_result { RESULT_NOTHING, RESULT_INT, RESULT_WORD };

static __always_inline __u64 nest_spill_key(__u32 site)
{
	__u32 tid = (__u32)current_pid_tgid();

	return (__u64)site << 32 | (tid ? tid : 1U << 31 | bpf_get_smp_processor_id());
}

/*
 * Stacks grow down, so that a call under way has a higher address than those that it makes. One at a lower or at the
 * same address is over, and its exit was not seen.
 */
static __always_inline bool nest_is_over(const struct lat_span *span, __u64 id, __u64 frame, __u32 site)
{
	return is_same_stack(frame, id) && (id < frame || (id == frame && span->site == site));
}

static __always_inline struct lat_span *nest_spill(const struct hook *hook, __u64 frame, __u32 site)
{
	__u64 key = nest_spill_key(site);
	struct lat_span *span = span_spilled(key);

	if (span && nest_is_over(span, span->id, frame, site)) {
		lat_count(hook->op, LAT_LOST_EXIT);
		lat_write(span->id, frame);
		return span;
	}
	span = span ? NULL : span_spill(key);
	if (span)
		lat_write(span->id, frame);
	else
		lat_count(hook->op, LAT_LOST_SPAN);
	return span;
}

static __always_inline struct lat_span *nest_claim(const struct hook *hook, __u64 frame, __u32 site)
{
	struct lat_span *span;
	__u32 depth;
	__u64 id;

	for (depth = 0; depth < NEST_MAX_DEPTH; depth++) {
		span = call_slot(frame, depth);
		id = lat_read(span->id);
		if (id && nest_is_over(span, id, frame, site)) {
			lat_count(hook->op, LAT_LOST_EXIT);
			lat_write(span->id, frame);
			return span;
		}
		if (!id && span_claim(span, frame))
			return span;
	}
	return nest_spill(hook, frame, site);
}

/* The call's span; NULL when its entry was not seen. */
static __always_inline struct lat_span *nest_find(const struct hook *hook, __u64 frame, __u32 site)
{
	struct lat_span *span;
	__u32 depth;

	for (depth = 0; depth < NEST_MAX_DEPTH; depth++) {
		span = call_slot(frame, depth);
		if (is_same_frame(frame, span->id, hook->is_kprobe) && span->site == site)
			return span;
	}
	span = span_spilled(nest_spill_key(site));
	return span && is_same_frame(frame, span->id, hook->is_kprobe) ? span : NULL;
}

static __always_inline void nest_free(struct lat_span *span, __u32 site)
{
	if (span->claims)
		span_free(span);
	else
		span_unspill(nest_spill_key(site));
}

static __always_inline void nest_begin(const struct hook *hook, void *ctx, __u32 site, __u64 arg)
{
	__u64 frame = call_frame(hook, ctx);
	struct lat_span *span;
	bool pass = !lat_config.filter || filter_pass();

	if (!lat_read(lat_state.gate))
		return;
	if (!pass || lat_sampled_out()) {
		lat_count(hook->op, pass ? LAT_SAMPLED_OUT : LAT_FILTERED);
		/* Its exit must find nothing. */
		span = nest_find(hook, frame, site);
		if (span) {
			lat_count(hook->op, LAT_LOST_EXIT);
			nest_free(span, site);
		}
		return;
	}
	lat_count(hook->op, LAT_ENTERED);
	span = nest_claim(hook, frame, site);
	if (!span)
		return;
	span->op = hook->op;
	span->site = site;
	if (lat_config.key_at[LAT_DIM_ARG])
		span->arg = arg;
	lat_write(span->start_ns, bpf_ktime_get_ns());
}

static __always_inline void nest_end(const struct hook *hook, void *ctx, __u32 site, enum nest_result kind,
				     __s64 result)
{
	struct lat_span *span = nest_find(hook, call_frame(hook, ctx), site);

	if (!lat_read(lat_state.gate))
		return;
	if (!span) {
		if (!lat_config.has_filter)
			lat_count(hook->op, LAT_UNMATCHED);
		return;
	}
	if (kind == RESULT_NOTHING)
		result = 0;
	if (kind == RESULT_INT)
		result = (__s32)result;
	if (outcome_pass(result)) {
		call_record(hook, span, result, bpf_ktime_get_ns(), false, lat_config.stacks ? ctx : NULL);
	} else {
		lat_count_filtered_late(hook->op);
	}
	nest_free(span, site);
}

#endif
