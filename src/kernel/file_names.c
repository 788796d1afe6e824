/* SPDX-License-Identifier: MIT */
/* The paths of files that the kernel side has seen. */
#include "kernel/file_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "model/file_path.h"
#include "model/label.h"
#include "base/log.h"
#include "kernel/tracer.h"

/* One file while names are made. */
struct seen {
	struct file_name name;
	uint64_t ns;
};

static int compare_seen(const void *a, const void *b)
{
	const struct seen *left = a, *right = b;
	int order = strcmp(left->name.path, right->name.path);

	return order ? order : (left->ns > right->ns) - (left->ns < right->ns);
}

/* Names may be longer than the kernel's; the first of several equal ones stays as it is, whatever comes later. */
static bool tell_apart(struct seen *seen, size_t n)
{
	const struct lat_file_key *key;
	const char *first = NULL;
	char *text;
	size_t i;

	qsort(seen, n, sizeof(*seen), compare_seen);
	for (i = 0; i < n; i++) {
		if (!first || strcmp(first, seen[i].name.path)) {
			first = seen[i].name.path;
			continue;
		}
		key = &seen[i].name.key;
		if (asprintf(&text, "%s [inode %" PRIu64 ".%u of %u:%u]", first, (uint64_t)key->inode, key->generation,
			     key->device >> 20, key->device & 0xfffff) < 0)
			return false;
		free(seen[i].name.path);
		seen[i].name.path = text;
	}
	return true;
}

/* Into SEEN, as many as there are in the map; -errno, or how many. */
static ssize_t read_paths(int fd, struct seen *seen, uint32_t n, struct lat_file_key *keys, struct lat_path *paths)
{
	struct lat_file_key batch;
	uint32_t n_read = n, i;
	ssize_t n_seen = 0;

	if (!keys || !paths)
		return -ENOMEM;
	if (bpf_map_lookup_batch(fd, NULL, &batch, keys, paths, &n_read, NULL) && errno != ENOENT)
		return -errno;
	for (i = 0; i < n_read; i++) {
		if (paths[i].end == LAT_PATH_UNKNOWN)
			continue;
		seen[n_seen] = (struct seen){ .name.key = keys[i], .ns = paths[i].seen_ns };
		seen[n_seen].name.path = file_path_text(&paths[i], keys[i].inode);
		if (!seen[n_seen].name.path)
			break;
		n_seen++;
	}
	return n_seen;
}

int file_names_read(struct label_names *names, struct tracer *tracer)
{
	uint32_t n = tracer_n_series(tracer);
	struct seen *seen = calloc(n, sizeof(*seen));
	struct lat_file_key *keys = calloc(n, sizeof(*keys));
	struct lat_path *paths = calloc(n, sizeof(*paths));
	struct file_name *files = calloc(n, sizeof(*files));
	ssize_t n_seen = seen && files ? read_paths(tracer_map_fd(tracer, "lat_paths"), seen, n, keys, paths) : -ENOMEM, i;

	free(keys);
	free(paths);
	if (n_seen < 0) {
		free(seen);
		free(files);
		return fail((int)n_seen, "cannot read the paths of files");
	}
	if (!tell_apart(seen, (size_t)n_seen))
		warn("memory is short: some files have the same name");
	for (i = 0; i < n_seen; i++)
		files[i] = seen[i].name;
	free(seen);
	qsort(files, (size_t)n_seen, sizeof(*files), label_compare_files);
	label_files_free(names->files, names->n_files);
	names->files = files;
	names->n_files = (size_t)n_seen;
	return 0;
}

char *file_names_one(int map_fd, const struct lat_file_key *key)
{
	struct lat_path path;

	if (!key->inode && !key->device)
		return strdup("none");
	if (bpf_map_lookup_elem(map_fd, key, &path) || path.end == LAT_PATH_UNKNOWN)
		return strdup("?");
	return file_path_text(&path, key->inode);
}
