/* SPDX-License-Identifier: MIT */
/* Samples between bounds that the user gave, each counted exactly. */
#include "model/buckets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buckets_make(struct buckets *buckets, const __u64 *low_ns, size_t n, const struct lat_bucket_counts *now,
		  const struct lat_bucket_counts *before)
{
	size_t i;

	buckets->items = calloc(n, sizeof(*buckets->items));
	if (!buckets->items)
		return false;
	buckets->n = n;
	for (i = 0; i < n; i++)
		buckets->items[i] = (struct bucket){
			.low_ns = low_ns[i],
			.high_ns = i + 1 < n ? low_ns[i + 1] : UINT64_MAX,
			.count = now->counts[i] - (before ? before->counts[i] : 0),
		};
	return true;
}

static bool have_same_bounds(const struct buckets *left, const struct buckets *right)
{
	size_t i;

	for (i = 0; i < left->n && i < right->n && left->items[i].low_ns == right->items[i].low_ns; i++)
		;
	return i == left->n && i == right->n;
}

int buckets_add(struct buckets *sum, const struct buckets *more, bool is_first)
{
	size_t i;

	if (is_first && more->n) {
		sum->items = calloc(more->n, sizeof(*sum->items));
		if (!sum->items)
			return -ENOMEM;
		sum->n = more->n;
		memcpy(sum->items, more->items, more->n * sizeof(*sum->items));
		return 0;
	}
	if (!have_same_bounds(sum, more)) {
		buckets_free(sum);
		return 0;
	}
	for (i = 0; i < sum->n; i++) {
		sum->items[i].count += more->items[i].count;
		if (sum->items[i].count > INT64_MAX)
			return -EOVERFLOW;
	}
	return 0;
}

/* The largest unit that NS has one of; its divisor. */
static double unit_of(uint64_t ns, const char **unit)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double divisor = 1;
	size_t i = 0;

	for (; i < 3 && (double)ns >= 1000 * divisor; i++)
		divisor *= 1000;
	*unit = units[i];
	return divisor;
}

char *bucket_range(const struct bucket *bucket, char buffer[static BUCKET_LEN])
{
	const char *low_unit, *high_unit;
	double low_divisor = unit_of(bucket->low_ns, &low_unit), high_divisor = unit_of(bucket->high_ns, &high_unit);
	double low = (double)bucket->low_ns / low_divisor;

	if (bucket->high_ns == UINT64_MAX)
		snprintf(buffer, BUCKET_LEN, "%.9g%s+", low, low_unit);
	else
		snprintf(buffer, BUCKET_LEN, "%.9g%s-%.9g%s", low,
			 low_divisor == high_divisor || !bucket->low_ns ? "" : low_unit,
			 (double)bucket->high_ns / high_divisor, high_unit);
	return buffer;
}

void buckets_free(struct buckets *buckets)
{
	free(buckets->items);
	*buckets = (struct buckets){ 0 };
}
