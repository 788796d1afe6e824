/* SPDX-License-Identifier: MIT */
/* Target vfs: where file operations enter and leave the kernel's virtual file system. */
#include "latency.bpf.h"

PROBE_CALL(open, call_end_pointer);
PROBE_CALL(read, call_end_bytes);
PROBE_CALL(readv, call_end_bytes);
PROBE_CALL(write, call_end_bytes);
PROBE_CALL(writev, call_end_bytes);
PROBE_CALL(fsync, call_end_int);
PROBE_CALL(fsync_range, call_end_int);
PROBE_CALL(close, call_end_int);
PROBE_CALL(close_file, call_end_int);
PROBE_CALL(stat, call_end_int);
PROBE_CALL(fstat, call_end_int);
