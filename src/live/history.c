/* SPDX-License-Identifier: MIT */
/* What the live screen remembers: the last intervals, condensed. */
#include "live/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/snapshot.h"

const struct live_column *live_history_column(const struct live_history *history, uint64_t number)
{
	return &history->columns[number % LIVE_COLUMNS];
}

const struct live_cell *live_series_cell(const struct live_series *series, uint64_t number)
{
	return &series->cells[number % LIVE_COLUMNS];
}

struct live_window live_history_window(const struct live_history *history, uint64_t end, unsigned int n)
{
	uint64_t oldest = history->n_columns > LIVE_COLUMNS ? history->n_columns - LIVE_COLUMNS : 0;
	struct live_window window = { .first = end > n ? end - n : 0, .end = end };

	if (window.first < oldest)
		window.first = oldest;
	if (window.end < window.first)
		window.end = window.first;
	return window;
}

uint64_t live_history_elapsed_ns(const struct live_history *history, struct live_window window)
{
	uint64_t total = 0, number;

	for (number = window.first; number < window.end; number++)
		total += live_history_column(history, number)->elapsed_ns;
	return total;
}

static void clear_cell(struct live_cell *cell)
{
	size_t i;

	free(cell->slots);
	*cell = (struct live_cell){ 0 };
	for (i = 0; i < N_PERCENTILES; i++)
		cell->percentile_ns[i] = LIVE_NOT_CARRIED;
}

static void free_series(struct live_series *series)
{
	size_t i;

	if (!series)
		return;
	for (i = 0; i < LIVE_COLUMNS; i++)
		clear_cell(&series->cells[i]);
	labels_free(series->labels, series->n_labels);
	free(series);
}

static void clear_column(struct live_column *column)
{
	size_t i;

	for (i = 0; i < column->n_slowest; i++)
		labels_free(column->slowest[i].labels, column->slowest[i].n_labels);
	*column = (struct live_column){ 0 };
}

static bool copy_labels(struct label **copy, size_t *n_copied, const struct label *labels, size_t n_labels)
{
	size_t i;

	for (i = 0; i < n_labels; i++)
		if (!labels_add(copy, n_copied, labels[i].name, strdup(labels[i].value)))
			return false;
	return true;
}

static bool have_same_labels(const struct live_series *series, const struct series *other)
{
	size_t i;

	if (series->n_labels != other->n_labels)
		return false;
	for (i = 0; i < series->n_labels; i++)
		if (strcmp(series->labels[i].value, other->labels[i].value))
			return false;
	return true;
}

/* The place of a new series: behind the others, or of the one that has had nothing for longest, if that is long. */
static struct live_series **find_place(struct live_history *history)
{
	struct live_series **place = &history->series[0];
	size_t i;

	if (history->n_series < LIVE_SERIES)
		return &history->series[history->n_series];
	for (i = 1; i < LIVE_SERIES; i++)
		if (history->series[i]->last_column < (*place)->last_column)
			place = &history->series[i];
	return history->n_columns - 1 - (*place)->last_column > LIVE_KEPT_COLUMNS ? place : NULL;
}

static struct live_series *find_series(const struct live_history *history, const struct series *series)
{
	size_t i;

	for (i = 0; i < history->n_series; i++)
		if (have_same_labels(history->series[i], series))
			return history->series[i];
	return NULL;
}

/* NULL when memory is short. */
static struct live_series *new_series(const struct series *like, uint64_t id)
{
	struct live_series *series = calloc(1, sizeof(*series));
	size_t i;

	if (!series)
		return NULL;
	for (i = 0; i < LIVE_COLUMNS; i++)
		clear_cell(&series->cells[i]);
	series->id = id;
	series->has_bytes = like->has_bytes;
	series->weight = like->weight;
	if (copy_labels(&series->labels, &series->n_labels, like->labels, like->n_labels))
		return series;
	free_series(series);
	return NULL;
}

static int fill_cell(struct live_cell *cell, const struct series *series)
{
	uint32_t slot;
	size_t i, n = 0;

	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		n += series->slots[slot] > 0;
	cell->slots = calloc(n + 1, sizeof(*cell->slots));
	if (!cell->slots)
		return -ENOMEM;
	for (slot = 0; slot < LAT_N_SLOTS; slot++)
		if (series->slots[slot])
			cell->slots[cell->n_slots++] = (struct live_slot){ .slot = slot, .count = series->slots[slot] };
	cell->count = series->count;
	cell->bytes = series->bytes;
	cell->sum_ns = series->sum_ns;
	cell->min_ns = series->min_ns;
	cell->max_ns = series->max_ns;
	for (i = 0; i < N_PERCENTILES; i++)
		if (series->percentiles[i].carried)
			cell->percentile_ns[i] = series->percentiles[i].ns;
	return 0;
}

static bool is_same(const char *left, const char *right)
{
	return !left || !right ? left == right : !strcmp(left, right);
}

/* A device that hangs completes nothing, so its depth is looked up even where the interval has no such series. */
static uint64_t find_depth(const struct live_series *series, const struct snapshot *snapshot)
{
	const char *op = labels_find(series->labels, series->n_labels, "op");
	const char *phase = labels_find(series->labels, series->n_labels, "phase");
	const char *device = labels_find(series->labels, series->n_labels, "device");
	uint64_t depth = 0;
	size_t i;

	for (i = 0; i < snapshot->n_in_flight; i++)
		if (!device || !strcmp(device, snapshot->in_flight[i].device))
			depth += phase && !strcmp(phase, "queue") ? snapshot->in_flight[i].n_queued :
								    snapshot->in_flight[i].n_issued;
	for (i = 0; !snapshot->in_flight && i < snapshot->n_accounts; i++)
		if (is_same(op, snapshot->accounts[i].op) && is_same(phase, snapshot->accounts[i].phase))
			depth += snapshot->accounts[i].in_flight;
	return depth;
}

static int keep_slow(struct live_column *column, const struct outlier *outlier)
{
	struct live_slow slow = { .end_realtime_ns = outlier->end_realtime_ns, .latency_ns = outlier->latency_ns,
				  .bytes = outlier->bytes, .pid = outlier->pid };
	size_t at = column->n_slowest;

	while (at && column->slowest[at - 1].latency_ns < outlier->latency_ns)
		at--;
	if (at == LIVE_SLOWEST)
		return 0;
	if (!copy_labels(&slow.labels, &slow.n_labels, outlier->labels, outlier->n_labels)) {
		labels_free(slow.labels, slow.n_labels);
		return -ENOMEM;
	}
	if (column->n_slowest == LIVE_SLOWEST) {
		column->n_slowest--;
		labels_free(column->slowest[column->n_slowest].labels, column->slowest[column->n_slowest].n_labels);
	}
	memmove(&column->slowest[at + 1], &column->slowest[at], (column->n_slowest - at) * sizeof(slow));
	column->slowest[at] = slow;
	column->n_slowest++;
	return 0;
}

static int fill_column(struct live_column *column, const struct snapshot *snapshot)
{
	int count, error = 0;
	size_t i;

	column->end_realtime_ns = snapshot->end_realtime_ns;
	column->elapsed_ns = snapshot->elapsed_ns;
	column->n_outliers = snapshot->total.counts[LAT_EVENTS];
	column->n_lost = (uint64_t)llabs(snapshot->total.unaccounted);
	for (count = 0; count < LAT_N_COUNTS; count++)
		column->n_lost += count_texts[count].is_loss ? snapshot->total.counts[count] : 0;
	for (i = 0; i < snapshot->outliers.n && !error; i++)
		error = keep_slow(column, &snapshot->outliers.items[i]);
	return error;
}

static int add_series(struct live_history *history, const struct series *series)
{
	uint64_t column = history->n_columns - 1;
	struct live_series *found = find_series(history, series), **place;

	if (!found) {
		place = find_place(history);
		history->n_left_out += !place;
		if (!place)
			return 0;
		found = new_series(series, ++history->next_id);
		if (!found)
			return -ENOMEM;
		history->n_series += !*place;
		free_series(*place);
		*place = found;
	}
	found->last_column = column;
	return fill_cell(&found->cells[column % LIVE_COLUMNS], series);
}

int live_history_add(struct live_history *history, const struct snapshot *snapshot)
{
	size_t at = history->n_columns++ % LIVE_COLUMNS, i;
	int error;

	clear_column(&history->columns[at]);
	for (i = 0; i < history->n_series; i++)
		clear_cell(&history->series[i]->cells[at]);
	history->n_left_out = 0;
	error = fill_column(&history->columns[at], snapshot);
	for (i = 0; i < snapshot->n_series && !error; i++)
		error = add_series(history, &snapshot->series[i]);
	for (i = 0; i < history->n_series; i++)
		history->series[i]->cells[at].depth = find_depth(history->series[i], snapshot);
	return error ? fail(error, "live screen") : 0;
}

struct live_cell live_series_sum(const struct live_series *series, struct live_window window)
{
	struct live_cell sum = { .min_ns = UINT64_MAX };
	uint64_t slots[LAT_N_SLOTS] = { 0 }, number;
	struct percentile percentile;
	size_t i;

	for (number = window.first; number < window.end; number++) {
		const struct live_cell *cell = live_series_cell(series, number);

		if (cell->depth > sum.depth)
			sum.depth = cell->depth;
		if (!cell->count)
			continue;
		sum.count += cell->count;
		sum.bytes += cell->bytes;
		sum.sum_ns += cell->sum_ns;
		if (cell->min_ns < sum.min_ns)
			sum.min_ns = cell->min_ns;
		if (cell->max_ns > sum.max_ns)
			sum.max_ns = cell->max_ns;
		for (i = 0; i < cell->n_slots; i++)
			slots[cell->slots[i].slot] += cell->slots[i].count;
	}
	for (i = 0; i < N_PERCENTILES; i++) {
		percentile = percentile_of(slots, sum.count, series->weight, percentile_ranks[i], sum.min_ns, sum.max_ns);
		sum.percentile_ns[i] = percentile.carried ? percentile.ns : LIVE_NOT_CARRIED;
	}
	return sum;
}

void live_history_free(struct live_history *history)
{
	size_t i;

	for (i = 0; i < LIVE_COLUMNS; i++)
		clear_column(&history->columns[i]);
	for (i = 0; i < history->n_series; i++)
		free_series(history->series[i]);
	history->n_series = 0;
}
