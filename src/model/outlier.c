/* SPDX-License-Identifier: MIT */
/* Operations that took long, one by one: the slowest of many are kept. */
#include "model/outlier.h"

#include <stdlib.h>
#include <string.h>

void outlier_free(struct outlier *outlier)
{
	labels_free(outlier->labels, outlier->n_labels);
	free(outlier->folded);
}

static void swap(struct outlier *left, struct outlier *right)
{
	struct outlier kept = *left;

	*left = *right;
	*right = kept;
}

static void sift_up(struct outlier *items, size_t at)
{
	for (; at && items[at].latency_ns < items[(at - 1) / 2].latency_ns; at = (at - 1) / 2)
		swap(&items[at], &items[(at - 1) / 2]);
}

static void sift_down(struct outlier *items, size_t n)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && items[child + 1].latency_ns < items[child].latency_ns)
			child++;
		if (items[at].latency_ns <= items[child].latency_ns)
			return;
		swap(&items[at], &items[child]);
		at = child;
	}
}

bool outliers_want(const struct outliers *outliers, uint64_t latency_ns)
{
	return outliers->n < OUTLIERS_KEPT || latency_ns > outliers->items[0].latency_ns;
}

uint64_t outliers_floor(const struct outliers *outliers)
{
	return outliers->n < OUTLIERS_KEPT ? 0 : outliers->items[0].latency_ns + 1;
}

bool outliers_add(struct outliers *outliers, struct outlier outlier)
{
	if (!outliers->items)
		outliers->items = calloc(OUTLIERS_KEPT, sizeof(*outliers->items));
	if (!outliers->items || !outliers_want(outliers, outlier.latency_ns)) {
		outlier_free(&outlier);
		return outliers->items;
	}
	if (outliers->n < OUTLIERS_KEPT) {
		outliers->items[outliers->n++] = outlier;
		sift_up(outliers->items, outliers->n - 1);
		return true;
	}
	outlier_free(&outliers->items[0]);
	outliers->items[0] = outlier;
	sift_down(outliers->items, outliers->n);
	return true;
}

bool outlier_label(struct outlier *outlier, const char *name, const char *value)
{
	return labels_add(&outlier->labels, &outlier->n_labels, name, strdup(value));
}

const char *outlier_find_label(const struct outlier *outlier, const char *name)
{
	return labels_find(outlier->labels, outlier->n_labels, name);
}

static int compare_times(const void *a, const void *b)
{
	const struct outlier *left = a, *right = b;

	if (left->end_realtime_ns != right->end_realtime_ns)
		return left->end_realtime_ns < right->end_realtime_ns ? -1 : 1;
	return (left->latency_ns > right->latency_ns) - (left->latency_ns < right->latency_ns);
}

static bool copy_one(struct outlier *copy, const struct outlier *outlier)
{
	size_t i;

	*copy = *outlier;
	copy->labels = NULL;
	copy->n_labels = 0;
	copy->folded = outlier->folded ? strdup(outlier->folded) : NULL;
	if (outlier->folded && !copy->folded)
		return false;
	for (i = 0; i < outlier->n_labels; i++)
		if (!outlier_label(copy, outlier->labels[i].name, outlier->labels[i].value))
			return false;
	return true;
}

bool outliers_keep(struct outliers *outliers, const struct outlier *outlier)
{
	struct outlier copy;

	if (!outliers_want(outliers, outlier->latency_ns))
		return true;
	if (copy_one(&copy, outlier))
		return outliers_add(outliers, copy);
	outlier_free(&copy);
	return false;
}

bool outliers_copy(struct outliers *copy, const struct outliers *outliers)
{
	*copy = (struct outliers){ .items = calloc(outliers->n + 1, sizeof(*copy->items)) };
	if (!copy->items)
		return false;
	for (; copy->n < outliers->n; copy->n++)
		if (!copy_one(&copy->items[copy->n], &outliers->items[copy->n])) {
			copy->n++;
			outliers_free(copy);
			return false;
		}
	qsort(copy->items, copy->n, sizeof(*copy->items), compare_times);
	return true;
}

void outliers_free(struct outliers *outliers)
{
	size_t i;

	for (i = 0; i < outliers->n; i++)
		outlier_free(&outliers->items[i]);
	free(outliers->items);
	*outliers = (struct outliers){ 0 };
}
