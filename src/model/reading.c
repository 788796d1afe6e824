/* SPDX-License-Identifier: MIT */
/* A reading: a plain copy of the kernel's counters. */
#include "model/reading.h"

#include <stdlib.h>
#include <string.h>

bool raw_series_fill(struct raw_series *raw, const struct lat_hist *hist)
{
	uint32_t first = 0, end = LAT_N_SLOTS;

	while (first < end && !hist->slots[first])
		first++;
	while (end > first && !hist->slots[end - 1])
		end--;
	raw->sum_ns = hist->sum_ns;
	raw->bytes = hist->bytes;
	raw->max_ns = hist->max_ns;
	raw->inverse_min_ns = hist->inverse_min_ns;
	raw->first_slot = first;
	raw->n_slots = end - first;
	raw->counts = calloc(raw->n_slots + 1, sizeof(*raw->counts));
	if (!raw->counts)
		return false;
	memcpy(raw->counts, hist->slots + first, raw->n_slots * sizeof(*raw->counts));
	return true;
}

uint64_t raw_series_count(const struct raw_series *raw)
{
	uint64_t count = 0;
	uint32_t i;

	for (i = 0; i < raw->n_slots; i++)
		count += raw->counts[i];
	return count;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, &((const struct raw_series *)b)->key, sizeof(struct lat_key));
}

const struct raw_series *reading_find(const struct reading *reading, const struct lat_key *key)
{
	if (!reading || !reading->n_series)
		return NULL;
	return bsearch(key, reading->series, reading->n_series, sizeof(*reading->series), compare_keys);
}

void reading_free(struct reading *reading)
{
	size_t i;

	for (i = 0; i < reading->n_series; i++)
		free(reading->series[i].counts);
	free(reading->series);
	free(reading->depths);
	free(reading->pending);
	reading->series = NULL;
	reading->depths = NULL;
	reading->pending = NULL;
	reading->n_series = reading->n_depths = reading->n_pending = 0;
}
