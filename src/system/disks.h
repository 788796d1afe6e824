/* SPDX-License-Identifier: MIT */
/* Block devices: their names, and which one a name means, from sysfs. */
#ifndef DISKS_H
#define DISKS_H

#include <stdbool.h>
#include <stdint.h>

struct label_names;

#define DISKS_SYS "/sys"

/*
 * Brings the names of all block devices up to date; those that are gone keep theirs. Behind the kernel's name stands,
 * in parentheses, what people know the device by: "dm-0 (vg-root)", "md127 (home)", "loop3 (/path/of/file)", "nvme0c1n1
 * (nvme0n1)" for a path of NVMe multipath. SYS is where sysfs is. 0 or -errno.
 */
int disks_read(struct label_names *names, const char *sys);

/* Whether there are paths of NVMe multipath now. */
bool disks_have_paths(const char *sys);

/*
 * The devices that NAME means: those whose number, with the bits of MASK, is DEVICE. It is the kernel's name, what
 * stands behind that, both together, or a path: of the device, a link to it, or a loop device's file. 0; -ENOENT;
 * -EXDEV when it is a partition and -EOPNOTSUPP when it passes all on to other devices, whose names then are in OTHERS.
 */
#define DISKS_OTHERS_LEN 256
int disks_find(const char *name, const char *sys, uint32_t *device, uint32_t *mask, char others[static DISKS_OTHERS_LEN]);

#endif
