/* SPDX-License-Identifier: MIT */
/* What can be asked of a series: its rows, its labels, how it differs from another; and what several add up to. */
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

uint64_t lat_row_low(unsigned int row)
{
	return lat_slot_low(row * LAT_N_SUB);
}

uint64_t series_row_count(const struct series *series, unsigned int row)
{
	unsigned int slot = row * LAT_N_SUB, end = slot + LAT_N_SUB;
	uint64_t count = 0;

	for (; slot < end && slot < LAT_N_SLOTS; slot++)
		count += series->slots[slot];
	return count;
}

/* [low, high] as far as the series has samples there. */
static double slot_middle(const struct series *series, unsigned int slot)
{
	uint64_t low = lat_slot_low(slot), high = series->max_ns;

	if (slot < LAT_OVERFLOW_SLOT && lat_slot_low(slot + 1) - 1 < high)
		high = lat_slot_low(slot + 1) - 1;
	if (low < series->min_ns)
		low = series->min_ns;
	return (double)low / 2 + (double)high / 2;
}

double series_row_mean_ns(const struct series *series, unsigned int row)
{
	unsigned int slot = row * LAT_N_SUB, end = slot + LAT_N_SUB;
	uint64_t count = series_row_count(series, row);
	double sum = 0;

	for (; slot < end && slot < LAT_N_SLOTS; slot++)
		if (series->slots[slot])
			sum += slot_middle(series, slot) * (double)series->slots[slot];
	return count ? sum / (double)count : 0;
}

const char *series_label(const struct series *series, const char *name)
{
	return labels_find(series->labels, series->n_labels, name);
}

bool series_have_same_labels(const struct series *left, const struct series *right)
{
	const char *value;
	size_t i;

	if (left->n_labels != right->n_labels)
		return false;
	for (i = 0; i < left->n_labels; i++) {
		value = series_label(right, left->labels[i].name);
		if (!value || strcmp(left->labels[i].value, value))
			return false;
	}
	return true;
}

int series_compare_but(const struct series *left, const struct series *right, const char *name)
{
	const struct label *a = left->labels, *b = right->labels;
	const struct label *a_end = a + left->n_labels, *b_end = b + right->n_labels;
	int order = 0;

	for (; !order; a++, b++) {
		a += a < a_end && !strcmp(a->name, name);
		b += b < b_end && !strcmp(b->name, name);
		if (a == a_end || b == b_end)
			return (b == b_end) - (a == a_end);
		order = strcmp(a->value, b->value);
	}
	return order;
}

bool series_begin_sum(struct series *sum, const struct series *like, const char *but)
{
	size_t i;

	*sum = (struct series){
		.summary = like->summary, .device_id = like->device_id, .min_ns = UINT64_MAX, .min_max_exact = true,
		.slots = calloc(LAT_N_SLOTS, sizeof(*sum->slots)),
	};
	for (i = 0; i < like->n_labels; i++)
		if ((!but || strcmp(like->labels[i].name, but)) &&
		    !labels_add(&sum->labels, &sum->n_labels, like->labels[i].name, strdup(like->labels[i].value)))
			return false;
	return sum->slots;
}

int series_add(struct series *sum, const struct series *part, bool is_first)
{
	unsigned int slot;

	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		sum->slots[slot] += part->slots[slot];
	sum->count += part->count;
	sum->sum_ns += part->sum_ns;
	sum->bytes += part->bytes;
	sum->has_bytes |= part->has_bytes;
	if (sum->device_id != part->device_id)
		sum->device_id = 0;
	sum->min_max_exact &= part->min_max_exact;
	if (part->min_ns < sum->min_ns)
		sum->min_ns = part->min_ns;
	if (part->max_ns > sum->max_ns)
		sum->max_ns = part->max_ns;
	return buckets_add(&sum->buckets, &part->buckets, is_first);
}
