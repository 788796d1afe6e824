/* SPDX-License-Identifier: MIT */
/* A target in the kernel: open, configure, load, attach, gate. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/attach.h"
#include "latencyprobe/abi.h"

struct bpf_object;
struct target;
struct probe_info;
struct probe;

struct probe_options {
	const struct target *target;
	enum attach_kind attach;
	struct lat_config config; /* filters, limits; the rest is filled in by probe_open() */
	uint32_t dims;            /* bits of enum lat_dim: what series are kept by, beside operation and return class */
	uint32_t max_keys;        /* with dims: series at most, the rest goes to one; 0: what fits */
	uint32_t ring_bytes;      /* power of two */
	const char *cgroup;       /* path of --cgroup or NULL */
	const char *path;         /* pattern of --path, which glob_compile() takes, or NULL */
	const char *bpf_object;   /* path of --bpf-object or NULL */
	int key_arg;              /* --key; -1: none */
	char **words;             /* positional, for targets that take them */
	size_t n_words;
};

/*
 * Opens, configures and loads. 0, or an enum exit_status value that is not 0, reported: EXIT_CANNOT when this kernel
 * lacks something, EXIT_USAGE for a bad cgroup, else EXIT_FAILED.
 */
int probe_open(struct probe **probe, const struct probe_options *options);

/* Attaches everything; the gate stays closed. As probe_open(). */
int probe_attach(struct probe *probe);

/* Lets all programs count from now on, together. */
void probe_gate_open(struct probe *probe);

/* Stops them, and returns when none is running any more: what they counted stands still from then on. */
void probe_gate_close(struct probe *probe);

/* While ADOPT is not 0, the next child of the process of that number is followed (lat_config.filter_follow). */
void probe_adopt(struct probe *probe, pid_t adopt);

/* Fills in how often the kernel did not run each probe, and returns them. */
const struct probe_info *probe_infos(struct probe *probe, size_t *n_infos);

/* For the reader and for targets' configure(). */
struct lat_state *probe_state(struct probe *probe);
const struct lat_config *probe_config(const struct probe *probe);
char *const *probe_sites(const struct probe *probe, size_t *n_sites);
uint32_t probe_n_series(const struct probe *probe);
bool probe_has_depth(const struct probe *probe);
uint32_t probe_derived_offset(const struct probe *probe);
int probe_map_fd(const struct probe *probe, const char *name);

void probe_close(struct probe *probe); /* detaches; NULL is fine */

#endif
