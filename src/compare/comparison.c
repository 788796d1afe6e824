/* SPDX-License-Identifier: MIT */
/* What changed between two whole runs, and whether it is more than noise. */
#include "compare/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/pairing.h"
#include "compare/significance.h"
#include "model/snapshot.h"

/* Nearer than 1 of 2 and 1 of 3: the same rate of sampling, as far as chance allows. */
#define SAMPLED_ALIKE 1.4

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

static double percent_change(double base, double current)
{
	return base > 0 ? 100 * (current - base) / base : current > 0 ? INFINITY : 0;
}

static enum verdict verdict_of(bool is_noise, bool is_worse)
{
	return is_noise ? VERDICT_NOISE : is_worse ? VERDICT_WORSE : VERDICT_BETTER;
}

static struct significance_mean mean_of(const struct side *side)
{
	const struct series *ok = side->ok;
	struct significance_mean mean = significance_mean_of(ok->slots, ok->count, ok->sum_ns, ok->min_ns, ok->max_ns);

	significance_mean_widen(&mean, &side->blocks[FIGURE_MEAN], (double)ok->count);
	return mean;
}

static struct significance_mean rate_of(const struct side *side, const struct recorded_run *run)
{
	struct significance_mean rate = { .mean = side->ok->rate_per_s, .degrees = 1 };

	significance_mean_widen(&rate, &side->blocks[FIGURE_RATE], (double)run->whole->elapsed_ns / 1e9);
	return rate;
}

/* What came in bursts, in few intervals of many, does not tell how much it varies. */
static bool is_in_few_intervals(const struct side *side, const struct recorded_run *run, int kind)
{
	return run->n_intervals >= NOISE_MIN_BLOCKS && side->blocks[kind].n < NOISE_MIN_BLOCKS;
}

/* Whether there is enough to test, which has to be known before the chance of a false alarm can be shared. */
static bool is_testable(const struct comparison *comparison, const struct operation *operation, int kind)
{
	const struct side *base = &operation->base, *current = &operation->current;

	if (is_in_few_intervals(base, &comparison->base, kind) || is_in_few_intervals(current, &comparison->current, kind))
		return false;
	if (kind == FIGURE_ERROR)
		return true;
	if (!base->ok || !current->ok)
		return false;
	if (kind == FIGURE_RATE)
		return base->blocks[kind].n >= NOISE_MIN_BLOCKS && current->blocks[kind].n >= NOISE_MIN_BLOCKS;
	if (kind == FIGURE_MEAN)
		return mean_of(base).carried && mean_of(current).carried;
	return base->ok->percentiles[kind].carried && current->ok->percentiles[kind].carried;
}

/* Where nothing failed, there is nothing to test: no errors are not more than no errors. */
static bool is_tested(const struct comparison *comparison, const struct operation *operation, int kind)
{
	return is_testable(comparison, operation, kind) &&
	       (kind != FIGURE_ERROR || operation->base.n_errors || operation->current.n_errors);
}

/* The slots that the percentile is between; LAT_N_SLOTS where there is no limit upwards. */
static void quantile_slots(const struct side *side, int kind, double tail, uint32_t *low, uint32_t *high)
{
	const struct series *ok = side->ok;
	double n_effective = significance_effective_n(&side->blocks[kind], side->shares[kind], ok->count, tail);
	struct significance_ranks ranks = significance_scaled_ranks(ok->count, n_effective, percentile_ranks[kind], tail);
	uint64_t n_so_far = 0;
	uint32_t slot;

	*low = 0;
	*high = LAT_N_SLOTS;
	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		if (n_so_far < ranks.low)
			*low = slot;
		if (n_so_far < ranks.high && ranks.high <= ok->count)
			*high = slot;
		n_so_far += ok->slots[slot];
	}
}

static uint64_t slot_end(uint32_t slot)
{
	return slot >= LAT_OVERFLOW_SLOT ? UINT64_MAX : lat_slot_low(slot + 1) - 1;
}

static void judge_percentile(struct figure *figure, const struct operation *operation, int kind, double tail)
{
	uint32_t base_low, base_high, current_low, current_high;

	quantile_slots(&operation->base, kind, tail, &base_low, &base_high);
	quantile_slots(&operation->current, kind, tail, &current_low, &current_high);
	figure->base_low_ns = lat_slot_low(base_low);
	figure->base_high_ns = slot_end(base_high);
	figure->current_low_ns = lat_slot_low(current_low);
	figure->current_high_ns = slot_end(current_high);
	figure->verdict = verdict_of(current_low <= base_high && base_low <= current_high, current_low > base_high);
}

static void judge_mean(struct figure *figure, const struct significance_mean *before, const struct significance_mean *after,
		       bool more_is_worse, double tail)
{
	bool is_more = after->mean > before->mean;

	figure->verdict = verdict_of(!significance_means_differ(before, after, tail), is_more == more_is_worse);
}

/* As many errors in as many as there would be, if they were independent. */
static uint64_t effective_errors(const struct side *side, double tail, uint64_t *n)
{
	double share = (double)side->n_errors / (double)side->n_all;

	*n = (uint64_t)significance_effective_n(&side->blocks[FIGURE_ERROR], share, side->n_all, tail);
	return *n == side->n_all ? side->n_errors : (uint64_t)(share * (double)*n + 0.5);
}

static void judge_errors(struct figure *figure, const struct operation *operation, double tail)
{
	uint64_t n_base, n_current, base = effective_errors(&operation->base, tail, &n_base);
	uint64_t current = effective_errors(&operation->current, tail, &n_current);

	figure->verdict = verdict_of(!n_base || !n_current ||
				     !significance_shares_differ(current, n_current, base, n_base, tail), figure->change > 0);
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
static void judge(const struct comparison *comparison, struct operation *operation, int kind, double alpha)
{
	const struct side *base = &operation->base, *current = &operation->current;
	struct figure *figure = &operation->figures[kind];
	struct significance_mean before, after;

	if (!is_testable(comparison, operation, kind)) {
		figure->verdict = kind == FIGURE_RATE ? VERDICT_UNKNOWN : VERDICT_FEW;
	} else if (kind == FIGURE_ERROR) {
		judge_errors(figure, operation, alpha / 2);
	} else if (kind < N_PERCENTILES) {
		judge_percentile(figure, operation, kind, alpha / 4);
	} else {
		before = kind == FIGURE_MEAN ? mean_of(base) : rate_of(base, &comparison->base);
		after = kind == FIGURE_MEAN ? mean_of(current) : rate_of(current, &comparison->current);
		judge_mean(figure, &before, &after, kind == FIGURE_MEAN, alpha / 2);
	}
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
	judge(comparison, operation, kind, alpha);
	worse = kind == FIGURE_RATE ? -figure->change : figure->change;
	figure->is_beyond = limit.is_set && worse > limit.value &&
			    (figure->verdict == VERDICT_WORSE || figure->verdict == VERDICT_UNKNOWN);
	comparison->n_differ += figure->verdict == VERDICT_WORSE || figure->verdict == VERDICT_BETTER;
	comparison->n_limited += limit.is_set && figure->verdict != VERDICT_FEW;
	comparison->n_few += limit.is_set && figure->verdict == VERDICT_FEW;
	comparison->n_beyond += figure->is_beyond;
}

/* The part of each test. */
static double alpha_of(size_t n_tests)
{
	return COMPARISON_ALPHA / (double)(n_tests ? n_tests : 1);
}

/* What pipes and sockets take is mostly for others to say. */
static struct limit limit_of(const struct operation *operation, const struct limit *limit)
{
	return labels_are_special(operation->labels, operation->n_labels) ? (struct limit){ 0 } : *limit;
}

struct comparison *comparison_make(const struct recorded_run *base, const struct recorded_run *current,
				   const struct limit limits[static N_FIGURES])
{
	struct comparison *comparison = pairing_make(base, current);
	struct operation *operation, *end;
	struct limit limit;
	bool is_one;
	int kind;

	if (!comparison)
		return NULL;
	for (kind = 0; kind < N_FIGURES; kind++)
		comparison->has_limits |= limits[kind].is_set;
	end = comparison->operations + comparison->n_both;
	for (operation = comparison->operations; operation < end; operation++)
		for (kind = 0; kind < N_FIGURES; kind++) {
			is_one = is_tested(comparison, operation, kind);
			comparison->n_tests += is_one;
			comparison->n_checks += is_one && limit_of(operation, &limits[kind]).is_set;
		}
	for (operation = comparison->operations; operation < end; operation++)
		for (kind = 0; kind < N_FIGURES; kind++) {
			limit = limit_of(operation, &limits[kind]);
			compare_figure(comparison, operation, kind, limit,
				       alpha_of(limit.is_set ? comparison->n_checks : comparison->n_tests));
		}
	return comparison;
}

void comparison_free(struct comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->operations);
	free(comparison);
}
