/* SPDX-License-Identifier: MIT */
/* What all series of a snapshot add up to. */
#include "model/totals.h"

#include <string.h>

#include "model/snapshot.h"

const struct total_range total_ranges[N_RANGES] = {
	{ "0-1ms", 0 }, { "1-5ms", 1000000 }, { "5-10ms", 5000000 }, { "10-50ms", 10000000 }, { "50-100ms", 50000000 },
	{ "100ms+", 100000000 },
};

bool series_is_in_totals(const struct series *series)
{
	const char *phase = series_label(series, "phase");

	return !series->is_special && (!phase || !strcmp(phase, "device"));
}

static size_t range_of(unsigned int slot)
{
	uint64_t middle = lat_slot_low(slot) / 2 + lat_slot_low(slot + 1) / 2;
	size_t range = N_RANGES - 1;

	while (slot < LAT_OVERFLOW_SLOT && middle < total_ranges[range].low_ns)
		range--;
	return range;
}

void totals_make(struct snapshot *snapshot)
{
	uint64_t slots[LAT_N_SLOTS] = { 0 }, min_ns = UINT64_MAX, max_ns = 0;
	struct totals *totals = &snapshot->totals;
	const struct series *series;
	unsigned int slot;
	size_t i;

	*totals = (struct totals){ 0 };
	snapshot->all_sum_ns = 0;
	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		snapshot->all_sum_ns += series->sum_ns;
		if (!series_is_in_totals(series))
			continue;
		totals->count += series->count;
		totals->sum_ns += series->sum_ns;
		min_ns = series->min_ns < min_ns ? series->min_ns : min_ns;
		max_ns = series->max_ns > max_ns ? series->max_ns : max_ns;
		for (slot = 0; slot < LAT_N_SLOTS; slot++)
			slots[slot] += series->slots[slot];
	}
	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		totals->ranges[range_of(slot)] += slots[slot];
		totals->n_slow += slot > lat_slot(SLOW_NS) ? slots[slot] : 0;
	}
	for (i = 0; i < N_PERCENTILES; i++)
		totals->percentiles[i] = percentile_of(slots, totals->count, run_weight(snapshot->run),
						       percentile_ranks[i], min_ns, max_ns);
}
