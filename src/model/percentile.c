/* SPDX-License-Identifier: MIT */
/* Quantiles from slot counts. */
#include "model/percentile.h"

/* Ranks are exact to a millionth of a percent. */
#define PARTS_PER_PERCENT 1000000ULL
#define PARTS_PER_WHOLE (100 * PARTS_PER_PERCENT)

const double percentile_ranks[N_PERCENTILES] = { 50, 75, 90, 95, 99, 99.9, 99.99 };

/* ceil(RANK / 100 * COUNT), from 1 to COUNT, in integers: in doubles 99.9 % of 1000 is more than 999. */
static uint64_t place_of(double rank, uint64_t count)
{
	uint64_t parts = (uint64_t)(rank * PARTS_PER_PERCENT + 0.5), place;

	place = count / PARTS_PER_WHOLE * parts +
		(count % PARTS_PER_WHOLE * parts + PARTS_PER_WHOLE - 1) / PARTS_PER_WHOLE;
	return place < 1 ? 1 : place > count ? count : place;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

struct percentile percentile_of(const uint64_t slots[static LAT_N_SLOTS], uint64_t count, uint32_t weight, double rank,
				uint64_t min_ns, uint64_t max_ns)
{
	struct percentile result = { .rank = rank };
	uint64_t place, n_so_far = 0;
	uint32_t slot;

	if (!count)
		return result;
	place = place_of(rank, count);
	for (slot = 0; slot < LAT_OVERFLOW_SLOT; slot++) {
		n_so_far += slots[slot];
		if (n_so_far >= place)
			break;
	}
	result.low_ns = clamp(lat_slot_low(slot), min_ns, max_ns);
	result.high_ns = slot == LAT_OVERFLOW_SLOT ? max_ns : clamp(lat_slot_low(slot + 1) - 1, min_ns, max_ns);
	result.ns = result.low_ns + (result.high_ns - result.low_ns) / 2;
	result.n_above = (count - place) / weight;
	result.carried = result.n_above >= PERCENTILE_MIN_ABOVE;
	return result;
}
