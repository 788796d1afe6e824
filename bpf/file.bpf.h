/* SPDX-License-Identifier: MIT */
/* The file that a call is about: what keys and filters need of it. */
#ifndef FILE_BPF_H
#define FILE_BPF_H

#include "path.bpf.h"

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
