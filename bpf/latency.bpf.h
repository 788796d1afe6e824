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

/* Spans for which the table had no slot, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
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

static __always_inline __u32 lat_shard(void)
{
	return bpf_get_smp_processor_id() & ((1 << lat_config.n_shards_log2) - 1) & (LAT_MAX_SHARDS - 1);
}

static __always_inline void lat_count(__u32 op, enum lat_count count)
{
	lat_add(&lat_state.accounts[lat_shard()][op & (LAT_MAX_OPS - 1)].counts[count], 1);
}

/*
 * Spans. A span is found by its id in the slot that the id leads to, or else in the map lat_spill. Only whoever
 * the id stands for (a thread, or whoever handles a request now) calls these for it, never two at once.
 */
static __always_inline struct lat_span *span_slot(__u32 index)
{
	return &lat_state.spans[index & (LAT_N_SPANS - 1)];
}

static __always_inline struct lat_span *span_find(__u64 id, __u32 index)
{
	struct lat_span *span = span_slot(index);

	if (span->id == id)
		return span;
	if (!lat_read(lat_state.n_spilled))
		return NULL;
	return bpf_map_lookup_elem(&lat_spill, &id);
}

/* Where the slot is somebody else's. */
static __noinline struct lat_span *span_spill(__u64 id)
{
	struct lat_span empty = { .id = id };

	if (bpf_map_update_elem(&lat_spill, &id, &empty, BPF_NOEXIST))
		return NULL;
	lat_add(&lat_state.n_spilled, 1);
	return bpf_map_lookup_elem(&lat_spill, &id);
}

/* A new span, its other fields undefined; NULL when there is no room. The caller knows that there is none yet. */
static __always_inline struct lat_span *span_claim(__u64 id, __u32 index)
{
	struct lat_span *span = span_slot(index);

	if (!lat_read(span->claims)) {
		lat_add(&span->claims, 1);
		if (lat_read(span->claims) == 1) {
			lat_write(span->id, id);
			return span;
		}
		lat_add(&span->claims, -1);
	}
	return span_spill(id);
}

static __always_inline void span_release(struct lat_span *span, __u64 id)
{
	if (span->claims) {
		lat_write(span->id, 0);
		lat_add(&span->claims, -1);
	} else {
		bpf_map_delete_elem(&lat_spill, &id);
		lat_add(&lat_state.n_spilled, -1);
	}
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
struct lat_done {
	struct lat_span *span;
	__u64 start_ns, end_ns;
	__u64 bytes;
	__u64 sector;
	__u32 op;
	__u32 ret;
};

#define KEY_AT(dim) (lat_config.key_at[dim] & (LAT_KEY_WORDS - 1))

static __always_inline void key_make(struct lat_key *key, const struct lat_done *done)
{
	const struct lat_span *span = done->span;

	key->words[0] = done->op | done->ret << 8;
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
		key->words[KEY_AT(LAT_DIM_SIZE)] = done->bytes ? 1 + lat_log2(done->bytes) : 0;
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

static __always_inline __u32 series_of(const struct lat_done *done)
{
	struct lat_key key = {};
	__u32 *found, series;

	if (lat_config.n_key_words == 1)
		return done->op * LAT_N_RETS + done->ret;
	key_make(&key, done);
	found = bpf_map_lookup_elem(&lat_series, &key);
	if (found)
		return *found;
	series = series_add(&key);
	if (series == LAT_SERIES_OTHER)
		lat_count(done->op, LAT_OTHER_KEY);
	return series;
}

static __noinline void event_send(const struct lat_done *done)
{
	const struct lat_span *span;
	struct lat_event *event;

	if (!done)
		return;
	span = done->span;
	event = bpf_ringbuf_reserve(&lat_ring, sizeof(*event), 0);
	lat_count(done->op, event ? LAT_EVENTS : LAT_RING_FULL);
	if (!event)
		return;
	event->end_ns = done->end_ns;
	event->latency_ns = done->end_ns - done->start_ns;
	event->bytes = done->bytes;
	event->sector = done->sector;
	event->pid = span->pid;
	event->tid = span->tid;
	event->op = done->op;
	event->ret = done->ret;
	event->device = span->device;
	event->cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(event->comm, span->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

/* A span has come to its end: into the histogram, or into the account as to why not. */
static __always_inline void lat_record(const struct lat_done *done)
{
	__u64 ns = done->end_ns - done->start_ns;
	struct lat_hist *hist;
	__u32 index, slot;

	if ((__s64)ns < 0) {
		lat_count(done->op, LAT_LOST_CLOCK);
		return;
	}
	if (lat_config.max_ns && ns > lat_config.max_ns) {
		lat_count(done->op, LAT_REJECTED);
		return;
	}
	index = (series_of(done) << lat_config.n_shards_log2) + lat_shard();
	hist = bpf_map_lookup_elem(&lat_hists, &index);
	if (!hist) /* cannot be: the map has a place for every series */
		return;
	slot = lat_slot(ns);
	barrier_var(slot);
	if (slot >= LAT_N_SLOTS) /* never, but the verifier cannot see it */
		return;
	lat_add(&hist->slots[slot], 1);
	lat_add(&hist->sum_ns, ns);
	if (done->bytes)
		lat_add(&hist->bytes, done->bytes);
	/*
	 * Not atomic: 5.10 has no compare-and-exchange. A store lost to a preempting program's is off by less than
	 * a slot once the reader has bounded it by the outermost slots.
	 */
	if (ns > lat_read(hist->max_ns))
		lat_write(hist->max_ns, ns);
	if (~ns > lat_read(hist->inverse_min_ns))
		lat_write(hist->inverse_min_ns, ~ns);
	if (lat_config.outlier_ns && ns >= lat_config.outlier_ns)
		event_send(done);
}

/* Calls: begun and ended by the same thread. */

/* Threads of CPUs' idle tasks all are 0: their CPU keeps them apart. */
static __always_inline __u64 call_thread(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	return tid ? tid : 1U << 31 | bpf_get_smp_processor_id();
}

static __always_inline __u64 call_id(__u64 thread, __u32 op)
{
	return (__u64)(op + 1) << 32 | thread;
}

/* Threads numbered in a row share no slot, nor do one thread's operations. */
static __always_inline __u32 call_index(__u64 thread, __u32 op)
{
	return thread + op * (LAT_N_SPANS / LAT_MAX_OPS);
}

#define THREAD_STACK_BITS 14 /* 16 KiB: THREAD_SIZE of x86-64 and arm64 */

/*
 * A start of this thread and operation is there already. Either this call is nested in that one, and then deeper on
 * the same stack (or at the same place, when another function jumped to this one as its last act), or that one's
 * exit was never seen.
 */
static __noinline int call_begin_again(struct lat_span *span, __u32 op, __u32 stem, __u64 frame)
{
	__u64 outer;

	if (!span)
		return 0;
	outer = span->frame;
	/* The verifier allows arithmetic on a context's address only after a round trip through memory. */
	lat_write(span->frame, frame);
	frame = lat_read(span->frame);
	if ((frame < outer && !((frame ^ outer) >> THREAD_STACK_BITS)) || (frame == outer && stem != span->stem)) {
		lat_write(span->frame, outer);
		lat_count(op, LAT_NESTED);
		return 0;
	}
	lat_count(op, LAT_LOST_EXIT);
	span->stem = stem;
	span->start_ns = bpf_ktime_get_ns();
	return 0;
}

/* ARGUMENT is kept for call_end_copied(). */
static __always_inline void call_begin(__u32 op, __u32 stem, __u64 frame, __u32 argument)
{
	struct lat_span *span;
	__u64 thread, id;
	__u32 index;

	if (!lat_read(lat_state.gate))
		return;
	lat_count(op, LAT_ENTERED);
	if (!filter_pass()) {
		lat_count(op, LAT_FILTERED);
		return;
	}
	thread = call_thread();
	id = call_id(thread, op);
	index = call_index(thread, op);
	span = span_find(id, index);
	if (span) {
		call_begin_again(span, op, stem, frame);
		return;
	}
	span = span_claim(id, index);
	if (!span) {
		lat_count(op, LAT_LOST_SPAN);
		return;
	}
	span->op = op;
	span->stem = stem;
	span->frame = frame;
	span->bytes = argument;
	lat_write(span->start_ns, bpf_ktime_get_ns());
}

/*
 * fentry and fexit of one call get the same context, in the trampoline's stack frame. The stack pointer that a
 * kretprobe sees is that of the entry give or take a return address, and which depends on the kernel.
 */
#define KRETPROBE_SLACK 16

static __always_inline bool frame_is_of(const struct lat_span *span, __u64 frame, bool is_kretprobe)
{
	if (is_kretprobe)
		return frame - span->frame + KRETPROBE_SLACK <= 2 * KRETPROBE_SLACK;
	return frame == span->frame;
}

/* Stands for: as the argument says that was kept at the beginning. */
#define RET_BY_ARGUMENT LAT_N_RETS

static __always_inline void call_end(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __u32 ret, __u64 bytes)
{
	struct lat_done done = { .op = op, .ret = ret, .bytes = bytes };
	struct lat_span *span;
	__u64 thread, id;

	if (!lat_read(lat_state.gate))
		return;
	done.end_ns = bpf_ktime_get_ns();
	thread = call_thread();
	id = call_id(thread, op);
	span = span_find(id, call_index(thread, op));
	if (!span) {
		if (!filter_is_on())
			lat_count(op, LAT_UNMATCHED);
		return;
	}
	/* Otherwise the exit of a nested call, or of one whose entry was not seen. */
	if (span->stem != stem || !frame_is_of(span, frame, is_kretprobe))
		return;
	done.span = span;
	done.start_ns = span->start_ns;
	if (ret == RET_BY_ARGUMENT)
		done.ret = (__s32)span->bytes > 0 ? LAT_RET_OK : LAT_RET_EOF;
	if (span_needs_who())
		span_set_who(span);
	lat_record(&done);
	span_release(span, id);
}

/* RESULT is a number of bytes, or a negative errno. */
static __always_inline void call_end_bytes(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	if (result > 0)
		call_end(op, stem, frame, is_kretprobe, LAT_RET_OK, result);
	else
		call_end(op, stem, frame, is_kretprobe, !result ? LAT_RET_EOF : result == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR, 0);
}

/* RESULT is an int: 0 or more is success. */
static __always_inline void call_end_int(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	__s32 status = (__s32)result;

	call_end(op, stem, frame, is_kretprobe, status >= 0 ? LAT_RET_OK : status == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR, 0);
}

/* RESULT is a pointer, or an errno in one. */
static __always_inline void call_end_pointer(__u32 op, __u32 stem, __u64 frame, bool is_kretprobe, __s64 result)
{
	call_end(op, stem, frame, is_kretprobe, (__u64)result < (__u64)-MAX_ERRNO ? LAT_RET_OK : LAT_RET_ERROR, 0);
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

/* The programs of one stem: END is one of the call_end_... above that take a result. */
#define PROBE_CALL(stem, end) \
	const volatile struct lat_probe stem##__probe = {}; \
	SEC("fentry") int stem##__fentry(__u64 *ctx) \
	{ \
		call_begin(stem##__probe.op, stem##__probe.number, (__u64)ctx, 0); \
		return 0; \
	} \
	SEC("fexit") int stem##__fexit(__u64 *ctx) \
	{ \
		end(stem##__probe.op, stem##__probe.number, (__u64)ctx, false, fexit_result(ctx, stem##__probe.n_args)); \
		return 0; \
	} \
	SEC("kprobe") int stem##__kprobe(struct pt_regs *ctx) \
	{ \
		call_begin(stem##__probe.op, stem##__probe.number, PT_REGS_SP(ctx), 0); \
		return 0; \
	} \
	SEC("kretprobe") int stem##__kretprobe(struct pt_regs *ctx) \
	{ \
		end(stem##__probe.op, stem##__probe.number, PT_REGS_SP(ctx), true, PT_REGS_RC(ctx)); \
		return 0; \
	} \
	extern int stem##__needs_a_semicolon

/* The same for a function whose second argument is a number of bytes and that has no result. */
#define PROBE_CALL_COPIED(stem) \
	const volatile struct lat_probe stem##__probe = {}; \
	SEC("fentry") int stem##__fentry(__u64 *ctx) \
	{ \
		call_begin(stem##__probe.op, stem##__probe.number, (__u64)ctx, CTX_WORD(ctx, 1)); \
		return 0; \
	} \
	SEC("fexit") int stem##__fexit(__u64 *ctx) \
	{ \
		call_end_copied(stem##__probe.op, stem##__probe.number, (__u64)ctx, false); \
		return 0; \
	} \
	SEC("kprobe") int stem##__kprobe(struct pt_regs *ctx) \
	{ \
		call_begin(stem##__probe.op, stem##__probe.number, PT_REGS_SP(ctx), PT_REGS_PARM2(ctx)); \
		return 0; \
	} \
	SEC("kretprobe") int stem##__kretprobe(struct pt_regs *ctx) \
	{ \
		call_end_copied(stem##__probe.op, stem##__probe.number, PT_REGS_SP(ctx), true); \
		return 0; \
	} \
	extern int stem##__needs_a_semicolon

#endif
