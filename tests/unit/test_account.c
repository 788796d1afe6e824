/* SPDX-License-Identifier: MIT */
/* The account: it adds up, or it says by how much it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixtures.h"

#define SECOND 1000000000ULL

static void test_texts_are_complete(void **state)
{
	int count;

	(void)state;
	for (count = 0; count < LAT_N_COUNTS; count++) {
		assert_non_null(count_texts[count].name);
		assert_non_null(count_texts[count].text);
	}
}

static void test_whole_run(void **state)
{
	struct lat_key ok = fixture_key(FILES_READ, LAT_RET_OK), error = fixture_key(FILES_READ, LAT_RET_ERROR);
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct snapshot *snapshot;
	int count;

	(void)state;
	fixture_record(&now, &ok, 100, 0, 10);
	fixture_record(&now, &error, 100, 0, 5);
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 15 + 78 + 2;
	for (count = LAT_FILTERED; count < LAT_N_ENDINGS; count++)
		now.accounts[FILES_READ].counts[count] = (uint64_t)count;
	/* Outside the equation. */
	for (count = LAT_N_ENDINGS; count < LAT_N_COUNTS; count++)
		now.accounts[FILES_READ].counts[count] = count == LAT_OTHER_KEY ? 0 : 1000;
	now.in_flight[FILES_READ] = 2;
	input.op_mask = 1 << FILES_READ;
	snapshot = snapshot_make(&input);
	assert_int_equal(LAT_N_ENDINGS, 13); /* 1 + 2 + .. + 12 = 78 */
	assert_int_equal(snapshot->n_accounts, 1);
	assert_string_equal(snapshot->accounts[0].op, "read");
	assert_null(snapshot->accounts[0].phase);
	assert_int_equal(snapshot->accounts[0].recorded, 15);
	assert_int_equal(snapshot->accounts[0].in_flight, 2);
	assert_int_equal(snapshot->accounts[0].unaccounted, 0);
	assert_string_equal(snapshot->total.op, "");
	snapshot_free(snapshot);

	/* The spans say otherwise than the counters: it shows. */
	now.in_flight[FILES_READ] = 3;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->accounts[0].unaccounted, -1);
	assert_int_equal(snapshot->total.unaccounted, -1);
	snapshot_free(snapshot);
	reading_free(&now);
}

static void test_interval(void **state)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading before = fixture_reading(SECOND), now = fixture_reading(2 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	const struct account *account;
	struct snapshot *snapshot;

	(void)state;
	before.final = now.final = false;
	fixture_record(&before, &key, 100, 0, 10);
	before.accounts[FILES_READ].counts[LAT_ENTERED] = 14;
	before.accounts[FILES_READ].counts[LAT_NESTED] = 1;
	fixture_record(&now, &key, 100, 0, 30);
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 36;
	now.accounts[FILES_READ].counts[LAT_NESTED] = 1;
	/* Counted while everything moved, so not to be relied upon. */
	before.in_flight[FILES_READ] = now.in_flight[FILES_READ] = 99;
	input.before = &before;
	snapshot = snapshot_make(&input);
	account = &snapshot->accounts[FILES_READ];
	assert_int_equal(account->in_flight_before, 3);
	assert_int_equal(account->counts[LAT_ENTERED], 22);
	assert_int_equal(account->counts[LAT_NESTED], 0);
	assert_int_equal(account->recorded, 20);
	assert_int_equal(account->in_flight, 5);
	assert_int_equal(account->unaccounted, 0);
	assert_int_equal(snapshot->total.in_flight_before, 3);
	assert_int_equal(snapshot->total.in_flight, 5);
	snapshot_free(snapshot);

	now.final = true;
	now.in_flight[FILES_READ] = 4;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->accounts[FILES_READ].in_flight, 4);
	assert_int_equal(snapshot->accounts[FILES_READ].unaccounted, 1);
	snapshot_free(snapshot);
	reading_free(&before);
	reading_free(&now);
}

/* S1-15: what was lost is in the account of both phases, which add up. */
static void test_derived_operations(void **state)
{
	struct lat_key device = fixture_key(DISKS_READ, LAT_RET_OK), queue = fixture_key(DISKS_READ_QUEUE, LAT_RET_OK);
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	const struct account *account;
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &device, 100, 0, 10);
	fixture_record(&now, &queue, 100, 0, 11);
	now.accounts[DISKS_READ].counts[LAT_ENTERED] = 26;
	now.accounts[DISKS_READ].counts[LAT_OTHER_KEY] = 7;
	now.accounts[DISKS_READ].counts[LAT_MERGED] = 3;
	now.accounts[DISKS_READ].counts[LAT_REJECTED] = 2;
	now.accounts[DISKS_READ].counts[LAT_LOST_CLOCK] = 4;
	now.accounts[DISKS_READ_QUEUE].counts[LAT_LOST_CLOCK] = 5;
	now.accounts[DISKS_READ_QUEUE].counts[LAT_OTHER_KEY] = 7;
	snapshot = snapshot_make(&input);
	account = &snapshot->accounts[DISKS_READ_QUEUE];
	assert_string_equal(account->phase, "queue");
	/* To be recorded at the device: 10 and 7 of other keys, 2 and 4. Of those, 11 and 7 were recorded in the queue, too. */
	assert_int_equal(account->counts[LAT_ENTERED], 23);
	assert_int_equal(account->recorded, 18);
	assert_int_equal(account->unaccounted, 0);
	assert_int_equal(snapshot->total.counts[LAT_ENTERED], 26);
	assert_int_equal(snapshot->total.recorded, 17);
	assert_int_equal(snapshot->total.counts[LAT_OTHER_KEY], 7);
	assert_int_equal(snapshot->total.counts[LAT_LOST_CLOCK], 4);
	assert_int_equal(snapshot->total.unaccounted, 0);
	snapshot_free(snapshot);

	fixture_series(&now, &queue)->counts[lat_slot(100)]--;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->accounts[DISKS_READ_QUEUE].unaccounted, 1);
	snapshot_free(snapshot);

	/* While the counters move, the two phases may differ. */
	now.final = false;
	snapshot = snapshot_make(&input);
	assert_int_equal(snapshot->accounts[DISKS_READ_QUEUE].unaccounted, 0);
	snapshot_free(snapshot);
	reading_free(&now);
}

static void test_series_other(void **state)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), other = { .words = { ~0ULL } };
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	(void)state;
	fixture_record(&now, &read, 100, 0, 3);
	fixture_record(&now, &other, 5000, 0, 6);
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 3 + 4;
	now.accounts[FILES_READ].counts[LAT_OTHER_KEY] = 4;
	now.accounts[FILES_WRITE].counts[LAT_ENTERED] = now.accounts[FILES_WRITE].counts[LAT_OTHER_KEY] = 2;
	snapshot = fixture_snapshot(NULL, &now, 0);
	assert_int_equal(snapshot->accounts[FILES_READ].recorded, 7);
	assert_int_equal(snapshot->accounts[FILES_WRITE].recorded, 2);
	assert_int_equal(snapshot->total.recorded, 9);
	assert_int_equal(snapshot->total.unaccounted, 0);
	snapshot_free(snapshot);
	reading_free(&now);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_complete), cmocka_unit_test(test_whole_run),
		cmocka_unit_test(test_interval), cmocka_unit_test(test_derived_operations),
		cmocka_unit_test(test_series_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
