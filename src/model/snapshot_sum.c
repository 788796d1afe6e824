/* SPDX-License-Identifier: MIT */
/* Snapshots added up slot by slot, which is exact, as all have the same slots. */
#include "model/snapshot_sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/snapshot.h"

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

	if (!more)
		return NULL;
	sum->series = more;
	series = &more[sum->n_series++];
	return series_begin_sum(series, like, NULL) ? series : NULL;
}

/* False where a sum of two is more than a recording can have. */
static bool can_record(uint64_t sum)
{
	return sum <= INT64_MAX;
}

static bool add_to(uint64_t *sum, uint64_t number)
{
	*sum += number;
	return can_record(*sum);
}

static int add_series(struct snapshot *sum, const struct series *series, size_t *from)
{
	struct series *into = find_series(sum, series, from);
	bool is_first = !into;
	int error;

	if (!into)
		into = new_series(sum, series);
	if (!into)
		return -ENOMEM;
	error = series_add(into, series, is_first);
	if (error)
		return error;
	return can_record(into->count) && can_record(into->sum_ns) && can_record(into->bytes) ? 0 : -EOVERFLOW;
}

static bool is_same_op(const struct account *left, const struct account *right)
{
	return !strcmp(left->op, right->op) && !left->phase == !right->phase &&
	       (!left->phase || !strcmp(left->phase, right->phase));
}

/* What was in flight between two parts that follow each other ended in the next one. */
static int add_account(struct account *sum, const struct account *account, bool follows)
{
	bool is_fine = add_to(&sum->recorded, account->recorded);
	int count;

	for (count = 0; count < LAT_N_COUNTS; count++)
		is_fine &= add_to(&sum->counts[count], account->counts[count]);
	if (follows) {
		sum->in_flight = account->in_flight;
	} else {
		is_fine &= add_to(&sum->in_flight_before, account->in_flight_before);
		is_fine &= add_to(&sum->in_flight, account->in_flight);
	}
	account_balance(sum);
	return is_fine ? 0 : -EOVERFLOW;
}

static int add_accounts(struct snapshot *sum, const struct snapshot *part, bool follows)
{
	const struct account *account, *end = part->accounts + part->n_accounts;
	struct account *more;
	int error = 0;
	size_t i;

	for (account = part->accounts; !error && account < end; account++) {
		for (i = 0; i < sum->n_accounts && !is_same_op(&sum->accounts[i], account); i++)
			;
		if (i == sum->n_accounts) {
			more = realloc(sum->accounts, (i + 1) * sizeof(*more));
			if (!more)
				return -ENOMEM;
			sum->accounts = more;
			more[sum->n_accounts++] = (struct account){ .op = account->op, .phase = account->phase };
		}
		error = add_account(&sum->accounts[i], account, follows);
	}
	return error ? error : add_account(&sum->total, &part->total, follows);
}

static struct in_flight *find_in_flight(struct snapshot *sum, const struct in_flight *like)
{
	struct in_flight *more;
	size_t i;

	for (i = 0; i < sum->n_in_flight; i++)
		if (!strcmp(sum->in_flight[i].device, like->device))
			return &sum->in_flight[i];
	more = realloc(sum->in_flight, (i + 1) * sizeof(*more));
	if (!more)
		return NULL;
	sum->in_flight = more;
	more[i] = (struct in_flight){ .device = strdup(like->device), .device_id = like->device_id };
	if (!more[i].device)
		return NULL;
	sum->n_in_flight++;
	return &more[i];
}

static int compare_devices(const void *a, const void *b)
{
	return strcmp(((const struct in_flight *)a)->device, ((const struct in_flight *)b)->device);
}

/* What is under way at the end, which is the last's of parts that follow each other. */
static int add_in_flight(struct snapshot *sum, const struct snapshot *part, bool follows)
{
	struct in_flight *in_flight;
	size_t i;

	if (!part->in_flight)
		return 0;
	for (i = 0; follows && i < sum->n_in_flight; i++)
		free(sum->in_flight[i].device);
	if (follows)
		sum->n_in_flight = 0;
	/* That there is such a thing shows even where nothing is under way. */
	if (!sum->in_flight && !(sum->in_flight = calloc(1, sizeof(*sum->in_flight))))
		return -ENOMEM;
	for (i = 0; i < part->n_in_flight; i++) {
		in_flight = find_in_flight(sum, &part->in_flight[i]);
		if (!in_flight)
			return -ENOMEM;
		if (in_flight->device_id != part->in_flight[i].device_id)
			in_flight->device_id = 0;
		if (!add_to(&in_flight->n_queued, part->in_flight[i].n_queued) ||
		    !add_to(&in_flight->n_issued, part->in_flight[i].n_issued))
			return -EOVERFLOW;
	}
	qsort(sum->in_flight, sum->n_in_flight, sizeof(*sum->in_flight), compare_devices);
	return 0;
}

static int add_outliers(struct outliers *outliers, const struct outliers *more)
{
	struct outliers copy;
	size_t i;
	bool is_fine = true;

	if (!more->n)
		return 0;
	if (!outliers_copy(&copy, more))
		return -ENOMEM;
	for (i = 0; i < copy.n; i++)
		is_fine &= outliers_add(outliers, copy.items[i]);
	free(copy.items);
	return is_fine ? 0 : -ENOMEM;
}

static struct stack *find_stack(struct snapshot *sum, const char *folded)
{
	struct stack *more;
	size_t i;

	for (i = 0; i < sum->n_stacks; i++)
		if (!strcmp(sum->stacks[i].folded, folded))
			return &sum->stacks[i];
	more = realloc(sum->stacks, (i + 1) * sizeof(*more));
	if (!more)
		return NULL;
	sum->stacks = more;
	more[i] = (struct stack){ .folded = strdup(folded) };
	if (!more[i].folded)
		return NULL;
	sum->n_stacks++;
	return &more[i];
}

static int add_stacks(struct snapshot *sum, const struct snapshot *part)
{
	struct stack *stack;
	size_t i;

	if (part->stacks && !sum->stacks && !(sum->stacks = calloc(1, sizeof(*sum->stacks))))
		return -ENOMEM;
	for (i = 0; i < part->n_stacks; i++) {
		stack = find_stack(sum, part->stacks[i].folded);
		if (!stack)
			return -ENOMEM;
		if (!add_to(&stack->count, part->stacks[i].count) || !add_to(&stack->sum_ns, part->stacks[i].sum_ns))
			return -EOVERFLOW;
	}
	return 0;
}

static int add(struct snapshot *sum, const struct snapshot *part, bool follows)
{
	size_t i, from = 0;
	int error = 0;

	for (i = 0; !error && i < part->n_series; i++)
		error = add_series(sum, &part->series[i], &from);
	if (!error)
		error = add_accounts(sum, part, follows);
	if (!error)
		error = add_in_flight(sum, part, follows);
	if (!error)
		error = add_outliers(&sum->outliers, &part->outliers);
	return error ? error : add_stacks(sum, part);
}

static bool does_follow(const struct snapshot *const *parts, size_t index)
{
	return index && parts[index]->start_monotonic_ns == parts[index - 1]->end_monotonic_ns &&
	       parts[index]->number == parts[index - 1]->number + 1;
}

/* When something was measured, by CLOCK_REALTIME. */
struct span {
	uint64_t start_ns, end_ns;
};

static int compare_spans(const void *a, const void *b)
{
	const struct span *left = a, *right = b;

	return (left->start_ns > right->start_ns) - (left->start_ns < right->start_ns);
}

/* Sorts. */
static uint64_t covered_ns(struct span *spans, size_t n_spans)
{
	uint64_t covered = 0, from = 0;
	size_t i;

	qsort(spans, n_spans, sizeof(*spans), compare_spans);
	for (i = 0; i < n_spans; i++) {
		if (spans[i].start_ns > from)
			from = spans[i].start_ns;
		if (spans[i].end_ns > from) {
			covered += spans[i].end_ns - from;
			from = spans[i].end_ns;
		}
	}
	return covered;
}

/* Those of a merged run are its sources', as there may have been gaps between them. Returns how many. */
static size_t list_spans(const struct snapshot *part, struct span *spans)
{
	const struct run_info *run = part->run;
	size_t i;

	for (i = 0; i < run->n_sources; i++)
		spans[i] = (struct span){ run->sources[i].start_realtime_ns,
					  run->sources[i].start_realtime_ns + run->sources[i].elapsed_ns };
	if (i)
		return i;
	spans[0] = (struct span){ part->start_realtime_ns, part->start_realtime_ns + part->elapsed_ns };
	return 1;
}

static int sum_elapsed(struct snapshot *sum, const struct snapshot *const *parts, size_t n_parts)
{
	struct span *spans;
	size_t n_spans = 0, i;

	for (i = 0; i < n_parts; i++)
		n_spans += parts[i]->run->n_sources + 1;
	spans = calloc(n_spans, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	n_spans = 0;
	for (i = 0; i < n_parts; i++) {
		/* The two clocks do not go equally fast: pieces of one run would overlap or have gaps. */
		if (does_follow(parts, i))
			spans[n_spans - 1].end_ns += parts[i]->elapsed_ns;
		else
			n_spans += list_spans(parts[i], &spans[n_spans]);
	}
	sum->elapsed_ns = covered_ns(spans, n_spans);
	free(spans);
	return 0;
}

static int sum_times(struct snapshot *sum, const struct snapshot *const *parts, size_t n_parts)
{
	size_t first = 0, i;

	for (i = 0; i < n_parts; i++) {
		if (parts[i]->start_realtime_ns < parts[first]->start_realtime_ns)
			first = i;
		if (parts[i]->end_realtime_ns > sum->end_realtime_ns)
			sum->end_realtime_ns = parts[i]->end_realtime_ns;
	}
	if (sum_elapsed(sum, parts, n_parts))
		return -ENOMEM;
	sum->start_realtime_ns = parts[first]->start_realtime_ns;
	sum->start_monotonic_ns = sum->end_monotonic_ns = parts[first]->start_monotonic_ns;
	return add_to(&sum->end_monotonic_ns, sum->elapsed_ns) ? 0 : -EOVERFLOW;
}

static int sum_up(struct snapshot *sum, const struct snapshot *const *parts, size_t n_parts)
{
	struct outliers sorted;
	int error = 0;
	size_t i;

	/* The last one's probes know of all that was missed. */
	sum->run = parts[n_parts - 1]->run;
	sum->total.op = "";
	for (i = 0; !error && i < n_parts; i++)
		error = add(sum, parts[i], does_follow(parts, i));
	if (!error)
		error = sum_times(sum, parts, n_parts);
	if (error)
		return error;
	if (!outliers_copy(&sorted, &sum->outliers))
		return -ENOMEM;
	outliers_free(&sum->outliers);
	sum->outliers = sorted;
	return snapshot_derive(sum) ? 0 : -ENOMEM;
}

int snapshot_sum(const struct snapshot *const *parts, size_t n_parts, struct snapshot **result)
{
	struct snapshot *sum = calloc(1, sizeof(*sum));
	int error = sum ? sum_up(sum, parts, n_parts) : -ENOMEM;

	if (error) {
		snapshot_free(sum);
		return fail(error, "sum of snapshots");
	}
	*result = sum;
	return 0;
}
