/* SPDX-License-Identifier: MIT */
/* Snapshots added up slot by slot, which is exact, as all have the same slots. */
#include "snapshot_sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "snapshot.h"

/* Searched from where the last was found, since all parts have them in much the same order. */
static struct series *find_series(struct snapshot *sum, const struct series *series, size_t *from)
{
	size_t i, at;

	for (i = 0; i < sum->n_series; i++) {
		at = (*from + i) % sum->n_series;
		if (!series_have_same_labels(&sum->series[at], series))
			continue;
		*from = at + 1;
		return &sum->series[at];
	}
	return NULL;
}

static struct series *new_series(struct snapshot *sum, const struct series *like)
{
	struct series *more = realloc(sum->series, (sum->n_series + 1) * sizeof(*more)), *series;
	size_t i;

	if (!more)
		return NULL;
	sum->series = more;
	series = &more[sum->n_series++];
	*series = (struct series){
		.summary = like->summary, .has_bytes = like->has_bytes, .min_ns = UINT64_MAX, .min_max_exact = true,
	};
	series->slots = calloc(LAT_N_SLOTS, sizeof(*series->slots));
	for (i = 0; i < like->n_labels; i++)
		if (!labels_add(&series->labels, &series->n_labels, like->labels[i].name, strdup(like->labels[i].value)))
			return NULL;
	return series->slots ? series : NULL;
}

static bool add_series(struct snapshot *sum, const struct series *series, size_t *from)
{
	struct series *into = find_series(sum, series, from);
	unsigned int slot;

	if (!into)
		into = new_series(sum, series);
	if (!into)
		return false;
	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		into->slots[slot] += series->slots[slot];
	into->count += series->count;
	into->sum_ns += series->sum_ns;
	into->bytes += series->bytes;
	into->min_max_exact &= series->min_max_exact;
	if (series->min_ns < into->min_ns)
		into->min_ns = series->min_ns;
	if (series->max_ns > into->max_ns)
		into->max_ns = series->max_ns;
	return true;
}

static bool is_same_op(const struct account *left, const struct account *right)
{
	return !strcmp(left->op, right->op) && !left->phase == !right->phase &&
	       (!left->phase || !strcmp(left->phase, right->phase));
}

/* What was in flight between two parts that follow each other ended in the next one. */
static void add_account(struct account *sum, const struct account *account, bool follows)
{
	int count;

	for (count = 0; count < LAT_N_COUNTS; count++)
		sum->counts[count] += account->counts[count];
	sum->recorded += account->recorded;
	if (follows) {
		sum->in_flight = account->in_flight;
	} else {
		sum->in_flight_before += account->in_flight_before;
		sum->in_flight += account->in_flight;
	}
	account_balance(sum);
}

static bool add_accounts(struct snapshot *sum, const struct snapshot *part, bool follows)
{
	const struct account *account, *end = part->accounts + part->n_accounts;
	struct account *more;
	size_t i;

	for (account = part->accounts; account < end; account++) {
		for (i = 0; i < sum->n_accounts && !is_same_op(&sum->accounts[i], account); i++)
			;
		if (i == sum->n_accounts) {
			more = realloc(sum->accounts, (i + 1) * sizeof(*more));
			if (!more)
				return false;
			sum->accounts = more;
			more[sum->n_accounts++] = (struct account){ .op = account->op, .phase = account->phase };
		}
		add_account(&sum->accounts[i], account, follows);
	}
	add_account(&sum->total, &part->total, follows);
	return true;
}

/* What is under way at the end, which is the last part's. */
static bool copy_in_flight(struct snapshot *sum, const struct snapshot *part)
{
	struct in_flight *in_flight = calloc(part->n_in_flight + 1, sizeof(*in_flight));
	size_t i;

	if (!part->in_flight || !in_flight) {
		free(in_flight);
		return !part->in_flight;
	}
	for (i = 0; i < sum->n_in_flight; i++)
		free(sum->in_flight[i].device);
	free(sum->in_flight);
	sum->in_flight = in_flight;
	for (sum->n_in_flight = 0; sum->n_in_flight < part->n_in_flight; sum->n_in_flight++) {
		in_flight[sum->n_in_flight] = part->in_flight[sum->n_in_flight];
		in_flight[sum->n_in_flight].device = strdup(part->in_flight[sum->n_in_flight].device);
		if (!in_flight[sum->n_in_flight].device)
			return false;
	}
	return true;
}

static bool add_outliers(struct outliers *outliers, const struct outliers *more)
{
	struct outliers copy;
	size_t i;
	bool is_fine = true;

	if (!more->n)
		return true;
	if (!outliers_copy(&copy, more))
		return false;
	for (i = 0; i < copy.n; i++)
		is_fine &= outliers_add(outliers, copy.items[i]);
	free(copy.items);
	return is_fine;
}

static bool add_stacks(struct snapshot *sum, const struct snapshot *part)
{
	struct stack *more;
	size_t i, at;

	for (i = 0; i < part->n_stacks; i++) {
		for (at = 0; at < sum->n_stacks && strcmp(sum->stacks[at].folded, part->stacks[i].folded); at++)
			;
		if (at == sum->n_stacks) {
			more = realloc(sum->stacks, (at + 1) * sizeof(*more));
			if (!more)
				return false;
			sum->stacks = more;
			more[at] = (struct stack){ .folded = strdup(part->stacks[i].folded) };
			if (!more[at].folded)
				return false;
			sum->n_stacks++;
		}
		sum->stacks[at].count += part->stacks[i].count;
		sum->stacks[at].sum_ns += part->stacks[i].sum_ns;
	}
	return true;
}

static bool add(struct snapshot *sum, const struct snapshot *part, bool follows)
{
	size_t i, from = 0;

	for (i = 0; i < part->n_series; i++)
		if (!add_series(sum, &part->series[i], &from))
			return false;
	return add_accounts(sum, part, follows) && copy_in_flight(sum, part) &&
	       add_outliers(&sum->outliers, &part->outliers) && add_stacks(sum, part);
}

static void add_times(struct snapshot *sum, const struct snapshot *part)
{
	if (part->start_realtime_ns < sum->start_realtime_ns) {
		sum->start_realtime_ns = part->start_realtime_ns;
		sum->start_monotonic_ns = part->start_monotonic_ns;
	}
	if (part->end_realtime_ns > sum->end_realtime_ns) {
		sum->end_realtime_ns = part->end_realtime_ns;
		sum->end_monotonic_ns = part->end_monotonic_ns;
	}
}

int snapshot_sum(const struct snapshot *const *parts, size_t n_parts, struct snapshot **result)
{
	struct snapshot *sum = calloc(1, sizeof(*sum));
	struct outliers sorted;
	bool is_fine = sum;
	size_t i;

	for (i = 0; is_fine && i < n_parts; i++) {
		if (!i) {
			sum->run = parts[0]->run;
			sum->start_realtime_ns = UINT64_MAX;
			sum->total.op = "";
		}
		add_times(sum, parts[i]);
		is_fine = add(sum, parts[i], i && parts[i]->start_monotonic_ns == parts[i - 1]->end_monotonic_ns &&
					     parts[i]->number == parts[i - 1]->number + 1);
	}
	is_fine = is_fine && outliers_copy(&sorted, &sum->outliers);
	if (!is_fine) {
		snapshot_free(sum);
		return fail(-ENOMEM, "sum of snapshots");
	}
	outliers_free(&sum->outliers);
	sum->outliers = sorted;
	sum->elapsed_ns = sum->end_realtime_ns - sum->start_realtime_ns;
	snapshot_derive(sum);
	*result = sum;
	return 0;
}
