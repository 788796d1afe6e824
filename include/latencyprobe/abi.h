/* SPDX-License-Identifier: MIT */
/* What the kernel side writes and the user side reads: maps' values, configuration, events. */
#ifndef LATENCYPROBE_ABI_H
#define LATENCYPROBE_ABI_H

#include "bucket.h"

/* To be raised when what is here changes its meaning and not its layout, which --bpf-object cannot see. */
#define LAT_ABI_VERSION 1
#define LAT_MAX_OPS 16
#define LAT_MAX_SHARDS 32
#define LAT_N_SPANS 8192 /* power of two */
#define LAT_KEY_WORDS 8
#define LAT_MAX_BANKS 3
#define LAT_COMM_LEN 16
#define LAT_FS_LEN 16
#define LAT_MAX_FS 4
#define LAT_NAME_BYTES 256 /* of one component of a path, with a NUL */
#define LAT_PATH_BYTES 976
#define LAT_PATH_STEPS 40 /* components and mounts that a path may have */
#define LAT_STACK_DEPTH 127 /* frames; the kernel's own limit, as it is by default */
#define LAT_MAX_STACKS 16384 /* kept in lat_stacks */
#define LAT_MAX_BUCKETS 20

/* How a call ended. Only LAT_RET_OK is in the histogram that a target's summary shows. */
enum lat_ret {
	LAT_RET_OK,
	LAT_RET_EOF,   /* nothing transferred, no error */
	LAT_RET_AGAIN, /* -EAGAIN: a non-blocking call that had nothing to do */
	LAT_RET_ERROR,
	LAT_N_RETS,
};

/*
 * The account of an operation. For a whole run
 *   ENTERED = recorded (the sum of all slots) + FILTERED .. UNSEEN + in flight.
 * The counters from UNMATCHED on are outside that sum.
 */
enum lat_count {
	LAT_ENTERED,     /* the kernel side counts what passed the filters; the reader adds FILTERED and SAMPLED_OUT */
	LAT_FILTERED,    /* a filter said no */
	LAT_SAMPLED_OUT, /* --sample-rate */
	LAT_NESTED,      /* a call of the same operation inside a measured one: part of its time */
	LAT_MERGED,      /* block: absorbed by another request */
	LAT_UNISSUED,    /* block: ended without being given to the device */
	LAT_NO_RETURN,   /* calls that never return: exit(2) */
	LAT_UNANSWERED,  /* tcp: requests whose connection was closed before there was an answer */
	LAT_REJECTED,    /* longer than lat_config.max_ns */
	LAT_LOST_SPAN,   /* no room to remember the start */
	LAT_LOST_EXIT,   /* the exit was never seen: the next call found the start still there */
	LAT_LOST_CLOCK,  /* the clock went backwards */
	LAT_UNSEEN,      /* nothing shows when it ends */
	LAT_UNMATCHED,   /* exits without an entry, of calls that were under way when tracing began */
	LAT_OTHER_KEY,   /* recorded, but in the series `other`: no room for its key */
	LAT_REQUEUED,    /* block: given back by the device and issued again */
	LAT_EVENTS,      /* outliers */
	LAT_RING_FULL,   /* outliers that the ring had no room for, and nothing is known of */
	LAT_N_COUNTS,
};
#define LAT_N_ENDINGS LAT_UNMATCHED /* counters below this one are in the sum */

struct lat_account {
	__u64 counts[LAT_N_COUNTS];
};

/* What a series' key may be made of beside operation and return class; see lat_config.key_at. */
enum lat_dim {
	LAT_DIM_OP, /* word 0 always is op | ret << 8 | of a special file << 16 | site << 32 */
	LAT_DIM_PID,
	LAT_DIM_TID,
	LAT_DIM_COMM, /* two words */
	LAT_DIM_CPU,
	LAT_DIM_SIZE, /* 1 + log2 of bytes, 0 for none */
	LAT_DIM_DEVICE, /* kernel dev_t: major << 20 | minor, or lat_hidden_device(); 0: none */
	LAT_DIM_CGROUP, /* its number in cgroup v2 */
	LAT_DIM_ERRNO,  /* 0: no error */
	LAT_DIM_ARG,    /* an argument of the call */
	LAT_DIM_FTYPE,  /* enum lat_ftype */
	LAT_DIM_FS,     /* two words: the name of the file system's type */
	LAT_DIM_FILE,   /* two words: struct lat_file_key */
	LAT_DIM_PATTERN, /* enum lat_pattern */
	LAT_DIM_FLAGS,  /* block: bits of enum lat_flag */
	LAT_DIM_CONN,   /* five words: local address, remote one (as IPv6, in memory order), local port << 16 | remote port */
	LAT_DIM_PEER,   /* two words: remote address */
	LAT_DIM_LPORT,
	LAT_DIM_RPORT,
	LAT_DIM_FAMILY, /* 4, 6; of IPv4 over an IPv6 socket 4 */
	LAT_DIM_ROLE,   /* enum lat_role */
	LAT_N_DIMS,
};

/* Which end of a connection it is: the one that connected, or the one that was accepted. */
enum lat_role { LAT_ROLE_UNKNOWN, LAT_ROLE_CLIENT, LAT_ROLE_SERVER, LAT_N_ROLES };

enum lat_flag { LAT_FLAG_SYNC = 1, LAT_FLAG_META = 2, LAT_FLAG_READAHEAD = 4, LAT_FLAG_FUA = 8 };
#define LAT_N_FLAGS 4

/*
 * The first lat_config.n_key_words words are the key of the map lat_series. What there is no room for in it is in the first
 * LAT_N_RETS series, by how it ended.
 */
struct lat_key {
	__u64 words[LAT_KEY_WORDS];
};

/*
 * One histogram; lat_hists[(series * n_banks + bank) << n_shards_log2 | shard]. Bank 1 is that of the operation which
 * is derived from the series' own (block: the queue phase), bank 2 of the next (total). All fields only grow.
 */
struct lat_hist {
	__u64 slots[LAT_N_SLOTS];
	__u64 sum_ns;
	__u64 bytes;
	__u64 max_ns;
	__u64 inverse_min_ns; /* ~min, so that zeroed memory means "none yet" */
};

/* The kernel's S_IFMT >> 12, and what that has no number for. */
enum lat_ftype {
	LAT_FTYPE_NONE, /* no file: failed opens, calls that name a path */
	LAT_FTYPE_PIPE = 1,
	LAT_FTYPE_CHAR = 2,
	LAT_FTYPE_DIRECTORY = 4,
	LAT_FTYPE_BLOCK = 6,
	LAT_FTYPE_REGULAR = 8,
	LAT_FTYPE_LINK = 10,
	LAT_FTYPE_SOCKET = 12,
	LAT_FTYPE_ANON = 15, /* eventfd, epoll, timerfd... */
	LAT_N_FTYPES,
};

/* Where a read or a write of an open file or a disk begins: where the last one ended, or at 0; or elsewhere. */
enum lat_pattern { LAT_PATTERN_NONE, LAT_PATTERN_SEQUENTIAL, LAT_PATTERN_RANDOM, LAT_N_PATTERNS };

/*
 * The number of a path of NVMe multipath, "nvmeSUBSYSTEMcCONTROLLERnNAMESPACE": the kernel hides these disks, and tells
 * nobody what number they have in it. No kernel dev_t has this bit.
 */
#define LAT_HIDDEN_DEVICE (1U << 31)
static inline __attribute__((always_inline)) __u32 lat_hidden_device(__u32 subsystem, __u32 controller, __u32 name_space)
{
	return LAT_HIDDEN_DEVICE | (subsystem & 0xff) << 23 | (controller & 0x7ff) << 12 | (name_space & 0xfff);
}

struct lat_file_key {
	__u64 inode;
	__u32 device, generation; /* the latter tells apart files that had the same inode number one after the other */
};

/* What is known of a call's file, where keys or filters ask for it. */
struct lat_file {
	struct lat_file_key key;
	__u16 type; /* enum lat_ftype */
	__u8 is_other; /* --path: not such a file */
	__u8 is_new;   /* its path was not known before this call */
	__u32 pattern; /* enum lat_pattern */
	__u64 fs_type; /* address of the kernel's struct file_system_type */
};

/* Where a file that is being closed was, by which its path can still be told when it is gone. */
struct lat_location {
	struct lat_file_key key;
	__u64 dentry, mount; /* addresses of struct dentry and struct vfsmount */
};

/* What is kept of a call's file until it ends. Both structs begin with its key. */
union lat_touched {
	struct lat_file file; /* where keys or filters ask for it; else: */
	__u64 argument;       /* what names it, */
	struct lat_location location; /* or of what is being closed */
};

/*
 * What the decision of --path about a file depends on: a name in a folder of a mount. So of one that is renamed, or
 * reached by another name or mount, it is made anew; of one below a folder that is renamed it is not.
 */
struct lat_path_key {
	struct lat_file_key file;
	__u64 mount, parent; /* addresses of struct vfsmount and of the folder's struct dentry */
	__u64 name;          /* hash and length */
};

/* A file's path as it was when the file was first seen. */
enum lat_path_end {
	LAT_PATH_UNKNOWN, /* still being written */
	LAT_PATH_ROOT,
	LAT_PATH_PSEUDO,  /* the last name is all there is: no path leads to such a file */
	LAT_PATH_CUT,     /* the outer part is missing: too long */
};
struct lat_path {
	__u64 seen_ns;
	__u32 n_bytes;
	__u8 end;        /* enum lat_path_end; written last */
	__u8 type;       /* enum lat_ftype */
	__u8 is_deleted; /* it was, when last seen */
	__u8 unused;
	char text[LAT_PATH_BYTES]; /* names from the file's own upwards, each ended by a NUL */
};

/*
 * A measured thing under way. `claims` makes a slot of the table somebody's: who adds one and then reads exactly
 * one owns it, who reads more takes it back and goes to the hash map. (Atomic adds without a result are all that
 * 5.10 has, and are enough.) A call's span that went there adds LAT_CLAIM_SPILLED, so that the slot alone tells its
 * thread where to look.
 */
#define LAT_CLAIM_SPILLED 0x10000U
#define LAT_BIO_TAG (1ULL << 63)
struct lat_span {
	__u64 id; /* calls: stack address at entry; block: address of the request; 0: free */
	__u64 start_ns;
	union {
		__u64 mark;     /* calls that may nest: what lay at the stack address then */
		__u64 issue_ns; /* block: 0 while queued */
		__u64 arg;      /* LAT_DIM_ARG */
		__u64 cgroup;   /* aio, io_uring, connections: of who submitted or began it, where that is a dimension */
		__u64 bio;      /* bio: LAT_BIO_TAG | its sector, or that cgroup where it is a dimension */
	};
	__u32 claims;   /* 0 in lat_spill */
	__u8 op;
	__u8 is_special; /* calls: of a file that is known, and not a regular one */
	union {
		__u8 hook; /* calls: where it began, of several places that one operation is measured at */
		__u8 role; /* connections: enum lat_role */
		__u8 flags; /* bio: LAT_DIM_FLAGS */
	};
	__u8 skip; /* not measured, but kept so that later events are no beginning */
	union {
		struct {
			__u32 bytes;
			__u32 pid; /* thread group of who began it */
			__u32 tid;
			union {
				__u32 device;
				__u32 site; /* which function or system call it is, where a target measures many alike */
			};
			union {
				char comm[LAT_COMM_LEN];
				__u64 socket; /* tcp calls: address of the struct sock, until they end */
			};
		};
		union lat_touched touched; /* vfs: until it ends; only then the rest is needed */
	};
};

/* What --ret asks of a call's result. */
enum lat_test { LAT_TEST_NONE, LAT_TEST_LESS, LAT_TEST_GREATER, LAT_TEST_EQUAL, LAT_TEST_NOT_EQUAL };

/* Which call stacks outliers have. */
enum lat_stack_kind { LAT_STACKS_NONE, LAT_STACKS_KERNEL, LAT_STACKS_USER /* and the kernel's */ };

/* Numbers in the map lat_stacks; -errno where there is none. */
struct lat_stack_ids {
	__s32 kernel, user;
};

/* What a request is to be remembered by beside its span; in the map lat_extras, by the request's address. */
struct lat_extra {
	__u64 cgroup;
	__u64 sector;
	struct lat_stack_ids stacks; /* of who submitted it */
	__u32 flags; /* LAT_DIM_FLAGS */
	__u32 pattern; /* enum lat_pattern, as it was first issued */
};

/* Samples between the bounds of --buckets; in the map lat_buckets, each where its histogram is in lat_hists. */
struct lat_bucket_counts {
	__u64 counts[LAT_MAX_BUCKETS];
};

enum lat_filter {
	LAT_FILTER_NONE,
	LAT_FILTER_PID, /* by nothing but pid, which is the kernel's own number, where programs can see tasks */
	LAT_FILTER_ANY,
};

/* Filters that let through all but what they name: bits of lat_config.negated. */
enum lat_not {
	LAT_NOT_PID, LAT_NOT_COMM, LAT_NOT_CGROUP, LAT_NOT_DEVICE, LAT_NOT_UID, LAT_NOT_FS, LAT_NOT_PORT, LAT_NOT_ADDR,
	LAT_NOT_PATH, LAT_NOT_MIN,
};

/* Constant while the program runs, so the verifier removes what is off. */
struct lat_config {
	__u64 max_ns;     /* longer ones are LAT_REJECTED; at most 2^63 - 1, which is no limit */
	__u64 outlier_ns; /* an event for each at least this long; 0: none */
	__u64 notable_ns; /* what takes less needs no look but at its time and outcome: 0 unless is_plain */
	__u64 pidns_dev, pidns_ino; /* the PID namespace that numbers are shown in; 0: the initial one */
	__u32 pid;        /* 0: all */
	__u32 device;     /* 0: all; else what a request's device is with the bits of the next one */
	__u32 device_mask;
	char comm[LAT_COMM_LEN];
	__u8 has_filter; /* any of pid, device and the next ones, or not all of op_mask */
	__u8 filter_comm, filter_cgroup, filter_follow; /* the maps lat_cgroup, lat_followed */
	__u8 filter;      /* enum lat_filter */
	__u8 rq_arg;      /* block: which argument of the tracepoints is the request */
	__u8 io_start;    /* block: block_io_start says when a request begins */
	__u8 has_paths;   /* block: there are paths of NVMe multipath, see lat_hidden_device() */
	__u8 n_shards_log2; /* of the histograms */
	__u8 is_plain;      /* neither dimensions nor any of buckets, extras, totals: one question in place of several */
	__u8 key_has_who;   /* who it was is part of keys */
	__u8 needs_who;     /* or of events */
	__u8 n_banks;       /* histograms of a series: more than 1 where operations have derived ones */
	__u8 n_file_kinds;  /* LAT_FILE_KINDS */
	__u8 is_direct;     /* no dimension: series = ((op + site) * n_file_kinds + is_special) * LAT_N_RETS + ret */
	__u8 n_key_words;
	__u8 key_at[LAT_N_DIMS]; /* first word of the dimension in the key; 0: not asked for */
	__u32 op_mask;
	__u32 outlier_ops;  /* of these */
	__u32 negated;      /* bits of enum lat_not */
	__u32 shard_mask;   /* (1 << n_shards_log2) - 1 */
	__s64 result;       /* what enum lat_test compares with */
	__u8 result_test;
	__u8 arg;           /* LAT_DIM_ARG: which, from 0 */
	__u8 filter_uid;
	__u8 outliers_regular; /* and of no special files */
	__u8 splits_files;  /* series of regular files are apart from those of special ones */
	__u8 needs_file;    /* dimensions or filters ask for facts about files */
	__u8 names_files;   /* events tell which file it was */
	__u8 keeps_paths;   /* keys or events do */
	__u8 has_path;      /* only files whose path matches the pattern in the map lat_globs */
	__u8 has_fs;        /* only these types of file systems: */
	char fs[LAT_MAX_FS][LAT_FS_LEN] __attribute__((aligned(8)));
	__u32 ftypes;       /* bits of enum lat_ftype; 0: all */
	__u32 uid;
	__u64 min_ns;       /* shorter ones are filtered out, or with LAT_NOT_MIN others */
	__u32 sample_rate;  /* one of so many is measured */
	__u32 sample_below; /* measured when a random 32-bit number is below; 0: all are */
	__u8 passes_late;   /* there are filters that need a call's end: ftypes, fs, min_ns */
	__u8 stacks;        /* enum lat_stack_kind; of outliers */
	__u8 needs_extra;   /* block: struct lat_extra is kept */
	__u8 n_buckets;     /* 0: no --buckets */
	__u64 pending_ns;   /* --pending; 0: none */
	__u64 bucket_low_ns[LAT_MAX_BUCKETS]; /* the first is 0 */
	__u8 needs_socket;  /* tcp: dimensions or events ask for the ends of connections */
	__u8 keys_ends;     /* dimensions do */
	__u8 filter_socket; /* any of the next four */
	__u8 family;        /* 4, 6; 0: both */
	__u8 has_addr;
	__u16 port;         /* of either end; 0: all */
	__u64 addr[2], addr_mask[2]; /* of either end, as in LAT_DIM_PEER */
};

/* All that changes while tracing, except the histograms; mapped into the user side. */
struct lat_state {
	__u32 gate;  /* 0: closed */
	__u32 adopt; /* process whose next child is followed; 0: none */
	__u64 n_spilled; /* spans in the map lat_spill */
	__u64 outlier_floor_ns; /* events are sent only from here on, as others would be of no use; all are counted */
	/* First, as programs reach only the first 32 KiB without another addition; apart from what is read by all. */
	struct lat_span spans[LAT_N_SPANS] __attribute__((aligned(64)));
	struct lat_account accounts[LAT_MAX_SHARDS][LAT_MAX_OPS] __attribute__((aligned(128)));
};

#define LAT_NO_SECTOR (~0ULL)

/* An outlier, on the ring buffer lat_ring. */
struct lat_event {
	__u64 end_ns; /* CLOCK_MONOTONIC */
	__u64 latency_ns;
	__u64 bytes;
	__u64 sector; /* block, bio; LAT_NO_SECTOR: of none */
	__u32 pid, tid;
	__u32 op, ret;
	union {
		__u32 device;
		__u32 site;
	};
	__u32 cpu;
	struct lat_stack_ids stacks;
	char comm[LAT_COMM_LEN];
	union { /* what it was about */
		struct lat_file_key file; /* vfs; all 0: none */
		__u64 conn[5]; /* tcp: as in LAT_DIM_CONN */
	};
};

#endif
