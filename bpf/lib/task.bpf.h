/* SPDX-License-Identifier: MIT */
/* The running thread: its numbers and its name. */
#ifndef TASK_BPF_H
#define TASK_BPF_H

#include "maps.bpf.h"

/* Its fields take a tenth of the helpers' instructions. New in 5.11 (3ca1032ab7ab). */
#define CURRENT_HAS_TASK bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

/* Process << 32 | thread, as the kernel numbers them. */
static __always_inline __u64 current_pid_tgid(void)
{
	struct task_struct *task;

	if (!CURRENT_HAS_TASK)
		return bpf_get_current_pid_tgid();
	task = bpf_get_current_task_btf();
	return (__u64)task->tgid << 32 | (__u32)task->pid;
}

/* The same, numbered as in the PID namespace of the user side. */
static __always_inline __u64 lat_pid_tgid(void)
{
	struct bpf_pidns_info info = {};

	if (!lat_config.pidns_ino)
		return current_pid_tgid();
	bpf_get_ns_current_pid_tgid(lat_config.pidns_dev, lat_config.pidns_ino, &info, sizeof(info));
	return (__u64)info.tgid << 32 | info.pid;
}

/* The thread's own user: file systems such as overlayfs do parts of a call as another one (override_creds()). */
static __always_inline __u32 current_uid(void)
{
	if (CURRENT_HAS_TASK)
		return bpf_get_current_task_btf()->real_cred->uid.val;
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), real_cred, uid.val);
}

/* The highest bit of each byte that is 0, up to the lowest such one (Mycroft 1987; Knuth, TAOCP 7.1.3). */
static __always_inline __u64 zero_bytes(__u64 word)
{
	return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/* All bytes behind the first NUL are 0: what was there before is left of a longer name by some kernels. */
static __always_inline void current_comm(__u64 comm[2])
{
	const __u64 *name;
	__u64 zeros;

	if (!CURRENT_HAS_TASK) {
		bpf_get_current_comm(comm, LAT_COMM_LEN);
		return;
	}
	name = (const __u64 *)bpf_get_current_task_btf()->comm;
	comm[0] = name[0];
	comm[1] = name[1];
	zeros = zero_bytes(comm[0]);
	if (zeros) {
		comm[0] &= ((zeros & -zeros) >> 7) - 1;
		comm[1] = 0;
		return;
	}
	zeros = zero_bytes(comm[1]);
	comm[1] &= ((zeros & -zeros) >> 7) - 1;
}

#endif
