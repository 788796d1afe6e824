/* SPDX-License-Identifier: MIT */
/* From what the kernel side remembers of a path to its text. */
#include "model/file_path.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *pseudo_text(const struct lat_path *path, const char *name, uint64_t inode)
{
	const char *prefix = path->type == LAT_FTYPE_PIPE ? "pipe:" : path->type == LAT_FTYPE_SOCKET ? "socket:" :
			     path->type == LAT_FTYPE_ANON ? "anon_inode:" : "";
	/* What the kernel calls a socket is its protocol, as in "TCP". */
	bool has_name = *name && path->type != LAT_FTYPE_SOCKET;
	char *text;

	if (has_name && asprintf(&text, "%s%s", prefix, name) < 0)
		return NULL;
	if (!has_name && asprintf(&text, "%s[%" PRIu64 "]", prefix, inode) < 0)
		return NULL;
	return text;
}

char *file_path_text(const struct lat_path *path, uint64_t inode)
{
	static const char deleted[] = " (deleted)";
	size_t n_bytes = path->n_bytes < sizeof(path->text) ? path->n_bytes : sizeof(path->text), at = n_bytes, from, n;
	char *text, *to;

	/* The last byte is a NUL, by which every name ends inside. */
	if (!n_bytes || path->text[n_bytes - 1])
		return path->end == LAT_PATH_ROOT ? strdup("/") : strdup("?");
	if (path->end == LAT_PATH_PSEUDO && strlen(path->text) + 1 == n_bytes)
		return pseudo_text(path, path->text, inode);
	text = to = malloc(n_bytes + sizeof("...") + sizeof(deleted));
	if (!text)
		return NULL;
	if (path->end != LAT_PATH_ROOT)
		to = stpcpy(to, "...");
	while (at) {
		for (from = at - 1; from && path->text[from - 1]; from--)
			;
		n = at - 1 - from;
		*to++ = '/';
		memcpy(to, path->text + from, n);
		to += n;
		at = from;
	}
	strcpy(to, path->is_deleted ? deleted : "");
	return text;
}
