/* SPDX-License-Identifier: MIT */
/* Which container a cgroup is of. */
#ifndef CONTAINER_ID_H
#define CONTAINER_ID_H

#include <stddef.h>

#define CONTAINER_LABEL "container"
#define CONTAINER_ID_LEN 64
#define CONTAINER_SHORT_LEN 12 /* as docker, podman and crictl show it */

/* The number of the innermost container in the cgroup's path, CONTAINER_ID_LEN characters of it; NULL when there is none. */
const char *container_id_find(const char *cgroup);

#endif
