/* SPDX-License-Identifier: MIT */
/* Series by size: what all sizes add up to, and which series are its sizes. */
#include "model/size_groups.h"

#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

static int compare_but_size(const void *a, const void *b)
{
	return series_compare_but(*(const struct series *const *)a, *(const struct series *const *)b, SIZES_LABEL);
}

/* SORTED: those that become one are next to each other. */
static bool add_up(struct snapshot *sums, const struct series *const *sorted, size_t n)
{
	struct series *sum = NULL;
	bool is_first;
	size_t i;

	for (i = 0; i < n; i++) {
		is_first = !i || compare_but_size(&sorted[i - 1], &sorted[i]);
		if (is_first) {
			sum = &sums->series[sums->n_series++];
			if (!series_begin_sum(sum, sorted[i], SIZES_LABEL))
				return false;
		}
		if (series_add(sum, sorted[i], is_first))
			return false;
	}
	return snapshot_derive(sums);
}

struct snapshot *size_groups_add_up(const struct snapshot *snapshot)
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

size_t size_groups_of(const struct snapshot *snapshot, const struct series *sum, const struct series *sizes[static SIZES_MAX])
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
