/* SPDX-License-Identifier: MIT */
/* Sums of snapshots: the same as if all had been one reading; and the time that they took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "model/snapshot_sum.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND 1000000000ULL
#define MAX_PARTS 5

static struct snapshot *sum_of(struct snapshot *const *parts, size_t n_parts)
{
	struct snapshot *sum;

	assert_int_equal(snapshot_sum((const struct snapshot *const *)parts, n_parts, &sum), 0);
	return sum;
}

static void assert_same_series(const struct series *left, const struct series *right)
{
	size_t i;

	assert_int_equal(left->n_labels, right->n_labels);
	for (i = 0; i < left->n_labels; i++) {
		assert_string_equal(left->labels[i].name, right->labels[i].name);
		assert_string_equal(left->labels[i].value, right->labels[i].value);
	}
	assert_int_equal(left->count, right->count);
	assert_int_equal(left->sum_ns, right->sum_ns);
	assert_int_equal(left->bytes, right->bytes);
	assert_int_equal(left->min_ns, right->min_ns);
	assert_int_equal(left->max_ns, right->max_ns);
	assert_memory_equal(left->slots, right->slots, LAT_N_SLOTS * sizeof(*left->slots));
	for (i = 0; i < N_PERCENTILES; i++) {
		assert_int_equal(left->percentiles[i].ns, right->percentiles[i].ns);
		assert_int_equal(left->percentiles[i].n_above, right->percentiles[i].n_above);
	}
	assert_true(left->mean_ns == right->mean_ns);
}

static void assert_same(const struct snapshot *left, const struct snapshot *right)
{
	size_t i;

	assert_int_equal(left->n_series, right->n_series);
	for (i = 0; i < left->n_series; i++)
		assert_same_series(&left->series[i], &right->series[i]);
	assert_int_equal(left->n_accounts, right->n_accounts);
	for (i = 0; i < left->n_accounts; i++)
		assert_memory_equal(left->accounts[i].counts, right->accounts[i].counts, sizeof(left->accounts[i].counts));
	assert_int_equal(left->total.recorded, right->total.recorded);
	assert_int_equal(left->total.in_flight, right->total.in_flight);
	assert_int_equal(left->total.unaccounted, right->total.unaccounted);
}

static void record(struct reading *reading, uint64_t number)
{
	struct lat_key key = fixture_key((unsigned int)(number >> 60) % 3, (enum lat_ret)(number >> 56 & 3) % LAT_N_RETS);
	uint64_t ns = (number & 0xffffffff) >> (number >> 32 & 31);

	fixture_record(reading, &key, ns, number >> 40 & 0xfff, 1);
	reading->accounts[key_op(&key)].counts[LAT_ENTERED]++;
}

/* Random samples in one reading, and dealt out to several. */
static void test_split_over_hosts(void **state)
{
	struct reading all, dealt[MAX_PARTS];
	struct snapshot *whole, *sum, *parts[MAX_PARTS];
	uint64_t seed = 4711, number;
	size_t round, n_parts, i;

	(void)state;
	for (round = 0; round < 50; round++) {
		n_parts = 1 + round % MAX_PARTS;
		all = fixture_reading(SECOND);
		for (i = 0; i < n_parts; i++)
			dealt[i] = fixture_reading(SECOND);
		for (i = 0; i < round * round; i++) {
			number = fixture_random(&seed);
			record(&all, number);
			record(&dealt[fixture_random(&seed) % n_parts], number);
		}
		whole = fixture_snapshot(NULL, &all, 0);
		for (i = 0; i < n_parts; i++)
			parts[i] = fixture_snapshot(NULL, &dealt[i], 0);
		sum = sum_of(parts, n_parts);
		assert_same(whole, sum);
		assert_int_equal(sum->elapsed_ns, SECOND);
		for (i = 0; i < n_parts; i++) {
			snapshot_free(parts[i]);
			reading_free(&dealt[i]);
		}
		snapshot_free(whole);
		snapshot_free(sum);
		reading_free(&all);
	}
}

/* Intervals of one run, with calls that are in flight from one to the next. */
static void test_split_over_time(void **state)
{
	struct reading now = fixture_reading(0), before[MAX_PARTS];
	struct snapshot *whole, *sum, *parts[MAX_PARTS];
	uint64_t seed = 42;
	size_t i, k;

	(void)state;
	for (i = 0; i < MAX_PARTS; i++) {
		before[i] = fixture_copy(&now);
		now.realtime_ns += SECOND + 3; /* CLOCK_REALTIME is being set */
		now.monotonic_ns += SECOND;
		for (k = 0; k < 1000 * i; k++)
			record(&now, fixture_random(&seed));
		now.accounts[FILES_READ].counts[LAT_ENTERED]++;
		now.final = i == MAX_PARTS - 1;
		now.in_flight[FILES_READ] = i + 1;
		parts[i] = fixture_snapshot(&before[i], &now, i + 1);
	}
	whole = fixture_snapshot(NULL, &now, 0);
	sum = sum_of(parts, MAX_PARTS);
	for (i = 0; i < sum->n_series; i++) {
		/* These are only known up to a slot. */
		assert_true(sum->series[i].min_ns <= whole->series[i].min_ns);
		assert_true(sum->series[i].max_ns >= whole->series[i].max_ns);
		sum->series[i].min_ns = whole->series[i].min_ns;
		sum->series[i].max_ns = whole->series[i].max_ns;
	}
	snapshot_derive(sum);
	assert_same(whole, sum);
	assert_int_equal(sum->elapsed_ns, MAX_PARTS * SECOND);
	assert_int_equal(sum->end_monotonic_ns, whole->end_monotonic_ns);
	assert_int_equal(sum->total.in_flight_before, 0);
	for (i = 0; i < MAX_PARTS; i++) {
		snapshot_free(parts[i]);
		reading_free(&before[i]);
	}
	snapshot_free(whole);
	snapshot_free(sum);
	reading_free(&now);
}

/* Spans by their start and their length, in s, and the time they cover. */
static void test_elapsed(void **state)
{
	static const struct {
		unsigned int starts[3], lengths[3], covered;
	} cases[] = {
		{ { 0, 0, 0 }, { 10, 10, 10 }, 10 }, { { 0, 5, 20 }, { 10, 10, 5 }, 20 }, { { 30, 10, 0 }, { 1, 1, 1 }, 3 },
		{ { 0, 2, 4 }, { 60, 1, 1 }, 60 }, { { 0, 10, 20 }, { 10, 10, 10 }, 30 }, { { 5, 5, 0 }, { 0, 0, 1 }, 1 },
	};
	const struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct snapshot *sum, *parts[3];
	struct reading reading;
	size_t i, part;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (part = 0; part < 3; part++) {
			reading = fixture_reading(cases[i].lengths[part] * SECOND);
			fixture_record(&reading, &key, 1000, 1, 600);
			parts[part] = fixture_snapshot(NULL, &reading, 0);
			parts[part]->start_realtime_ns += cases[i].starts[part] * SECOND;
			parts[part]->end_realtime_ns += cases[i].starts[part] * SECOND;
			reading_free(&reading);
		}
		sum = sum_of(parts, 3);
		assert_int_equal(sum->elapsed_ns, cases[i].covered * SECOND);
		assert_int_equal(sum->end_monotonic_ns - sum->start_monotonic_ns, sum->elapsed_ns);
		assert_true(sum->series[0].rate_per_s == 1800.0 / cases[i].covered);
		snapshot_free(sum);
		for (part = 0; part < 3; part++)
			snapshot_free(parts[part]);
	}
}

static void test_too_much(void **state)
{
	struct reading reading = fixture_reading(SECOND);
	const struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct snapshot *part, *sum = NULL;

	(void)state;
	fixture_record(&reading, &key, 1, 0, 1ULL << 62);
	part = fixture_snapshot(NULL, &reading, 0);
	assert_int_not_equal(snapshot_sum((const struct snapshot *const[]){ part, part }, 2, &sum), 0);
	assert_null(sum);
	snapshot_free(part);
	reading_free(&reading);
}

/* What stands beside the histograms: depths by device, outliers, stacks. */
static void test_beside_histograms(void **state)
{
	struct snapshot *slow = NULL, *disks = NULL, *sum;
	size_t i;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		if (!strcmp(fixtures[i].name, "slow"))
			slow = fixtures[i].make();
		if (!strcmp(fixtures[i].name, "disks"))
			disks = fixtures[i].make();
	}
	sum = sum_of((struct snapshot *const[]){ slow, disks, slow, disks }, 4);
	assert_int_equal(sum->n_in_flight, 1);
	assert_string_equal(sum->in_flight[0].device, "nvme0n1");
	assert_int_equal(sum->in_flight[0].n_queued, 6);
	assert_int_equal(sum->in_flight[0].n_issued, 8);
	assert_int_equal(sum->outliers.n, 6);
	for (i = 1; i < 6; i++)
		assert_true(sum->outliers.items[i - 1].end_realtime_ns <= sum->outliers.items[i].end_realtime_ns);
	assert_int_equal(sum->n_stacks, 2);
	assert_int_equal(sum->stacks[0].count, 4);
	assert_int_equal(sum->stacks[1].sum_ns, 2 * slow->stacks[1].sum_ns);
	assert_int_equal(sum->total.unaccounted, 2 * (slow->total.unaccounted + disks->total.unaccounted));
	snapshot_free(sum);
	snapshot_free(slow);
	snapshot_free(disks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_over_hosts), cmocka_unit_test(test_split_over_time),
		cmocka_unit_test(test_elapsed), cmocka_unit_test(test_too_much), cmocka_unit_test(test_beside_histograms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
