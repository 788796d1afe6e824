/* SPDX-License-Identifier: MIT */
/* Filters, applied where a span begins: later the current task may be whoever took the interrupt. */
#ifndef FILTER_BPF_H
#define FILTER_BPF_H

#include "task.bpf.h"

/* The one cgroup of --cgroup; its descendants count as in it. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} lat_cgroup SEC(".maps");

/* Processes (thread groups, as the kernel numbers them) of the traced command. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u8);
} lat_followed SEC(".maps");

static __always_inline bool filter_pass_comm(void)
{
	const volatile __u64 *wanted = (const volatile __u64 *)lat_config.comm;
	__u64 comm[2] = {};

	current_comm(comm);
	return comm[0] == wanted[0] && comm[1] == wanted[1];
}

static __always_inline bool filter_pass_follow(void)
{
	__u32 tgid = current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&lat_followed, &tgid) != NULL;
}

/* LAT_FILTER_PID. The task's own field takes half the instructions of the other helper. */
static __always_inline bool filter_pass_pid(void)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;
	const struct lat_config *config;

	/* Else its address is kept from the program's start on, in a register that then has to be saved. */
	asm volatile("%0 = lat_config ll" : "=r"(config));
	return tgid == config->pid;
}

static __always_inline bool filter_negates(enum lat_not filter)
{
	return lat_config.negated & 1U << filter;
}

/* --min-latency */
static __always_inline bool filter_pass_time(__u64 ns)
{
	return (ns >= lat_config.min_ns) != filter_negates(LAT_NOT_MIN);
}

static __always_inline bool filter_pass(void)
{
	if (lat_config.pid && (lat_pid_tgid() >> 32 == lat_config.pid) == filter_negates(LAT_NOT_PID))
		return false;
	if (lat_config.filter_comm && filter_pass_comm() == filter_negates(LAT_NOT_COMM))
		return false;
	if (lat_config.filter_uid &&
	    (current_uid() == lat_config.uid) == filter_negates(LAT_NOT_UID))
		return false;
	if (lat_config.filter_cgroup &&
	    (bpf_current_task_under_cgroup(&lat_cgroup, 0) == 1) == filter_negates(LAT_NOT_CGROUP))
		return false;
	if (lat_config.filter_follow && !filter_pass_follow())
		return false;
	return true;
}

/*
 * Following: the user side forks the command while lat_state.adopt is its own process number; from then on children
 * of followed processes are followed.
 */
SEC("tp_btf/sched_process_fork")
int follow_fork(__u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	__u32 parent_tgid = parent->tgid, child_tgid = child->tgid;
	__u8 one = 1;

	if (parent_tgid == child_tgid)
		return 0;
	if (bpf_map_lookup_elem(&lat_followed, &parent_tgid) ||
	    (lat_state.adopt && (__u32)(lat_pid_tgid() >> 32) == lat_state.adopt))
		bpf_map_update_elem(&lat_followed, &child_tgid, &one, BPF_ANY);
	return 0;
}

/* Of a thread group the leader is freed last. */
SEC("tp_btf/sched_process_free")
int follow_free(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 tgid = task->tgid;

	if ((__u32)task->pid == tgid)
		bpf_map_delete_elem(&lat_followed, &tgid);
	return 0;
}

#endif
