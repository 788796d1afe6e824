/* SPDX-License-Identifier: MIT */
/* Target syscall: system calls, from the kernel's entry code calling their function to its return. */
#include "lib/call.bpf.h"

/* As in src/targets/syscall.c: site = ABI * SYSCALL_NUMBERS + number, and one for all numbers beyond. */
#define SYSCALL_NUMBERS 1024
enum syscall_abi { ABI_64, ABI_32, ABI_x32, N_ABIS };
#define SYSCALL_BEYOND (N_ABIS * SYSCALL_NUMBERS)
#define X32_BIT 0x40000000
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */

enum syscall_kind { KIND_LEFT_OUT, KIND_MEASURED, KIND_NEVER_RETURNS };
const volatile __u8 syscall_kinds[SYSCALL_BEYOND + 1] = {};

static const struct hook hook = {
	.outcome = OUTCOME_ERRNO, .nesting = NEVER_NESTS, .is_syscall = true, .has_site = true,
};

static __always_inline bool is_compat(void)
{
#ifdef __TARGET_ARCH_x86
	struct task_struct *task;

	/* New in 5.11 (3ca1032ab7ab). */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#else
	return false;
#endif
}

static __always_inline __u32 syscall_site(__u64 number)
{
	enum syscall_abi abi = is_compat() ? ABI_32 : number & X32_BIT ? ABI_x32 : ABI_64;
	__u32 site;

	number &= ~X32_BIT;
	if (number >= SYSCALL_NUMBERS)
		return SYSCALL_BEYOND;
	site = abi * SYSCALL_NUMBERS + (__u32)number;
	barrier_var(site); /* the compiler knows that it is in bounds, the verifier has to be shown */
	return site < SYSCALL_BEYOND ? site : SYSCALL_BEYOND;
}

SEC("tp_btf/sys_enter")
int sys_enter(__u64 *ctx)
{
	struct lat_span *span;
	__u32 site;

	if (!lat_read(lat_state.gate))
		return 0;
	site = syscall_site(ctx[1]);
	switch (syscall_kinds[site]) {
	case KIND_LEFT_OUT:
		call_filtered(&hook, ctx);
		return 0;
	case KIND_NEVER_RETURNS:
		if (lat_config.filter && !filter_pass()) {
			lat_count(0, LAT_FILTERED);
			return 0;
		}
		lat_count(0, LAT_ENTERED);
		lat_count(0, LAT_NO_RETURN);
		return 0;
	default:
		span = call_enter(&hook, ctx);
		if (span)
			span->site = site;
		return 0;
	}
}

/* What the first exit of a new thread is of, which had no entry. */
static __always_inline bool is_birth(__u64 number)
{
#ifdef __TARGET_ARCH_x86
	if (is_compat())
		return number == 120 || number == 2 || number == 190 || number == 435;
	number &= ~X32_BIT;
	return number == 56 || number == 57 || number == 58 || number == 435; /* clone, fork, vfork, clone3 */
#else
	return number == 220 || number == 435;
#endif
}

static __always_inline int syscall_end(__u64 *ctx, bool has_stacks)
{
#ifdef __TARGET_ARCH_x86
	struct pt_regs *regs = (void *)ctx[0];
	__u64 number = regs->orig_ax;
#else
	__u64 number = ((struct user_pt_regs *)ctx[0])->syscallno;
#endif
	__s64 result = ctx[1];

	/* Only a child's is 0: its parent gets its number, or an error. */
	if (!result && is_birth(number))
		return 0;
	/* A return from a signal handler has put back what the registers were, and is no call any more. */
	if (number == ~0ULL)
		result = 0;
	call_end_with(&hook, NULL, call_frame(&hook, ctx), result, has_stacks ? ctx : NULL);
	return 0;
}

static __noinline int syscall_end_stacked(__u64 *ctx)
{
	return syscall_end(ctx, true);
}

SEC("tp_btf/sys_exit")
int sys_exit(__u64 *ctx)
{
	return lat_config.stacks ? syscall_end_stacked(ctx) : syscall_end(ctx, false);
}
