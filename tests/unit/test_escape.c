/* SPDX-License-Identifier: MIT */
/* Hostile text made harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/escape.h"

static void test_escape(void **state)
{
	static const struct {
		const char *text, *for_terminals, *only_invalid;
	} cases[] = {
		{ "", "", "" },
		{ "plain", "plain", "plain" },
		{ "a\\b", "a\\\\b", "a\\b" },
		{ "\x1b\x7f\t", "\\x1b\\x7f\\x09", "\x1b\x7f\t" },
		{ "\xc2\x9b" "2J", "\\xc2\\x9b2J", "\xc2\x9b" "2J" }, /* U+009B: CSI in one character */
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae", "\xe2\x80\xae" }, /* right-to-left override */
		{ "\x80", "\\x80", "\\x80" },
		{ "\xc3", "\\xc3", "\\xc3" },
		{ "\xe2\x82", "\\xe2\\x82", "\\xe2\\x82" },
		{ "\xf0\x9f\x98", "\\xf0\\x9f\\x98", "\\xf0\\x9f\\x98" },
		{ "\xc1\x9c", "\\xc1\\x9c", "\\xc1\\x9c" },                         /* overlong backslash */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf" },           /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },           /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
		{ "\xff" "a", "\\xffa", "\\xffa" },
		/* What looks like an invalid byte, and one behind a backslash, can be told from one. */
		{ "\\xff", "\\\\xff", "\\\\xff" },
		{ "\\\\xff", "\\\\\\\\xff", "\\\\\\\\xff" },
		{ "\\\xff", "\\\\\\xff", "\\\\\\xff" },
		{ "\\x2d", "\\\\x2d", "\\x2d" }, /* as systemd writes names of cgroups */
		{ "\\xf\\", "\\\\xf\\\\", "\\xf\\" },
	};
	char *text, *plain;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = escape_text(cases[i].text);
		assert_string_equal(text, cases[i].for_terminals);
		free(text);
		text = escape_invalid(cases[i].text);
		assert_string_equal(text, cases[i].only_invalid);
		plain = unescape_invalid(text);
		assert_string_equal(plain, cases[i].text);
		free(plain);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_escape) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
