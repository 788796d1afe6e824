/* SPDX-License-Identifier: MIT */
/* Target usdt: from one static probe of a program to another. */
#include "lib/keyed_spans.bpf.h"
#include <bpf/usdt.bpf.h>

/* Which argument of both probes is the key; below 0: the thread is. */
const volatile __s32 usdt_key = -1;

static __always_inline __u64 pair_key(struct pt_regs *ctx, __u32 site)
{
	__u64 pid_tgid = current_pid_tgid();
	long arg = 0;

	if (usdt_key < 0)
		return pid_tgid ^ pair_mix(site + 1);
	bpf_usdt_arg(ctx, usdt_key, &arg);
	/* Keys of different processes and pairs must differ; so may those that are alike but for a multiple. */
	return (__u64)arg ^ pair_mix((pid_tgid >> 32 << 16) + site + 1);
}

SEC("usdt")
int usdt__entry(struct pt_regs *ctx)
{
	__u32 site = bpf_usdt_cookie(ctx);

	pair_begin(pair_key(ctx, site), site, 0);
	return 0;
}

SEC("usdt")
int usdt__exit(struct pt_regs *ctx)
{
	pair_end(ctx, pair_key(ctx, bpf_usdt_cookie(ctx)), 0);
	return 0;
}
