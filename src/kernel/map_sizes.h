/* SPDX-License-Identifier: MIT */
/* How much the kernel's maps hold: what is not asked for takes the least that the kernel allows. */
#ifndef MAP_SIZES_H
#define MAP_SIZES_H

#include <stdint.h>

struct bpf_map;
struct setup;

/*
 * To be called with the object opened and SETUP->config filled in but for the shards, which are set here. N_SERIES: in,
 * how many there are without dimensions; out, how many there may be.
 */
void map_sizes(const struct setup *setup, uint32_t *n_series);

/* Room for N in a hash that takes memory only for what is in it; where the kernel has no such, for N_FIXED, all at once. */
void map_set_max_entries_nopreallocated(struct bpf_map *map, uint32_t n, uint32_t n_fixed);

#endif
