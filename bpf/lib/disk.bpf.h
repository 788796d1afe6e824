/* SPDX-License-Identifier: MIT */
/* What requests and bios have in common: operations, flags, devices. */
#ifndef DISK_BPF_H
#define DISK_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

/* As in src/targets/block.c and bio.c. */
enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_OTHER, BLOCK_N_TYPES };

#define REQ_OP_MASK 0xff /* include/linux/blk_types.h */
#define SECTOR_BITS 9

/* FLAGS are request.cmd_flags or bio.bi_opf. */
static __always_inline enum block_op block_op(__u32 flags, __u32 bytes)
{
	switch (flags & REQ_OP_MASK) {
	case REQ_OP_READ:
		return BLOCK_READ;
	case REQ_OP_WRITE:
		/* A bare flush is a write of nothing until the flush machinery makes a flush request for it. */
		return bytes ? BLOCK_WRITE : BLOCK_FLUSH;
	case REQ_OP_FLUSH:
		return BLOCK_FLUSH;
	case REQ_OP_DISCARD:
		return BLOCK_DISCARD;
	default:
		return BLOCK_OTHER;
	}
}

#define BLOCK_FLAG(flags, kernel_name, flag) \
	((flags) >> bpf_core_enum_value(enum req_flag_bits, __REQ_##kernel_name) & 1 ? (flag) : 0)

/* LAT_DIM_FLAGS */
static __always_inline __u32 block_flags(__u32 flags)
{
	return BLOCK_FLAG(flags, SYNC, LAT_FLAG_SYNC) | BLOCK_FLAG(flags, META, LAT_FLAG_META) |
	       BLOCK_FLAG(flags, RAHEAD, LAT_FLAG_READAHEAD) | BLOCK_FLAG(flags, FUA, LAT_FLAG_FUA);
}

static __always_inline __u32 disk_device(const struct gendisk *disk)
{
	return (__u32)disk->major << 20 | (__u32)disk->first_minor;
}

#endif
