/* SPDX-License-Identifier: MIT */
/* What a target is: const data, registered by existing. A new target is bpf/NAME.bpf.c and src/targets/NAME.c. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

/* Something that is measured: one account, and a series for each return class. Index = op number in the kernel. */
struct op {
	const char *name;  /* as in --op and as label */
	const char *phase; /* block: "queue", "device"; NULL elsewhere */
	const char *help;
	bool has_bytes;
	bool derived;      /* recorded along with another, a multiple of target_derived_offset() before it */
	bool is_total;     /* derived, and only measured with --total */
	bool optional;     /* kernels without a point for it do without, as long as there is another to measure */
	bool is_extra;     /* only measured where --op names it */
	bool waits;        /* mostly for others: long ones are outliers only where an option asks for these */
};

/*
 * A point where an operation is measured. HOOK names the BPF programs: HOOK__fentry, HOOK__fexit, HOOK__kprobe,
 * HOOK__kretprobe (those of the exit may be missing) and the global HOOK__n_args; or, when tracepoint is set, the one
 * program HOOK. FUNCTIONS are alternatives, NULL-terminated; the first that this kernel has is used. A hook with none of
 * them is left out; an operation left without any hook is an error unless optional.
 */
#define TARGET_MAX_FUNCTIONS 4
struct hook_def {
	const char *name;
	uint8_t op;
	const char *functions[TARGET_MAX_FUNCTIONS];
	const char *tracepoint; /* BTF tracepoint's name without "btf_trace_" */
	bool optional;          /* the target works without it */
	uint32_t ops;           /* bits of all operations that need it, where those are several; else 0 */
};

struct bpf_object;
struct attach_points;
struct tracer_options;

/* What a target's configure() works on, between opening its object and loading it. */
struct setup {
	struct bpf_object *object;
	const struct tracer_options *options;
	struct lat_config *config; /* already has what the options say */
	struct attach_points *points;     /* already has those of the hooks */
	char **sites;              /* to be set where the target has sites: their names, by number; taken over */
	size_t n_sites;
	uint32_t max_keys;         /* series that there should be room for without --by, where that is more than usual */
};

struct target {
	const char *name;
	const char *summary;      /* one line for help */
	const char *covers;       /* paragraphs for `list NAME`: what is measured, */
	const char *cannot_see;   /* and what is not */
	const struct op *ops;
	size_t n_ops;             /* at most LAT_MAX_OPS */
	const struct hook_def *hooks;
	size_t n_hooks;
	uint32_t dims;            /* bits of enum lat_dim that --by may name */
	uint32_t default_dims;
	bool has_depth;           /* spans carry a device: show the in-flight depth */
	bool has_disks;           /* takes -d DISK */
	bool has_requests;        /* those are disks with requests, and more may be kept of each (lat_extras) */
	bool has_keys;            /* takes --key */
	bool has_no_stacks;       /* refuses --stacks */
	bool has_arguments;       /* takes --arg and --ret */
	bool splits_files;        /* regular files are apart from special ones: its BPF object has LAT_FILE_KINDS 2 */
	bool needs_kprobes;       /* false: works on kernels without kprobes and fentry */
	const char *words;        /* what positional words are: "NAME..."; NULL: interval and count */
	size_t min_words;
	const char *site_name;    /* label of what was measured, where that is named by words: "syscall" */
	/* Prints what the words name here, a line each; for targets with words. 0 or an exit status, reported. */
	int (*list)(char *const *words, size_t n_words);
	const void *(*elf_bytes)(size_t *n_bytes); /* the skeleton's object */
	/* Fills in the target's own part before loading; optional. 0 or an exit status, reported. */
	int (*configure)(struct setup *setup);
};

/* Descriptors register themselves in a linker section, so no list names them. */
#define TARGET_REGISTER(descriptor) \
	static const struct target *const descriptor##_entry \
	__attribute__((used, retain, section("lat_targets"))) = &(descriptor)

/* The target of that name, or NULL. Targets are in order of name. */
const struct target *target_find(const char *name);
const struct target *target_at(size_t index); /* NULL behind the last */

/* Bits of the operations that are measured when --op names none. */
uint32_t target_default_ops(const struct target *target);

/* Of those whose long ones are outliers unless told otherwise. */
uint32_t target_outlier_ops(const struct target *target);

/* How far behind an operation the first is that is derived from it, and then the next; 0 when the target has no derived ones. */
uint32_t target_derived_offset(const struct target *target);

#endif
