/* SPDX-License-Identifier: MIT */
/* Target bio: what is submitted to block devices that have no requests. */
#include "registry/target.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "bio.skel.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"

/* As in bpf/lib/disk.bpf.h. */
enum { READ, WRITE, FLUSH, DISCARD, OTHER };

static const struct op ops[] = {
	[READ] = { .name = "read", .help = "reads", .has_bytes = true },
	[WRITE] = { .name = "write", .help = "writes", .has_bytes = true },
	[FLUSH] = { .name = "flush", .help = "flushes without data" },
	[DISCARD] = { .name = "discard", .help = "discards", .has_bytes = true },
	[OTHER] = { .name = "other", .help = "all else: secure erase, write zeroes, zone operations", .has_bytes = true },
};

static const struct hook_def hooks[] = {
	{ .name = "block_bio_queue", .tracepoint = "block_bio_queue" },
	{ .name = "block_bio_remap", .tracepoint = "block_bio_remap" },
	{ .name = "block_bio_complete", .tracepoint = "block_bio_complete" },
};

/* Those that have requests have queues for them. */
static bool has_disk_without_requests(void)
{
	DIR *disks = opendir("/sys/block");
	const struct dirent *entry;
	bool is_found = false;
	char path[300];

	while (disks && !is_found && (entry = readdir(disks))) {
		snprintf(path, sizeof(path), "/sys/block/%s/mq", entry->d_name);
		is_found = entry->d_name[0] != '.' && access(path, F_OK);
	}
	if (disks)
		closedir(disks);
	return is_found;
}

static int configure(struct setup *setup)
{
	if (!has_disk_without_requests())
		note("all disks here have requests: `latencyprobe block` measures these");
	setup->config->rq_arg = kernel_btf_tracepoint_n_args("block_bio_queue") > 1;
	return 0;
}

static const struct target bio = {
	.name = "bio",
	.summary = "block devices without requests (dm, md, zram): from submission to completion",
	.covers =
		"  What is submitted (a struct bio) to LVM and other device mapper volumes, md arrays, zram, brd, pmem, from there to\n"
		"  its completion, with all that is below. One that the driver splits counts once, as what was submitted.\n"
		"  Who began it is who submitted it: for buffered writes a kernel worker.\n"
		"  Devices have the kernel's name and what people know them by: dm-0 (vg-root), md127 (home).\n",
	.cannot_see =
		"  Devices that have requests, which `block` measures: disks, also those below, and dm-multipath.\n"
		"  What a driver gives on as it is to such a device (NVMe multipath, md before 5.14): that is counted as unseen.\n"
		"  Call stacks.\n",
	.ops = ops,
	.n_ops = sizeof(ops) / sizeof(ops[0]),
	.hooks = hooks,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_SIZE |
		1U << LAT_DIM_DEVICE | 1U << LAT_DIM_CGROUP | 1U << LAT_DIM_FLAGS,
	.default_dims = 1U << LAT_DIM_DEVICE,
	.has_depth = true,
	.has_disks = true,
	.has_no_stacks = true,
	.elf_bytes = bio_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(bio);
