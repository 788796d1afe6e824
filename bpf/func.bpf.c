/* SPDX-License-Identifier: MIT */
/* Target func: calls of whatever functions of the kernel are named. */
#include "lib/nested_calls.bpf.h"

/* Of the only function, where the kernel has no cookies or they are not needed. */
const volatile __u64 func_cookie = 0;
const volatile bool func_has_cookies = false;
const volatile __u8 func__n_args = 0;

static const struct hook trampoline = { .outcome = OUTCOME_ERRNO, .nesting = NESTS, .has_site = true };
static const struct hook breakpoint = {
	.outcome = OUTCOME_ERRNO, .nesting = NESTS, .has_site = true, .is_kprobe = true,
};

static __always_inline __u64 cookie_of(void *ctx)
{
	return func_has_cookies ? bpf_get_attach_cookie(ctx) : func_cookie;
}

/* The helpers for arguments and results are new in 5.17 (f92c1e183604). */
static __always_inline __u64 trampoline_argument(__u64 *ctx)
{
	__u64 value = 0;

	if (!lat_config.key_at[LAT_DIM_ARG])
		return 0;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_arg))
		bpf_get_func_arg(ctx, lat_config.arg, &value);
	else if (lat_config.arg < func__n_args)
		bpf_probe_read_kernel(&value, sizeof(value), ctx + lat_config.arg);
	return value;
}

static __always_inline __s64 trampoline_result(__u64 *ctx)
{
	__u64 value = 0;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_ret))
		return fexit_result(ctx, func__n_args);
	bpf_get_func_ret(ctx, &value);
	return value;
}

SEC("fentry")
int func__fentry(__u64 *ctx)
{
	nest_begin(&trampoline, ctx, (__u32)cookie_of(ctx), trampoline_argument(ctx));
	return 0;
}

SEC("fexit")
int func__fexit(__u64 *ctx)
{
	__u64 cookie = cookie_of(ctx);

	nest_end(&trampoline, ctx, (__u32)cookie, cookie >> 32, trampoline_result(ctx));
	return 0;
}

static __always_inline int breakpoint_begin(struct pt_regs *ctx)
{
	nest_begin(&breakpoint, ctx, (__u32)cookie_of(ctx), register_argument(ctx));
	return 0;
}

static __always_inline int breakpoint_end(struct pt_regs *ctx)
{
	__u64 cookie = cookie_of(ctx);

	nest_end(&breakpoint, ctx, (__u32)cookie, cookie >> 32, PT_REGS_RC(ctx));
	return 0;
}

SEC("kprobe")
int func__kprobe(struct pt_regs *ctx)
{
	return breakpoint_begin(ctx);
}

SEC("kretprobe")
int func__kretprobe(struct pt_regs *ctx)
{
	return breakpoint_end(ctx);
}

SEC("kprobe.multi")
int func__multi(struct pt_regs *ctx)
{
	return breakpoint_begin(ctx);
}

SEC("kretprobe.multi")
int func__retmulti(struct pt_regs *ctx)
{
	return breakpoint_end(ctx);
}
