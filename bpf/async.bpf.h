/* SPDX-License-Identifier: MIT */
/* Reads and writes that end on their own: by aio and io_uring, from submission to completion. */
#ifndef ASYNC_BPF_H
#define ASYNC_BPF_H

#include "pair.bpf.h"

/* Spans are found by the address of the request, and tell who submitted it: it may end in any thread or interrupt. */
static __noinline void async_begin(__u64 request, __u32 op)
{
	struct lat_span *span;
	__u64 now;
	bool pass;

	if (!lat_read(lat_state.gate))
		return;
	pass = !lat_config.filter || filter_pass();
	span = pair_find(request);
	if (span) {
		/* The kernel uses the address anew. */
		lat_count(span->op, LAT_LOST_EXIT);
		pair_free(span, request);
	}
	if (!pass || lat_sampled_out()) {
		lat_count(op, pass ? LAT_SAMPLED_OUT : LAT_FILTERED);
		return;
	}
	lat_count(op, LAT_ENTERED);
	now = bpf_ktime_get_ns();
	span = pair_claim(request, op, now);
	if (!span)
		return;
	span->op = op;
	if (lat_config.needs_who)
		span_set_who(span);
	if (lat_config.key_at[LAT_DIM_CGROUP])
		span->cgroup = bpf_get_current_cgroup_id();
	lat_write(span->start_ns, now);
}

/* One whose end nothing shows. */
static __noinline void async_begin_unseen(__u32 op)
{
	bool pass = !lat_config.filter || filter_pass();

	if (!lat_read(lat_state.gate))
		return;
	lat_count(op, pass ? LAT_ENTERED : LAT_FILTERED);
	if (pass)
		lat_count(op, LAT_UNSEEN);
}

static __always_inline void async_record(struct lat_span *span, __s64 result, __u64 file, bool in_interrupt)
{
	struct ending end = { .op = span->op, .bytes = result > 0 ? result : 0, .is_request = true };
	struct lat_extra submitter = { .cgroup = span->cgroup };
	__u64 now = bpf_ktime_get_ns(), ns = now - span->start_ns;
	struct lat_file facts = {};
	bool is_special;

	end.ret = outcome_ret(OUTCOME_BYTES, result);
	end.extra = &submitter;
	is_special = file && file_is_special(file);
	end.is_special = lat_config.splits_files && is_special;
	if (end.ret >= LAT_RET_AGAIN)
		end.error = -(__s32)result;
	if (lat_config.needs_file) {
		file_look_at(&facts, file, in_interrupt);
		end.file = &facts;
	}
	if (lat_config.passes_late && !call_pass_late(end, ns))
		return;
	if (!lat_record(lat_series_of(span, &end), 0, end.op, ns, end.bytes, lat_config.is_plain) ||
	    !is_outlier(&end, ns, is_special))
		return;
	if (!lat_config.needs_file && lat_config.names_files)
		file_look_at(&facts, file, in_interrupt);
	end.named = &facts.key;
	event_send(span, &end, now, ns, 0, no_stacks());
}

/* False when its beginning was not seen. */
static __noinline bool async_end(__u64 request, __s64 result, __u64 file, bool in_interrupt)
{
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return true;
	span = pair_find(request);
	if (!span)
		return false;
	async_record(span, result, file, in_interrupt);
	pair_free(span, request);
	return true;
}

#endif
