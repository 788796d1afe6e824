/* SPDX-License-Identifier: MIT */
/* The slot scheme: every slot's bounds, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "latencyprobe/bucket.h"

/* The scheme as its comment says it, without any of its shifts. */
static uint32_t slot_by_search(uint64_t ns)
{
	uint64_t low = LAT_N_SUB, step = 1;
	uint32_t row_start = LAT_N_SUB;

	if (ns < LAT_N_SUB)
		return (uint32_t)ns;
	while (row_start < LAT_OVERFLOW_SLOT) {
		if (ns < 2 * low)
			return row_start + (uint32_t)((ns - low) / step);
		low *= 2;
		step *= 2;
		row_start += LAT_N_SUB;
	}
	return LAT_OVERFLOW_SLOT;
}

static void test_all_small_values(void **state)
{
	uint64_t ns;

	(void)state;
	for (ns = 0; ns < 1 << 20; ns++)
		if (lat_slot(ns) != slot_by_search(ns))
			fail_msg("%ju ns: slot %u instead of %u", (uintmax_t)ns, lat_slot(ns), slot_by_search(ns));
}

static void test_edges_of_powers(void **state)
{
	int power, offset;
	uint64_t ns;

	(void)state;
	for (power = 4; power < 64; power++)
		for (offset = -2; offset <= 2; offset++) {
			ns = (1ULL << power) + (uint64_t)offset;
			assert_int_equal(lat_slot(ns), slot_by_search(ns));
			assert_int_equal(lat_log2(ns), offset < 0 ? power - 1 : power);
		}
	assert_int_equal(lat_slot(UINT64_MAX), LAT_OVERFLOW_SLOT);
	assert_int_equal(lat_log2(0), 0);
}

static void test_all_slots_both_ways(void **state)
{
	uint32_t slot;
	uint64_t low, high;

	(void)state;
	for (slot = 0; slot < LAT_OVERFLOW_SLOT; slot++) {
		low = lat_slot_low(slot);
		high = lat_slot_low(slot + 1) - 1;
		assert_true(low <= high);
		assert_int_equal(lat_slot(low), slot);
		assert_int_equal(lat_slot(high), slot);
		assert_int_equal(lat_slot(high + 1), slot + 1);
		/* No wider than a sixteenth of its lower bound, which is what the error of percentiles rests on. */
		assert_true(high == low || (high - low + 1) * LAT_N_SUB <= low);
	}
	assert_int_equal(lat_slot_low(0), 0);
	assert_int_equal(lat_slot_low(LAT_OVERFLOW_SLOT), 1ULL << LAT_TOP_BITS);
	assert_int_equal(lat_slot((1ULL << LAT_TOP_BITS) - 1), LAT_OVERFLOW_SLOT - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_small_values),
		cmocka_unit_test(test_edges_of_powers),
		cmocka_unit_test(test_all_slots_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
