/* SPDX-License-Identifier: MIT */
/* Target vfs: where file operations enter and leave the kernel's virtual file system. */
#include "programs.bpf.h"

/* As in src/targets/vfs.c. */
enum vfs_op { VFS_OPEN, VFS_READ, VFS_WRITE, VFS_FSYNC, VFS_CLOSE, VFS_STAT };

PROBE_FILE_CALL(open, VFS_OPEN, OUTCOME_POINTER, NESTS, FILE_RESULT);
PROBE_FILE_CALL(read, VFS_READ, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(readv, VFS_READ, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(write, VFS_WRITE, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(writev, VFS_WRITE, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(fsync, VFS_FSYNC, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);
PROBE_FILE_CALL(fsync_range, VFS_FSYNC, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);
PROBE_FILE_CALL(close, VFS_CLOSE, OUTCOME_STATUS, NESTS, FILE_SYSCALL);
PROBE_FILE_CALL(close_file, VFS_CLOSE, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);
PROBE_CALL(stat, VFS_STAT, OUTCOME_STATUS, NESTS);
PROBE_FILE_CALL(fstat, VFS_STAT, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);

/* Only with --by pattern. */
static __always_inline void forget_end(__u64 file)
{
	bpf_map_delete_elem(&lat_ends, &file);
}

SEC("fentry")
int opened__fentry(__u64 *ctx)
{
	forget_end(ctx[0]);
	return 0;
}

SEC("kprobe")
int opened__kprobe(struct pt_regs *ctx)
{
	forget_end(PT_REGS_PARM1(ctx));
	return 0;
}
