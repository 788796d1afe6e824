/* SPDX-License-Identifier: MIT */
/* Numbers as people read them, and durations as people type them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"

struct number_case {
	double number;
	const char *text;
};

static void check(char *(*format)(char *, double), const struct number_case *cases, size_t n_cases)
{
	char buffer[UNITS_LEN];
	size_t i;

	for (i = 0; i < n_cases; i++) {
		assert_ptr_equal(format(buffer, cases[i].number), buffer);
		assert_string_equal(buffer, cases[i].text);
	}
}
#define CHECK(format, cases) check(format, cases, sizeof(cases) / sizeof((cases)[0]))

/* S0-10: in the unit that leaves three digits. */
static void test_duration(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0ns" }, { 0.25, "0.25ns" }, { 1, "1ns" }, { 1.5, "1.50ns" }, { 999, "999ns" }, { 999.4, "999ns" },
		{ 999.6, "1.00us" }, { 1000, "1.00us" }, { 9994, "9.99us" }, { 9996, "10.0us" }, { 99940, "99.9us" },
		{ 99960, "100us" }, { 999400, "999us" }, { 999600, "1.00ms" }, { 12345678, "12.3ms" },
		{ 999.6e6, "1.00s" }, { 60e9, "60.0s" }, { 3600e9, "3600s" }, { 9007199254740993.0, "9007199s" },
	};

	(void)state;
	CHECK(units_duration, cases);
}

static void test_bytes(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0B" }, { 512, "512B" }, { 1023, "1023B" }, { 1024, "1.00KiB" }, { 1536, "1.50KiB" },
		{ 1023.7 * 1024, "1.00MiB" }, { 12.3 * 1048576, "12.3MiB" }, { 0x1p63, "8.00EiB" },
	};

	(void)state;
	CHECK(units_bytes, cases);
}

static void test_rate(void **state)
{
	static const struct number_case cases[] = {
		{ 0, "0" }, { 1.0 / 60, "0.0167" }, { 0.5, "0.5" }, { 0.9999, "1.00" }, { 7, "7" }, { 950, "950" },
		{ 950.4, "950" }, { 999.7, "1.00k" }, { 12345, "12.3k" }, { 1.5e6, "1.50M" }, { 2e9, "2.00G" },
	};

	(void)state;
	CHECK(units_rate, cases);
}

static void test_count(void **state)
{
	char buffer[UNITS_LEN];

	(void)state;
	assert_string_equal(units_count(buffer, 0), "0");
	assert_string_equal(units_count(buffer, 999), "999");
	assert_string_equal(units_count(buffer, 1000), "1,000");
	assert_string_equal(units_count(buffer, 123456), "123,456");
	assert_string_equal(units_count(buffer, 1234567), "1,234,567");
	assert_string_equal(units_count(buffer, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void test_iso8601(void **state)
{
	char buffer[UNITS_TIME_LEN];

	(void)state;
	assert_string_equal(units_iso8601(buffer, 0), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(units_iso8601(buffer, 1769903999000001999), "2026-01-31T23:59:59.000001Z");
	assert_string_equal(units_iso8601(buffer, 1709164800999999999), "2024-02-29T00:00:00.999999Z");
}

static void test_parse_duration(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "0", 0 }, { "5", 5000000000 }, { "0.5", 500000000 }, { ".5s", 500000000 }, { "5.", 5000000000 },
		{ "500ms", 500000000 }, { "1us", 1000 }, { "1ns", 1 }, { "2.5us", 2500 }, { "5m", 300000000000 },
		{ "1h", 3600000000000 }, { "0.1", 100000000 }, { "1e3ms", 1000000000 }, { "9223372036", 9223372036000000000 },
	};
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(units_parse_duration(cases[i].text, &ns), 0);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void test_parse_bad_duration(void **state)
{
	static const char *const no_numbers[] = {
		"", " ", " 5", "5 ", "+5", "--5", "-", ".", "s", "ms", "5x", "5 s", "5ss", "5MS", "1.2.3", "0x10", "inf", "nan",
		"infinity", "5s5", "-abc", "-.", "1e", "5,5", "-0x1",
	};
	static const char *const out_of_range[] = { "-1", "-0.5ms", "9223372037", "1e30", "3000000h", "1e999" };
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++)
		if (units_parse_duration(no_numbers[i], &ns) != -EINVAL)
			fail_msg("'%s' was taken for a duration", no_numbers[i]);
	for (i = 0; i < sizeof(out_of_range) / sizeof(out_of_range[0]); i++)
		if (units_parse_duration(out_of_range[i], &ns) != -ERANGE)
			fail_msg("'%s' was taken for one in range", out_of_range[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration), cmocka_unit_test(test_bytes), cmocka_unit_test(test_rate),
		cmocka_unit_test(test_count), cmocka_unit_test(test_iso8601), cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_parse_bad_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
