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
	return &lat_state.spans[index & (LAT_N_SPANS - 1)];
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

/* True when a recorded span's owner will be asked for. */
static __always_inline bool span_needs_who(void)
{
	return lat_config.n_key_words > 1 || lat_config.outlier_ns;
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

static __always_inline __u32 series_of(const struct lat_span *span, __u32 op, __u32 ret, __u64 bytes)
{
	__u32 *found, series;

	if (lat_config.n_key_words > 1) {
		struct lat_key key = {};

		key_make(&key, span, op, ret, bytes);
		found = bpf_map_lookup_elem(&lat_series, &key);
		if (found)
			return *found;
		series = series_add(&key);
		if (series == LAT_SERIES_OTHER)
			lat_count(op, LAT_OTHER_KEY);
		return series;
	}
	return op * LAT_N_RETS + ret;
}

/* What the caller knows is in FACTS. */
static __noinline void event_send(const struct lat_span *span, const struct lat_event *facts)
{
	struct lat_event *event;

	if (!span || !facts)
		return;
	event = bpf_ringbuf_reserve(&lat_ring, sizeof(*event), 0);
	lat_count(facts->op, event ? LAT_EVENTS : LAT_RING_FULL);
	if (!event)
		return;
	*event = *facts;
	event->pid = span->pid;
	event->tid = span->tid;
	event->device = span->device;
	event->cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(event->comm, span->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

/* A span has come to its end: into the histogram, or into the account as to why not. */
static __always_inline void lat_record(const struct lat_span *span, __u32 op, __u32 ret, __u64 start_ns, __u64 end_ns,
				       __u64 bytes, __u64 sector)
{
	__u64 ns = end_ns - start_ns;
	struct lat_hist *hist;
	__u32 index, slot;

	if ((__s64)ns < 0) {
		lat_count(op, LAT_LOST_CLOCK);
		return;
	}
	if (lat_config.max_ns && ns > lat_config.max_ns) {
		lat_count(op, LAT_REJECTED);
		return;
	}
	index = series_of(span, op, ret, bytes) << lat_config.n_shards_log2;
	index += bpf_get_smp_processor_id() & ((1 << lat_config.n_shards_log2) - 1);
	hist = bpf_map_lookup_elem(&lat_hists, &index);
	slot = lat_slot(ns);
	barrier_var(slot);
	if (!hist || slot >= LAT_N_SLOTS) /* neither can be, but the verifier does not know */
		return;
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
	if (lat_config.outlier_ns && ns >= lat_config.outlier_ns) {
		struct lat_event event = {
			.end_ns = end_ns, .latency_ns = ns, .bytes = bytes, .sector = sector, .op = op, .ret = ret,
		};

		event_send(span, &event);
	}
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

/*
 * This thread has begun such an operation already. Either this call is nested in that one: deeper on the same stack,
 * or at the same place, when another function jumped to this one as its last act. Or that one's exit was never seen.
 */
static __always_inline struct lat_span *call_begin_again(struct lat_span *span, __u32 op, __u32 stem, __u64 frame)
{
	if (is_same_stack(frame, span->id) && (frame < span->id || (frame == span->id && stem != span->stem))) {
		lat_count(op, LAT_NESTED);
		return NULL;
	}
	lat_count(op, LAT_LOST_EXIT);
	lat_write(span->id, frame);
	return span;
}

/* Where the slot of the table is not simply free. NULL when there is nothing to begin. */
static __noinline struct lat_span *call_begin_slowly(struct lat_span *slot, __u32 op, __u32 stem, __u64 frame)
{
	__u64 key = call_spill_key(op);
	struct lat_span *span;

	if (!slot)
		return NULL;
	if (slot->id && is_same_stack(frame, slot->id))
		return call_begin_again(slot, op, stem, frame);
	span = span_spilled(key);
	if (span)
		return call_begin_again(span, op, stem, frame);
	if (span_claim(slot, frame))
		return slot;
	span = span_spill(key);
	if (span)
		lat_write(span->id, frame);
	else
		lat_count(op, LAT_LOST_SPAN);
	return span;
}

/* ARGUMENT is kept for call_end_copied(). */
static __always_inline void call_begin(__u32 op, __u32 stem, __u64 frame, __u32 argument)
{
	struct lat_span *span;

	if (!lat_read(lat_state.gate))
		return;
	if (lat_config.has_filter && !filter_pass()) {
		lat_count(op, LAT_FILTERED);
		return;
	}
	lat_count(op, LAT_ENTERED);
	span = span_slot(call_index(frame, op));
	if (lat_read(lat_state.n_spilled) || !span_claim(span, frame)) {
		span = call_begin_slowly(span, op, stem, frame);
		if (!span)
			return;
	}
	span->op = op;
	span->stem = stem;
	span->bytes = argument;
	lat_write(span->start_ns, bpf_ktime_get_ns());
}

/* Stands for: as the argument says that was kept at the beginning. */
#define RET_BY_ARGUMENT LAT_N_RETS

static __always_inline void call_record(struct lat_span *span, __u32 op, __u64 end_ns, __u32 ret, __u64 bytes)
{
	if (ret == RET_BY_ARGUMENT)
		ret = (__s32)span->bytes > 0 ? LAT_RET_OK : LAT_RET_EOF;
	if (span_needs_who())
		span_set_who(span);
	lat_record(span, op, ret, span->start_ns, end_ns, bytes, 0);
}

static __always_inline void call_end(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __u32 ret, __u64 bytes)
{
	struct lat_span *span = span_slot(call_index(frame, op));
	__u64 end_ns, key;

	if (!lat_read(lat_state.gate))
		return;
	if (is_same_frame(frame, span->id, is_kretprobe) && span->stem == stem) {
		call_record(span, op, bpf_ktime_get_ns(), ret, bytes);
		span_free(span);
		return;
	}
	if (span->id && is_same_stack(frame, span->id))
		return; /* the exit of a nested call, or of one whose entry was not seen */
	if (!lat_read(lat_state.n_spilled)) {
		if (!lat_config.has_filter)
			lat_count(op, LAT_UNMATCHED);
		return;
	}
	end_ns = bpf_ktime_get_ns();
	key = call_spill_key(op);
	span = span_spilled(key);
	if (!span) {
		if (!lat_config.has_filter)
			lat_count(op, LAT_UNMATCHED);
	} else if (is_same_frame(frame, span->id, is_kretprobe) && span->stem == stem) {
		call_record(span, op, end_ns, ret, bytes);
		span_unspill(key);
	}
}

/* RESULT is a number of bytes, or a negative errno. */
static __always_inline void call_end_bytes(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	__u32 ret = result > 0 ? LAT_RET_OK : !result ? LAT_RET_EOF : result == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR;

	call_end(op, stem, frame, is_kretprobe, ret, result > 0 ? result : 0);
}

/* RESULT is an int: 0 or more is success. */
static __always_inline void call_end_int(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	__s32 status = (__s32)result;

	call_end(op, stem, frame, is_kretprobe,
		 status >= 0 ? LAT_RET_OK : status == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR, 0);
}

/* RESULT is a pointer, or an errno in one. */
static __always_inline void call_end_pointer(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	call_end(op, stem, frame, is_kretprobe,
		 (__u64)result < (__u64)-MAX_ERRNO ? LAT_RET_OK : LAT_RET_ERROR, 0);
}

/* No result, but an argument that says how many bytes it is about: none or fewer is like the end of a file. */
static __always_inline void call_end_copied(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe)
{
	call_end(op, stem, frame, is_kretprobe, RET_BY_ARGUMENT, 0);
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

/*
 * The programs of one place, STEM, where the operation OP is measured: END is one of the call_end_... above that
 * take a result. The user side sets the number of arguments.
 */
#define PROBE_CALL(stem, op, end) PROBE_CALL_NUMBERED(stem, op, end, __COUNTER__)
#define PROBE_CALL_NUMBERED(stem, op, end, number) \
	enum { stem##__number = number }; \
	const volatile __u8 stem##__n_args = 0; \
	SEC("fentry") int stem##__fentry(__u64 *ctx) \
	{ \
		call_begin(op, stem##__number, (__u64)ctx, 0); \
		return 0; \
	} \
	SEC("fexit") int stem##__fexit(__u64 *ctx) \
	{ \
		end(op, stem##__number, (__u64)ctx, false, fexit_result(ctx, stem##__n_args)); \
		return 0; \
	} \
	SEC("kprobe") int stem##__kprobe(struct pt_regs *ctx) \
	{ \
		call_begin(op, stem##__number, PT_REGS_SP(ctx), 0); \
		return 0; \
	} \
	SEC("kretprobe") int stem##__kretprobe(struct pt_regs *ctx) \
	{ \
		end(op, stem##__number, PT_REGS_SP(ctx), true, PT_REGS_RC(ctx)); \
		return 0; \
	} \
	extern int stem##__needs_a_semicolon

/* The same for a function whose second argument is a number of bytes and that has no result. */
#define PROBE_CALL_COPIED(stem, op) PROBE_CALL_COPIED_NUMBERED(stem, op, __COUNTER__)
#define PROBE_CALL_COPIED_NUMBERED(stem, op, number) \
	enum { stem##__number = number }; \
	SEC("fentry") int stem##__fentry(__u64 *ctx) \
	{ \
		call_begin(op, stem##__number, (__u64)ctx, CTX_WORD(ctx, 1)); \
		return 0; \
	} \
	SEC("fexit") int stem##__fexit(__u64 *ctx) \
	{ \
		call_end_copied(op, stem##__number, (__u64)ctx, false); \
		return 0; \
	} \
	SEC("kprobe") int stem##__kprobe(struct pt_regs *ctx) \
	{ \
		call_begin(op, stem##__number, PT_REGS_SP(ctx), PT_REGS_PARM2(ctx)); \
		return 0; \
	} \
	SEC("kretprobe") int stem##__kretprobe(struct pt_regs *ctx) \
	{ \
		call_end_copied(op, stem##__number, PT_REGS_SP(ctx), true); \
		return 0; \
	} \
	extern int stem##__needs_a_semicolon

#endif
