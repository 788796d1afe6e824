/* SPDX-License-Identifier: MIT */
/* Maps, configuration, spans, recording, outlier events and the probe macros: the only code that touches a map. */
#ifndef LATENCY_BPF_H
#define LATENCY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "latencyprobe/abi.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile struct lat_config lat_config = {};
struct lat_state lat_state;

/* The user side sets sizes that depend on the machine and on the options before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lat_hist);
} lat_hists SEC(".maps");

/* Spans for which the table had no slot: by thread and operation, or by request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, __u64);
	__type(value, struct lat_span);
} lat_spill SEC(".maps");

/* Key -> series number; only with dimensions. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct lat_key));
	__uint(value_size, sizeof(__u32));
} lat_series SEC(".maps");

/* Series numbers not in use yet; a queue gives each to one taker without needing a fetching atomic. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__uint(value_size, sizeof(__u32));
} lat_free SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} lat_ring SEC(".maps");

#include "filter.bpf.h"

/* With dimensions; without, it is a series as any. */
#define LAT_SERIES_OTHER 0
#define EAGAIN 11
#define MAX_ERRNO 4095

/* Without a result: the only atomic add that 5.10 has. */
#define lat_add(pointer, value) ((void)__atomic_fetch_add((pointer), (value), __ATOMIC_RELAXED))
#define lat_read(lvalue) (*(volatile typeof(lvalue) *)&(lvalue))
#define lat_write(lvalue, value) (*(volatile typeof(lvalue) *)&(lvalue) = (value))

/* Of an address that it knows as one, the verifier allows arithmetic on this copy only; and comparing. */
static __always_inline __u32 lower_half(__u64 address)
{
	__u32 half;

	asm volatile("%0 = %1" : "=w"(half) : "w"((__u32)address));
	return half;
}

static __always_inline void lat_count(__u32 op, enum lat_count count)
{
	__u32 shard = bpf_get_smp_processor_id() & (LAT_MAX_SHARDS - 1);

	lat_add(&lat_state.accounts[shard][op & (LAT_MAX_OPS - 1)].counts[count], 1);
}

/*
 * Spans live in a table, and in the map lat_spill while the slot that the table has for them is somebody else's.
 * Only whoever a span stands for (a thread, or whoever handles a request now) looks for it, never two at once.
 */
static __always_inline struct lat_span *span_slot(__u32 index)
{
	struct lat_span *span = &lat_state.spans[index & (LAT_N_SPANS - 1)];

	barrier_var(span); /* or the compiler computes it anew for each field */
	return span;
}

/* Whether the free slot has become ours; see struct lat_span. */
static __always_inline bool span_claim(struct lat_span *span, __u64 id)
{
	if (lat_read(span->claims))
		return false;
	lat_add(&span->claims, 1);
	if (lat_read(span->claims) != 1) {
		lat_add(&span->claims, -1);
		return false;
	}
	lat_write(span->id, id);
	return true;
}

static __always_inline struct lat_span *span_spilled(__u64 key)
{
	return lat_read(lat_state.n_spilled) ? bpf_map_lookup_elem(&lat_spill, &key) : NULL;
}

/* NULL when there is no room. */
static __noinline struct lat_span *span_spill(__u64 key)
{
	struct lat_span empty = {};

	if (bpf_map_update_elem(&lat_spill, &key, &empty, BPF_NOEXIST))
		return NULL;
	lat_add(&lat_state.n_spilled, 1);
	return bpf_map_lookup_elem(&lat_spill, &key);
}

static __always_inline void span_free(struct lat_span *span)
{
	lat_write(span->id, 0);
	lat_add(&span->claims, -1);
}

static __always_inline void span_unspill(__u64 key)
{
	if (!bpf_map_delete_elem(&lat_spill, &key))
		lat_add(&lat_state.n_spilled, -1);
}

/* Remembers who is running, for filters, keys and events. */
static __always_inline void span_set_who(struct lat_span *span)
{
	__u64 pid_tgid = lat_pid_tgid();

	span->pid = pid_tgid >> 32;
	span->tid = (__u32)pid_tgid;
	bpf_get_current_comm(span->comm, sizeof(span->comm));
}

/* Recording. */
#define KEY_AT(dim) (lat_config.key_at[dim] & (LAT_KEY_WORDS - 1))

static __always_inline void key_make(struct lat_key *key, const struct lat_span *span, __u32 op, __u32 ret, __u64 bytes)
{
	key->words[0] = op | ret << 8;
	if (KEY_AT(LAT_DIM_PID))
		key->words[KEY_AT(LAT_DIM_PID)] = span->pid;
	if (KEY_AT(LAT_DIM_TID))
		key->words[KEY_AT(LAT_DIM_TID)] = span->tid;
	if (KEY_AT(LAT_DIM_COMM)) {
		key->words[KEY_AT(LAT_DIM_COMM)] = ((const __u64 *)span->comm)[0];
		key->words[(KEY_AT(LAT_DIM_COMM) + 1) & (LAT_KEY_WORDS - 1)] = ((const __u64 *)span->comm)[1];
	}
	if (KEY_AT(LAT_DIM_CPU))
		key->words[KEY_AT(LAT_DIM_CPU)] = bpf_get_smp_processor_id();
	if (KEY_AT(LAT_DIM_SIZE))
		key->words[KEY_AT(LAT_DIM_SIZE)] = bytes ? 1 + lat_log2(bytes) : 0;
	if (KEY_AT(LAT_DIM_DEVICE))
		key->words[KEY_AT(LAT_DIM_DEVICE)] = span->device;
}

static __noinline __u32 series_add(struct lat_key *key)
{
	__u32 series, *found;

	if (!key || bpf_map_pop_elem(&lat_free, &series))
		return LAT_SERIES_OTHER;
	if (!bpf_map_update_elem(&lat_series, key, &series, BPF_NOEXIST))
		return series;
	/* Another CPU was faster with the same key. */
	bpf_map_push_elem(&lat_free, &series, 0);
	found = bpf_map_lookup_elem(&lat_series, key);
	return found ? *found : LAT_SERIES_OTHER;
}

static __always_inline __u32 series_of_key(const struct lat_span *span, __u32 op, __u32 ret, __u64 bytes)
{
	struct lat_key key = {};
	__u32 *found, series;

	key_make(&key, span, op, ret, bytes);
	found = bpf_map_lookup_elem(&lat_series, &key);
	if (found)
		return *found;
	series = series_add(&key);
	if (series == LAT_SERIES_OTHER)
		lat_count(op, LAT_OTHER_KEY);
	return series;
}

/* What the caller knows is in FACTS. */
static __noinline void event_fill(const struct lat_span *span, const struct lat_event *facts)
{
	struct lat_event *event;

	if (!span || !facts)
		return;
	event = bpf_ringbuf_reserve(&lat_ring, sizeof(*event), 0);
	if (!event) {
		lat_count(facts->op, LAT_RING_FULL);
		return;
	}
	*event = *facts;
	event->pid = span->pid;
	event->tid = span->tid;
	event->device = span->device;
	event->cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(event->comm, span->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	lat_count(facts->op, LAT_EVENTS);
}

/* An event, if this is an outlier. */
static __always_inline void event_send(const struct lat_span *span, __u32 op, __u32 ret, __u64 end_ns, __u64 ns,
				       __u64 bytes, __u64 sector)
{
	struct lat_event event = {
		.end_ns = end_ns, .latency_ns = ns, .bytes = bytes, .sector = sector, .op = op, .ret = ret,
	};

	if (lat_config.outlier_ns && ns >= lat_config.outlier_ns)
		event_fill(span, &event);
}

/* The series of a span that has come to its end. */
static __always_inline __u32 lat_series_of(const struct lat_span *span, __u32 op, __u32 ret, __u64 bytes)
{
	if (lat_config.n_key_words > 1)
		return series_of_key(span, op, ret, bytes);
	return op * LAT_N_RETS + ret;
}

/* Its time: into the histogram, or into the account as to why not. False when it is the latter. */
static __always_inline bool lat_record(__u32 series, __u32 bank, __u32 op, __u64 ns, __u64 bytes)
{
	struct lat_hist *hist;
	__u32 index, slot;

	if (ns > lat_config.max_ns) {
		lat_count(op, (__s64)ns < 0 ? LAT_LOST_CLOCK : LAT_REJECTED);
		return false;
	}
	index = (series * lat_config.n_banks + bank) << lat_config.n_shards_log2;
	index += bpf_get_smp_processor_id() & lat_config.shard_mask;
	hist = bpf_map_lookup_elem(&lat_hists, &index);
	slot = lat_slot(ns);
	barrier_var(slot);
	if (!hist || slot >= LAT_N_SLOTS) /* neither can be, but the verifier does not know */
		return false;
	lat_add(&hist->slots[slot], 1);
	lat_add(&hist->sum_ns, ns);
	if (bytes)
		lat_add(&hist->bytes, bytes);
	/*
	 * Not atomic: 5.10 has no compare-and-exchange. A store lost to a preempting program's is off by less than
	 * a slot once the reader has bounded it by the outermost slots.
	 */
	if (ns > lat_read(hist->max_ns))
		lat_write(hist->max_ns, ns);
	if (~ns > lat_read(hist->inverse_min_ns))
		lat_write(hist->inverse_min_ns, ~ns);
	return true;
}

/*
 * Calls: begun and ended by the same thread. What tells it is the address on its stack where the call was entered
 * (FRAME), for which no helper needs to be called: fentry and fexit of one call get the same context, in the
 * trampoline's stack frame; kprobes have the stack pointer.
 */

/* The stack pointer that a kretprobe sees is that of the entry give or take a return address; the kernel decides. */
#define KRETPROBE_SLACK 16

/* THREAD_SIZE of x86-64 and arm64. Stacks are that large, aligned to it, and have a guard page between them. */
#define STACK_BITS 14

static __always_inline __u32 call_index(__u64 frame, __u32 op)
{
	return (lower_half(frame) >> (STACK_BITS + 1)) + op * (LAT_N_SPANS / LAT_MAX_OPS);
}

static __always_inline bool is_same_stack(__u64 frame, __u64 other)
{
	return !((lower_half(frame) ^ (__u32)other) >> STACK_BITS) && frame < other + (1 << STACK_BITS) &&
	       frame > other - (1 << STACK_BITS);
}

static __always_inline bool is_same_frame(__u64 frame, __u64 begun, bool is_kretprobe)
{
	return is_kretprobe ? frame - begun + KRETPROBE_SLACK <= 2 * KRETPROBE_SLACK : frame == begun;
}

/* Of idle tasks there is one a CPU, all with number 0. */
static __always_inline __u64 call_spill_key(__u32 op)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (!tid)
		tid = 1U << 31 | bpf_get_smp_processor_id();
	return (__u64)op << 32 | tid;
}

/* In assembly, since the verifier refuses a context's address that the compiler computed before loading from it. */
#define CTX_WORD(ctx, n) ({ \
	__u64 word; \
	asm volatile("%0 = *(u64 *)(%1 + " #n " * 8)" : "=r"(word) : "r"(ctx)); \
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

/* What the outcome of a call is told from. */
enum outcome {
	OUTCOME_BYTES,   /* the result: a number of bytes, or a negative errno */
	OUTCOME_STATUS,  /* the result, an int: 0 or more is success */
	OUTCOME_POINTER, /* the result: a pointer, or an errno in one */
	OUTCOME_COPIED,  /* the second argument: a number of bytes; none or fewer is like the end of a file */
};

/*
 * Whether a call of the operation may be inside another of the same thread, and then is a part of that. Where it
 * cannot, a start that is still there always is one whose exit was not seen.
 */
enum nesting { NEVER_NESTS, NESTS };

/* What is known when compiling about a place where an operation is measured. */
struct place {
	__u32 op;
	__u32 number; /* which of the object's places it is */
	enum outcome outcome;
	enum nesting nesting;
	bool is_kprobe;
};

static __always_inline __u64 call_frame(const struct place place, void *ctx)
{
	return place.is_kprobe ? PT_REGS_SP((struct pt_regs *)ctx) : (__u64)ctx;
}

static __always_inline __u32 call_second_argument(const struct place place, void *ctx)
{
	return place.is_kprobe ? PT_REGS_PARM2((struct pt_regs *)ctx) : CTX_WORD(ctx, 1);
}

/*
 * The first argument of a function that fentry shows, or the return address of one that a kprobe shows: while the call
 * is under way that stays where FRAME points to, and once it is over other calls write there.
 */
static __always_inline __u64 call_mark(const struct place place, void *ctx)
{
	__u64 mark = 0;

	if (!place.is_kprobe)
		return CTX_WORD(ctx, 0);
	bpf_probe_read_kernel(&mark, sizeof(mark), (void *)PT_REGS_SP((struct pt_regs *)ctx));
	return mark;
}

static __always_inline bool is_under_way(const struct lat_span *span)
{
	__u64 mark;

	return !bpf_probe_read_kernel(&mark, sizeof(mark), (void *)span->id) && mark == span->mark;
}

/*
 * This thread has begun such an operation already. Either this call is nested in that one: deeper on the same stack,
 * or at the same place, when another function jumped to this one as its last act. Or that one's exit was never seen;
 * since kernels choose each system call's place on the stack at random, its depth alone does not tell.
 */
static __always_inline struct lat_span *call_begin_again(const struct place place, struct lat_span *span, __u64 frame)
{
	if (place.nesting == NESTS && is_same_stack(frame, span->id) &&
	    (frame < span->id || (frame == span->id && place.number != span->stem)) && is_under_way(span)) {
		lat_count(place.op, LAT_NESTED);
		return NULL;
	}
	lat_count(place.op, LAT_LOST_EXIT);
	lat_write(span->id, frame);
	return span;
}

/* Where the slot of the table is not simply free. NULL when there is nothing to begin. */
static __always_inline struct lat_span *call_begin_slowly(const struct place place, struct lat_span *slot, __u64 frame)
{
	__u64 key = call_spill_key(place.op);
	struct lat_span *span;

	if (slot->id && is_same_stack(frame, slot->id))
		return call_begin_again(place, slot, frame);
	span = span_spilled(key);
	if (span)
		return call_begin_again(place, span, frame);
	if (span_claim(slot, frame))
		return slot;
	span = span_spill(key);
	if (span)
		lat_write(span->id, frame);
	else
		lat_count(place.op, LAT_LOST_SPAN);
	return span;
}

static __always_inline void call_begin(const struct place place, void *ctx)
{
	__u64 frame = call_frame(place, ctx);
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return;
	if (lat_config.has_filter && !filter_pass()) {
		lat_count(place.op, LAT_FILTERED);
		return;
	}
	lat_count(place.op, LAT_ENTERED);
	span = span_slot(call_index(frame, place.op));
	if (lat_read(lat_state.n_spilled) || !span_claim(span, frame)) {
		span = call_begin_slowly(place, span, frame);
		if (!span)
			return;
	}
	span->op = place.op;
	span->stem = place.number;
	if (place.outcome == OUTCOME_COPIED)
		span->bytes = call_second_argument(place, ctx);
	if (place.nesting == NESTS)
		span->mark = call_mark(place, ctx);
	lat_write(span->start_ns, bpf_ktime_get_ns());
}

static __always_inline enum lat_ret call_ret(enum outcome outcome, __s64 result)
{
	if (outcome == OUTCOME_POINTER)
		return (__u64)result < (__u64)-MAX_ERRNO ? LAT_RET_OK : LAT_RET_ERROR;
	if (outcome == OUTCOME_STATUS)
		result = (__s32)result;
	if (result > 0)
		return LAT_RET_OK;
	if (!result)
		return outcome == OUTCOME_STATUS ? LAT_RET_OK : LAT_RET_EOF;
	if (outcome == OUTCOME_COPIED)
		return LAT_RET_EOF;
	return result == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR;
}

static __always_inline void call_record(const struct place place, struct lat_span *span, __s64 result, __u64 end_ns)
{
	__u64 bytes = place.outcome == OUTCOME_BYTES && result > 0 ? result : 0;
	__u64 ns = end_ns - span->start_ns;
	__u32 ret;

	if (place.outcome == OUTCOME_COPIED)
		result = (__s32)span->bytes;
	ret = call_ret(place.outcome, result);
	if (!lat_config.needs_who) {
		lat_record(place.op * LAT_N_RETS + ret, 0, place.op, ns, bytes);
		return;
	}
	span_set_who(span);
	if (lat_record(lat_series_of(span, place.op, ret, bytes), 0, place.op, ns, bytes))
		event_send(span, place.op, ret, end_ns, ns, bytes, 0);
}

/* Where the slot of the table is not that of the call. */
static __always_inline void call_end_slowly(const struct place place, struct lat_span *slot, __u64 frame, __s64 result)
{
	__u64 end_ns, key;
	struct lat_span *span;

	if (slot->id && is_same_stack(frame, slot->id))
		return; /* the exit of a nested call, or of one whose entry was not seen */
	if (!lat_read(lat_state.n_spilled)) {
		if (!lat_config.has_filter && lat_read(lat_state.gate))
			lat_count(place.op, LAT_UNMATCHED);
		return;
	}
	end_ns = bpf_ktime_get_ns();
	key = call_spill_key(place.op);
	span = span_spilled(key);
	if (!lat_read(lat_state.gate))
		return;
	if (!span && !lat_config.has_filter)
		lat_count(place.op, LAT_UNMATCHED);
	if (!span || !is_same_frame(frame, span->id, place.is_kprobe) || span->stem != place.number)
		return;
	call_record(place, span, result, end_ns);
	span_unspill(key);
}

/* RESULT is what the function returned, where it returns something. */
static __always_inline void call_end(const struct place place, void *ctx, __s64 result)
{
	__u64 frame = call_frame(place, ctx);
	struct lat_span *span = span_slot(call_index(frame, place.op));

	if (!is_same_frame(frame, span->id, place.is_kprobe) || span->stem != place.number) {
		call_end_slowly(place, span, frame, result);
		return;
	}
	if (!lat_read(lat_state.gate))
		return;
	call_record(place, span, result, bpf_ktime_get_ns());
	span_free(span);
}

/*
 * The programs of one place, STEM, where the operation OP is measured; see enum outcome and enum nesting. The user
 * side sets the number of arguments.
 */
#define PROBE_CALL(stem, op, outcome, nesting) PROBE_CALL_NUMBERED(stem, op, outcome, nesting, __COUNTER__)
#define PROBE_CALL_NUMBERED(stem, op, outcome, nesting, number) \
	static const struct place stem##__trampoline = { op, number, outcome, nesting, false }; \
	static const struct place stem##__breakpoint = { op, number, outcome, nesting, true }; \
	const volatile __u8 stem##__n_args = 0; \
	SEC("fentry") int stem##__fentry(__u64 *ctx) \
	{ \
		call_begin(stem##__trampoline, ctx); \
		return 0; \
	} \
	SEC("fexit") int stem##__fexit(__u64 *ctx) \
	{ \
		call_end(stem##__trampoline, ctx, outcome == OUTCOME_COPIED ? 0 : fexit_result(ctx, stem##__n_args)); \
		return 0; \
	} \
	SEC("kprobe") int stem##__kprobe(struct pt_regs *ctx) \
	{ \
		call_begin(stem##__breakpoint, ctx); \
		return 0; \
	} \
	SEC("kretprobe") int stem##__kretprobe(struct pt_regs *ctx) \
	{ \
		call_end(stem##__breakpoint, ctx, PT_REGS_RC(ctx)); \
		return 0; \
	} \
	extern int stem##__needs_a_semicolon

#endif
