/* SPDX-License-Identifier: MIT */
/* Facts about this machine that do not need libbpf: capabilities, namespaces, files of the kernel, cgroups. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/types.h>

struct label_names;

#define HOST_CAP_SYS_ADMIN 21
#define HOST_CAP_PERFMON 38
#define HOST_CAP_BPF 39

/* Whether this process has the capability; CAP_SYS_ADMIN stands for the two that were split off from it. */
bool host_has_capability(int capability);

/* "CAP_BPF, CAP_PERFMON" or what of them is missing, in the caller's buffer; "" when nothing is. */
const char *host_missing_capabilities(char buffer[static 64]);

bool host_has_btf(void);     /* /sys/kernel/btf/vmlinux */
bool host_has_kprobes(void); /* the perf event source of that name */

/*
 * Calls CONSIDER for each function that /proc/kallsyms lists, with the module that it is of or NULL; the strings last
 * until the next call or host_release_symbols(). Ends with what is not 0, and returns it.
 */
int host_each_function(int (*consider)(void *context, const char *function, const char *module), void *context);

/* Whether /proc/kallsyms lists a function of that name. */
bool host_has_symbol(const char *function);

/* Gives the memory of /proc/kallsyms back, some MiB; it is read again when it is needed once more. */
void host_release_symbols(void);

/* The mode in brackets of the kernel's lockdown file, "none" when there is none. */
const char *host_lockdown(char buffer[static 32]);

/* Whether a process of that number exists, as seen from here. */
bool host_has_pid(pid_t pid);

/* Device and inode of our PID namespace; both 0 when it is the initial one. 0 or -errno. */
int host_pid_namespace(__u64 *dev, __u64 *ino);

/* The folder of the cgroup (v2) that --by cgroup calls NAME; NULL when there are none. The caller frees it. */
char *host_cgroup_folder(const char *name);

/*
 * Adds the paths of all cgroups (v2) that are not in names->cgroups yet; those that are gone stay. 0 or -errno.
 */
int host_read_cgroups(struct label_names *names);

/* The present time of both clocks, in ns. */
uint64_t host_realtime_ns(void);
uint64_t host_monotonic_ns(void);

#endif
