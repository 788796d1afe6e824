/* SPDX-License-Identifier: MIT */
/* Filters by file and user as they are typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/filter_values.h"

static void test_ftypes(void **state)
{
	const __u32 pipe = 1U << LAT_FTYPE_PIPE, regular = 1U << LAT_FTYPE_REGULAR;
	struct lat_config config = { 0 };

	(void)state;
	assert_true(filter_values_parse_ftypes(&config, "regular,pipe"));
	assert_int_equal(config.ftypes, pipe | regular);
	assert_true(filter_values_parse_ftypes(&config, "!pipe"));
	assert_false(config.ftypes & pipe);
	assert_true(config.ftypes & regular && config.ftypes & 1U << LAT_FTYPE_NONE);
	assert_false(filter_values_parse_ftypes(&config, ""));
	assert_false(filter_values_parse_ftypes(&config, "!"));
	assert_false(filter_values_parse_ftypes(&config, "pipe,"));
	assert_false(filter_values_parse_ftypes(&config, "pip"));
	assert_false(filter_values_parse_ftypes(&config, "pipe,!socket"));
}

static void test_fs(void **state)
{
	struct lat_config config = { 0 };

	(void)state;
	assert_true(filter_values_parse_fs(&config, "ext4,xfs"));
	assert_true(config.has_fs && !(config.negated & 1U << LAT_NOT_FS));
	assert_string_equal(config.fs[0], "ext4");
	assert_string_equal(config.fs[1], "xfs");
	assert_true(filter_values_parse_fs(&config, "!tmpfs"));
	assert_true(config.negated & 1U << LAT_NOT_FS);
	assert_string_equal(config.fs[0], "tmpfs");
	assert_string_equal(config.fs[1], "");
	assert_false(filter_values_parse_fs(&config, ""));
	assert_false(filter_values_parse_fs(&config, "a,,b"));
	assert_false(filter_values_parse_fs(&config, "a,b,c,d,e"));
	assert_false(filter_values_parse_fs(&config, "sixteenbytesname"));
}

static void test_uid(void **state)
{
	struct lat_config config = { 0 };

	(void)state;
	assert_true(filter_values_parse_uid(&config, "0"));
	assert_true(config.filter_uid && config.uid == 0);
	assert_true(filter_values_parse_uid(&config, "!1000"));
	assert_true(config.negated & 1U << LAT_NOT_UID && config.uid == 1000);
	assert_true(filter_values_parse_uid(&config, "root"));
	assert_true(config.uid == 0 && !(config.negated & 1U << LAT_NOT_UID));
	assert_false(filter_values_parse_uid(&config, "4294967295"));
	assert_false(filter_values_parse_uid(&config, "-1"));
	assert_false(filter_values_parse_uid(&config, ""));
	assert_false(filter_values_parse_uid(&config, "no such user"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ftypes),
		cmocka_unit_test(test_fs),
		cmocka_unit_test(test_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
