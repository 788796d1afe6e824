/* SPDX-License-Identifier: MIT */
/* The paths of files that the kernel side has seen. */
#ifndef FILE_NAMES_H
#define FILE_NAMES_H

#include "latencyprobe/abi.h"

struct label_names;
struct tracer;

/*
 * Reads NAMES->files anew. Of files with the same path (a replaced one, or one of another mount namespace) all but the
 * first seen have their inode's number behind it, so that no two have the same name. 0, or -errno and the old names.
 */
int file_names_read(struct label_names *names, struct tracer *tracer);

/*
 * The path of one file in the map of that file descriptor, as new text that the caller frees: "none" of no file, "?" where
 * there was no room for it. NULL when memory is short.
 */
char *file_names_one(int map_fd, const struct lat_file_key *key);

#endif
