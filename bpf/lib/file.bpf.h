/* SPDX-License-Identifier: MIT */
/* The file that a call is about: what keys and filters need of it. */
#ifndef FILE_BPF_H
#define FILE_BPF_H

#include "access_pattern.bpf.h"
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
#define S_ANON_INODE (1 << 19) /* include/linux/fs.h, new in 6.16 (19bbfe7b5fcd) */

/* Another thread may close it meanwhile: then what is read is of another file or of none, but never unsafe. */
static __always_inline __u64 file_of_number(__u32 number)
{
	__u64 files = (__u64)KERNEL_READ(struct task_struct, bpf_get_current_task(), files), file = 0;
	__u64 table = (__u64)KERNEL_READ(struct files_struct, files, fdt);

	if (number < KERNEL_READ(struct fdtable, table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), KERNEL_READ(struct fdtable, table, fd) + number);
	return file;
}

static __always_inline __u64 file_of_call(enum file_from from, __u64 argument)
{
	if (from == FILE_SYSCALL)
		return file_of_number((__u32)PT_REGS_PARM1_CORE_SYSCALL((struct pt_regs *)argument));
	/* Kernel addresses are negative. */
	return (__s64)argument < 0 ? argument : file_of_number((__u32)argument);
}

/* Since 6.16 anonymous inodes say that they are regular files (cfd86ef7e8e7). */
#define IS_SPECIAL(mode, flags) ((mode) >> 12 != LAT_FTYPE_REGULAR || (flags) & S_ANON_INODE)

/* FILE is there. */
static __always_inline bool file_is_special(__u64 file)
{
	struct inode *inode;

	if (KERNEL_HAS_CAST) {
		inode = KERNEL_CAST(struct file, file)->f_inode;
		return IS_SPECIAL(inode->i_mode, inode->i_flags);
	}
	inode = BPF_CORE_READ((struct file *)file, f_inode);
	return IS_SPECIAL(BPF_CORE_READ(inode, i_mode), BPF_CORE_READ(inode, i_flags));
}

static __always_inline bool type_is_special(__u16 type)
{
	return type != LAT_FTYPE_NONE && type != LAT_FTYPE_REGULAR;
}

/* enum lat_ftype */
static __always_inline __u16 inode_type(__u64 inode)
{
	__u64 super = (__u64)KERNEL_READ(struct inode, inode, i_sb);

	if (KERNEL_READ(struct super_block, super, s_magic) == ANON_INODE_FS_MAGIC ||
	    KERNEL_READ(struct inode, inode, i_flags) & S_ANON_INODE)
		return LAT_FTYPE_ANON;
	return KERNEL_READ(struct inode, inode, i_mode) >> 12;
}

static __noinline void location_read(struct lat_location *location, __u64 file)
{
	__u64 inode, super;

	if (!location)
		return;
	inode = (__u64)KERNEL_READ(struct file, file, f_inode);
	super = (__u64)KERNEL_READ(struct inode, inode, i_sb);
	location->key.inode = KERNEL_READ(struct inode, inode, i_ino);
	location->key.device = KERNEL_READ(struct super_block, super, s_dev);
	location->key.generation = KERNEL_READ(struct inode, inode, i_generation);
	location->dentry = (__u64)KERNEL_READ(struct file, file, f_path.dentry);
	location->mount = (__u64)KERNEL_READ(struct file, file, f_path.mnt);
}

static __always_inline bool file_is_other(const struct lat_file *file)
{
	return file->is_other != !!(lat_config.negated & 1U << LAT_NOT_PATH);
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

/* Whether only a call's end tells that its file's path is wanted. There is room for as many as are shown, and no more. */
#define PATHS_LATE (lat_config.min_ns || !lat_config.key_at[LAT_DIM_FILE])

/* Fills in what is asked for, and KEEPs the path if that is. FILE may be 0. */
static __noinline void file_look_at(struct lat_file *facts, __u64 file, bool keep, bool in_interrupt)
{
	struct lat_location location;
	__u64 inode, super;

	if (!facts)
		return;
	*facts = (struct lat_file){ .type = LAT_FTYPE_NONE, .is_other = 1 };
	inode = (__u64)KERNEL_READ(struct file, file, f_inode);
	if (!inode)
		return;
	super = (__u64)KERNEL_READ(struct inode, inode, i_sb);
	facts->fs_type = (__u64)KERNEL_READ(struct super_block, super, s_type);
	facts->type = inode_type(inode);
	facts->key.device = KERNEL_READ(struct super_block, super, s_dev);
	if (!lat_config.keeps_paths && !lat_config.has_path)
		return;
	location_read(&location, file);
	facts->key = location.key;
	if (lat_config.has_path)
		facts->is_other = !path_is_match(&location, in_interrupt);
	if (keep && lat_config.keeps_paths && file_pass(facts))
		facts->is_new = path_remember(&location, facts->type);
}

/*
 * Of reads and writes of files that have positions. A new open file may get the address of a closed one, and is forgotten
 * when it is opened.
 */
static __always_inline void file_access(struct lat_file *facts, __u64 file, __u64 position_address)
{
	__u64 position;

	if ((facts->type == LAT_FTYPE_REGULAR || facts->type == LAT_FTYPE_BLOCK) &&
	    !bpf_probe_read_kernel(&position, sizeof(position), (void *)position_address))
		facts->pattern = access_begin(file, position, position);
}

#endif
