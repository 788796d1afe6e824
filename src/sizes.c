/* SPDX-License-Identifier: MIT */
/* Series by size: what all sizes add up to, and which series are its sizes. */
#include "sizes.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot.h"


static int compare_but_size(const void *a, const void *b)
{
	return series_compare_but(*(const struct series *const *)a, *(const struct series *const *)b, SIZES_LABEL);
}

/* Labels of their own; the rest is added. */
static bool begin(struct series *sum, const struct series *like)
{
	size_t i;

	*sum = (struct series){
		.summary = like->summary, .device_id = like->device_id, .min_ns = UINT64_MAX, .min_max_exact = true,
		.slots = calloc(LAT_N_SLOTS, sizeof(*sum->slots)),
	};
	for (i = 0; i < like->n_labels; i++)
		if (strcmp(like->labels[i].name, SIZES_LABEL) &&
		    !labels_add(&sum->labels, &sum->n_labels, like->labels[i].name, strdup(like->labels[i].value)))
			return false;
	return sum->slots;
}

static bool add(struct series *sum, const struct series *part)
{
	bool is_first = !sum->count;
	unsigned int slot;

	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		sum->slots[slot] += part->slots[slot];
	sum->count += part->count;
	sum->sum_ns += part->sum_ns;
	sum->bytes += part->bytes;
	sum->has_bytes |= part->has_bytes;
	sum->min_max_exact &= part->min_max_exact;
	sum->min_ns = part->min_ns < sum->min_ns ? part->min_ns : sum->min_ns;
	sum->max_ns = part->max_ns > sum->max_ns ? part->max_ns : sum->max_ns;
	return !buckets_add(&sum->buckets, &part->buckets, is_first);
}

/* SORTED: those that become one are next to each other. */
static bool add_up(struct snapshot *sums, const struct series *const *sorted, size_t n)
{
	struct series *sum = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!i || compare_but_size(&sorted[i - 1], &sorted[i])) {
			sum = &sums->series[sums->n_series++];
			if (!begin(sum, sorted[i]))
				return false;
		}
		if (!add(sum, sorted[i]))
			return false;
	}
	return snapshot_derive(sums);
}

struct snapshot *sizes_add_up(const struct snapshot *snapshot)
{
	const struct series **sorted;
	struct snapshot *sums;
	bool is_fine = false;
	size_t i;

	for (i = 0; i < snapshot->n_series && !series_label(&snapshot->series[i], SIZES_LABEL); i++)
		;
	if (i == snapshot->n_series)
		return NULL;
	sorted = calloc(snapshot->n_series, sizeof(*sorted));
	sums = calloc(1, sizeof(*sums));
	if (sorted && sums) {
		sums->run = snapshot->run;
		sums->elapsed_ns = snapshot->elapsed_ns;
		sums->series = calloc(snapshot->n_series, sizeof(*sums->series));
		for (i = 0; i < snapshot->n_series; i++)
			sorted[i] = &snapshot->series[i];
		qsort(sorted, snapshot->n_series, sizeof(*sorted), compare_but_size);
		is_fine = sums->series && add_up(sums, sorted, snapshot->n_series);
	}
	free(sorted);
	if (is_fine)
		return sums;
	snapshot_free(sums);
	return NULL;
}

static bool is_smaller(const struct series *left, const struct series *right)
{
	return label_size(series_label(left, SIZES_LABEL)) < label_size(series_label(right, SIZES_LABEL));
}

size_t sizes_of(const struct snapshot *snapshot, const struct series *sum, const struct series *sizes[static SIZES_MAX])
{
	const struct series *series, *end = snapshot->series + snapshot->n_series;
	size_t n = 0, at;

	for (series = snapshot->series; series < end && n < SIZES_MAX; series++) {
		if (!series_label(series, SIZES_LABEL) || series_compare_but(series, sum, SIZES_LABEL))
			continue;
		for (at = n++; at && is_smaller(series, sizes[at - 1]); at--)
			sizes[at] = sizes[at - 1];
		sizes[at] = series;
	}
	return n;
}
