/* SPDX-License-Identifier: MIT */
/* From two readings to the one value that every output shows. */
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "model/container_id.h"
#include "model/label.h"
#include "model/pending.h"
#include "registry/target.h"
#include "model/totals.h"

#define NS_PER_S 1e9

/* Takes over VALUE, which is NULL when memory was short. */
static bool add_label(struct series *series, const char *name, char *value)
{
	return labels_add(&series->labels, &series->n_labels, name, value);
}

static bool add_container(struct series *series, const char *cgroup)
{
	const char *id = cgroup ? container_id_find(cgroup) : NULL;

	return !id || add_label(series, CONTAINER_LABEL, strndup(id, CONTAINER_ID_LEN));
}

static bool add_labels(struct series *series, const struct lat_key *key, const struct snapshot_input *input)
{
	const bool is_other = key_is_other(key);
	const size_t number = is_other ? key_other_bank(key) * target_derived_offset(input->target) : key_op(key);
	const struct op *op = &input->target->ops[number];
	int dim;

	if (!add_label(series, "op", strdup(is_other ? "other" : op->name)))
		return false;
	if (op->phase && !add_label(series, "phase", strdup(op->phase)))
		return false;
	if (is_other)
		return add_label(series, "ret", strdup(ret_names[key_ret(key)]));
	if (input->names->site_name &&
	    !add_label(series, input->names->site_name, strdup(label_site(input->names, key_site(key)))))
		return false;
	if (!add_label(series, "ret", strdup(ret_names[key_ret(key)])))
		return false;
	if (key_is_special(key) && !add_label(series, dimensions[LAT_DIM_FTYPE].name, strdup(LABEL_SPECIAL)))
		return false;
	for (dim = LAT_DIM_OP + 1; dim < LAT_N_DIMS; dim++)
		if (input->names->key_at[dim] &&
		    !add_label(series, dimensions[dim].name, label_text(input->names, (enum lat_dim)dim, key)))
			return false;
	return add_container(series, labels_find(series->labels, series->n_labels, dimensions[LAT_DIM_CGROUP].name));
}

static bool has_bytes(const struct target *target, const struct lat_key *key)
{
	size_t i;

	if (!key_is_other(key))
		return target->ops[key_op(key)].has_bytes;
	for (i = 0; i < target->n_ops; i++)
		if (target->ops[i].has_bytes)
			return true;
	return false;
}

/* Fills in the slots and their sum. NULL for BEFORE stands for nothing. */
static bool subtract_slots(struct series *series, const struct raw_series *now, const struct raw_series *before)
{
	unsigned int slot, end = now->first_slot + now->n_slots;

	series->slots = calloc(LAT_N_SLOTS, sizeof(*series->slots));
	if (!series->slots)
		return false;
	for (slot = now->first_slot; slot < end; slot++) {
		series->slots[slot] = raw_series_slot(now, slot) - raw_series_slot(before, slot);
		series->count += series->slots[slot];
	}
	return true;
}

static uint64_t within(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/*
 * The kernel's own minimum and maximum are of the whole run, and may have lost a race against another program's, so
 * that a sample in a lower or higher slot was counted; or they were read behind the slots, and are those of a later
 * sample. The slots have the last word.
 */
static void bound(struct series *series, const struct raw_series *now, bool is_whole_run)
{
	unsigned int first = 0, last = LAT_OVERFLOW_SLOT;
	uint64_t first_low, first_high, last_low, last_high;

	while (!series->slots[first])
		first++;
	while (!series->slots[last])
		last--;
	last_low = lat_slot_low(last);
	last_high = last < LAT_OVERFLOW_SLOT ? lat_slot_low(last + 1) - 1 : UINT64_MAX;
	series->min_max_exact = is_whole_run;
	series->min_ns = first_low = lat_slot_low(first);
	series->max_ns = last_high;
	if (last == LAT_OVERFLOW_SLOT || is_whole_run)
		series->max_ns = within(now->max_ns, last_low, last_high);
	if (is_whole_run) {
		first_high = first < LAT_OVERFLOW_SLOT ? lat_slot_low(first + 1) - 1 : series->max_ns;
		series->min_ns = within(~now->inverse_min_ns, first_low, first_high);
	}
	/* In one slot, either may be what the other lost. */
	if (series->min_ns > series->max_ns) {
		uint64_t max_ns = series->min_ns;

		series->min_ns = series->max_ns;
		series->max_ns = max_ns;
	}
}

static void derive(struct series *series, double seconds)
{
	size_t i;

	series->is_special = labels_are_special(series->labels, series->n_labels);
	series->mean_ns = (double)series->sum_ns / (double)series->count;
	series->rate_per_s = seconds > 0 ? (double)series->count / seconds : 0;
	series->bytes_per_s = seconds > 0 ? (double)series->bytes / seconds : 0;
	for (i = 0; i < N_PERCENTILES; i++)
		series->percentiles[i] = percentile_of(series->slots, series->count, series->weight,
						       percentile_ranks[i], series->min_ns, series->max_ns);
}

uint32_t run_weight(const struct run_info *run)
{
	return run->sample_rate ? run->sample_rate : 1;
}

/* All counts times FACTOR / DIVISOR, one of which is 1. */
static void scale(struct series *series, uint64_t factor, uint64_t divisor)
{
	unsigned int slot;
	size_t i;

	if (factor == divisor)
		return;
	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		series->slots[slot] = series->slots[slot] * factor / divisor;
	for (i = 0; i < series->buckets.n; i++)
		series->buckets.items[i].count = series->buckets.items[i].count * factor / divisor;
	series->count = series->count * factor / divisor;
	series->sum_ns = series->sum_ns * factor / divisor;
	series->bytes = series->bytes * factor / divisor;
}

void snapshot_keep_samples(struct snapshot *snapshot)
{
	struct series *series;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++)
		scale(series, 1, series->weight);
}

static void free_series(struct series *series)
{
	labels_free(series->labels, series->n_labels);
	free(series->slots);
	buckets_free(&series->buckets);
}

/* Adds the series if anything was recorded in it. False when memory is short. */
static bool add_series(struct snapshot *snapshot, const struct snapshot_input *input, const struct raw_series *raw)
{
	struct series *series = &snapshot->series[snapshot->n_series];
	const struct raw_series *before = reading_find(input->before, &raw->key);

	*series = (struct series){ .has_bytes = has_bytes(input->target, &raw->key) };
	if (!subtract_slots(series, raw, before))
		return false;
	if (!series->count) {
		free_series(series);
		return true;
	}
	snapshot->n_series++;
	series->summary = key_ret(&raw->key) == LAT_RET_OK;
	if (input->names->key_at[LAT_DIM_DEVICE] && !key_is_other(&raw->key))
		series->device_id = (uint32_t)raw->key.words[input->names->key_at[LAT_DIM_DEVICE]];
	series->sum_ns = raw->sum_ns - (before ? before->sum_ns : 0);
	series->bytes = raw->bytes - (before ? before->bytes : 0);
	bound(series, raw, !input->before);
	if (input->n_buckets && !buckets_make(&series->buckets, input->bucket_low_ns, input->n_buckets, &raw->buckets,
					      before ? &before->buckets : NULL))
		return false;
	scale(series, run_weight(input->run), 1);
	return add_labels(series, &raw->key, input);
}

static int compare_series(const void *a, const void *b)
{
	const struct series *left = a, *right = b;
	int order = 0;
	size_t i;

	if (left->is_special != right->is_special)
		return left->is_special ? 1 : -1;
	if (left->sum_ns != right->sum_ns)
		return left->sum_ns < right->sum_ns ? 1 : -1;
	for (i = 0; !order && i < left->n_labels && i < right->n_labels; i++)
		order = strcmp(left->labels[i].value, right->labels[i].value);
	return order;
}

static int compare_siblings(const void *a, const void *b)
{
	const struct series *left = *(struct series *const *)a, *right = *(struct series *const *)b;
	int order = series_compare_but(left, right, "ret");

	return order ? order : (left > right) - (left < right);
}

/* By sorting: looking for each one's siblings among all takes far too long where there are thousands. */
static bool link_siblings(struct snapshot *snapshot)
{
	struct series **sorted = calloc(snapshot->n_series + 1, sizeof(struct series *));
	size_t i;

	if (!sorted)
		return false;
	for (i = 0; i < snapshot->n_series; i++)
		sorted[i] = &snapshot->series[i];
	qsort(sorted, snapshot->n_series, sizeof(*sorted), compare_siblings);
	for (i = 0; i < snapshot->n_series; i++) {
		if (i && !series_compare_but(sorted[i - 1], sorted[i], "ret")) {
			sorted[i]->first_sibling = sorted[i - 1]->first_sibling;
			sorted[i - 1]->next_sibling = sorted[i];
		} else {
			sorted[i]->first_sibling = sorted[i];
		}
	}
	free(sorted);
	return true;
}

static bool make_series(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct reading *now = input->now;
	size_t i;

	snapshot->series = calloc(now->n_series + 1, sizeof(*snapshot->series));
	if (!snapshot->series)
		return false;
	for (i = 0; i < now->n_series; i++) {
		const struct lat_key *key = &now->series[i].key;

		if (!key_is_other(key) && (key_op(key) >= input->target->n_ops || key_ret(key) >= LAT_N_RETS))
			continue;
		if (!add_series(snapshot, input, &now->series[i]))
			return false;
	}
	return true;
}

bool snapshot_derive(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->n_series; i++) {
		snapshot->series[i].weight = run_weight(snapshot->run);
		derive(&snapshot->series[i], (double)snapshot->elapsed_ns / NS_PER_S);
	}
	totals_make(snapshot);
	if (snapshot->n_series)
		qsort(snapshot->series, snapshot->n_series, sizeof(*snapshot->series), compare_series);
	return link_siblings(snapshot);
}

static bool make_accounts(struct snapshot *snapshot, const struct snapshot_input *input)
{
	snapshot->accounts = calloc(LAT_MAX_OPS, sizeof(*snapshot->accounts));
	if (!snapshot->accounts)
		return false;
	snapshot->n_accounts = accounts_make(snapshot->accounts, &snapshot->total, input->target, input->op_mask,
					     input->before, input->now);
	return true;
}

static bool make_outliers(struct snapshot *snapshot, const struct snapshot_input *input)
{
	return !input->outliers || outliers_copy(&snapshot->outliers, input->outliers);
}

static bool make_stacks(struct snapshot *snapshot, const struct snapshot_input *input)
{
	if (!input->stacks)
		return true;
	snapshot->stacks = stacks_copy(input->stacks, &snapshot->n_stacks);
	return snapshot->stacks;
}

static bool make_in_flight(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct reading *now = input->now;
	char buffer[32];
	size_t i;

	if (!input->target->has_depth)
		return true;
	snapshot->in_flight = calloc(now->n_depths + 1, sizeof(*snapshot->in_flight));
	if (!snapshot->in_flight)
		return false;
	for (i = 0; i < now->n_depths; i++) {
		const struct device_depth *depth = &now->depths[i];
		struct in_flight *in_flight = &snapshot->in_flight[i];

		in_flight->device = strdup(label_device(input->names, depth->device, buffer));
		if (!in_flight->device)
			return false;
		in_flight->device_id = depth->device;
		in_flight->n_queued = depth->n_queued;
		in_flight->n_issued = depth->n_issued;
		snapshot->n_in_flight++;
	}
	return true;
}

struct snapshot *snapshot_make(const struct snapshot_input *input)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->run = input->run;
	snapshot->number = input->number;
	snapshot->start_realtime_ns = input->before ? input->before->realtime_ns : input->start_realtime_ns;
	snapshot->start_monotonic_ns = input->before ? input->before->monotonic_ns : input->start_monotonic_ns;
	snapshot->end_realtime_ns = input->now->realtime_ns;
	snapshot->end_monotonic_ns = input->now->monotonic_ns;
	snapshot->elapsed_ns = snapshot->end_monotonic_ns - snapshot->start_monotonic_ns;
	if (make_series(snapshot, input) && make_accounts(snapshot, input) && make_in_flight(snapshot, input) &&
	    pending_make(snapshot, input) && make_outliers(snapshot, input) && make_stacks(snapshot, input) &&
	    snapshot_derive(snapshot))
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
	for (i = 0; i < snapshot->n_stacks; i++)
		free(snapshot->stacks[i].folded);
	pending_free(snapshot);
	outliers_free(&snapshot->outliers);
	free(snapshot->stacks);
	free(snapshot->series);
	free(snapshot->accounts);
	free(snapshot->in_flight);
	free(snapshot);
}
