/* SPDX-License-Identifier: MIT */
/* Where and how a target is attached to this kernel. */
#ifndef ATTACH_H
#define ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/tracer_options.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct lat_config;
struct target;

/* How one point is attached to; attach_point_kind_names[] has their names as outputs show them. */
enum attach_point_kind { ATTACH_POINT_TRACEPOINT, ATTACH_POINT_FENTRY, ATTACH_POINT_KPROBE, ATTACH_POINT_MULTI, ATTACH_POINT_UPROBE, ATTACH_POINT_USDT };
extern const char *const attach_point_kind_names[];

/* A function, tracepoint or probe, and what runs there. */
struct attach_point {
	char *function;   /* owned; or tracepoint, or probe */
	enum attach_point_kind kind;
	uint8_t op;
	bool is_of_several; /* operations, of which that is one */
	struct bpf_program *entry, *exit; /* a tracepoint has no exit */
	bool is_shared;   /* the programs are those of several points, told apart by the cookie */
	uint64_t cookie;
	const char *binary; /* uprobes and USDT: the file, and the process: see attach_process() */
	int pid;
	const char *provider[2], *probe[2]; /* USDT: of the beginning and of the end */
	int entry_fd, exit_fd; /* filled in by attach_all(): of the programs; -1: none */
	int error;        /* filled in by attach_all(): why it could not be attached to; 0: it was */
};

struct attach_points {
	struct attach_point *items;
	size_t n;
};

/* Appends a copy of PLACE, with a copy of its function's name. 0 or -ENOMEM, reported. */
int attach_points_append(struct attach_points *points, struct attach_point point);
void attach_points_free(struct attach_points *points); /* what it holds, not the struct itself */

/*
 * Chooses for each hook of the wanted operations what this kernel has, and marks its programs for loading. 0, or an
 * exit status when an operation cannot be measured at all, reported.
 */
int attach_choose(struct bpf_object *object, const struct target *target, enum attach_kind attach, uint32_t op_mask,
		  struct attach_points *points);

/* Whether kprobes and uprobes can have cookies here (since 5.15), without which they cannot share programs. */
bool attach_has_cookies(void);

/* Whether N functions, chosen by globs, are not too many; where they are, says so. */
bool attach_can_take(size_t n);

/* Whether N points can share programs; where not, says so. */
bool attach_can_share(size_t n);

/* The process that uprobes are attached in; -1: all. */
int attach_process(const struct lat_config *config);

/* What is attached, to be detached by links_free(). All zero to begin with. */
struct links {
	struct bpf_link **items; /* libbpf's, */
	size_t n_items;
	int *fds;                /* and those made without it: of links, and of programs */
	size_t n_fds;
};

/* Takes over LINK. 0, or the errno that made it NULL as a negative number. */
int links_add(struct links *links, struct bpf_link *link);

/* A copy of the file descriptor, which goes with the links; -1 when there is none. */
int links_keep(struct links *links, int fd);

void links_free(struct links *links);

/*
 * Attaches all points, shared ones with progress messages when there are many. Where one cannot be attached to, its
 * error says why. 0 or -errno for what concerns all of them.
 */
int attach_all(struct attach_points *points, struct links *links);

#endif
