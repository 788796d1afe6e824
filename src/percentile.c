/* SPDX-License-Identifier: MIT */
/* Quantiles from slot counts, with the bounds that the truth lies in. */
#include "snapshot.h"

const double percentile_ranks[N_PERCENTILES] = { 50, 75, 90, 95, 99, 99.9, 99.99 };

/* ceil(rank / 100 * count), in integers: in doubles 99.9 % of 1000 is more than 999. */
static uint64_t sample_number(double rank, uint64_t count)
{
	const unsigned __int128 per_mille_mille = (unsigned __int128)(rank * 10000 + 0.5);

	return (uint64_t)((per_mille_mille * count + 999999) / 1000000);
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

struct percentile percentile_of(const uint64_t slots[static LAT_N_SLOTS], uint64_t count, double rank,
				uint64_t min_ns, uint64_t max_ns)
{
	struct percentile result = { .rank = rank };
	uint64_t number = sample_number(rank, count), before = 0, low, high;
	uint32_t slot = 0;

	if (!count)
		return result;
	while (slot < LAT_OVERFLOW_SLOT && before + slots[slot] < number)
		before += slots[slot++];
	low = lat_slot_low(slot);
	high = slot == LAT_OVERFLOW_SLOT ? max_ns : lat_slot_low(slot + 1) - 1;
	result.low_ns = clamp(low, min_ns, max_ns);
	result.high_ns = clamp(high, result.low_ns, max_ns);
	/* The samples of a slot as evenly spread, each in the middle of its share. */
	result.ns = low;
	if (slots[slot])
		result.ns += (uint64_t)((double)(high - low + 1) * ((double)(number - before) - 0.5) / (double)slots[slot]);
	result.ns = clamp(result.ns, result.low_ns, result.high_ns);
	result.n_above = count - number;
	result.carried = result.n_above >= PERCENTILE_MIN_ABOVE;
	return result;
}
