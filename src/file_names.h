/* SPDX-License-Identifier: MIT */
/* The paths of files that the kernel side has seen. */
#ifndef FILE_NAMES_H
#define FILE_NAMES_H

struct label_names;
struct probe;

/*
 * Reads NAMES->files anew. Of files with the same path (a replaced one, or one of another mount namespace) all but the
 * first seen have their inode's number behind it, so that no two have the same name. 0, or -errno and the old names.
 */
int file_names_read(struct label_names *names, struct probe *probe);

#endif
