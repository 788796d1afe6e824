/* SPDX-License-Identifier: MIT */
/* What is compared with what, verdicts and limits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compare/comparison.h"
#include "fixtures.h"

#define SECOND 1000000000ULL
#define P50 0
#define P99 4

static const struct limit no_limits[N_FIGURES];

static struct snapshot *finish(struct reading *reading, const struct target *target)
{
	struct snapshot_input input = fixture_input(target, reading);
	struct snapshot *snapshot = snapshot_make(&input);

	assert_non_null(snapshot);
	reading_free(reading);
	return snapshot;
}

/* N samples that take NS and N_ABOVE that take twice as long, with N_ERRORS of them failed. */
static struct snapshot *two_steps(uint64_t ns, uint64_t n, uint64_t n_above, uint64_t n_errors)
{
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), error = fixture_key(FILES_READ, LAT_RET_ERROR);
	struct reading reading = fixture_reading(10 * SECOND);

	if (n)
		fixture_record(&reading, &read, ns, 1, n);
	if (n_above)
		fixture_record(&reading, &read, 2 * ns, 1, n_above);
	if (n_errors)
		fixture_record(&reading, &error, 500, 0, n_errors);
	return finish(&reading, &fixture_files);
}

/* The comparison of two steps; freed by the next one. */
static const struct comparison *compare_steps(struct snapshot *base, struct snapshot *current,
					      const struct limit *limits)
{
	static struct snapshot *snapshots[2];
	static struct comparison *comparison;

	comparison_free(comparison);
	snapshot_free(snapshots[0]);
	snapshot_free(snapshots[1]);
	snapshots[0] = base;
	snapshots[1] = current;
	comparison = !base ? NULL : comparison_make(&(struct recorded_run){ .whole = base },
						    &(struct recorded_run){ .whole = current }, limits);
	return comparison;
}

static void test_verdicts(void **state)
{
	const struct comparison *comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1300, 2000, 0, 0),
							    no_limits);
	const struct figure *figures = comparison->operations[0].figures;

	(void)state;
	assert_int_equal(figures[P50].verdict, VERDICT_WORSE);
	assert_true(figures[P50].base == 1000 && figures[P50].current == 1300 && figures[P50].change == 30);
	assert_int_equal(figures[P99].verdict, VERDICT_WORSE);
	/* Two samples lie above p99.9 of 2,000. */
	assert_int_equal(figures[5].verdict, VERDICT_FEW);
	assert_int_equal(figures[FIGURE_MEAN].verdict, VERDICT_WORSE);
	assert_int_equal(figures[FIGURE_RATE].verdict, VERDICT_UNKNOWN);
	assert_true(figures[FIGURE_RATE].base == 200);
	assert_int_equal(figures[FIGURE_ERROR].verdict, VERDICT_NOISE);
	assert_int_equal(comparison->n_tests, 6);
	assert_int_equal(comparison->n_differ, 6);

	comparison = compare_steps(two_steps(1300, 2000, 0, 0), two_steps(1000, 2000, 0, 0), no_limits);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_BETTER);
	/* 1000 and 1020 are of one slot, from 992 to 1023. */
	comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1020, 2000, 0, 0), no_limits);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_NOISE);
	assert_true(comparison->operations[0].figures[P50].base_low_ns == 992);
	assert_true(comparison->operations[0].figures[P50].current_high_ns == 1023);
	/* In the overflow slot nothing is known to be longer. */
	comparison = compare_steps(two_steps(70 * SECOND, 2000, 0, 0), two_steps(700 * SECOND, 2000, 0, 0), no_limits);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_NOISE);
	compare_steps(NULL, NULL, NULL);
}

static void test_errors(void **state)
{
	const struct limit limits[N_FIGURES] = { [FIGURE_ERROR] = { .is_set = true, .value = 1 } };
	const struct comparison *comparison;
	const struct figure *error;

	(void)state;
	comparison = compare_steps(two_steps(1000, 9990, 0, 10), two_steps(1000, 9800, 0, 200), limits);
	error = &comparison->operations[0].figures[FIGURE_ERROR];
	assert_true(fabs(error->base - 0.1) < 1e-9 && fabs(error->current - 2) < 1e-9);
	assert_true(fabs(error->change - 1.9) < 1e-9);
	assert_int_equal(error->verdict, VERDICT_WORSE);
	assert_true(error->is_beyond);
	/* One percentage point is the limit, not beyond it. */
	comparison = compare_steps(two_steps(1000, 10000, 0, 0), two_steps(1000, 9900, 0, 100), limits);
	assert_false(comparison->operations[0].figures[FIGURE_ERROR].is_beyond);
	/* Five of ten may be chance. */
	comparison = compare_steps(two_steps(1000, 10, 0, 0), two_steps(1000, 7, 0, 3), limits);
	assert_int_equal(comparison->operations[0].figures[FIGURE_ERROR].verdict, VERDICT_NOISE);
	assert_int_equal(comparison->n_beyond, 0);
	/* None ended ok any more: nothing to say of latencies, but of errors. */
	comparison = compare_steps(two_steps(1000, 1000, 0, 0), two_steps(1000, 0, 0, 1000), limits);
	assert_int_equal(comparison->n_both, 1);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_FEW);
	assert_true(comparison->operations[0].figures[FIGURE_ERROR].is_beyond);
	compare_steps(NULL, NULL, NULL);
}

static void test_limits(void **state)
{
	struct limit limits[N_FIGURES] = { [P50] = { .is_set = true, .value = 20 } };
	const struct comparison *comparison;

	(void)state;
	comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1300, 2000, 0, 0), limits);
	assert_true(comparison->operations[0].figures[P50].is_beyond);
	assert_false(comparison->operations[0].figures[P99].is_beyond);
	assert_int_equal(comparison->n_beyond, 1);
	assert_int_equal(comparison->n_limited, 1);
	assert_true(comparison->n_checks == 1 && comparison->n_tests == 6);
	/* Worse, but within the limit; faster; beyond it, but no more than noise; too few. */
	comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1100, 2000, 0, 0), limits);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_WORSE);
	assert_int_equal(comparison->n_beyond, 0);
	limits[P50].value = 0;
	comparison = compare_steps(two_steps(1300, 2000, 0, 0), two_steps(1000, 2000, 0, 0), limits);
	assert_int_equal(comparison->n_beyond, 0);
	comparison = compare_steps(two_steps(1000, 1010, 990, 0), two_steps(1000, 990, 1010, 0), limits);
	assert_true(comparison->operations[0].figures[P50].change > 90);
	assert_int_equal(comparison->operations[0].figures[P50].verdict, VERDICT_NOISE);
	assert_int_equal(comparison->n_beyond, 0);
	comparison = compare_steps(two_steps(1000, 15, 0, 0), two_steps(9000, 15, 0, 0), limits);
	assert_int_equal(comparison->n_limited, 0);
	assert_int_equal(comparison->n_few, 1);
	/* A rate may only fall by so much. */
	limits[FIGURE_RATE] = (struct limit){ .is_set = true, .value = 10 };
	comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1000, 1700, 0, 0), limits);
	assert_true(comparison->operations[0].figures[FIGURE_RATE].is_beyond);
	comparison = compare_steps(two_steps(1000, 2000, 0, 0), two_steps(1000, 4000, 0, 0), limits);
	assert_int_equal(comparison->n_beyond, 0);
	compare_steps(NULL, NULL, NULL);
}

/* N reads of each kind of file, that take NS. */
static struct snapshot *two_kinds(uint64_t ns, uint64_t n)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), pipe = fixture_special(FILES_READ, LAT_RET_OK);
	struct reading reading = fixture_reading(10 * SECOND);

	fixture_record(&reading, &read, 1000, 1, n);
	fixture_record(&reading, &pipe, ns, 1, n);
	return finish(&reading, &fixture_files);
}

/* Pipes and the like are compared, but have no limit. */
static void test_special(void **state)
{
	const struct limit limits[N_FIGURES] = { [P50] = { .is_set = true, .value = 20 } };
	const struct comparison *comparison = compare_steps(two_kinds(1000, 2000), two_kinds(5000, 2000), limits);

	(void)state;
	assert_int_equal(comparison->n_both, 2);
	assert_int_equal(comparison->operations[1].figures[P50].verdict, VERDICT_WORSE);
	assert_false(comparison->operations[1].figures[P50].is_beyond);
	assert_int_equal(comparison->n_limited, 1);
	assert_int_equal(comparison->n_checks, 1);
	assert_int_equal(comparison->n_beyond, 0);
	compare_steps(NULL, NULL, NULL);
}

/* By labels, whatever their place; what is in one only comes last. */
static void test_matching(void **state)
{
	static const unsigned int base_ops[] = { FILES_READ, FILES_WRITE }, current_ops[] = { FILES_FSYNC, FILES_READ };
	struct reading base = fixture_reading(SECOND), current = fixture_reading(SECOND);
	const struct comparison *comparison;
	struct lat_key key;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		key = fixture_key(base_ops[i], LAT_RET_OK);
		fixture_record(&base, &key, 1000, 1, 100 + i);
		key = fixture_key(current_ops[i], i ? LAT_RET_OK : LAT_RET_EOF);
		fixture_record(&current, &key, 1000, 1, 200 + i);
	}
	key = (struct lat_key){ .words = { ~0ULL } };
	fixture_record(&current, &key, 1000, 1, 7);
	current.accounts[FILES_READ].counts[LAT_OTHER_KEY] = 7;
	comparison = compare_steps(finish(&base, &fixture_files), finish(&current, &fixture_files), no_limits);
	assert_int_equal(comparison->n_operations, 3);
	assert_int_equal(comparison->n_both, 1);
	assert_string_equal(comparison->operations[0].labels[0].value, "read");
	assert_int_equal(comparison->operations[0].base.n_all, 100);
	assert_int_equal(comparison->operations[0].current.n_all, 201);
	assert_string_equal(comparison->operations[1].labels[0].value, "write");
	assert_int_equal(comparison->operations[1].current.n_all, 0);
	assert_string_equal(comparison->operations[2].labels[0].value, "fsync");
	assert_null(comparison->operations[2].current.ok);
	assert_true(comparison->has_other);
	compare_steps(NULL, NULL, NULL);
}

/* A fixture with itself: everything has its match, and nothing differs. */
static void test_same(void **state)
{
	const struct comparison *comparison;
	size_t i, j, k;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		comparison = compare_steps(fixtures[i].make(), fixtures[i].make(), no_limits);
		assert_int_equal(comparison->n_both, comparison->n_operations);
		assert_int_equal(comparison->n_differ, 0);
		for (j = 0; j < comparison->n_both; j++)
			for (k = 0; k < N_FIGURES; k++)
				assert_true(comparison->operations[j].figures[k].change == 0);
	}
	compare_steps(NULL, NULL, NULL);
}

static void test_possible(void **state)
{
	static const struct probe_info fentry = { .op = "read", .function = "vfs_read", .attach = "fentry" };
	static const struct probe_info kprobe = { .op = "read", .function = "vfs_read", .attach = "kprobe" };
	static const struct probe_info write = { .op = "write", .function = "vfs_write", .attach = "kprobe" };
	const struct run_info run = { .target = "vfs", .by = "", .probes = &fentry, .n_probes = 1, .max_ns = SECOND };
	struct snapshot base = { .run = &run }, current;
	struct run_info other = run;
	char reason[REASON_LEN];

	(void)state;
	base.total.counts[LAT_ENTERED] = 10000;
	current = base;
	current.run = &other;
	assert_true(comparison_is_possible(&base, &current, reason));
	other.probes = &write;
	assert_true(comparison_is_possible(&base, &current, reason));
	other.probes = &kprobe;
	assert_false(comparison_is_possible(&base, &current, reason));
	assert_string_equal(reason, "read was measured by fentry in one, by kprobe in the other (--attach)");
	other = run;
	other.target = "tcp";
	assert_false(comparison_is_possible(&base, &current, reason));
	assert_string_equal(reason, "one is of vfs, the other of tcp");
	other = run;
	other.by = "comm";
	assert_false(comparison_is_possible(&base, &current, reason));
	other = run;
	other.max_ns = 2 * SECOND;
	assert_false(comparison_is_possible(&base, &current, reason));
	other = run;
	current.total.counts[LAT_SAMPLED_OUT] = 9000;
	assert_false(comparison_is_possible(&base, &current, reason));
	assert_string_equal(reason, "1 of 1 was sampled in one, 1 of 10 in the other");
	base.total.counts[LAT_SAMPLED_OUT] = 8900;
	assert_true(comparison_is_possible(&base, &current, reason));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts), cmocka_unit_test(test_errors), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_matching), cmocka_unit_test(test_special), cmocka_unit_test(test_same), cmocka_unit_test(test_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
