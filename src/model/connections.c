/* SPDX-License-Identifier: MIT */
/* What series say of each connection, whatever the operation and its result. */
#include "model/connections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/distribution.h"
#include "model/snapshot.h"

static const char *name_of(const struct series *series)
{
	return series_label(series, CONNECTION_LABEL);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(const struct series *const *)a), name_of(*(const struct series *const *)b));
}

/* Of N series of the same connection. */
static struct connection add_up(const struct series *const *series, size_t n)
{
	struct connection sum = { .name = name_of(series[0]), .min_ns = UINT64_MAX };
	struct point points[DISTRIBUTION_MAX];
	double sum_ns = 0, squares = 0, deviation, distance;
	size_t i;

	for (i = 0; i < n; i++) {
		sum.count += series[i]->count;
		sum_ns += (double)series[i]->sum_ns;
		sum.min_ns = series[i]->min_ns < sum.min_ns ? series[i]->min_ns : sum.min_ns;
		sum.max_ns = series[i]->max_ns > sum.max_ns ? series[i]->max_ns : sum.max_ns;
	}
	sum.mean_ns = sum_ns / (double)sum.count;
	/* Of parts: what each one varies by around its own mean, and how far that is from the common one. */
	for (i = 0; i < n; i++) {
		deviation = distribution_deviation(series[i], points, distribution_points(series[i], points));
		distance = series[i]->mean_ns - sum.mean_ns;
		squares += (deviation * deviation + distance * distance) * (double)series[i]->count;
	}
	sum.deviation_ns = sqrt(squares / (double)sum.count);
	return sum;
}

struct connection *connections_make(const struct snapshot *snapshot, size_t *n)
{
	struct connection *connections = calloc(snapshot->n_series + 1, sizeof(*connections));
	const struct series **sorted = calloc(snapshot->n_series + 1, sizeof(*sorted));
	size_t n_sorted = 0, first, i;

	*n = 0;
	if (!connections || !sorted) {
		free(connections);
		free(sorted);
		return NULL;
	}
	for (i = 0; i < snapshot->n_series; i++)
		if (name_of(&snapshot->series[i]))
			sorted[n_sorted++] = &snapshot->series[i];
	qsort(sorted, n_sorted, sizeof(*sorted), compare_names);
	for (first = 0; first < n_sorted; first = i) {
		for (i = first; i < n_sorted && !strcmp(name_of(sorted[i]), name_of(sorted[first])); i++)
			;
		connections[(*n)++] = add_up(sorted + first, i - first);
	}
	free(sorted);
	return connections;
}
