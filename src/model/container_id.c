/* SPDX-License-Identifier: MIT */
/* Which container a cgroup is of. */
#include "model/container_id.h"

#include <string.h>

/*
 * In a folder's name, which is LENGTH long: docker-ID.scope, cri-containerd-ID.scope, libpod-ID.scope (systemd), ID alone
 * (docker and kubelet without it), X.slice:cri-containerd:ID. The monitor of a container is none.
 */
static const char *find_in_name(const char *name, size_t length)
{
	static const char suffix[] = ".scope";
	const size_t n_suffix = sizeof(suffix) - 1;
	const char *id;

	if (length > n_suffix && !memcmp(name + length - n_suffix, suffix, n_suffix))
		length -= n_suffix;
	if (length < CONTAINER_ID_LEN)
		return NULL;
	id = name + length - CONTAINER_ID_LEN;
	if (strspn(id, "0123456789abcdef") != CONTAINER_ID_LEN || (id > name && !strchr("-:", id[-1])) ||
	    memmem(name, (size_t)(id - name), "conmon", strlen("conmon")))
		return NULL;
	return id;
}

const char *container_id_find(const char *cgroup)
{
	const char *found = NULL, *id;
	size_t length;

	for (; *cgroup; cgroup += length + (cgroup[length] == '/')) {
		length = strcspn(cgroup, "/");
		id = find_in_name(cgroup, length);
		if (id)
			found = id;
	}
	return found;
}
