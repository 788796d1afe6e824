/* SPDX-License-Identifier: MIT */
/* What changed between two whole runs, and whether it is more than noise. */
#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"
#include "snapshot.h"

#define MAX_COUNT (1ULL << 62) /* so that two of them can be added */
#define SAMPLED_ALIKE 1.4      /* nearer than 1 of 2 and 1 of 3: the same rate, as far as chance allows */

const char *figure_name(int kind, char buffer[static FIGURE_NAME_LEN])
{
	static const char *const names[] = { [FIGURE_MEAN] = "mean", [FIGURE_RATE] = "rate", [FIGURE_ERROR] = "error" };

	if (kind >= N_PERCENTILES)
		return names[kind];
	snprintf(buffer, FIGURE_NAME_LEN, "p%g", percentile_ranks[kind]);
	return buffer;
}

static bool is_same_op(const struct probe_info *one, const struct probe_info *other)
{
	return !strcmp(one->op, other->op) && !one->phase == !other->phase &&
	       (!one->phase || !strcmp(one->phase, other->phase));
}

/* The first probe of RUN whose operation OTHER measures as well, but never by the same way; NULL when there is none. */
static const struct probe_info *odd_probe(const struct run_info *run, const struct run_info *other,
					  const struct probe_info **instead)
{
	const struct probe_info *probe, *match;

	for (probe = run->probes; probe < run->probes + run->n_probes; probe++) {
		*instead = NULL;
		for (match = other->probes; match < other->probes + other->n_probes; match++) {
			if (!is_same_op(probe, match))
				continue;
			*instead = match;
			if (!strcmp(probe->attach, match->attach))
				break;
		}
		if (*instead && match == other->probes + other->n_probes)
			return probe;
	}
	return NULL;
}

/* One of how many was measured. */
static double sampled_of(const struct snapshot *snapshot)
{
	const uint64_t *counts = snapshot->total.counts;
	double all = (double)counts[LAT_ENTERED] - (double)counts[LAT_FILTERED], out = (double)counts[LAT_SAMPLED_OUT];

	return all > out ? all / (all - out) : 1;
}

bool comparison_is_possible(const struct snapshot *base, const struct snapshot *current,
			    char reason[static REASON_LEN])
{
	const struct run_info *one = base->run, *other = current->run;
	const struct probe_info *probe, *instead;
	double sampled = sampled_of(base), other_sampled = sampled_of(current);

	*reason = '\0';
	if (strcmp(one->target, other->target))
		snprintf(reason, REASON_LEN, "one is of %s, the other of %s", one->target, other->target);
	else if (strcmp(one->by, other->by))
		snprintf(reason, REASON_LEN, "--by was \"%s\" in one, \"%s\" in the other", one->by, other->by);
	else if ((probe = odd_probe(one, other, &instead)))
		snprintf(reason, REASON_LEN, "%s was measured by %s in one, by %s in the other (--attach)", probe->op,
			 probe->attach, instead->attach);
	else if ((probe = odd_probe(other, one, &instead)))
		snprintf(reason, REASON_LEN, "%s was measured by %s in one, by %s in the other (--attach)", probe->op,
			 instead->attach, probe->attach);
	else if (one->max_ns != other->max_ns)
		snprintf(reason, REASON_LEN, "what took longer than %g s was rejected in one, than %g s in the other",
			 (double)one->max_ns / 1e9, (double)other->max_ns / 1e9);
	else if (sampled > other_sampled * SAMPLED_ALIKE || other_sampled > sampled * SAMPLED_ALIKE)
		snprintf(reason, REASON_LEN, "1 of %.3g was sampled in one, 1 of %.3g in the other", sampled,
			 other_sampled);
	return !*reason;
}

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

	return snapshot->total.counts[LAT_OTHER_KEY] && op && !strcmp(op, "other") && series->n_labels == 2;
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
	qsort(operations, comparison->n_operations, sizeof(*operations), by_time);
	for (i = 0; i < comparison->n_operations && is_in_both(&operations[i]); i++)
		comparison->n_both++;
}

static double percent_change(double base, double current)
{
	return base > 0 ? 100 * (current - base) / base : current > 0 ? INFINITY : 0;
}

static enum verdict verdict_of(bool is_noise, bool is_worse)
{
	return is_noise ? VERDICT_NOISE : is_worse ? VERDICT_WORSE : VERDICT_BETTER;
}

/* Whether there is enough to test, which has to be known before the chance of a false alarm can be shared. */
static bool is_testable(const struct operation *operation, int kind)
{
	const struct series *base = operation->base.ok, *current = operation->current.ok;

	if (kind == FIGURE_RATE)
		return false;
	if (kind == FIGURE_ERROR)
		return operation->base.n_errors || operation->current.n_errors;
	if (!base || !current)
		return false;
	if (kind < N_PERCENTILES)
		return base->percentiles[kind].carried && current->percentiles[kind].carried;
	return noise_moments_of(base->slots, base->count, base->sum_ns, base->min_ns, base->max_ns).carried &&
	       noise_moments_of(current->slots, current->count, current->sum_ns, current->min_ns, current->max_ns).carried;
}

/* The slots that the percentile is between; LAT_N_SLOTS where there is no limit upwards. */
static void quantile_slots(const struct series *series, double percent, double tail, uint32_t *low, uint32_t *high)
{
	struct noise_ranks ranks = noise_ranks_of(series->count, percent, tail);
	uint64_t n_so_far = 0;
	uint32_t slot;

	*low = 0;
	*high = LAT_N_SLOTS;
	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		if (n_so_far < ranks.low)
			*low = slot;
		if (n_so_far < ranks.high)
			*high = slot;
		n_so_far += series->slots[slot];
	}
	if (ranks.high > series->count)
		*high = LAT_N_SLOTS;
}

static uint64_t slot_end(uint32_t slot)
{
	return slot >= LAT_OVERFLOW_SLOT ? UINT64_MAX : lat_slot_low(slot + 1) - 1;
}

static void judge_percentile(struct figure *figure, const struct operation *operation, int kind, double tail)
{
	uint32_t base_low, base_high, current_low, current_high;

	quantile_slots(operation->base.ok, percentile_ranks[kind], tail, &base_low, &base_high);
	quantile_slots(operation->current.ok, percentile_ranks[kind], tail, &current_low, &current_high);
	figure->base_low_ns = lat_slot_low(base_low);
	figure->base_high_ns = slot_end(base_high);
	figure->current_low_ns = lat_slot_low(current_low);
	figure->current_high_ns = slot_end(current_high);
	figure->verdict = verdict_of(current_low <= base_high && base_low <= current_high, current_low > base_high);
}

static void judge_mean(struct figure *figure, const struct operation *operation, double tail)
{
	const struct series *base = operation->base.ok, *current = operation->current.ok;
	struct noise_moments before = noise_moments_of(base->slots, base->count, base->sum_ns, base->min_ns, base->max_ns);
	struct noise_moments after = noise_moments_of(current->slots, current->count, current->sum_ns, current->min_ns,
						      current->max_ns);

	figure->verdict = verdict_of(!noise_means_differ(&before, &after, tail), after.mean > before.mean);
}

static void judge_errors(struct figure *figure, const struct operation *operation, double tail)
{
	const struct side *base = &operation->base, *current = &operation->current;

	figure->verdict = verdict_of(!noise_shares_differ(current->n_errors, current->n_all, base->n_errors, base->n_all,
							  tail), figure->change > 0);
}

/* 0 where there is no such series, which the verdict then says. */
static double value_of(const struct side *side, int kind)
{
	if (kind == FIGURE_ERROR)
		return 100 * (double)side->n_errors / (double)side->n_all;
	if (!side->ok)
		return 0;
	return kind == FIGURE_MEAN ? side->ok->mean_ns : kind == FIGURE_RATE ? side->ok->rate_per_s :
	       (double)side->ok->percentiles[kind].ns;
}

/*
 * Each test may err on either side, and each of the two intervals of a percentile as well. (If the base's lies wholly
 * below the other one, the base's misses the percentile upwards or the other one's downwards.)
 */
static void judge(struct figure *figure, const struct operation *operation, int kind, double alpha)
{
	if (kind == FIGURE_RATE)
		figure->verdict = VERDICT_UNKNOWN;
	else if (kind == FIGURE_ERROR)
		judge_errors(figure, operation, alpha / 2);
	else if (!is_testable(operation, kind))
		figure->verdict = VERDICT_FEW;
	else if (kind == FIGURE_MEAN)
		judge_mean(figure, operation, alpha / 2);
	else
		judge_percentile(figure, operation, kind, alpha / 4);
}

static void compare_figure(struct comparison *comparison, struct operation *operation, int kind, struct limit limit,
			   double alpha)
{
	struct figure *figure = &operation->figures[kind];
	double worse;

	figure->base = value_of(&operation->base, kind);
	figure->current = value_of(&operation->current, kind);
	figure->change = kind == FIGURE_ERROR ? figure->current - figure->base :
			 percent_change(figure->base, figure->current);
	figure->limit = limit;
	judge(figure, operation, kind, alpha);
	worse = kind == FIGURE_RATE ? -figure->change : figure->change;
	figure->is_beyond = limit.is_set && worse > limit.value &&
			    (figure->verdict == VERDICT_WORSE || figure->verdict == VERDICT_UNKNOWN);
	comparison->n_differ += figure->verdict == VERDICT_WORSE || figure->verdict == VERDICT_BETTER;
	comparison->n_limited += limit.is_set && figure->verdict != VERDICT_FEW;
	comparison->n_few += limit.is_set && figure->verdict == VERDICT_FEW;
	comparison->n_beyond += figure->is_beyond;
}

struct comparison *comparison_make(const struct snapshot *base, const struct snapshot *current,
				   const struct limit limits[static N_FIGURES])
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	size_t i;
	int kind;

	if (!comparison)
		return NULL;
	comparison->base = base;
	comparison->current = current;
	comparison->operations = calloc(base->n_series + current->n_series + 1, sizeof(*comparison->operations));
	if (!comparison->operations) {
		free(comparison);
		return NULL;
	}
	for (kind = 0; kind < N_FIGURES; kind++)
		comparison->has_limits |= limits[kind].is_set;
	add_series(comparison, base, true);
	add_series(comparison, current, false);
	merge_operations(comparison);
	for (i = 0; i < comparison->n_both; i++)
		for (kind = 0; kind < N_FIGURES; kind++)
			comparison->n_tests += is_testable(&comparison->operations[i], kind);
	for (i = 0; i < comparison->n_both; i++)
		for (kind = 0; kind < N_FIGURES; kind++)
			compare_figure(comparison, &comparison->operations[i], kind, limits[kind],
				       COMPARISON_ALPHA / (double)(comparison->n_tests ? comparison->n_tests : 1));
	return comparison;
}

void comparison_free(struct comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->operations);
	free(comparison);
}
