/* SPDX-License-Identifier: MIT */
/* Target vfs: file operations as programs see them, whatever the file system. */
#include "registry/target.h"

#include <bpf/libbpf.h>

#include "kernel/attach.h"
#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "kernel/tracer.h"
#include "vfs.skel.h"

enum { OPEN, READ, WRITE, FSYNC, CLOSE, STAT, AIO_READ, AIO_WRITE, URING_READ, URING_WRITE };

static const struct op ops[] = {
	[OPEN] = { .name = "open", .help = "opening a file, with the walk of its path" },
	[READ] = { .name = "read", .help = "read, pread", .has_bytes = true },
	[WRITE] = { .name = "write", .help = "write, pwrite", .has_bytes = true },
	[FSYNC] = { .name = "fsync", .help = "fsync, fdatasync, msync, O_SYNC writes" },
	[CLOSE] = { .name = "close", .help = "closing a file, with what its last user has to do" },
	[STAT] = { .name = "stat", .help = "stat, lstat, fstat, statx" },
	[AIO_READ] = { .name = "aio_read", .help = "reads by aio, from submission to completion", .has_bytes = true,
		       .optional = true },
	[AIO_WRITE] = { .name = "aio_write", .help = "writes by aio, from submission to completion", .has_bytes = true,
			.optional = true },
	[URING_READ] = { .name = "uring_read", .help = "reads by io_uring, from submission to completion",
			 .has_bytes = true, .optional = true },
	[URING_WRITE] = { .name = "uring_write", .help = "writes by io_uring, from submission to completion",
			  .has_bytes = true, .optional = true },
};

#define OF_AIO (1U << AIO_READ | 1U << AIO_WRITE)
#define OF_URING (1U << URING_READ | 1U << URING_WRITE)

/*
 * An operation may be entered by several doors; a call through two of them, one inside the other, counts once, as
 * the outer one (LAT_NESTED). Which doors a system call takes differs between kernels, as compilers inline.
 */
static const struct hook_def hooks[] = {
	{ .name = "open", .op = OPEN, .functions = { "do_filp_open", "do_file_open" } }, /* renamed in 7.x */
	{ .name = "read", .op = READ, .functions = { "vfs_read" } },
	{ .name = "readv", .op = READ, .functions = { "vfs_readv" } },
	{ .name = "write", .op = WRITE, .functions = { "vfs_write" } },
	{ .name = "writev", .op = WRITE, .functions = { "vfs_writev" } },
	{ .name = "fsync", .op = FSYNC, .functions = { "do_fsync", "vfs_fsync" } },
	{ .name = "fsync_range", .op = FSYNC, .functions = { "vfs_fsync_range" } },
	{ .name = "close", .op = CLOSE, .functions = { "__x64_sys_close", "__arm64_sys_close" } },
	{ .name = "close_file", .op = CLOSE, .functions = { "filp_close" } },
	{ .name = "stat", .op = STAT, .functions = { "vfs_statx" } },
	{ .name = "fstat", .op = STAT, .functions = { "vfs_fstat" } },
	{ .name = "aio_read", .op = AIO_READ, .functions = { "aio_read" } },
	{ .name = "aio_write", .op = AIO_WRITE, .functions = { "aio_write" } },
	{ .name = "aio_done", .op = AIO_READ, .functions = { "aio_complete_rw" }, .ops = OF_AIO },
	{ .name = "uring_submit", .op = URING_READ, .tracepoint = "io_uring_submit_req", .ops = OF_URING,
	  .optional = true },
	{ .name = "uring_submit_sqe", .op = URING_READ, .tracepoint = "io_uring_submit_sqe", .ops = OF_URING,
	  .optional = true },
	{ .name = "uring_complete", .op = URING_READ, .tracepoint = "io_uring_complete", .ops = OF_URING,
	  .optional = true },
};

/* --by pattern has to know of newly opened files. */
static int configure(struct setup *setup)
{
	static char function[] = "security_file_open";
	bool is_fentry = setup->options->attach != ATTACH_KPROBE && kernel_btf_can_fentry(function);
	struct attach_point point = { .function = function, .kind = is_fentry ? ATTACH_POINT_FENTRY : ATTACH_POINT_KPROBE, .op = OPEN };

	if (!(setup->options->dims & 1U << LAT_DIM_PATTERN))
		return 0;
	point.entry = bpf_object__find_program_by_name(setup->object, is_fentry ? "opened__fentry" : "opened__kprobe");
	if (!is_fentry && !host_has_symbol(function)) {
		fail(0, "this kernel has no function %s, which --by pattern needs", function);
		return EXIT_CANNOT;
	}
	if (is_fentry)
		bpf_program__set_attach_target(point.entry, 0, function);
	bpf_program__set_autoload(point.entry, true);
	return attach_points_append(setup->points, point) ? EXIT_FAILED : 0;
}

static const struct target vfs = {
	.name = "vfs",
	.summary = "file operations: open, read, write, fsync, close, stat, aio, io_uring",
	.covers =
		"  read, pread, readv, preadv and their write twins, on any file: regular ones, pipes, sockets, ttys.\n"
		"  Regular files stand apart from all others (special), which mostly wait; --by ftype tells these apart.\n"
		"  open, openat, openat2, creat and the opening of executables, failed ones included (ret=error).\n"
		"  fsync, fdatasync, msync, and writes that sync because of O_SYNC.\n"
		"  close(2), and files that the kernel closes for a process that ends, replaces or duplicates them.\n"
		"  Reads and writes through aio and io_uring, as operations of their own, from submission to completion.\n"
		"  A call inside another of the same operation (overlayfs does that) counts once, as the outer one.\n",
	.cannot_see =
		"  close(2) of 32-bit programs since Linux 6.6.\n"
		"  Reads and writes through sendfile, splice, copy_file_range and mmap.\n"
		"  When those by io_uring end before Linux 5.19, and without a completion: then they are counted as unseen.\n"
		"  Time in which the system was suspended: the clock is CLOCK_MONOTONIC.\n",
	.ops = ops,
	.n_ops = sizeof(ops) / sizeof(ops[0]),
	.hooks = hooks,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_SIZE |
		1U << LAT_DIM_CGROUP | 1U << LAT_DIM_ERRNO | 1U << LAT_DIM_FTYPE | 1U << LAT_DIM_FS |
		1U << LAT_DIM_FILE | 1U << LAT_DIM_PATTERN | 1U << LAT_DIM_DEVICE,
	.splits_files = true,
	.needs_kprobes = true,
	.elf_bytes = vfs_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(vfs);
