/* SPDX-License-Identifier: MIT */
/* Where calls are measured, and how one is told from others there: by registers and stacks. */
#ifndef HOOK_BPF_H
#define HOOK_BPF_H

#include "file.bpf.h"
#include "outcome.bpf.h"
#include "span.bpf.h"

/*
 * Calls: begun and ended by the same thread. What tells it is the address on its stack where the call was entered
 * (FRAME), for which no helper needs to be called: fentry and fexit of one call get the same context, in the
 * trampoline's stack frame; kprobes have the stack pointer.
 */

/* The stack pointer that a kretprobe sees is that of the entry give or take a return address; the kernel decides. */
#define KRETPROBE_SLACK 16

/* THREAD_SIZE of x86-64 and arm64. Stacks are that large, aligned to it, and have a guard page between them. */
#define STACK_BITS 14

#define CALL_N_STACKS (LAT_N_SPANS / 2)
#define CALL_OP_STRIDE (CALL_N_STACKS / LAT_MAX_OPS)

/* The stack's slot of the first operation. Each operation's lies a constant behind that of the one before. */
static __always_inline struct lat_span *call_first_slot(__u64 frame)
{
	__u32 offset = lower_half(frame) / ((2 << STACK_BITS) / sizeof(struct lat_span)) &
		       (CALL_N_STACKS - 1) * sizeof(struct lat_span);
	char *state = (char *)&lat_state + offset;

	barrier_var(state); /* or the compiler computes it anew for each field */
	return (struct lat_span *)(state + offsetof(struct lat_state, spans));
}

static __always_inline struct lat_span *call_slot(__u64 frame, __u32 op)
{
	struct lat_span *span = call_first_slot(frame) + op * CALL_OP_STRIDE;

	barrier_var(span);
	return span;
}

/* Of the same, where no more is asked of it: the constant becomes part of the instruction. */
static __always_inline __u32 call_claims(__u64 frame, __u32 op)
{
	return lat_read(call_first_slot(frame)[op * CALL_OP_STRIDE].claims);
}

static __always_inline bool is_same_stack(__u64 frame, __u64 other)
{
	return !((lower_half(frame) ^ (__u32)other) >> STACK_BITS) && frame < other + (1 << STACK_BITS) &&
	       frame > other - (1 << STACK_BITS);
}

static __always_inline bool is_same_frame(__u64 frame, __u64 begun, bool is_kretprobe)
{
	__u64 above = frame;

	if (!is_kretprobe)
		return frame == begun;
	/* In assembly, or it is computed for fentry as well, whose frame the verifier knows as an address. */
	asm volatile("%0 -= %1" : "+r"(above) : "r"(begun));
	return above + KRETPROBE_SLACK <= 2 * KRETPROBE_SLACK;
}

/* Of idle tasks there is one a CPU, all with number 0. */
static __always_inline __u64 call_spill_key(__u32 op)
{
	__u32 tid = (__u32)current_pid_tgid();

	if (!tid)
		tid = 1U << 31 | bpf_get_smp_processor_id();
	return (__u64)op << 32 | tid;
}

/* A call's span goes to the map lat_spill and back; the slot of its thread says that it is there. */
static __always_inline struct lat_span *call_spill(struct lat_span *slot, __u64 key, __u64 frame)
{
	struct lat_span *span = span_spill(key);

	if (!span)
		return NULL;
	lat_write(span->id, frame);
	lat_add(&slot->claims, LAT_CLAIM_SPILLED);
	return span;
}

static __always_inline void call_unspill(struct lat_span *span, __u64 key, __u32 op)
{
	struct lat_span *slot = call_slot(span->id, op);

	span_unspill(key);
	lat_add(&slot->claims, -LAT_CLAIM_SPILLED);
}

/* In assembly, since the verifier refuses a context's address that the compiler computed before loading from it. */
#define CTX_WORD(ctx, n) ({ \
	__u64 word; \
	asm volatile("%0 = *(u64 *)(%1 + " #n " * 8)" : "=r"(word) : "r"(ctx)); \
	word; \
})

/* Of a kprobe, with PARAMETER one of libbpf's PT_REGS_PARM1() .. PT_REGS_SP(); for the same reason. */
#define CTX_REGISTER(ctx, parameter) ({ \
	__u64 word; \
	asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(word) : "r"(ctx), "i"((long)&parameter((struct pt_regs *)0))); \
	word; \
})

/* The result lies behind the arguments, whose number the user side has from BTF; a helper for it is in 5.17 only. */
static __always_inline __s64 fexit_result(const __u64 *ctx, __u8 n_args)
{
	switch (n_args) {
	case 0: return CTX_WORD(ctx, 0);
	case 1: return CTX_WORD(ctx, 1);
	case 2: return CTX_WORD(ctx, 2);
	case 3: return CTX_WORD(ctx, 3);
	case 4: return CTX_WORD(ctx, 4);
	case 5: return CTX_WORD(ctx, 5);
	default: return CTX_WORD(ctx, 6);
	}
}

/* Of the argument that --arg names. */
static __always_inline __u64 register_argument(struct pt_regs *ctx)
{
	if (!lat_config.key_at[LAT_DIM_ARG])
		return 0;
	switch (lat_config.arg) {
	case 0: return CTX_REGISTER(ctx, PT_REGS_PARM1);
	case 1: return CTX_REGISTER(ctx, PT_REGS_PARM2);
	case 2: return CTX_REGISTER(ctx, PT_REGS_PARM3);
	case 3: return CTX_REGISTER(ctx, PT_REGS_PARM4);
	case 4: return CTX_REGISTER(ctx, PT_REGS_PARM5);
	default: return 0;
	}
}

/*
 * Whether a call of the operation may be inside another of the same thread, and then is a part of that. Where it
 * cannot, a start that is still there always is one whose exit was not seen.
 */
enum nesting { NEVER_NESTS, NESTS };

/* What is known when compiling about a place where an operation is measured. */
struct hook {
	__u32 op;
	__u32 number; /* which of the object's places it is */
	enum outcome outcome;
	enum nesting nesting;
	bool is_kprobe;
	bool is_syscall; /* the first argument of the tracepoint is where the thread's registers are on its stack */
	bool has_site;   /* of the span */
	enum file_from file;
	bool has_socket; /* the first argument is one */
};

/* Else the compiler keeps the context from the program's start on in a register that the JIT then has to save. */
static __always_inline void *ctx_copy(void *ctx)
{
	void *copy;

	asm volatile("%0 = %1" : "=r"(copy) : "r"(ctx));
	return copy;
}

static __always_inline __u64 call_frame(const struct hook *hook, void *ctx)
{
	if (hook->is_syscall)
		return CTX_WORD(ctx, 0);
	return hook->is_kprobe ? CTX_REGISTER(ctx, PT_REGS_SP) : (__u64)ctx;
}

static __always_inline __u32 call_second_argument(const struct hook *hook, void *ctx)
{
	return hook->is_kprobe ? CTX_REGISTER(ctx, PT_REGS_PARM2) : CTX_WORD(ctx, 1);
}

/*
 * The first argument of a function that fentry shows, or the return address of one that a kprobe shows: while the call
 * is under way that stays where FRAME points to, and once it is over other calls write there.
 */
static __always_inline __u64 call_mark(const struct hook *hook, void *ctx)
{
	__u64 mark = 0;

	if (!hook->is_kprobe)
		return CTX_WORD(ctx, 0);
	bpf_probe_read_kernel(&mark, sizeof(mark), (void *)CTX_REGISTER(ctx, PT_REGS_SP));
	return mark;
}

static __always_inline bool is_under_way(const struct lat_span *span)
{
	__u64 mark;

	return !bpf_probe_read_kernel(&mark, sizeof(mark), (void *)span->id) && mark == span->mark;
}

#endif
