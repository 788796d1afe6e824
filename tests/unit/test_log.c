/* SPDX-License-Identifier: MIT */
/* Messages on stderr. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; here it is the function of log.h */

#include "base/log.h"

#define LONG_LEN 100000

/* What was written to stderr between the two calls. */
static FILE *capture;
static int real_stderr;

static void begin_capture(void)
{
	capture = tmpfile();
	assert_non_null(capture);
	real_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
}

static const char *end_capture(void)
{
	static char text[LONG_LEN + 100];
	size_t n_bytes;

	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	rewind(capture);
	n_bytes = fread(text, 1, sizeof(text) - 1, capture);
	text[n_bytes] = '\0';
	fclose(capture);
	return text;
}

static void test_fail_says_why(void **state)
{
	int status, without;

	(void)state;
	begin_capture();
	status = fail(-ENOENT, "cgroup %s", "/a/b");
	without = fail(0, "plain");
	assert_string_equal(end_capture(), "latencyprobe: cgroup /a/b: No such file or directory\nlatencyprobe: plain\n");
	assert_int_equal(status, -ENOENT);
	assert_int_equal(without, 0);
}

/* S2-6: what is said at each. */
static void test_levels(void **state)
{
	static const struct {
		enum log_level level;
		const char *expected;
	} cases[] = {
		{ LOG_QUIET, "latencyprobe: f\nlatencyprobe: w\n" },
		{ LOG_NORMAL, "latencyprobe: f\nlatencyprobe: w\nlatencyprobe: n\n" },
		{ LOG_VERBOSE, "latencyprobe: f\nlatencyprobe: w\nlatencyprobe: n\nlatencyprobe: d\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_set_level(cases[i].level);
		begin_capture();
		fail(0, "f");
		warn("w");
		note("n");
		debug("d");
		assert_string_equal(end_capture(), cases[i].expected);
		assert_int_equal(log_is_verbose(), cases[i].level == LOG_VERBOSE);
	}
	log_set_level(LOG_NORMAL);
}

static void test_hostile_message_is_one_line(void **state)
{
	(void)state;
	begin_capture();
	warn("comm %s", "a\nb\033[2J\xff%s%n");
	assert_string_equal(end_capture(), "latencyprobe: comm a\\x0ab\\x1b[2J\\xff%s%n\n");
}

static void test_long_message_is_whole(void **state)
{
	static char text[LONG_LEN + 1];
	const char *line;

	(void)state;
	memset(text, 'x', LONG_LEN);
	begin_capture();
	warn("%s", text);
	line = end_capture();
	assert_int_equal(strlen(line), LONG_LEN + strlen("latencyprobe: \n"));
	assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_says_why), cmocka_unit_test(test_levels),
		cmocka_unit_test(test_hostile_message_is_one_line), cmocka_unit_test(test_long_message_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
