/* SPDX-License-Identifier: MIT */
/* Files in tests/golden that hold what an output has to be. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GOLDEN_FOLDER "tests/golden/"
#define MAX_GOLDEN (1 << 20)

static char *read_file(const char *path)
{
	FILE *stream = fopen(path, "r");
	char *text = calloc(1, MAX_GOLDEN);

	assert_non_null(text);
	if (stream) {
		assert_true(fread(text, 1, MAX_GOLDEN - 1, stream) < MAX_GOLDEN - 1);
		fclose(stream);
	}
	return text;
}

static void update(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
	print_error("%s was rewritten\n", path);
}

static void print_first_difference(const char *path, const char *golden, const char *text)
{
	size_t line = 1, start = 0, i;

	for (i = 0; golden[i] && golden[i] == text[i]; i++)
		if (golden[i] == '\n') {
			line++;
			start = i + 1;
		}
	print_error("%s:%zu\n  golden: %.*s\n  now:    %.*s\n(UPDATE_GOLDEN=1 takes over what is now)\n", path, line,
		    (int)strcspn(golden + start, "\n"), golden + start, (int)strcspn(text + start, "\n"), text + start);
}

bool is_golden(const char *name, const char *suffix, const char *text)
{
	char path[256], *golden;
	bool is_same;

	snprintf(path, sizeof(path), GOLDEN_FOLDER "%s%s", name, suffix);
	golden = read_file(path);
	is_same = !strcmp(golden, text);
	if (!is_same && getenv("UPDATE_GOLDEN"))
		update(path, text);
	else if (!is_same)
		print_first_difference(path, golden, text);
	free(golden);
	return is_same;
}
