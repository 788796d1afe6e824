/* SPDX-License-Identifier: MIT */
/* Target vfs: where file operations enter and leave the kernel's virtual file system. */
#include "latency.bpf.h"

/* As in src/targets/vfs.c. */
enum vfs_op { VFS_OPEN, VFS_READ, VFS_WRITE, VFS_FSYNC, VFS_CLOSE, VFS_STAT };

PROBE_CALL(open, VFS_OPEN, call_end_pointer);
PROBE_CALL(read, VFS_READ, call_end_bytes);
PROBE_CALL(readv, VFS_READ, call_end_bytes);
PROBE_CALL(write, VFS_WRITE, call_end_bytes);
PROBE_CALL(writev, VFS_WRITE, call_end_bytes);
PROBE_CALL(fsync, VFS_FSYNC, call_end_int);
PROBE_CALL(fsync_range, VFS_FSYNC, call_end_int);
PROBE_CALL(close, VFS_CLOSE, call_end_int);
PROBE_CALL(close_file, VFS_CLOSE, call_end_int);
PROBE_CALL(stat, VFS_STAT, call_end_int);
PROBE_CALL(fstat, VFS_STAT, call_end_int);
