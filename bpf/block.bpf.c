/* SPDX-License-Identifier: MIT */
/* Target block: requests to block devices, from being queued over being issued to their final completion. */
#include "lib/access_pattern.bpf.h"
#include "lib/disk.bpf.h"
#include "lib/record.bpf.h"

/* Of requests that are remembered; only where lat_config.needs_extra. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct lat_extra);
} lat_extras SEC(".maps");

/* The first tracepoint argument is the request queue in 5.10.0 to 5.10.136 (gone with a54895fa). */
static __always_inline struct request *tracepoint_request(__u64 *ctx)
{
	__u64 rq;

	if (lat_config.rq_arg) {
		rq = ctx[1];
		barrier_var(rq);
	} else {
		rq = ctx[0];
		barrier_var(rq);
	}
	return (struct request *)rq;
}

/* Requests lie at fixed distances: multiplying by the golden ratio spreads them over the table. */
static __always_inline __u32 request_index(struct request *rq)
{
	return lower_half((__u64)rq) * 0x9E3779B1 >> 16;
}

static __always_inline struct lat_span *request_find(struct request *rq)
{
	struct lat_span *span = span_slot(request_index(rq));

	return span->id == (__u64)rq ? span : span_spilled((__u64)rq);
}

#define ENOMEM 12

static __always_inline struct lat_stack_ids lost_stacks(void)
{
	return (struct lat_stack_ids){ .kernel = -ENOMEM, .user = -ENOMEM };
}

/* Of their own, so that where they are not called nothing of them is left. */
static __noinline const struct lat_extra *extra_find(__u64 rq)
{
	return bpf_map_lookup_elem(&lat_extras, &rq);
}

static __noinline void extra_drop(__u64 rq)
{
	bpf_map_delete_elem(&lat_extras, &rq);
}

/* As the device comes to see it: before, requests grow as others are merged into them. */
static __noinline void request_access(struct request *rq, __u32 device)
{
	__u64 key = (__u64)rq, sector = rq->__sector;
	enum lat_pattern pattern = access_begin(device, sector, sector + (rq->__data_len >> SECTOR_BITS));
	struct lat_extra *extra = bpf_map_lookup_elem(&lat_extras, &key);

	/* There is none of what is filtered out, which moves the disk all the same. */
	if (extra && extra->pattern == LAT_PATTERN_NONE)
		extra->pattern = pattern;
}

static __always_inline void request_forget(struct lat_span *span, struct request *rq)
{
	if (lat_config.needs_extra)
		extra_drop((__u64)rq);
	if (span->claims)
		span_free(span);
	else
		span_unspill((__u64)rq);
}

static __always_inline enum block_op request_op(struct request *rq)
{
	return block_op(rq->cmd_flags, rq->__data_len);
}

#define DISK_NAME_LEN 32 /* include/linux/genhd.h */

/* Of a path of NVMe multipath, "nvme0c1n2", its own number, by which its name can be told; of other disks DEVICE. */
static __noinline __u32 path_device(struct gendisk *disk, __u32 device)
{
	char name[DISK_NAME_LEN] = "";
	__u32 numbers[3] = {}, n = 0, i;

	bpf_probe_read_kernel(name, sizeof(name), &disk->disk_name);
	if (name[0] != 'n' || name[1] != 'v' || name[2] != 'm' || name[3] != 'e')
		return device;
	for (i = 4; i < DISK_NAME_LEN && name[i] && n < 3; i++) {
		if (name[i] >= '0' && name[i] <= '9')
			numbers[n] = numbers[n] * 10 + (name[i] - '0');
		else
			n++;
	}
	return n == 2 ? lat_hidden_device(numbers[0], numbers[1], numbers[2]) : device;
}

static __always_inline __u32 request_device(struct request *rq)
{
	struct gendisk *disk = request_disk(rq);
	__u32 device = disk_device(disk);

	return lat_config.has_paths ? path_device(disk, device) : device;
}

/* What completes it knows nothing of who submitted it. */
static __always_inline void extra_keep(struct request *rq, void *ctx)
{
	struct lat_extra extra = { .stacks = no_stacks(), .sector = rq->__sector };
	__u64 key = (__u64)rq;

	if (lat_config.key_at[LAT_DIM_CGROUP])
		extra.cgroup = bpf_get_current_cgroup_id();
	if (lat_config.key_at[LAT_DIM_FLAGS])
		extra.flags = block_flags(rq->cmd_flags);
	if (lat_config.stacks)
		extra.stacks = stacks_take(ctx);
	bpf_map_update_elem(&lat_extras, &key, &extra, BPF_ANY);
}

/*
 * A new span, queued; NULL when it is not to be measured or there is no room. EXTRA_CTX is the program's context where
 * more is to be remembered than the span, else NULL.
 */
static __always_inline struct lat_span *request_begin(struct request *rq, __u64 now, bool is_issue, void *extra_ctx)
{
	struct lat_span *span = span_slot(request_index(rq));
	__u32 device = request_device(rq);
	enum block_op op = request_op(rq);
	enum lat_count count = LAT_ENTERED;

	if (lat_config.device &&
	    ((device & lat_config.device_mask) == lat_config.device) == filter_negates(LAT_NOT_DEVICE)) {
		/* Without a span this comes again when the request is issued, unless block_io_start began it. */
		if (is_issue || lat_config.io_start)
			lat_count(op, LAT_FILTERED);
		return NULL;
	}
	if (lat_config.has_filter)
		count = lat_config.op_mask & 1 << op && filter_pass() ? LAT_ENTERED : LAT_FILTERED;
	if (count == LAT_ENTERED && lat_sampled_out())
		count = LAT_SAMPLED_OUT;
	lat_count(op, count);
	if (!span_claim(span, (__u64)rq)) {
		span = span_spill((__u64)rq);
		if (!span) {
			if (count == LAT_ENTERED)
				lat_count(op, LAT_LOST_SPAN);
			return NULL;
		}
		lat_write(span->id, (__u64)rq);
	}
	span->skip = count != LAT_ENTERED;
	span->op = op;
	span->start_ns = now;
	span->issue_ns = 0;
	span->bytes = rq->__data_len;
	span->device = device;
	if (lat_config.needs_who)
		span_set_who(span);
	if (extra_ctx && count == LAT_ENTERED)
		extra_keep(rq, extra_ctx);
	return span;
}

static __always_inline void request_queued(struct request *rq, void *extra_ctx)
{
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return;
	span = request_find(rq);
	if (span) {
		if (!lat_config.io_start)
			return; /* inserted once more, after a requeue */
		/* The request was freed without completing, and is somebody else's now. */
		if (!span->skip)
			lat_count(span->op, LAT_LOST_EXIT);
		request_forget(span, rq);
	}
	request_begin(rq, bpf_ktime_get_ns(), false, extra_ctx);
}

/* Of their own, or the context would be kept in a register where it is not needed. */
static __noinline void request_queued_extra(__u64 *ctx)
{
	request_queued(tracepoint_request(ctx), ctx);
}

SEC("tp_btf/block_io_start")
int block_io_start(__u64 *ctx)
{
	if (lat_config.needs_extra)
		request_queued_extra(ctx);
	else
		request_queued(tracepoint_request(ctx), NULL);
	return 0;
}

/* Where there is no block_io_start; requests that bypass the scheduler come without. */
SEC("tp_btf/block_rq_insert")
int block_rq_insert(__u64 *ctx)
{
	if (lat_config.io_start)
		return 0;
	if (lat_config.needs_extra)
		request_queued_extra(ctx);
	else
		request_queued(tracepoint_request(ctx), NULL);
	return 0;
}

static __always_inline int request_issue(__u64 *ctx, void *extra_ctx)
{
	struct request *rq = tracepoint_request(ctx);
	struct lat_span *span;
	__u64 now;

	if (!lat_read(lat_state.gate))
		return 0;
	now = bpf_ktime_get_ns();
	span = request_find(rq);
	/* block_io_start comes for all but the flush machinery's own requests. */
	if (!span && (!lat_config.io_start || request_op(rq) == BLOCK_FLUSH))
		span = request_begin(rq, now, true, extra_ctx);
	if (!span)
		return 0;
	span->issue_ns = now;
	span->bytes = rq->__data_len; /* with what was merged into it since */
	if (extra_ctx && lat_config.key_at[LAT_DIM_PATTERN] && (span->op == BLOCK_READ || span->op == BLOCK_WRITE))
		request_access(rq, span->device);
	return 0;
}

static __noinline int request_issue_extra(__u64 *ctx)
{
	return request_issue(ctx, ctx);
}

SEC("tp_btf/block_rq_issue")
int block_rq_issue(__u64 *ctx)
{
	return lat_config.needs_extra ? request_issue_extra(ctx) : request_issue(ctx, NULL);
}

SEC("tp_btf/block_rq_requeue")
int block_rq_requeue(__u64 *ctx)
{
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return 0;
	span = request_find(tracepoint_request(ctx));
	if (!span)
		return 0;
	span->issue_ns = 0;
	if (!span->skip)
		lat_count(span->op, LAT_REQUEUED);
	return 0;
}

/* This request's work is another's now. */
SEC("tp_btf/block_rq_merge")
int block_rq_merge(__u64 *ctx)
{
	struct request *rq = tracepoint_request(ctx);
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return 0;
	span = request_find(rq);
	if (!span)
		return 0;
	if (!span->skip)
		lat_count(span->op, LAT_MERGED);
	request_forget(span, rq);
	return 0;
}

/* All that is asked of a request beyond its times and its outcome. */
static __always_inline void request_record_more(const struct lat_span *span, struct request *rq, __u64 now, bool is_error)
{
	const struct lat_extra *extra = lat_config.needs_extra ? extra_find((__u64)rq) : NULL;
	const struct ending end = {
		.op = span->op, .ret = is_error ? LAT_RET_ERROR : LAT_RET_OK, .bytes = span->bytes,
		.is_request = true, .extra = extra,
	};
	__u64 ns = now - span->issue_ns;
	bool is_recorded;
	__u32 series;

	if (!filter_pass_time(ns)) {
		lat_count_filtered_late(span->op);
		return;
	}
	series = lat_series_of(span, &end);
	is_recorded = lat_record(series, 0, span->op, ns, span->bytes, false);
	/* The queue phase of an operation is BLOCK_N_TYPES behind its device phase, the total twice that. */
	lat_record(series, 1, span->op + BLOCK_N_TYPES, span->issue_ns - span->start_ns, span->bytes, false);
	if (lat_config.n_banks > 2)
		lat_record(series, 2, span->op + 2 * BLOCK_N_TYPES, now - span->start_ns, span->bytes, false);
	if (is_recorded && is_outlier(&end, ns, false))
		event_send(span, &end, now, ns, rq->__sector, extra ? extra->stacks : lost_stacks());
}

static __always_inline void request_record(const struct lat_span *span, struct request *rq, __u64 now, bool is_error)
{
	const struct ending end = { .op = span->op, .ret = is_error ? LAT_RET_ERROR : LAT_RET_OK };
	__u64 ns = now - span->issue_ns;

	if (ns >= lat_config.notable_ns) {
		request_record_more(span, rq, now, is_error);
		return;
	}
	lat_add_time(lat_direct_series(&end) * lat_config.n_banks, ns, span->bytes, true);
	lat_record(lat_direct_series(&end), 1, span->op + BLOCK_N_TYPES, span->issue_ns - span->start_ns, span->bytes, true);
}

/* "Some portion" of the request is done (block/blk-mq.c); the last portion is all that is left of it. */
SEC("tp_btf/block_rq_complete")
int block_rq_complete(__u64 *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return 0;
	if ((__u32)ctx[2] < rq->__data_len)
		return 0;
	span = request_find(rq);
	if (!span) {
		/* The kernel completes a flush twice. */
		if (!lat_config.has_filter && rq->__data_len)
			lat_count(request_op(rq), LAT_UNMATCHED);
		return 0;
	}
	if (!span->skip && !span->issue_ns)
		lat_count(span->op, LAT_UNISSUED);
	else if (!span->skip)
		/* An errno in 5.10, a status byte since: 0 is success in both. */
		request_record(span, rq, bpf_ktime_get_ns(), (__u8)ctx[1]);
	request_forget(span, rq);
	return 0;
}
