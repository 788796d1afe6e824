/* SPDX-License-Identifier: MIT */
/* How much the kernel's maps hold. */
#include "kernel/map_sizes.h"

#include <unistd.h>

#include <bpf/libbpf.h>

#include "kernel/kernel_btf.h"
#include "kernel/tracer.h"
#include "registry/target.h"

/* Without --by, where a target has dimensions or sites of its own: about 1 MiB. */
#define OWN_HISTS 224
#define OPEN_FILES 16384 /* that --by pattern remembers: about 1 MiB */
/* Of the files that outliers were of, until they are read: about 280 KiB; CPUs have free ones of their own. */
#define OUTLIER_PATHS 256
#define OUTLIER_PATHS_OF_CPU 32
/* Of what is under way: of calls beyond the table, see LAT_N_SPANS. */
#define SPILLED 8192
#define SPILLED_FIXED 2048
#define PATH_DECISIONS 16384 /* of --path that are kept: about 2 MiB */
#define PATH_WALKS 64 /* of them that may be made at once */
/*
 * CPUs share histograms, which is as exact as one each (the adds are atomic) but slower where they meet: as many
 * shards as keep memory within bounds.
 */
#define MAX_SHARDS 8
#define MAX_SHARDED_HISTS 256

static struct bpf_map *map(const struct setup *setup, const char *name)
{
	return bpf_object__find_map_by_name(setup->object, name);
}

static void hold(const struct setup *setup, const char *name, uint32_t n)
{
	bpf_map__set_max_entries(map(setup, name), n);
}

void map_set_max_entries_nopreallocated(struct bpf_map *map, uint32_t n, uint32_t n_fixed)
{
	/* Such maps are allowed to tracing programs since their memory comes from there: 6.1 (34dd3bad1a6f). */
	bool can_grow = kernel_btf_has_struct("bpf_mem_alloc");

	if (can_grow)
		bpf_map__set_map_flags(map, BPF_F_NO_PREALLOC);
	bpf_map__set_max_entries(map, can_grow ? n : n_fixed);
}

static uint8_t log2_ceil(uint32_t value)
{
	return value > 1 ? (uint8_t)(lat_log2(value - 1) + 1) : 0;
}

static uint32_t max_keys(const struct setup *setup)
{
	uint32_t own = (uint32_t)OWN_HISTS / setup->config->n_banks;

	if (setup->max_keys > own)
		own = setup->max_keys;
	return setup->options->max_keys ? setup->options->max_keys : own;
}

static void size_histograms(const struct setup *setup, uint32_t n_series)
{
	struct lat_config *config = setup->config;
	int n_cpus = libbpf_num_possible_cpus();
	uint32_t n_hists = n_series * config->n_banks;
	uint8_t shards = log2_ceil(n_cpus < 1 ? 1 : n_cpus > MAX_SHARDS ? MAX_SHARDS : (uint32_t)n_cpus);

	while (shards && n_hists << shards > MAX_SHARDED_HISTS)
		shards--;
	config->n_shards_log2 = shards;
	config->shard_mask = (1U << shards) - 1;
	hold(setup, "lat_hists", n_hists << shards);
	if (config->n_buckets)
		hold(setup, "lat_buckets", n_hists << shards);
}

/* With --by file there is a path for each key; else events only need those of the files that were seen last. */
static void size_paths(const struct setup *setup, uint32_t n_keys)
{
	const struct lat_config *config = setup->config;
	uint32_t n_of_cpus = (uint32_t)libbpf_num_possible_cpus() * OUTLIER_PATHS_OF_CPU;

	if (config->key_at[LAT_DIM_FILE]) {
		hold(setup, "lat_paths", n_keys);
	} else if (config->names_files) {
		bpf_map__set_type(map(setup, "lat_paths"), BPF_MAP_TYPE_LRU_HASH);
		hold(setup, "lat_paths", n_of_cpus > OUTLIER_PATHS ? n_of_cpus : OUTLIER_PATHS);
	}
	if (config->has_path) {
		hold(setup, "lat_decisions", PATH_DECISIONS);
		hold(setup, "lat_walks", PATH_WALKS);
	}
}

void map_sizes(const struct setup *setup, uint32_t *n_series)
{
	const struct lat_config *config = setup->config;
	uint32_t n_keys = 0;

	if (!config->is_direct) {
		n_keys = max_keys(setup);
		*n_series = n_keys + LAT_N_RETS;
		bpf_map__set_key_size(map(setup, "lat_series"), config->n_key_words * (uint32_t)sizeof(__u64));
		hold(setup, "lat_series", n_keys);
		hold(setup, "lat_free", n_keys);
	}
	size_histograms(setup, *n_series);
	map_set_max_entries_nopreallocated(map(setup, "lat_spill"), SPILLED, SPILLED_FIXED);
	size_paths(setup, n_keys);
	if (config->key_at[LAT_DIM_PATTERN])
		hold(setup, "lat_ends", OPEN_FILES);
	if (config->stacks)
		hold(setup, "lat_stacks", LAT_MAX_STACKS);
	if (config->needs_extra)
		hold(setup, "lat_extras", 2 * LAT_N_SPANS);
	hold(setup, "lat_ring", config->outlier_ns ? setup->options->ring_bytes : (uint32_t)sysconf(_SC_PAGESIZE));
	if (!config->filter_follow)
		hold(setup, "lat_followed", 1);
}
