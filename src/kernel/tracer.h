/* SPDX-License-Identifier: MIT */
/* A target in the kernel: open, configure, load, attach, gate. */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "latencyprobe/abi.h"
#include "registry/tracer_options.h"

struct bpf_object;
struct target;
struct probe_info;
struct tracer;

/*
 * Opens, configures and loads. 0, or an enum exit_status value that is not 0, reported: EXIT_CANNOT when this kernel
 * lacks something, EXIT_USAGE for a bad cgroup, else EXIT_FAILED.
 */
int tracer_open(struct tracer **tracer, const struct tracer_options *options);

/* Attaches everything; the gate stays closed. As tracer_open(). */
int tracer_attach(struct tracer *tracer);

/* Lets all programs count from now on, together. */
void tracer_gate_open(struct tracer *tracer);

/* Stops them, and returns when none is running any more: what they counted stands still from then on. */
void tracer_gate_close(struct tracer *tracer);

/* While ADOPT is not 0, the next child of the process of that number is followed (lat_config.filter_follow). */
void tracer_adopt(struct tracer *tracer, pid_t adopt);

/* Fills in how often the kernel did not run each probe, and returns them. */
const struct probe_info *probe_infos(struct tracer *tracer, size_t *n_infos);

/* For the reader and for targets' configure(). */
struct lat_state *tracer_state(struct tracer *tracer);
const struct lat_config *tracer_config(const struct tracer *tracer);
char *const *tracer_sites(const struct tracer *tracer, size_t *n_sites);
uint32_t tracer_n_series(const struct tracer *tracer);
bool tracer_has_depth(const struct tracer *tracer);
uint32_t tracer_derived_offset(const struct tracer *tracer);
int tracer_map_fd(const struct tracer *tracer, const char *name);

void tracer_close(struct tracer *tracer); /* detaches; NULL is fine */

#endif
