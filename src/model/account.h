/* SPDX-License-Identifier: MIT */
/* The account: what became of everything that began. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

struct reading;
struct target;

/*
 * One operation's account over a time; see enum lat_count. A derived operation is entered when the one it is recorded
 * along with ends, so it is never in flight.
 */
struct account {
	const char *op, *phase;       /* phase is NULL where the target has none; op is "" for the sum of all */
	uint64_t counts[LAT_N_COUNTS];
	uint64_t recorded;            /* sum of all slots, with this operation's part of the series `other` */
	uint64_t in_flight_before, in_flight;
	/* in_flight_before + ENTERED - recorded - the endings - in_flight: 0, or something was not accounted for */
	int64_t unaccounted;
};

struct count_text {
	const char *name; /* as in JSON */
	const char *text; /* as people read it, behind a number */
	bool is_loss;     /* something was measured less well than asked for */
};
extern const struct count_text count_texts[LAT_N_COUNTS];

/* Computes what is unaccounted. */
void account_balance(struct account *account);

/*
 * The accounts of the operations in OP_MASK between two readings of the same run, in the target's order. ACCOUNTS has
 * room for all of the target's operations; the number filled in is returned. TOTAL is their sum without derived
 * operations, or each event would be in it twice. BEFORE is NULL for the whole run. What is in flight was counted if NOW
 * is final, and otherwise is what the equation leaves.
 */
size_t accounts_make(struct account *accounts, struct account *total, const struct target *target, uint32_t op_mask,
		     const struct reading *before, const struct reading *now);

#endif
