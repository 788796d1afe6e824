/* SPDX-License-Identifier: MIT */
/* Target block: requests to block devices. */
#include "registry/target.h"

#include "block.skel.h"
#include "system/disks.h"
#include "kernel/kernel_btf.h"

/* As in bpf/block.bpf.c. */
enum { READ, WRITE, FLUSH, DISCARD, OTHER, N_TYPES };

#define ALL_PHASES(type, op_name, op_help, bytes) \
	[type] = { .name = op_name, .phase = "device", .help = op_help, .has_bytes = bytes }, \
	[N_TYPES + type] = { .name = op_name, .phase = "queue", .help = op_help, .has_bytes = bytes, .derived = true }, \
	[2 * N_TYPES + type] = { .name = op_name, .phase = "total", .help = op_help, .has_bytes = bytes, .derived = true, \
				 .is_total = true }

static const struct op ops[] = {
	ALL_PHASES(READ, "read", "reads", true),
	ALL_PHASES(WRITE, "write", "writes", true),
	ALL_PHASES(FLUSH, "flush", "flushes of the device's cache", false),
	ALL_PHASES(DISCARD, "discard", "discards", true),
	ALL_PHASES(OTHER, "other", "all else: secure erase, write zeroes, zone operations, passthrough", true),
};

static const struct hook_def hooks[] = {
	{ .name = "block_io_start", .tracepoint = "block_io_start", .optional = true },
	{ .name = "block_rq_insert", .tracepoint = "block_rq_insert" },
	{ .name = "block_rq_issue", .tracepoint = "block_rq_issue" },
	{ .name = "block_rq_requeue", .tracepoint = "block_rq_requeue" },
	{ .name = "block_rq_merge", .tracepoint = "block_rq_merge" },
	{ .name = "block_rq_complete", .tracepoint = "block_rq_complete" },
};

static int configure(struct setup *setup)
{
	setup->config->rq_arg = kernel_btf_tracepoint_n_args("block_rq_issue") > 1;
	setup->config->has_paths = disks_have_paths(DISKS_SYS);
	setup->config->io_start = kernel_btf_tracepoint_n_args("block_io_start") > 0;
	return 0;
}

static const struct target block = {
	.name = "block",
	.summary = "block device requests: time in the queue and at the device, by operation and device",
	.covers =
		"  Every request to a block device. device: from the last time it was issued to its final completion, not\n"
		"  the first portion. queue: from block_io_start (or, where the kernel has none, from its insertion into the\n"
		"  scheduler; 0 when it bypasses that) to being issued. The two add up\n"
		"  to the total (--total).\n"
		"  Requests are told apart by their address, so flushes and merges are right. A flush that the kernel makes\n"
		"  for another request counts apart from that one, which may end without the device (unissued).\n"
		"  pattern: whether a read or a write begins where the last one that the disk was given ended.\n"
		"  Who began a request is who runs when it is queued: for buffered writes a kernel worker.\n"
		"  Devices have the kernel's name and what people know them by: dm-0 (vg-root), loop3 (/path/of/file),\n"
		"  nvme0c1n1 (nvme0n1) for a path of NVMe multipath, which -d nvme0n1 stands for all of.\n",
	.cannot_see =
		"  Devices that pass on what they are given and have no requests of their own: most of dm (not multipath,\n"
		"  which has, beside those of its paths), md, zram. Look at the disks below them; -d names these.\n"
		"  What a bio waits for before it becomes a request (throttling, no free request).\n"
		"  With a filter by process: flushes, which the kernel makes in nobody's name.\n"
		"  Requests that were issued before tracing began (/sys/block/DISK/inflight): --pending does not list them.\n",
	.ops = ops,
	.n_ops = sizeof(ops) / sizeof(ops[0]),
	.hooks = hooks,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU |
		1U << LAT_DIM_SIZE | 1U << LAT_DIM_DEVICE | 1U << LAT_DIM_CGROUP | 1U << LAT_DIM_FLAGS |
		1U << LAT_DIM_PATTERN,
	.default_dims = 1U << LAT_DIM_DEVICE,
	.has_depth = true,
	.has_disks = true,
	.has_requests = true,
	.elf_bytes = block_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(block);
