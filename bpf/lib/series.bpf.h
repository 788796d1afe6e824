/* SPDX-License-Identifier: MIT */
/* How a span ended, and the series that it belongs to by that. */
#ifndef SERIES_BPF_H
#define SERIES_BPF_H

#include "socket.bpf.h"
#include "span.bpf.h"

/* Regular files apart from others: 2 for targets whose operations are of files. */
#ifndef LAT_FILE_KINDS
#define LAT_FILE_KINDS 1
#endif

#define KEY_AT(dim) (lat_config.key_at[dim] & (LAT_KEY_WORDS - 1))

/* How it ended. What a target does not know is 0, and costs nothing. */
struct ending {
	__u32 op, site, ret;
	__u32 error; /* errno, as a positive number */
	__u64 bytes;
	bool is_special; /* of a file that is not a regular one, where lat_config.splits_files */
	bool is_request; /* the running thread is not the one that began it, which EXTRA tells of */
	__u8 role;       /* enum lat_role, of a connection that was seen to begin; else found out */
	const struct lat_extra *extra; /* NULL when there is none */
	const struct lat_file *file; /* set where lat_config.needs_file */
	const struct lat_file_key *named; /* which file it was, where lat_config.names_files; NULL: none */
	__u64 socket; /* address of the struct sock */
};

static __always_inline void fs_name(__u64 fs_type, __u64 name[2])
{
	name[0] = name[1] = 0;
	if (fs_type)
		bpf_probe_read_kernel_str(name, LAT_FS_LEN, BPF_CORE_READ((struct file_system_type *)fs_type, name));
}

static __always_inline void key_make(struct lat_key *key, const struct lat_span *span, const struct ending *end)
{
	key->words[0] = end->op | end->ret << 8 | end->is_special << 16 | (__u64)end->site << 32;
	if (KEY_AT(LAT_DIM_PID))
		key->words[KEY_AT(LAT_DIM_PID)] = span->pid;
	if (KEY_AT(LAT_DIM_TID))
		key->words[KEY_AT(LAT_DIM_TID)] = span->tid;
	if (KEY_AT(LAT_DIM_COMM)) {
		key->words[KEY_AT(LAT_DIM_COMM)] = ((const __u64 *)span->comm)[0];
		key->words[(KEY_AT(LAT_DIM_COMM) + 1) & (LAT_KEY_WORDS - 1)] = ((const __u64 *)span->comm)[1];
	}
	if (KEY_AT(LAT_DIM_CPU))
		key->words[KEY_AT(LAT_DIM_CPU)] = bpf_get_smp_processor_id();
	if (KEY_AT(LAT_DIM_SIZE))
		key->words[KEY_AT(LAT_DIM_SIZE)] = end->bytes ? 1 + lat_log2(end->bytes) : 0;
	if (KEY_AT(LAT_DIM_DEVICE))
		key->words[KEY_AT(LAT_DIM_DEVICE)] = end->file ? end->file->key.device : span->device;
	if (KEY_AT(LAT_DIM_CGROUP))
		key->words[KEY_AT(LAT_DIM_CGROUP)] = end->is_request ? end->extra ? end->extra->cgroup : 0 :
						       bpf_get_current_cgroup_id();
	if (KEY_AT(LAT_DIM_FLAGS) && end->extra)
		key->words[KEY_AT(LAT_DIM_FLAGS)] = end->extra->flags;
	if (KEY_AT(LAT_DIM_ERRNO))
		key->words[KEY_AT(LAT_DIM_ERRNO)] = end->error;
	if (KEY_AT(LAT_DIM_ARG))
		key->words[KEY_AT(LAT_DIM_ARG)] = span->arg;
	if (KEY_AT(LAT_DIM_FTYPE))
		key->words[KEY_AT(LAT_DIM_FTYPE)] = end->file->type;
	if (KEY_AT(LAT_DIM_PATTERN))
		key->words[KEY_AT(LAT_DIM_PATTERN)] = end->file ? end->file->pattern : end->extra ? end->extra->pattern : 0;
	if (KEY_AT(LAT_DIM_FS)) {
		__u64 name[2];

		fs_name(end->file->fs_type, name);
		key->words[KEY_AT(LAT_DIM_FS)] = name[0];
		key->words[(KEY_AT(LAT_DIM_FS) + 1) & (LAT_KEY_WORDS - 1)] = name[1];
	}
	if (KEY_AT(LAT_DIM_FILE)) {
		key->words[KEY_AT(LAT_DIM_FILE)] = end->file->key.inode;
		key->words[(KEY_AT(LAT_DIM_FILE) + 1) & (LAT_KEY_WORDS - 1)] =
			end->file->key.device | (__u64)end->file->key.generation << 32;
	}
	if (lat_config.needs_socket)
		socket_key(key, end->socket, end->role);
}

/* Of the series `other`, that of the key's return class. */
static __always_inline __u32 series_other(const struct lat_key *key)
{
	return key->words[0] >> 8 & (LAT_N_RETS - 1);
}

static __noinline __u32 series_add(struct lat_key *key)
{
	__u32 series, *found;

	if (!key)
		return 0;
	if (bpf_map_pop_elem(&lat_free, &series))
		return series_other(key);
	if (!bpf_map_update_elem(&lat_series, key, &series, BPF_NOEXIST))
		return series;
	/* Another CPU was faster with the same key. */
	bpf_map_push_elem(&lat_free, &series, 0);
	found = bpf_map_lookup_elem(&lat_series, key);
	return found ? *found : series_other(key);
}

static __always_inline __u32 series_of_key(const struct lat_span *span, const struct ending *end)
{
	struct lat_key key = {};
	__u32 *found;

	key_make(&key, span, end);
	found = bpf_map_lookup_elem(&lat_series, &key);
	if (found)
		return *found;
	return series_add(&key);
}

/* Without dimensions. */
static __always_inline __u32 lat_direct_series(const struct ending *end)
{
	__u32 is_special = end->is_special;

	barrier_var(is_special); /* or the compiler branches */
	return ((end->op + end->site) * LAT_FILE_KINDS + is_special) * LAT_N_RETS + end->ret;
}

/* The series of a span that has come to its end. */
static __always_inline __u32 lat_series_of(const struct lat_span *span, const struct ending *end)
{
	return lat_config.is_direct ? lat_direct_series(end) : series_of_key(span, end);
}

#endif
