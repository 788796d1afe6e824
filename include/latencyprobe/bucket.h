/* SPDX-License-Identifier: MIT */
/* The one slot scheme: which histogram slot a duration falls into, and which durations a slot holds. */
#ifndef LATENCYPROBE_BUCKET_H
#define LATENCYPROBE_BUCKET_H

/*
 * Nanoseconds, exact below 16, then 16 linear sub-buckets for each power of two up to 2^36 (68.7 s), then one
 * overflow slot: the layout of HdrHistogram (http://hdrhistogram.org) with 4 bits of precision. A slot is at most
 * 1/16 as wide as its lower bound, so a value interpolated in its slot is within 1/32 + rounding (3.2 %) of the
 * truth when it is taken as the middle, and never outside the slot's bounds.
 *
 * Integers only, so that the kernel side and the user side compile the same lines.
 */
#ifndef __VMLINUX_H__ /* which has the same types */
#include <linux/types.h>
#endif

#define LAT_SUB_BITS 4
#define LAT_N_SUB (1 << LAT_SUB_BITS)
#define LAT_TOP_BITS 36
#define LAT_OVERFLOW_SLOT ((LAT_TOP_BITS - LAT_SUB_BITS + 1) * LAT_N_SUB)
#define LAT_N_SLOTS (LAT_OVERFLOW_SLOT + 1)
/* Log2 rows: row 0 is [0, 16) ns, row r is [2^(r+3), 2^(r+4)) ns, the last is the overflow. */
#define LAT_N_ROWS (LAT_OVERFLOW_SLOT / LAT_N_SUB + 1)

/*
 * Index of the highest set bit; 0 for 0. The empty assembly keeps the compiler from turning each step into two
 * conditional moves, which BPF has to do with two branches more.
 */
static inline __attribute__((always_inline)) __u32 lat_log2(__u64 value)
{
	__u32 log2 = 0;

#define LAT_LOG2_STEP(bits) \
	if (value >> (bits)) { \
		value >>= (bits); \
		log2 += (bits); \
		__asm__ volatile("" : "+r"(value), "+r"(log2)); \
	}
	LAT_LOG2_STEP(32)
	LAT_LOG2_STEP(16)
	LAT_LOG2_STEP(8)
	LAT_LOG2_STEP(4)
	LAT_LOG2_STEP(2)
#undef LAT_LOG2_STEP
	return log2 + (__u32)(value >> 1);
}

/* The slot of a duration; always below LAT_N_SLOTS. */
static inline __attribute__((always_inline)) __u32 lat_slot(__u64 ns)
{
	__u32 shift;

	if (ns < LAT_N_SUB)
		return (__u32)ns;
	shift = lat_log2(ns) - LAT_SUB_BITS;
	if (shift > LAT_TOP_BITS - 1 - LAT_SUB_BITS)
		return LAT_OVERFLOW_SLOT;
	/* ns >> shift is 16..31: its leading one moves the result one row up. */
	return shift * LAT_N_SUB + (__u32)(ns >> shift);
}

/* The smallest duration of a slot, in ns; lat_slot_low(slot + 1) is one above the largest. */
static inline __attribute__((always_inline)) __u64 lat_slot_low(__u32 slot)
{
	__u32 shift;

	if (slot < 2 * LAT_N_SUB)
		return slot;
	shift = slot / LAT_N_SUB - 1;
	return (__u64)(LAT_N_SUB + slot % LAT_N_SUB) << shift;
}

#endif
