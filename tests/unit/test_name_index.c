/* SPDX-License-Identifier: MIT */
/* Names are found by hash, whatever they have in common, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/name_table.h"

#define N 5000

static void test_all_are_found(void **state)
{
	static char names[N][32];
	struct name_table index = { 0 };
	char other[32];
	uint32_t i;

	(void)state;
	assert_true(name_table_make(&index, N));
	for (i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "__x64_sys_call_%u_end", i);
		name_table_add(&index, names[i], i);
	}
	for (i = 0; i < N; i++) {
		assert_int_equal(name_table_find(&index, names[i])->number, i);
		snprintf(other, sizeof(other), "__x64_sys_call_%u_enD", i);
		assert_null(name_table_find(&index, other));
	}
	assert_null(name_table_find(&index, ""));
	name_table_free(&index);
	assert_null(index.items);
}

static void test_first_of_one_name(void **state)
{
	struct name_table index = { 0 };

	(void)state;
	assert_true(name_table_make(&index, 0));
	assert_null(name_table_find(&index, "read"));
	name_table_add(&index, "read", 1);
	name_table_add(&index, "read", 2);
	name_table_add(&index, "", 3);
	assert_int_equal(name_table_find(&index, "read")->number, 1);
	assert_int_equal(name_table_find(&index, "")->number, 3);
	name_table_free(&index);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_found), cmocka_unit_test(test_first_of_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
