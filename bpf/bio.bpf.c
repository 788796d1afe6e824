/* SPDX-License-Identifier: MIT */
/* Target bio: what is submitted to block devices that have no requests, from submission to completion. */
#include "lib/disk.bpf.h"
#include "lib/core_read.bpf.h"
#include "lib/keyed_spans.bpf.h"

/* The last argument of both tracepoints; behind the request queue until 5.10 in one, and still in the other. */
static __always_inline struct bio *tracepoint_bio(__u64 *ctx, bool is_second)
{
	return (struct bio *)(is_second ? CTX_WORD(ctx, 1) : CTX_WORD(ctx, 0));
}

/* What is given to devices that have requests goes on as one of those, and ends with it. */
static __always_inline bool has_requests(const struct gendisk *disk)
{
	return disk->queue->mq_ops;
}

/* What is known of it only now. The tag tells that it is there, whatever that is. */
static __always_inline void bio_describe(struct bio *bio, struct lat_span *span)
{
	span->bytes = bio->bi_iter.bi_size;
	span->flags = block_flags(bio->bi_opf);
	if (lat_config.key_at[LAT_DIM_CGROUP])
		span->bio = LAT_BIO_TAG | bpf_get_current_cgroup_id();
	else
		span->bio = LAT_BIO_TAG | bio->bi_iter.bi_sector;
	if (lat_config.needs_who)
		span_set_who(span);
}

SEC("tp_btf/block_bio_queue")
int block_bio_queue(__u64 *ctx)
{
	struct bio *bio = tracepoint_bio(ctx, lat_config.rq_arg);
	struct gendisk *disk = bio_disk(bio);
	__u64 key, now;
	enum lat_count count;
	struct lat_span *span;
	enum block_op op;
	__u32 device;

	if (!lat_read(lat_state.gate) || has_requests(disk))
		return 0;
	key = plain_number(&bio); /* by its address spans are found */
	op = block_op(bio->bi_opf, bio->bi_iter.bi_size);
	device = disk_device(disk);
	count = lat_config.device && (device == lat_config.device) == filter_negates(LAT_NOT_DEVICE) ? LAT_FILTERED :
		lat_config.has_filter && !(lat_config.op_mask & 1 << op && filter_pass()) ? LAT_FILTERED :
		lat_sampled_out() ? LAT_SAMPLED_OUT : LAT_ENTERED;
	span = pair_find(key);
	if (span) {
		/* The kernel uses the address anew. */
		lat_count(span->op, LAT_LOST_EXIT);
		pair_free(span, key);
	}
	lat_count(op, count);
	if (count != LAT_ENTERED)
		return 0;
	now = bpf_ktime_get_ns();
	span = pair_claim(key, op, now);
	if (!span)
		return 0;
	span->op = op;
	span->device = device;
	bio_describe(bio, span);
	lat_write(span->start_ns, now);
	return 0;
}

/* Given on as it is, to a device that has requests: NVMe multipath does that, and older md. */
SEC("tp_btf/block_bio_remap")
int block_bio_remap(__u64 *ctx)
{
	struct bio *bio = tracepoint_bio(ctx, lat_config.rq_arg);
	struct lat_span *span;
	__u64 key;

	if (!lat_read(lat_state.gate))
		return 0;
	key = plain_number(&bio);
	span = pair_find(key);
	if (!span || !has_requests(bio_disk(bio)))
		return 0;
	lat_count(span->op, LAT_UNSEEN);
	pair_free(span, key);
	return 0;
}

SEC("tp_btf/block_bio_complete")
int block_bio_complete(__u64 *ctx)
{
	struct bio *bio = tracepoint_bio(ctx, true);
	struct ending end = { .is_request = true };
	struct lat_extra submitter = {};
	struct lat_span *span;
	__u64 key, now, ns, about;

	if (!lat_read(lat_state.gate))
		return 0;
	/* None: of the parts that one was split into it is the last that ends it. */
	key = plain_number(&bio);
	span = pair_find(key);
	if (!span)
		return 0;
	now = bpf_ktime_get_ns();
	ns = now - span->start_ns;
	about = span->bio & ~LAT_BIO_TAG;
	submitter.flags = span->flags;
	if (lat_config.key_at[LAT_DIM_CGROUP])
		submitter.cgroup = about;
	end.op = span->op;
	end.ret = bio->bi_status ? LAT_RET_ERROR : LAT_RET_OK;
	end.bytes = span->bytes;
	end.extra = &submitter;
	if (!filter_pass_time(ns))
		lat_count_filtered_late(span->op);
	else if (lat_record(lat_series_of(span, &end), 0, end.op, ns, end.bytes, lat_config.is_plain) && is_outlier(&end, ns, false))
		event_send(span, &end, now, ns, lat_config.key_at[LAT_DIM_CGROUP] ? LAT_NO_SECTOR : about, no_stacks());
	pair_free(span, key);
	return 0;
}
