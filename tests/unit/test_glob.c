/* SPDX-License-Identifier: MIT */
/* Patterns of paths match what fnmatch(3) says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/glob.h"

static bool matches_from(const struct lat_glob *glob, struct lat_glob_state state, const char *text)
{
	for (; *text; text++)
		state = lat_glob_step(glob, state, (__u8)*text);
	return lat_glob_is_match(glob, state);
}

static bool matches(const char *pattern, const char *text)
{
	struct lat_glob glob;

	assert_true(glob_compile(&glob, pattern));
	return matches_from(&glob, lat_glob_begin(&glob), text);
}

static void assert_same(const char *pattern, const char *text)
{
	bool expected = !fnmatch(pattern, text, 0);

	if (matches(pattern, text) != expected)
		fail_msg("%s and %s: expected %s", pattern, text, expected ? "a match" : "none");
}

static void test_paths(void **state)
{
	static const char *const patterns[] = {
		"/var/log/*", "/var/log/*.log", "*.log", "*", "/", "/*/lib/**/x?", "/[a-v]ar/*", "/[!v]ar/*", "/var/[[:alpha:]]og/*",
		"/var/log/[]x]", "/var/[log", "/a\\*b", "\\", "/x/?", "*[.]log", "/v[^b]r/l*g/*a*", "[", "[]", "a[]", "[[:alpha:]",
		"/caf\303?", "/[\200-\377]*", "/a\nb*", "[!]]*",
	};
	static const char *const paths[] = {
		"/var/log/syslog", "/var/log/app/a.log", "/", "/var/log/", "/var/lib/a/b/xy", "/car/x", "/var/log/]", "/var/log/x",
		"/var/[log", "/a*b", "/acb", "\\", "/x/\n", "", "/var", "log", ".log", "/caf\303\251", "/\377\376", "/a\nb/c", "[", "[]",
		"a[]", "a", "]",
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (j = 0; j < sizeof(paths) / sizeof(paths[0]); j++)
			assert_same(patterns[i], paths[j]);
}

/* Of few letters, so that many match. */
static void fill(char *text, size_t max, const char *letters)
{
	size_t n = (size_t)rand() % max, i;

	for (i = 0; i < n; i++)
		text[i] = letters[(size_t)rand() % strlen(letters)];
	text[n] = '\0';
}

static void test_random(void **state)
{
	char pattern[16], text[24];
	int i;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		fill(pattern, sizeof(pattern), "ab/*?*[]!-\\");
		fill(text, sizeof(text), "aab/b");
		if (*pattern)
			assert_same(pattern, text);
	}
}

/* Positions in both words of a state. */
static void test_long(void **state)
{
	char pattern[2 * LAT_GLOB_MAX_PARTS + 2], text[512];
	struct lat_glob glob;
	size_t n;

	(void)state;
	for (n = 60; n <= LAT_GLOB_MAX_PARTS; n++) {
		memset(pattern, 'a', n);
		pattern[n] = '\0';
		memset(text, 'a', sizeof(text));
		text[n] = '\0';
		assert_true(matches(pattern, text));
		text[n - 1] = 'b';
		assert_false(matches(pattern, text));
		pattern[n - 1] = '*';
		strcpy(text + n, "and more");
		assert_true(matches(pattern, text));
	}
	memset(pattern, 'a', LAT_GLOB_MAX_PARTS + 1);
	pattern[LAT_GLOB_MAX_PARTS + 1] = '\0';
	assert_false(glob_compile(&glob, pattern));
	memset(pattern, '*', LAT_GLOB_MAX_PARTS + 1);
	assert_true(glob_compile(&glob, pattern));
	assert_false(glob_compile(&glob, ""));
}

static void test_beginning_is_missing(void **state)
{
	struct lat_glob glob;

	(void)state;
	assert_true(glob_compile(&glob, "*/b.log"));
	assert_true(matches_from(&glob, lat_glob_begin_inside(&glob), "/a/b.log"));
	assert_false(matches_from(&glob, lat_glob_begin_inside(&glob), "/a/c.log"));
	assert_true(glob_compile(&glob, "/a/b.log"));
	assert_false(matches_from(&glob, lat_glob_begin_inside(&glob), "/a/b.log"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_beginning_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
