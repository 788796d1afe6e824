/* SPDX-License-Identifier: MIT */
/* From what the kernel side remembers of a path to its text. */
#ifndef FILE_PATH_H
#define FILE_PATH_H

#include <stdint.h>

#include "latencyprobe/abi.h"

/*
 * As new text that the caller frees; NULL when memory is short. "/var/log/x", ".../deep/x" where the outer part is
 * missing, and for what has no path what /proc/PID/fd shows: "pipe:[INODE]". Deleted files end in " (deleted)".
 */
char *file_path_text(const struct lat_path *path, uint64_t inode);

#endif
