/* SPDX-License-Identifier: MIT */
/* The file that a call is about: what keys and filters need of it, and its path, remembered when it is first seen. */
#ifndef FILE_BPF_H
#define FILE_BPF_H

#include "latency.bpf.h"
#include "latencyprobe/glob.h"

/* Where a call names its file. */
enum file_from {
	FILE_UNKNOWN,
	FILE_ARGUMENT, /* the first argument: a file, or its number in the process */
	FILE_CLOSED,   /* the same, and at the call's end it is gone */
	FILE_POSITION, /* the same, and the fourth argument points to where in the file */
	FILE_SYSCALL,  /* as FILE_CLOSED, of the system call whose registers the first argument points to: a number */
	FILE_RESULT,
};

#define ANON_INODE_FS_MAGIC 0x09041934 /* include/uapi/linux/magic.h */

/* Paths by file. The user side sets the size; and with --outlier alone the type, so that the oldest are forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct lat_file_key);
	__type(value, struct lat_path);
} lat_paths SEC(".maps");

const struct lat_path lat_no_path = {};

/* Another thread may close it meanwhile: then what is read is of another file or of none, but never unsafe. */
static __always_inline struct file *file_of_number(__u32 number)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (number < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + number);
	return file;
}

static __always_inline struct file *file_of_call(enum file_from from, __u64 argument)
{
	if (from == FILE_SYSCALL)
		return file_of_number((__u32)PT_REGS_PARM1_CORE_SYSCALL((struct pt_regs *)argument));
	/* Kernel addresses are negative. */
	return (__s64)argument < 0 ? (struct file *)argument : file_of_number((__u32)argument);
}

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

/*
 * Names from the file's own upwards, each ended by a NUL, over the mounts up to the root that the file was opened
 * below. What has no path (pipes, sockets) has one name without a parent.
 */
static __noinline void path_fill(struct lat_path *path, struct lat_walk *walk, struct file *file)
{
	struct dentry *dentry, *parent;
	struct mount *mount, *below;
	enum lat_path_end end = LAT_PATH_CUT;
	__u32 used = 0, i;
	long n;

	if (!path)
		return;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	mount = (void *)BPF_CORE_READ(file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	for (i = 0; i < LAT_PATH_STEPS; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			below = BPF_CORE_READ(mount, mnt_parent);
			if (below == mount) {
				end = LAT_PATH_ROOT;
				break;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = below;
			continue;
		}
		barrier_var(used);
		if (used > LAT_PATH_BYTES - LAT_NAME_BYTES)
			break;
		n = bpf_probe_read_kernel_str(path->text + used, LAT_NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		if (walk && walk->n_names < LAT_PATH_STEPS)
			walk->begins[walk->n_names++ & (LAT_MAX_NAMES - 1)] = used;
		used += n;
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry) {
			end = LAT_PATH_PSEUDO;
			break;
		}
		dentry = parent;
	}
	path->n_bytes = used;
	path->seen_ns = bpf_ktime_get_ns();
	lat_write(path->end, end);
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

/* Not static, with numbers as arguments: then the verifier goes through it once, and not for each way that leads here. */
__noinline int path_decide(__u64 file, __u64 thread)
{
	struct lat_walk *walk;
	bool is_match;

	if (!lat_config.has_path) /* such functions are verified even where nothing calls them */
		return false;
	if (bpf_map_update_elem(&lat_walks, &thread, lat_no_walk, BPF_ANY))
		return false;
	walk = bpf_map_lookup_elem(&lat_walks, &thread);
	if (!walk)
		return false;
	path_fill(&walk->path, walk, (struct file *)file);
	walk_join(walk);
	is_match = walk_match(walk);
	bpf_map_delete_elem(&lat_walks, &thread);
	return is_match;
}

static __noinline bool path_is_match(const struct lat_file *facts, struct file *file, bool in_interrupt)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct lat_path_key key = {};
	__u8 decision, *decided;

	if (!facts)
		return false;
	key.file.inode = facts->inode;
	key.file.device = facts->device;
	key.file.generation = facts->generation;
	key.mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
	key.parent = (__u64)BPF_CORE_READ(dentry, d_parent);
	key.name = BPF_CORE_READ(dentry, d_name.hash_len);
	decided = bpf_map_lookup_elem(&lat_decisions, &key);
	if (decided)
		return *decided;
	decision = path_decide((__u64)file, bpf_get_current_pid_tgid() | (in_interrupt ? 1ULL << 63 : 0));
	bpf_map_update_elem(&lat_decisions, &key, &decision, BPF_ANY);
	return decision;
}

static __always_inline bool is_unhashed(struct file *file)
{
	return !BPF_CORE_READ(file, f_path.dentry, d_hash.pprev);
}

static __noinline void path_remember(const struct lat_file *facts, struct file *file)
{
	struct lat_file_key key;
	struct lat_path *path;

	if (!facts)
		return;
	key.inode = facts->inode;
	key.device = facts->device;
	key.generation = facts->generation;
	path = bpf_map_lookup_elem(&lat_paths, &key);
	if (!path) {
		/* Of several that come at once, one fills it in; and there may be no room. */
		if (bpf_map_update_elem(&lat_paths, &key, &lat_no_path, BPF_NOEXIST))
			return;
		path = bpf_map_lookup_elem(&lat_paths, &key);
		if (!path)
			return;
		path->type = facts->type;
		path_fill(path, NULL, file);
	}
	if (!path->is_deleted && is_unhashed(file))
		path->is_deleted = 1;
}

static __always_inline bool file_is_other(const struct lat_file *file)
{
	return file->is_other != !!(lat_config.negated & 1U << LAT_NOT_PATH);
}

/* Fills in what is asked for. FILE may be NULL. */
static __noinline void file_look_at(struct lat_file *facts, struct file *file, bool in_interrupt)
{
	struct inode *inode;
	struct super_block *super;

	if (!facts)
		return;
	facts->type = LAT_FTYPE_NONE;
	facts->pattern = LAT_PATTERN_NONE;
	facts->is_other = 1;
	facts->device = facts->generation = 0;
	facts->inode = facts->fs_type = 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return;
	super = BPF_CORE_READ(inode, i_sb);
	facts->fs_type = (__u64)BPF_CORE_READ(super, s_type);
	/* Since 6.16 these say that they are regular (cfd86ef7e8e7). */
	facts->type = BPF_CORE_READ(super, s_magic) == ANON_INODE_FS_MAGIC ? LAT_FTYPE_ANON :
		      BPF_CORE_READ(inode, i_mode) >> 12;
	if (!lat_config.keeps_paths && !lat_config.has_path)
		return;
	facts->inode = BPF_CORE_READ(inode, i_ino);
	facts->device = BPF_CORE_READ(super, s_dev);
	facts->generation = BPF_CORE_READ(inode, i_generation);
	if (lat_config.has_path)
		facts->is_other = !path_is_match(facts, file, in_interrupt);
	if (lat_config.keeps_paths && !(lat_config.has_path && file_is_other(facts)))
		path_remember(facts, file);
}

/*
 * Where each open file was last read or written up to, by the address of its struct file: the oldest are forgotten. A
 * new open file may get the address of a closed one, and is forgotten when it is opened.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} lat_ends SEC(".maps");

static __always_inline void access_begin(struct lat_file *facts, __u64 file, __u64 position_address)
{
	__u64 position, last = 0, *end;

	if ((facts->type != LAT_FTYPE_REGULAR && facts->type != LAT_FTYPE_BLOCK) ||
	    bpf_probe_read_kernel(&position, sizeof(position), (void *)position_address))
		return;
	end = bpf_map_lookup_elem(&lat_ends, &file);
	if (end)
		last = *end;
	facts->pattern = position == last ? LAT_PATTERN_SEQUENTIAL : LAT_PATTERN_RANDOM;
	if (end)
		lat_write(*end, position);
	else
		bpf_map_update_elem(&lat_ends, &file, &position, BPF_ANY);
}

static __always_inline void access_end(__u64 file, __s64 result)
{
	__u64 *end = result > 0 ? bpf_map_lookup_elem(&lat_ends, &file) : NULL;

	if (end)
		lat_add(end, result);
}

static __always_inline bool fs_pass(__u64 fs_type)
{
	__u64 name[2];
	bool is_listed = false;
	__u32 i;

	fs_name(fs_type, name);
	for (i = 0; i < LAT_MAX_FS; i++) {
		const volatile __u64 *wanted = (const volatile __u64 *)lat_config.fs[i];

		is_listed |= wanted[0] && name[0] == wanted[0] && name[1] == wanted[1];
	}
	return is_listed != !!(lat_config.negated & 1U << LAT_NOT_FS);
}

static __always_inline bool file_pass(const struct lat_file *file)
{
	if (lat_config.ftypes && !(lat_config.ftypes & 1U << (file->type & 31)))
		return false;
	if (lat_config.has_path && file_is_other(file))
		return false;
	return !lat_config.has_fs || fs_pass(file->fs_type);
}

#endif
