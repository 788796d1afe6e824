/* SPDX-License-Identifier: MIT */
/* Target vfs: where file operations enter and leave the kernel's virtual file system. */
#include "latency.bpf.h"

/* As in src/targets/vfs.c. */
enum vfs_op { VFS_OPEN, VFS_READ, VFS_WRITE, VFS_FSYNC, VFS_CLOSE, VFS_STAT };

PROBE_CALL(open, VFS_OPEN, OUTCOME_POINTER);
PROBE_CALL(read, VFS_READ, OUTCOME_BYTES);
PROBE_CALL(readv, VFS_READ, OUTCOME_BYTES);
PROBE_CALL(write, VFS_WRITE, OUTCOME_BYTES);
PROBE_CALL(writev, VFS_WRITE, OUTCOME_BYTES);
PROBE_CALL(fsync, VFS_FSYNC, OUTCOME_STATUS);
PROBE_CALL(fsync_range, VFS_FSYNC, OUTCOME_STATUS);
PROBE_CALL(close, VFS_CLOSE, OUTCOME_STATUS);
PROBE_CALL(close_file, VFS_CLOSE, OUTCOME_STATUS);
PROBE_CALL(stat, VFS_STAT, OUTCOME_STATUS);
PROBE_CALL(fstat, VFS_STAT, OUTCOME_STATUS);
