/* SPDX-License-Identifier: MIT */
/* From two readings to the one value that every output shows. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "targets/target.h"

const struct count_text count_texts[LAT_N_COUNTS] = {
	[LAT_ENTERED] = { "entered", "entered", false },
	[LAT_FILTERED] = { "filtered", "filtered out", false },
	[LAT_SAMPLED_OUT] = { "sampled_out", "not sampled", false },
	[LAT_NESTED] = { "nested", "inside another of its kind", false },
	[LAT_MERGED] = { "merged", "merged into another", false },
	[LAT_UNISSUED] = { "unissued", "ended without the device", false },
	[LAT_REJECTED] = { "rejected", "over the longest time", false },
	[LAT_LOST_SPAN] = { "lost_span", "lost: no room to remember the start", true },
	[LAT_LOST_EXIT] = { "lost_exit", "lost: the kernel did not show the exit", true },
	[LAT_LOST_CLOCK] = { "lost_clock", "lost: the clock went backwards", true },
	[LAT_UNMATCHED] = { "unmatched", "ended, but had begun before tracing did", false },
	[LAT_OTHER_KEY] = { "other_key", "recorded under `other`: --max-keys was reached", false },
	[LAT_REQUEUED] = { "requeued", "given back by the device and issued again", false },
	[LAT_EVENTS] = { "events", "outliers sent", false },
	[LAT_RING_FULL] = { "ring_full", "outliers not shown: the ring buffer was full", true },
};

void reading_free(struct reading *reading)
{
	free(reading->series);
	free(reading->depths);
	reading->series = NULL;
	reading->depths = NULL;
}

uint64_t lat_row_low(unsigned int row)
{
	return row ? lat_slot_low(row * LAT_N_SUB) : 0;
}

uint64_t series_row_count(const struct series *series, unsigned int row)
{
	uint64_t sum = 0;
	uint32_t slot;

	for (slot = row * LAT_N_SUB; slot < (row + 1) * LAT_N_SUB && slot < LAT_N_SLOTS; slot++)
		sum += series->slots[slot];
	return sum;
}

const char *series_label(const struct series *series, const char *name)
{
	size_t i;

	for (i = 0; i < series->n_labels; i++)
		if (!strcmp(series->labels[i].name, name))
			return series->labels[i].value;
	return NULL;
}

static bool is_other(const struct lat_key *key)
{
	return key->words[0] == ~0ULL;
}

/* What the reading before had of this series; NULL when it had none yet. */
static const struct lat_hist *hist_before(const struct reading *before, const struct lat_key *key)
{
	size_t low = 0, high = before ? before->n_series : 0, middle;
	int order;

	while (low < high) {
		middle = (low + high) / 2;
		order = memcmp(key, &before->series[middle].key, sizeof(*key));
		if (!order)
			return &before->series[middle].hist;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool add_label(struct series *series, const char *name, char *value)
{
	series->labels[series->n_labels++] = (struct label){ .name = name, .value = value };
	return value;
}

static bool make_labels(struct series *series, const struct snapshot_input *input, const struct lat_key *key)
{
	const struct target *target = input->target;
	uint32_t op = key->words[0] & 0xFF, ret = key->words[0] >> 8 & 0xFF, dim;
	bool is_complete;

	series->labels = calloc(LAT_N_DIMS + 3, sizeof(*series->labels));
	if (!series->labels)
		return false;
	series->summary = is_other(key) || ret == LAT_RET_OK;
	if (is_other(key) || op >= target->n_ops || ret >= LAT_N_RETS)
		return add_label(series, "op", strdup("other"));
	series->has_bytes = target->ops[op].has_bytes;
	is_complete = add_label(series, "op", strdup(target->ops[op].name));
	if (target->ops[op].phase)
		is_complete &= add_label(series, "phase", strdup(target->ops[op].phase));
	is_complete &= add_label(series, "ret", strdup(ret_names[ret]));
	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if (input->names->key_at[dim])
			is_complete &= add_label(series, dimensions[dim].name,
						 label_text(input->names, (enum lat_dim)dim, key));
	return is_complete;
}

/* Lowest and highest of what the slots hold; exact ones only for a whole run, since they cannot be subtracted. */
static void bound(struct series *series, const struct lat_hist *hist, bool is_whole)
{
	uint64_t exact_min = ~hist->inverse_min_ns, low, high;
	uint32_t first = 0, last = LAT_OVERFLOW_SLOT;

	while (!series->slots[first])
		first++;
	while (!series->slots[last])
		last--;
	low = lat_slot_low(first);
	high = last == LAT_OVERFLOW_SLOT ? hist->max_ns : lat_slot_low(last + 1) - 1;
	series->min_max_exact = is_whole;
	series->min_ns = low;
	series->max_ns = high;
	if (!is_whole)
		return;
	/* The kernel keeps them without a lock, so that they can be a little off, but never by more than a slot. */
	series->min_ns = exact_min < lat_slot_low(first + 1) ? exact_min : lat_slot_low(first + 1) - 1;
	series->max_ns = hist->max_ns > lat_slot_low(last) ? hist->max_ns : lat_slot_low(last);
}

static double per_second(uint64_t amount, uint64_t elapsed_ns)
{
	return elapsed_ns ? (double)amount * 1e9 / (double)elapsed_ns : 0;
}

/* False when memory is short. A series that nothing was recorded in is left with count 0. */
static bool make_series(struct series *series, const struct snapshot_input *input, const struct raw_series *raw,
			uint64_t elapsed_ns)
{
	const struct lat_hist *before = hist_before(input->before, &raw->key);
	size_t i;

	series->slots = calloc(LAT_N_SLOTS, sizeof(*series->slots));
	if (!series->slots)
		return false;
	for (i = 0; i < LAT_N_SLOTS; i++) {
		series->slots[i] = raw->hist.slots[i] - (before ? before->slots[i] : 0);
		series->count += series->slots[i];
	}
	if (!series->count)
		return true;
	series->sum_ns = raw->hist.sum_ns - (before ? before->sum_ns : 0);
	series->bytes = raw->hist.bytes - (before ? before->bytes : 0);
	series->mean_ns = (double)series->sum_ns / (double)series->count;
	series->rate_per_s = per_second(series->count, elapsed_ns);
	series->bytes_per_s = per_second(series->bytes, elapsed_ns);
	bound(series, &raw->hist, !input->before);
	for (i = 0; i < N_PERCENTILES; i++)
		series->percentiles[i] = percentile_of(series->slots, series->count, percentile_ranks[i],
						       series->min_ns, series->max_ns);
	return make_labels(series, input, &raw->key);
}

static void free_series(struct series *series)
{
	size_t i;

	for (i = 0; i < series->n_labels; i++)
		free(series->labels[i].value);
	free(series->labels);
	free(series->slots);
	memset(series, 0, sizeof(*series));
}

static int compare_series(const void *a, const void *b)
{
	const struct series *left = a, *right = b;
	size_t i;
	int order;

	if (left->sum_ns != right->sum_ns)
		return left->sum_ns < right->sum_ns ? 1 : -1;
	for (i = 0; i < left->n_labels && i < right->n_labels; i++) {
		order = strcmp(left->labels[i].value, right->labels[i].value);
		if (order)
			return order;
	}
	return 0;
}

static bool make_all_series(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct reading *now = input->now;
	size_t i;

	snapshot->series = calloc(now->n_series + 1, sizeof(*snapshot->series));
	if (!snapshot->series)
		return false;
	for (i = 0; i < now->n_series; i++) {
		struct series *series = &snapshot->series[snapshot->n_series];

		if (!make_series(series, input, &now->series[i], snapshot->elapsed_ns)) {
			snapshot->n_series++;
			return false;
		}
		if (series->count)
			snapshot->n_series++;
		else
			free_series(series);
	}
	qsort(snapshot->series, snapshot->n_series, sizeof(*snapshot->series), compare_series);
	return true;
}

/* All samples of the operation up to a reading, but those in `other`, which the account has by operation. */
static uint64_t recorded_until(const struct reading *reading, uint32_t op)
{
	uint64_t sum = reading->accounts[op].counts[LAT_OTHER_KEY];
	size_t i, slot;

	for (i = 0; i < reading->n_series; i++) {
		const struct raw_series *raw = &reading->series[i];

		if (is_other(&raw->key) || (raw->key.words[0] & 0xFF) != op)
			continue;
		for (slot = 0; slot < LAT_N_SLOTS; slot++)
			sum += raw->hist.slots[slot];
	}
	return sum;
}

/* Entered and not ended in any way, by the counters. */
static uint64_t under_way(const struct reading *reading, uint32_t op)
{
	uint64_t left = reading->accounts[op].counts[LAT_ENTERED] - recorded_until(reading, op);
	int i;

	for (i = LAT_ENTERED + 1; i < LAT_N_ENDINGS; i++)
		left -= reading->accounts[op].counts[i];
	return left;
}

static void make_account(struct account *account, const struct snapshot_input *input, uint32_t op)
{
	const struct reading *before = input->before, *now = input->now;
	uint64_t left = under_way(now, op);
	int i;

	account->op = input->target->ops[op].name;
	account->phase = NULL;
	for (i = 0; i < LAT_N_COUNTS; i++)
		account->counts[i] = now->accounts[op].counts[i] - (before ? before->accounts[op].counts[i] : 0);
	account->recorded = recorded_until(now, op) - (before ? recorded_until(before, op) : 0);
	account->in_flight_before = before ? under_way(before, op) : 0;
	/* What the spans say is independent of the counters, but agrees only while nothing moves. */
	account->in_flight = now->final ? now->in_flight[op] : left;
	account->unaccounted = (int64_t)(left - account->in_flight);
}

static void add_account(struct account *total, const struct account *account)
{
	int i;

	for (i = 0; i < LAT_N_COUNTS; i++)
		total->counts[i] += account->counts[i];
	total->recorded += account->recorded;
	total->in_flight_before += account->in_flight_before;
	total->in_flight += account->in_flight;
	total->unaccounted += account->unaccounted;
}

static bool make_accounts(struct snapshot *snapshot, const struct snapshot_input *input)
{
	uint32_t op;

	snapshot->accounts = calloc(input->target->n_ops, sizeof(*snapshot->accounts));
	if (!snapshot->accounts)
		return false;
	snapshot->total.op = "";
	for (op = 0; op < input->target->n_ops; op++) {
		if (input->target->ops[op].derived || !(input->op_mask & 1U << op))
			continue;
		make_account(&snapshot->accounts[snapshot->n_accounts], input, op);
		add_account(&snapshot->total, &snapshot->accounts[snapshot->n_accounts++]);
	}
	return true;
}

static bool make_in_flight(struct snapshot *snapshot, const struct snapshot_input *input)
{
	char device[32];
	size_t i;

	if (!input->target->has_depth)
		return true;
	snapshot->in_flight = calloc(input->now->n_depths + 1, sizeof(*snapshot->in_flight));
	if (!snapshot->in_flight)
		return false;
	for (i = 0; i < input->now->n_depths; i++) {
		const struct device_depth *depth = &input->now->depths[i];
		struct in_flight *in_flight = &snapshot->in_flight[snapshot->n_in_flight++];

		in_flight->device = strdup(label_device(input->names, depth->device, device));
		in_flight->n_queued = depth->n_queued;
		in_flight->n_issued = depth->n_issued;
		if (!in_flight->device)
			return false;
	}
	return true;
}

struct snapshot *snapshot_make(const struct snapshot_input *input)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->run = input->run;
	snapshot->start_realtime_ns = input->start_realtime_ns;
	snapshot->start_monotonic_ns = input->start_monotonic_ns;
	snapshot->end_realtime_ns = input->now->realtime_ns;
	snapshot->end_monotonic_ns = input->now->monotonic_ns;
	snapshot->elapsed_ns = snapshot->end_monotonic_ns - snapshot->start_monotonic_ns;
	snapshot->number = input->number;
	if (make_all_series(snapshot, input) && make_accounts(snapshot, input) && make_in_flight(snapshot, input))
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	size_t i;

	if (!snapshot)
		return;
	for (i = 0; i < snapshot->n_series; i++)
		free_series(&snapshot->series[i]);
	for (i = 0; i < snapshot->n_in_flight; i++)
		free(snapshot->in_flight[i].device);
	free(snapshot->series);
	free(snapshot->accounts);
	free(snapshot->in_flight);
	free(snapshot);
}
