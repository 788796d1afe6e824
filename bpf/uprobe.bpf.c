/* SPDX-License-Identifier: MIT */
/* Target uprobe: calls of functions of programs and libraries. */
#include "lib/keyed_spans.bpf.h"

/* As for func.bpf.c. */
const volatile __u64 uprobe_cookie = 0;
const volatile bool uprobe_has_cookies = false;

/* Of the return address, which is gone when a function has returned. */
#ifdef __TARGET_ARCH_x86
#define POPPED 8
#else
#define POPPED 0
#endif

/* A call is known by its thread, its place on the stack, and the function, which may have jumped to another. */
static __always_inline __u64 call_key(__u64 stack_pointer, __u32 site)
{
	return (current_pid_tgid() << 32 | (__u32)stack_pointer) ^ pair_mix(site + 1);
}

static __always_inline __u32 site_of(struct pt_regs *ctx)
{
	return uprobe_has_cookies ? bpf_get_attach_cookie(ctx) : uprobe_cookie;
}

SEC("uprobe")
int uprobe__entry(struct pt_regs *ctx)
{
	__u32 site = site_of(ctx);

	pair_begin(call_key(PT_REGS_SP(ctx), site), site, register_argument(ctx));
	return 0;
}

SEC("uretprobe")
int uprobe__exit(struct pt_regs *ctx)
{
	pair_end(ctx, call_key(PT_REGS_SP(ctx) - POPPED, site_of(ctx)), (__s32)PT_REGS_RC(ctx));
	return 0;
}
