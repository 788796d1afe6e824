/* SPDX-License-Identifier: MIT */
/* Words are cut apart at commas, however many they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/word_list.h"

static void require_split(char *const *joined, size_t n, const char *const *expected, size_t n_expected)
{
	struct word_list words;
	size_t i;

	assert_int_equal(word_list_split(&words, joined, n), 0);
	assert_int_equal(words.n, n_expected);
	for (i = 0; i < n_expected; i++)
		assert_string_equal(words.items[i], expected[i]);
	assert_true(!words.n || !words.items[words.n]);
	word_list_free(&words);
	assert_null(words.items);
}

static void test_split(void **state)
{
	char *joined[] = { "vfs_read,vfs_write", "", "a,,b,", "ext4:*" };
	const char *const expected[] = { "vfs_read", "vfs_write", "", "a", "", "b", "", "ext4:*" };

	(void)state;
	require_split(joined, 4, expected, 8);
	require_split(joined, 0, NULL, 0);
	require_split(joined + 3, 1, expected + 7, 1);
}

static void test_many(void **state)
{
	enum { N = 5000 };
	char *text = malloc(8 * N), *end = text;
	struct word_list words;
	char expected[16];
	size_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < N; i++)
		end += sprintf(end, "%sf%zu", i ? "," : "", i);
	assert_int_equal(word_list_split(&words, &text, 1), 0);
	assert_int_equal(words.n, N);
	for (i = 0; i < N; i++) {
		snprintf(expected, sizeof(expected), "f%zu", i);
		assert_string_equal(words.items[i], expected);
	}
	word_list_free(&words);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_split), cmocka_unit_test(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
