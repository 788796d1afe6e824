/* SPDX-License-Identifier: MIT */
/* Configuration, maps and accounts: what the user side shares. */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "latencyprobe/abi.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile struct lat_config lat_config = {};
const volatile __u32 lat_abi_version = LAT_ABI_VERSION;
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

#endif
