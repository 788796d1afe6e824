/* SPDX-License-Identifier: MIT */
/* Paths from the names that the kernel side remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/file_path.h"

static struct lat_path make(const char *text, size_t n_bytes, enum lat_path_end end, enum lat_ftype type)
{
	struct lat_path path = { .n_bytes = (__u32)n_bytes, .end = (__u8)end, .type = (__u8)type };

	memcpy(path.text, text, n_bytes < sizeof(path.text) ? n_bytes : sizeof(path.text));
	return path;
}

static void assert_path(struct lat_path path, const char *expected)
{
	char *text = file_path_text(&path, 77);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_paths(void **state)
{
	static const char names[] = "file\0log\0var";
	struct lat_path path = make(names, sizeof(names), LAT_PATH_ROOT, LAT_FTYPE_REGULAR);

	(void)state;
	assert_path(path, "/var/log/file");
	path.is_deleted = 1;
	assert_path(path, "/var/log/file (deleted)");
	assert_path(make(names, sizeof(names), LAT_PATH_CUT, LAT_FTYPE_REGULAR), ".../var/log/file");
	assert_path(make("", 0, LAT_PATH_ROOT, LAT_FTYPE_DIRECTORY), "/");
	assert_path(make("a", 2, LAT_PATH_ROOT, LAT_FTYPE_REGULAR), "/a");
}

static void test_what_has_no_path(void **state)
{
	(void)state;
	assert_path(make("", 1, LAT_PATH_PSEUDO, LAT_FTYPE_PIPE), "pipe:[77]");
	assert_path(make("TCP", 4, LAT_PATH_PSEUDO, LAT_FTYPE_SOCKET), "socket:[77]");
	assert_path(make("[eventfd]", 10, LAT_PATH_PSEUDO, LAT_FTYPE_ANON), "anon_inode:[eventfd]");
	assert_path(make("memfd:x", 8, LAT_PATH_PSEUDO, LAT_FTYPE_REGULAR), "memfd:x");
}

/* Whatever a rename under way made of it. */
static void test_damaged(void **state)
{
	char full[LAT_PATH_BYTES];

	(void)state;
	memset(full, 'x', sizeof(full));
	assert_path(make(full, sizeof(full), LAT_PATH_ROOT, LAT_FTYPE_REGULAR), "/");
	assert_path(make(full, SIZE_MAX, LAT_PATH_CUT, LAT_FTYPE_REGULAR), "?");
	assert_path(make("\0\0", 2, LAT_PATH_ROOT, LAT_FTYPE_REGULAR), "//");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_what_has_no_path),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
