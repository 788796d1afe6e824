/* SPDX-License-Identifier: MIT */
/* Which call stacks are kept, and that no time is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/stack_sums.h"

static void free_copy(struct stack *copy, size_t n)
{
	while (n)
		free(copy[--n].folded);
	free(copy);
}

static void test_none(void **state)
{
	struct stacks stacks = { 0 };
	size_t n = 1;
	struct stack *copy = stacks_copy(&stacks, &n);

	(void)state;
	assert_non_null(copy);
	assert_int_equal(n, 0);
	free_copy(copy, n);
	stacks_free(&stacks);
}

static void test_sums(void **state)
{
	struct stacks stacks = { 0 };
	struct stack *copy;
	size_t n;

	(void)state;
	assert_true(stacks_add(&stacks, "a;b", 10) && stacks_add(&stacks, "a;c", 25) && stacks_add(&stacks, "a;b", 20));
	copy = stacks_copy(&stacks, &n);
	assert_int_equal(n, 2);
	assert_string_equal(copy[0].folded, "a;b");
	assert_int_equal(copy[0].count, 2);
	assert_int_equal(copy[0].sum_ns, 30);
	assert_string_equal(copy[1].folded, "a;c");
	free_copy(copy, n);
	stacks_free(&stacks);
}

/* Far more than are kept: those with the most time stay, and the sums of all are those of what was added. */
static void test_many(void **state)
{
	const unsigned int n_added = 20000;
	struct stacks stacks = { 0 };
	uint64_t count = 0, sum_ns = 0;
	struct stack *copy;
	char folded[32];
	unsigned int i;
	size_t n, at;

	(void)state;
	for (i = 1; i <= n_added; i++) {
		snprintf(folded, sizeof(folded), "main;f%u", i);
		assert_true(stacks_add(&stacks, folded, i));
	}
	copy = stacks_copy(&stacks, &n);
	assert_int_equal(n, STACKS_KEPT + 1);
	assert_string_equal(copy[0].folded, "main;f20000");
	assert_string_equal(copy[STACKS_KEPT - 1].folded, "main;f19001");
	assert_string_equal(copy[STACKS_KEPT].folded, STACK_OTHER);
	for (at = 0; at < n; at++) {
		count += copy[at].count;
		sum_ns += copy[at].sum_ns;
	}
	assert_int_equal(count, n_added);
	assert_int_equal(sum_ns, (uint64_t)n_added * (n_added + 1) / 2);
	free_copy(copy, n);
	stacks_free(&stacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none), cmocka_unit_test(test_sums), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
