/* SPDX-License-Identifier: MIT */
/* A series as durations with counts, for formats that know no slots. */
#include "model/distribution.h"

#include <math.h>

#include "model/snapshot.h"

static size_t add(struct point *points, size_t n_points, uint64_t ns, uint64_t count)
{
	if (!count)
		return n_points;
	if (n_points && points[n_points - 1].ns == ns) {
		points[n_points - 1].count += count;
		return n_points;
	}
	points[n_points] = (struct point){ ns, count };
	return n_points + 1;
}

static uint64_t clamp(uint64_t value, const struct series *series)
{
	return value < series->min_ns ? series->min_ns : value > series->max_ns ? series->max_ns : value;
}

static uint64_t middle(const struct series *series, unsigned int slot)
{
	uint64_t low = clamp(lat_slot_low(slot), series), high = series->max_ns;

	if (slot < LAT_OVERFLOW_SLOT)
		high = clamp(lat_slot_low(slot + 1) - 1, series);
	return low + (high - low) / 2;
}

size_t distribution_points(const struct series *series, struct point points[static DISTRIBUTION_MAX])
{
	bool has_ends = series->min_max_exact && series->count > 1;
	unsigned int slot, first = 0, last = LAT_OVERFLOW_SLOT;
	size_t n_points = 0;
	uint64_t count;

	while (first < last && !series->slots[first])
		first++;
	while (last > first && !series->slots[last])
		last--;
	if (has_ends)
		n_points = add(points, n_points, series->min_ns, 1);
	for (slot = first; slot <= last; slot++) {
		count = series->slots[slot] - (has_ends && slot == first) - (has_ends && slot == last);
		n_points = add(points, n_points, middle(series, slot), count);
	}
	if (has_ends)
		n_points = add(points, n_points, series->max_ns, 1);
	return n_points;
}

double distribution_deviation(const struct series *series, const struct point *points, size_t n_points)
{
	double sum = 0, distance;
	size_t i;

	for (i = 0; i < n_points; i++) {
		distance = (double)points[i].ns - series->mean_ns;
		sum += distance * distance * (double)points[i].count;
	}
	return sqrt(sum / (double)series->count);
}
