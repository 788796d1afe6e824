/* SPDX-License-Identifier: MIT */
/* Paths of files: remembered when a file is first seen, and matched with the pattern of --path. */
#ifndef PATH_BPF_H
#define PATH_BPF_H

#include "core_read.bpf.h"
#include "record.bpf.h"
#include "latencyprobe/glob.h"

/* Paths by file. The user side sets the size; and with --outlier alone the type, so that the oldest are forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct lat_file_key);
	__type(value, struct lat_path);
} lat_paths SEC(".maps");

const struct lat_path lat_no_path = {};

#define LAT_MAX_NAMES 64    /* a power of two above LAT_PATH_STEPS */
#define LAT_MAX_BEGINS 1024 /* a power of two above LAT_PATH_BYTES */
#define LAT_TEXT_BYTES (LAT_PATH_BYTES + 2 * LAT_NAME_BYTES) /* a name more never is, but the verifier does not know */

/* A path while it is looked at. */
struct lat_walk {
	struct lat_path path;
	__u32 n_names;
	__u16 begins[LAT_MAX_NAMES]; /* of each name in path.text */
	__u32 n_bytes;
	char text[LAT_TEXT_BYTES];   /* in the usual order */
};

/* Since 6.4 (6018e1f407cc): the verifier goes through a loop of theirs twice, and not once for each step. */
extern int bpf_iter_num_new(struct bpf_iter_num *steps, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next(struct bpf_iter_num *steps) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *steps) __ksym __weak;

/* Where a walk has come to: addresses, as plain numbers. */
struct path_place {
	__u64 dentry, mount;
};

/*
 * One step upwards, to the folder or over a mount; how the path ends when there is none. The path's length is kept in
 * memory: so the verifier does not tell apart all the ways that lead to it, and has a fifth of the work.
 */
static __always_inline enum lat_path_end path_step(struct lat_path *path, struct lat_walk *walk, struct path_place *at)
{
	struct mount *mount = (void *)at->mount;
	struct dentry *dentry = (void *)at->dentry, *parent;
	__u32 used;
	long n;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		at->dentry = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
		at->mount = (__u64)BPF_CORE_READ(mount, mnt_parent);
		return (__u64)mount == at->mount ? LAT_PATH_ROOT : LAT_PATH_UNKNOWN;
	}
	used = lat_read(path->n_bytes);
	if (used > LAT_PATH_BYTES - LAT_NAME_BYTES)
		return LAT_PATH_CUT;
	n = bpf_probe_read_kernel_str(path->text + used, LAT_NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return LAT_PATH_CUT;
	if (walk && walk->n_names < LAT_PATH_STEPS)
		walk->begins[walk->n_names++ & (LAT_MAX_NAMES - 1)] = used;
	lat_write(path->n_bytes, used + n);
	parent = BPF_CORE_READ(dentry, d_parent);
	at->dentry = (__u64)parent;
	return parent == dentry ? LAT_PATH_PSEUDO : LAT_PATH_UNKNOWN;
}

/*
 * Names from the file's own upwards, each ended by a NUL, over the mounts up to the root that the file was opened
 * below. What has no path (pipes, sockets) has one name without a parent.
 */
static __noinline void path_fill(struct lat_path *path, struct lat_walk *walk, __u64 dentry, __u64 vfsmount)
{
	struct path_place at = { .dentry = dentry, .mount = vfsmount - bpf_core_field_offset(struct mount, mnt) };
	enum lat_path_end end = LAT_PATH_UNKNOWN;
	struct bpf_iter_num steps;
	__u32 i;

	if (!path)
		return;
	if (bpf_core_type_exists(struct bpf_iter_num)) {
		bpf_iter_num_new(&steps, 0, LAT_PATH_STEPS);
		while (end == LAT_PATH_UNKNOWN && bpf_iter_num_next(&steps))
			end = path_step(path, walk, &at);
		bpf_iter_num_destroy(&steps);
	} else {
		for (i = 0; i < LAT_PATH_STEPS && end == LAT_PATH_UNKNOWN; i++)
			end = path_step(path, walk, &at);
	}
	path->seen_ns = bpf_ktime_get_ns();
	lat_write(path->end, end == LAT_PATH_UNKNOWN ? LAT_PATH_CUT : end);
}

/* --path: the decision is made of the whole path, once for each key, and kept for those that were used last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct lat_path_key);
	__type(value, __u8);
} lat_decisions SEC(".maps");

/* What a decision takes while it is made, by thread; those made in interrupts have a bit more. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct lat_walk);
} lat_walks SEC(".maps");

/* The pattern. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lat_glob);
} lat_globs SEC(".maps");

const char lat_no_walk[sizeof(struct lat_walk)] = {};

/*
 * The path from its outermost name on, in the order that it is read in. Its length is left in memory, where the verifier
 * does not tell apart how it came about, and goes through what follows but once.
 */
static __noinline void walk_join(struct lat_walk *walk)
{
	__u32 at = 0, i, name, begin, end, length;

	if (!walk)
		return;
	end = walk->path.n_bytes;
	for (i = 0; i < LAT_PATH_STEPS; i++) {
		if (i >= walk->n_names)
			break;
		name = (walk->n_names - 1 - i) & (LAT_MAX_NAMES - 1);
		begin = walk->begins[name] & (LAT_MAX_BEGINS - 1);
		length = end - begin - 1; /* without its NUL */
		barrier_var(at);
		barrier_var(length);
		if (at > LAT_PATH_BYTES || length >= LAT_NAME_BYTES)
			break;
		walk->text[at] = '/';
		bpf_probe_read_kernel(walk->text + at + 1, length, walk->path.text + begin);
		at += length + 1;
		end = begin;
	}
	lat_write(walk->n_bytes, at);
}

static __noinline bool walk_match(struct lat_walk *walk)
{
	struct lat_glob_state state;
	struct lat_glob *glob;
	__u32 zero = 0, n_bytes, i;

	glob = bpf_map_lookup_elem(&lat_globs, &zero);
	if (!walk || !glob || walk->path.end == LAT_PATH_PSEUDO)
		return false;
	state = walk->path.end == LAT_PATH_ROOT ? lat_glob_begin(glob) : lat_glob_begin_inside(glob);
	n_bytes = lat_read(walk->n_bytes);
	if (!n_bytes)
		state = lat_glob_step(glob, state, '/');
	for (i = 0; i < LAT_PATH_BYTES; i++) {
		if (i >= n_bytes)
			break;
		state = lat_glob_step(glob, state, walk->text[i]);
	}
	return lat_glob_is_match(glob, state);
}

/*
 * Whether it matches; -1: there is no room to find out. Not static, with numbers as arguments: then the verifier goes
 * through it once, and not for each way that leads here.
 */
__noinline int path_decide(__u64 dentry, __u64 mount, __u64 thread)
{
	struct lat_walk *walk;
	bool is_match;

	if (!lat_config.has_path) /* such functions are verified even where nothing calls them */
		return -1;
	if (bpf_map_update_elem(&lat_walks, &thread, lat_no_walk, BPF_ANY))
		return -1;
	walk = bpf_map_lookup_elem(&lat_walks, &thread);
	if (!walk)
		return -1;
	path_fill(&walk->path, walk, dentry, mount);
	walk_join(walk);
	is_match = walk_match(walk);
	bpf_map_delete_elem(&lat_walks, &thread);
	return is_match;
}

static __noinline bool path_is_match(const struct lat_location *location, bool in_interrupt)
{
	struct lat_path_key key = {};
	__u8 decision, *decided;
	int is_match;

	if (!location)
		return false;
	key.file = location->key;
	key.mount = location->mount;
	key.parent = (__u64)KERNEL_READ(struct dentry, location->dentry, d_parent);
	key.name = KERNEL_READ(struct dentry, location->dentry, d_name.hash_len);
	decided = bpf_map_lookup_elem(&lat_decisions, &key);
	if (decided)
		return *decided;
	is_match = path_decide(plain_number(&location->dentry), plain_number(&location->mount),
			       bpf_get_current_pid_tgid() | (in_interrupt ? 1ULL << 63 : 0));
	if (is_match < 0)
		return false;
	decision = is_match;
	bpf_map_update_elem(&lat_decisions, &key, &decision, BPF_ANY);
	return decision;
}

/* Whether the path was not known. As path_decide(). The file's key is INODE and DEVICE | generation << 32. */
__noinline int path_keep(__u64 inode, __u64 device, __u64 dentry, __u64 mount, __u64 type)
{
	struct lat_file_key key = { .inode = inode, .device = (__u32)device, .generation = device >> 32 };
	struct lat_path *path;
	bool is_new;

	if (!lat_config.keeps_paths)
		return 0;
	path = bpf_map_lookup_elem(&lat_paths, &key);
	is_new = !path;
	if (is_new) {
		/* Of several that come at once, one fills it in; and there may be no room. */
		if (bpf_map_update_elem(&lat_paths, &key, &lat_no_path, BPF_NOEXIST))
			return 0;
		path = bpf_map_lookup_elem(&lat_paths, &key);
		if (!path)
			return 0;
		path->type = type;
		path_fill(path, NULL, dentry, mount);
	}
	if (!path->is_deleted && !KERNEL_READ(struct dentry, dentry, d_hash.pprev))
		path->is_deleted = 1;
	return is_new;
}

static __always_inline bool path_remember(const struct lat_location *location, __u16 type)
{
	return path_keep(location->key.inode, location->key.device | (__u64)location->key.generation << 32,
			 plain_number(&location->dentry), plain_number(&location->mount), type);
}

#endif
