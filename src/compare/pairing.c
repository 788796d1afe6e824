/* SPDX-License-Identifier: MIT */
/* What of two runs belongs together, and how it varied from interval to interval. */
#include "compare/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "compare/comparison.h"
#include "model/snapshot.h"

#define MAX_COUNT (1ULL << 62) /* so that two of them can be added */

/* By all labels but how it ended, which is the order of operations until they are sorted by time. */
static int order_by_labels(const struct label *one, size_t n_one, const struct label *other, size_t n_other)
{
	size_t i, j;
	int order;

	for (i = j = 0;; i++, j++) {
		if (i < n_one && !strcmp(one[i].name, "ret"))
			i++;
		if (j < n_other && !strcmp(other[j].name, "ret"))
			j++;
		if (i >= n_one || j >= n_other)
			return (i < n_one) - (j < n_other);
		order = strcmp(one[i].name, other[j].name);
		if (!order)
			order = strcmp(one[i].value, other[j].value);
		if (order)
			return order;
	}
}

static int by_labels(const void *one, const void *other)
{
	const struct operation *left = one, *right = other;

	return order_by_labels(left->labels, left->n_labels, right->labels, right->n_labels);
}

static uint64_t time_of(const struct operation *operation)
{
	const struct series *ok = operation->base.ok ? operation->base.ok : operation->current.ok;

	return ok ? ok->sum_ns : 0;
}

static bool is_in_both(const struct operation *operation)
{
	return operation->base.n_all && operation->current.n_all;
}

static int by_time(const void *one, const void *other)
{
	const struct operation *left = one, *right = other;

	if (is_in_both(left) != is_in_both(right))
		return is_in_both(left) ? -1 : 1;
	if (time_of(left) != time_of(right))
		return time_of(left) > time_of(right) ? -1 : 1;
	return by_labels(one, other);
}

/* The series of all keys beyond --max-keys: not the same keys in another run. */
static bool is_overflow(const struct snapshot *snapshot, const struct series *series)
{
	const char *op = series_label(series, "op");
	const size_t n_labels = series_label(series, "phase") ? 3 : 2; /* and no dimensions */

	return snapshot->total.counts[LAT_OTHER_KEY] && op && !strcmp(op, "other") && series->n_labels == n_labels;
}

static void add_side(struct side *side, const struct side *more)
{
	if (!side->ok)
		side->ok = more->ok;
	side->n_all = side->n_all + more->n_all < MAX_COUNT ? side->n_all + more->n_all : MAX_COUNT;
	side->n_errors = side->n_errors + more->n_errors < MAX_COUNT ? side->n_errors + more->n_errors : MAX_COUNT;
}

/* An operation for each series, to be merged. */
static void add_series(struct comparison *comparison, const struct snapshot *snapshot, bool is_base)
{
	const struct series *series;
	struct operation *operation;
	const char *ret;
	struct side side;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		if (is_overflow(snapshot, series)) {
			comparison->has_other = true;
			continue;
		}
		ret = series_label(series, "ret");
		side = (struct side){ .n_all = series->count < MAX_COUNT ? series->count : MAX_COUNT };
		if (ret && !strcmp(ret, ret_names[LAT_RET_OK]))
			side.ok = series;
		if (ret && !strcmp(ret, ret_names[LAT_RET_ERROR]))
			side.n_errors = side.n_all;
		operation = &comparison->operations[comparison->n_operations++];
		operation->labels = series->labels;
		operation->n_labels = series->n_labels;
		*(is_base ? &operation->base : &operation->current) = side;
	}
}

static void merge_operations(struct comparison *comparison)
{
	struct operation *operations = comparison->operations, *kept = operations;
	size_t i;

	qsort(operations, comparison->n_operations, sizeof(*operations), by_labels);
	for (i = 1; i < comparison->n_operations; i++) {
		if (by_labels(kept, &operations[i])) {
			*++kept = operations[i];
			continue;
		}
		add_side(&kept->base, &operations[i].base);
		add_side(&kept->current, &operations[i].current);
	}
	if (comparison->n_operations)
		comparison->n_operations = (size_t)(kept - operations) + 1;
}

/* Where to cut a run's slots so that a share next to the percentile is below: its slot, or the next one. */
static uint32_t cut_at(const struct series *ok, int kind, double *share)
{
	double percent = percentile_ranks[kind] / 100, below = 0, with;
	uint32_t slot;

	for (slot = 0; slot < LAT_OVERFLOW_SLOT; slot++) {
		if (below + (double)ok->slots[slot] >= percent * (double)ok->count)
			break;
		below += (double)ok->slots[slot];
	}
	with = (below + (double)ok->slots[slot]) / (double)ok->count;
	below /= (double)ok->count;
	/* A cut with all on one side of it tells nothing. */
	if (with >= 1 || (below > 0 && percent - below < with - percent)) {
		*share = below;
		return slot;
	}
	*share = with;
	return slot + 1;
}

/* What an interval has of an operation. */
struct part {
	double n_ok, sum_ns, n_all, n_errors, n_below[N_PERCENTILES];
};

static void add_ok(struct part *part, const struct series *series, const uint32_t cuts[static N_PERCENTILES])
{
	double n_so_far = 0;
	uint32_t slot;
	int kind;

	part->n_ok = (double)series->count;
	part->sum_ns = (double)series->sum_ns;
	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		for (kind = 0; kind < N_PERCENTILES; kind++)
			if (cuts[kind] == slot)
				part->n_below[kind] = n_so_far;
		n_so_far += (double)series->slots[slot];
	}
}

static void add_blocks(struct side *side, const struct part *part, double seconds)
{
	int kind;

	if (part->n_all > 0)
		significance_blocks_add(&side->blocks[FIGURE_ERROR], part->n_errors, part->n_all,
				 (double)side->n_errors / (double)side->n_all);
	if (!side->ok)
		return;
	significance_blocks_add(&side->blocks[FIGURE_RATE], part->n_ok * side->ok->weight, seconds, side->ok->rate_per_s);
	if (part->n_ok <= 0)
		return;
	significance_blocks_add(&side->blocks[FIGURE_MEAN], part->sum_ns, part->n_ok, side->ok->mean_ns);
	for (kind = 0; kind < N_PERCENTILES; kind++)
		significance_blocks_add(&side->blocks[kind], part->n_below[kind], part->n_ok, side->shares[kind]);
}

static struct operation *find(const struct comparison *comparison, const struct series *series)
{
	const struct operation wanted = { .labels = series->labels, .n_labels = series->n_labels };

	return bsearch(&wanted, comparison->operations, comparison->n_operations, sizeof(wanted), by_labels);
}

/* PARTS and CUTS have one for each operation, which are in the order of labels. */
static void add_interval(struct comparison *comparison, const struct snapshot *interval, bool is_base,
			 struct part *parts, uint32_t (*cuts)[N_PERCENTILES])
{
	const struct series *series;
	struct operation *operation;
	struct side *side;
	const char *ret;
	size_t i;

	memset(parts, 0, comparison->n_operations * sizeof(*parts));
	for (series = interval->series; series < interval->series + interval->n_series; series++) {
		operation = find(comparison, series);
		ret = series_label(series, "ret");
		if (!operation || !ret)
			continue;
		i = (size_t)(operation - comparison->operations);
		parts[i].n_all += (double)series->count;
		if (!strcmp(ret, ret_names[LAT_RET_ERROR]))
			parts[i].n_errors += (double)series->count;
		if (!strcmp(ret, ret_names[LAT_RET_OK]))
			add_ok(&parts[i], series, cuts[i]);
	}
	for (i = 0; i < comparison->n_operations; i++) {
		side = is_base ? &comparison->operations[i].base : &comparison->operations[i].current;
		if (side->n_all)
			add_blocks(side, &parts[i], (double)interval->elapsed_ns / 1e9);
	}
}

static bool add_intervals(struct comparison *comparison, const struct recorded_run *run, bool is_base)
{
	struct part *parts = calloc(comparison->n_operations + 1, sizeof(*parts));
	uint32_t (*cuts)[N_PERCENTILES] = calloc(comparison->n_operations + 1, sizeof(*cuts));
	struct side *side;
	bool is_fine = parts && cuts;
	size_t i;
	int kind;

	for (i = 0; is_fine && i < comparison->n_operations; i++) {
		side = is_base ? &comparison->operations[i].base : &comparison->operations[i].current;
		for (kind = 0; side->ok && kind < N_PERCENTILES; kind++)
			cuts[i][kind] = cut_at(side->ok, kind, &side->shares[kind]);
	}
	for (i = 0; is_fine && i < run->n_intervals; i++)
		add_interval(comparison, run->intervals[i], is_base, parts, cuts);
	free(parts);
	free(cuts);
	return is_fine;
}

struct comparison *pairing_make(const struct recorded_run *base, const struct recorded_run *current)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	size_t i;

	if (!comparison)
		return NULL;
	comparison->base = *base;
	comparison->current = *current;
	comparison->operations = calloc(base->whole->n_series + current->whole->n_series + 1,
					sizeof(*comparison->operations));
	if (!comparison->operations) {
		free(comparison);
		return NULL;
	}
	add_series(comparison, base->whole, true);
	add_series(comparison, current->whole, false);
	merge_operations(comparison);
	if (!add_intervals(comparison, base, true) || !add_intervals(comparison, current, false)) {
		comparison_free(comparison);
		return NULL;
	}
	qsort(comparison->operations, comparison->n_operations, sizeof(*comparison->operations), by_time);
	for (i = 0; i < comparison->n_operations && is_in_both(&comparison->operations[i]); i++)
		comparison->n_both++;
	return comparison;
}
