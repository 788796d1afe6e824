/* SPDX-License-Identifier: MIT */
/* What the kernel side is asked for: a target, and how it is to be measured. */
#ifndef TRACER_OPTIONS_H
#define TRACER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

struct target;

/* --attach */
enum attach_kind { ATTACH_AUTO, ATTACH_FENTRY, ATTACH_KPROBE };

struct tracer_options {
	const struct target *target;
	enum attach_kind attach;
	struct lat_config config; /* filters, limits; the rest is filled in by tracer_open() */
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

#endif
