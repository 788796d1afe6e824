/* SPDX-License-Identifier: MIT */
/* What the intervals before this one were like: rolling averages, and which mean stands out. */
#include "model/trend.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

/* A series over the last intervals in which it had anything. */
struct history {
	char *key;
	uint64_t counts[TREND_WINDOW], sums_ns[TREND_WINDOW];
	unsigned int n_intervals, next;
	uint64_t last_seen;
};

struct trend {
	struct history *histories; /* sorted by key */
	size_t n;
	uint64_t n_intervals;
};

struct trend *trend_new(void)
{
	return calloc(1, sizeof(struct trend));
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct history *)a)->key, ((const struct history *)b)->key);
}

/* The caller frees it; NULL when memory is short. */
static char *key_of(const struct series *series)
{
	size_t size = 1, i, n = 0;
	char *key;

	for (i = 0; i < series->n_labels; i++)
		size += strlen(series->labels[i].value) + 1;
	key = malloc(size);
	for (i = 0; key && i < series->n_labels; i++)
		n += (size_t)sprintf(key + n, "%s\n", series->labels[i].value);
	if (key)
		key[n] = '\0';
	return key;
}

/* What has been away for a whole window has no recent past; drops it, so that what comes and goes does not pile up. */
static void forget(struct trend *trend)
{
	size_t i, n_kept = 0;

	for (i = 0; i < trend->n; i++)
		if (trend->n_intervals - trend->histories[i].last_seen > TREND_WINDOW)
			free(trend->histories[i].key);
		else
			trend->histories[n_kept++] = trend->histories[i];
	trend->n = n_kept;
}

static void compare(struct series *series, const struct history *history)
{
	uint64_t count = 0, sum_ns = 0;
	unsigned int i;

	for (i = 0; i < history->n_intervals; i++) {
		count += history->counts[i];
		sum_ns += history->sums_ns[i];
	}
	series->n_rolling = history->n_intervals;
	series->rolling_mean_ns = (double)sum_ns / (double)count;
	series->is_spike = history->n_intervals >= TREND_MIN_INTERVALS && series_n_measured(series) >= TREND_MIN_COUNT &&
			   series->mean_ns > TREND_SPIKE * series->rolling_mean_ns;
}

static void push(struct history *history, const struct series *series, uint64_t interval)
{
	history->counts[history->next] = series->count;
	history->sums_ns[history->next] = series->sum_ns;
	history->next = (history->next + 1) % TREND_WINDOW;
	history->n_intervals += history->n_intervals < TREND_WINDOW;
	history->last_seen = interval;
}

void trend_apply(struct trend *trend, struct snapshot *interval)
{
	struct history wanted, *history, *more;
	struct series *series;
	size_t n_known;

	if (!trend)
		return;
	trend->n_intervals++;
	forget(trend);
	more = realloc(trend->histories, (trend->n + interval->n_series + 1) * sizeof(*more));
	if (!more)
		return;
	trend->histories = more;
	n_known = trend->n;
	for (series = interval->series; series < interval->series + interval->n_series; series++) {
		if (!series->summary || !(wanted.key = key_of(series)))
			continue;
		history = n_known ? bsearch(&wanted, more, n_known, sizeof(*more), compare_keys) : NULL;
		if (history) {
			free(wanted.key);
			compare(series, history);
		} else {
			history = &more[trend->n++];
			*history = (struct history){ .key = wanted.key };
		}
		push(history, series, trend->n_intervals);
	}
	if (trend->n)
		qsort(more, trend->n, sizeof(*more), compare_keys);
}

void trend_free(struct trend *trend)
{
	size_t i;

	if (!trend)
		return;
	for (i = 0; i < trend->n; i++)
		free(trend->histories[i].key);
	free(trend->histories);
	free(trend);
}
