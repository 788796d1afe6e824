/* SPDX-License-Identifier: MIT */
/* Reads and writes that end on their own: by aio and io_uring, from submission to completion. */
#ifndef ASYNC_BPF_H
#define ASYNC_BPF_H

#include "keyed_spans.bpf.h"

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
	span->skip = 0; /* as a call that was sampled out may have left it */
	span_set_submitter(span);
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

/* Apart, as what it takes of the stack would be there while files are looked at. */
static __noinline void async_send(const struct lat_span *span, const struct ending *end, __u64 now, __u64 ns)
{
	if (span && end)
		event_send(span, end, now, ns, LAT_NO_SECTOR, no_stacks());
}

static __always_inline void async_record(struct lat_span *span, __s64 result, __u64 file, bool in_interrupt)
{
	struct ending end = { .op = span->op, .bytes = result > 0 ? result : 0, .is_request = true };
	struct lat_extra submitter = { .cgroup = span->cgroup };
	__u64 now = bpf_ktime_get_ns(), ns = now - span->start_ns;
	struct lat_file facts = {};
	bool is_special, has_event;
	__u32 series;

	end.ret = outcome_ret(OUTCOME_BYTES, result);
	end.extra = &submitter;
	is_special = file && file_is_special(file);
	end.is_special = lat_config.splits_files && is_special;
	if (end.ret >= LAT_RET_AGAIN)
		end.error = -(__s32)result;
	if (lat_config.needs_file) {
		file_look_at(&facts, file, !PATHS_LATE, in_interrupt);
		end.file = &facts;
	}
	if (lat_config.passes_late && !call_pass_late(&end, ns))
		return;
	series = lat_config.is_direct ? lat_direct_series(&end) : call_series(span, &end);
	if (!lat_record(series, 0, end.op, ns, end.bytes, lat_config.is_plain))
		return;
	has_event = is_outlier(&end, ns, is_special);
	if (PATHS_LATE && lat_config.keeps_paths && (has_event || lat_config.key_at[LAT_DIM_FILE]))
		file_look_at(&facts, file, true, in_interrupt);
	if (!has_event)
		return;
	end.named = &facts.key;
	async_send(span, &end, now, ns);
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
