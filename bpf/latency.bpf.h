/* SPDX-License-Identifier: MIT */
/* Maps, configuration, spans, recording and outlier events: the only code that touches a map. */
#ifndef LATENCY_BPF_H
#define LATENCY_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
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

/* Call stacks of outliers; only with --stacks. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, LAT_STACK_DEPTH * sizeof(__u64));
} lat_stacks SEC(".maps");

/* Only with --buckets. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lat_bucket_counts);
} lat_buckets SEC(".maps");

#include "filter.bpf.h"
#include "socket.bpf.h"

/* With dimensions; without, it is a series as any. */
#define LAT_SERIES_OTHER 0

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

static __always_inline __u32 lat_shard(void)
{
	return bpf_get_smp_processor_id() & (LAT_MAX_SHARDS - 1);
}

static __always_inline void lat_count_in(__u32 shard, __u32 op, enum lat_count count)
{
	lat_add(&lat_state.accounts[shard][op & (LAT_MAX_OPS - 1)].counts[count], 1);
}

static __always_inline void lat_count(__u32 op, enum lat_count count)
{
	lat_count_in(lat_shard(), op, count);
}

/* What had entered is left out after all, by a filter that asks for its end. The reader adds FILTERED to ENTERED. */
static __always_inline void lat_count_filtered_late(__u32 op)
{
	__u64 *counts = lat_state.accounts[lat_shard()][op & (LAT_MAX_OPS - 1)].counts;

	lat_add(&counts[LAT_ENTERED], -1);
	lat_add(&counts[LAT_FILTERED], 1);
}

/* At random: every Nth call would keep in step with programs that repeat themselves. */
static __always_inline bool lat_sampled_out(void)
{
	return lat_config.sample_below && bpf_get_prandom_u32() >= lat_config.sample_below;
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

/* Whether the free slot has become ours, beside SPILLED claims of spilled spans; see struct lat_span. */
static __always_inline bool span_claim_beside(struct lat_span *span, __u64 id, __u32 spilled)
{
	if (lat_read(span->claims) != spilled)
		return false;
	lat_add(&span->claims, 1);
	if (lat_read(span->claims) != spilled + 1) {
		lat_add(&span->claims, -1);
		return false;
	}
	lat_write(span->id, id);
	return true;
}

static __always_inline bool span_claim(struct lat_span *span, __u64 id)
{
	return span_claim_beside(span, id, 0);
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

/* How it ended. What a target does not know is 0, and costs nothing. */
struct ending {
	__u32 op, site, ret;
	__u32 error; /* errno, as a positive number */
	__u64 bytes;
	const struct lat_file *file; /* set where lat_config.needs_file */
	bool is_request; /* the running thread is not the one that began it, which EXTRA tells of */
	const struct lat_extra *extra; /* NULL when there is none */
	__u64 socket; /* address of the struct sock */
};

static __always_inline void fs_name(__u64 fs_type, __u64 name[2])
{
	name[0] = name[1] = 0;
	if (fs_type)
		bpf_probe_read_kernel_str(name, LAT_FS_LEN, BPF_CORE_READ((struct file_system_type *)fs_type, name));
}

static __always_inline void key_make(struct lat_key *key, const struct lat_span *span, const struct ending end)
{
	key->words[0] = end.op | end.ret << 8 | (__u64)end.site << 32;
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
		key->words[KEY_AT(LAT_DIM_SIZE)] = end.bytes ? 1 + lat_log2(end.bytes) : 0;
	if (KEY_AT(LAT_DIM_DEVICE))
		key->words[KEY_AT(LAT_DIM_DEVICE)] = span->device;
	if (KEY_AT(LAT_DIM_CGROUP))
		key->words[KEY_AT(LAT_DIM_CGROUP)] = end.is_request ? end.extra ? end.extra->cgroup : 0 :
						       bpf_get_current_cgroup_id();
	if (KEY_AT(LAT_DIM_FLAGS) && end.extra)
		key->words[KEY_AT(LAT_DIM_FLAGS)] = end.extra->flags;
	if (KEY_AT(LAT_DIM_ERRNO))
		key->words[KEY_AT(LAT_DIM_ERRNO)] = end.error;
	if (KEY_AT(LAT_DIM_ARG))
		key->words[KEY_AT(LAT_DIM_ARG)] = span->arg;
	if (KEY_AT(LAT_DIM_FTYPE))
		key->words[KEY_AT(LAT_DIM_FTYPE)] = end.file->type;
	if (KEY_AT(LAT_DIM_PATTERN))
		key->words[KEY_AT(LAT_DIM_PATTERN)] = end.file->pattern;
	if (KEY_AT(LAT_DIM_FS)) {
		__u64 name[2];

		fs_name(end.file->fs_type, name);
		key->words[KEY_AT(LAT_DIM_FS)] = name[0];
		key->words[(KEY_AT(LAT_DIM_FS) + 1) & (LAT_KEY_WORDS - 1)] = name[1];
	}
	if (KEY_AT(LAT_DIM_FILE)) {
		key->words[KEY_AT(LAT_DIM_FILE)] = end.file->inode;
		key->words[(KEY_AT(LAT_DIM_FILE) + 1) & (LAT_KEY_WORDS - 1)] =
			end.file->device | (__u64)end.file->generation << 32;
	}
	if (lat_config.needs_socket)
		socket_key(key, end.socket);
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

static __always_inline __u32 series_of_key(const struct lat_span *span, const struct ending end)
{
	struct lat_key key = {};
	__u32 *found;

	key_make(&key, span, end);
	found = bpf_map_lookup_elem(&lat_series, &key);
	if (found)
		return *found;
	return series_add(&key);
}

static __always_inline struct lat_stack_ids no_stacks(void)
{
	return (struct lat_stack_ids){ .kernel = -1, .user = -1 };
}

/* Where the running thread is now. */
static __always_inline struct lat_stack_ids stacks_take(void *ctx)
{
	struct lat_stack_ids ids = no_stacks();

	ids.kernel = bpf_get_stackid(ctx, &lat_stacks, 0);
	if (lat_config.stacks == LAT_STACKS_USER)
		ids.user = bpf_get_stackid(ctx, &lat_stacks, BPF_F_USER_STACK);
	return ids;
}

static __always_inline bool is_outlier(__u64 ns)
{
	return lat_config.outlier_ns && ns >= lat_config.outlier_ns;
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

/* The event of an outlier. */
static __always_inline void event_send(const struct lat_span *span, const struct ending end, __u64 end_ns, __u64 ns,
				       __u64 sector, const struct lat_stack_ids stacks)
{
	struct lat_event event = {
		.end_ns = end_ns, .latency_ns = ns, .bytes = end.bytes, .sector = sector, .op = end.op, .ret = end.ret,
		.stacks = stacks,
	};

	event_fill(span, &event);
}

/* The series of a span that has come to its end. */
static __always_inline __u32 lat_series_of(const struct lat_span *span, const struct ending end)
{
	if (!lat_config.is_direct)
		return series_of_key(span, end);
	return (end.op + end.site) * LAT_N_RETS + end.ret;
}

/* Exact, whatever the histogram's slots. */
static __noinline void bucket_add(__u32 index, __u64 ns)
{
	struct lat_bucket_counts *buckets = bpf_map_lookup_elem(&lat_buckets, &index);
	__u32 i, bucket = 0;

	if (!buckets)
		return;
#pragma unroll
	for (i = 1; i < LAT_MAX_BUCKETS; i++)
		if (i < lat_config.n_buckets && ns >= lat_config.bucket_low_ns[i])
			bucket = i;
	barrier_var(bucket);
	if (bucket < LAT_MAX_BUCKETS)
		lat_add(&buckets->counts[bucket], 1);
}

/*
 * Its time: into the histogram, or into the account as to why not; false when it is the latter. HAS_MORE is
 * lat_config.has_more, which the caller knows.
 */
static __always_inline bool lat_record(__u32 series, __u32 bank, __u32 op, __u64 ns, __u64 bytes, bool has_more)
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
	if (has_more && lat_config.n_buckets)
		bucket_add(index, ns);
	lat_add(&hist->sum_ns, ns);
	if (bytes)
		lat_add(&hist->bytes, bytes);
	/*
	 * Not atomic: 5.10 has no compare-and-exchange. A store that is lost all the same is off by less than a slot,
	 * as the reader bounds it by the outermost slots.
	 */
	if (ns > lat_read(hist->max_ns)) {
		lat_write(hist->max_ns, ns);
		if (ns > lat_read(hist->max_ns)) /* another CPU's smaller one came behind it */
			lat_write(hist->max_ns, ns);
	}
	if (~ns > lat_read(hist->inverse_min_ns)) {
		lat_write(hist->inverse_min_ns, ~ns);
		if (~ns > lat_read(hist->inverse_min_ns))
			lat_write(hist->inverse_min_ns, ~ns);
	}
	if (!lat_config.is_direct && series == LAT_SERIES_OTHER)
		lat_count(op, LAT_OTHER_KEY);
	return true;
}

#endif
