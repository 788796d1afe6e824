/* SPDX-License-Identifier: MIT */
/* Output streams: all or nothing at the final place, and no error is forgotten. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/out.h"

static char folder[] = "/tmp/test_out.XXXXXX";
static char file[64], link_to_file[64];

static int enter_folder(void **state)
{
	(void)state;
	strcpy(strrchr(folder, '.'), ".XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(link_to_file, sizeof(link_to_file), "%s/link", folder);
	return 0;
}

/* Removes the folder, which must hold nothing else than FILE and LINK any more. */
static int leave_folder(void **state)
{
	(void)state;
	unlink(file);
	unlink(link_to_file);
	return rmdir(folder);
}

static size_t n_entries(void)
{
	DIR *directory = opendir(folder);
	size_t n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n - 2; /* without . and .. */
}

static void put(const char *path, const char *text)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char text[1024];
	FILE *stream = fopen(path, "r");
	size_t n_bytes;

	assert_non_null(stream);
	n_bytes = fread(text, 1, sizeof(text) - 1, stream);
	text[n_bytes] = '\0';
	fclose(stream);
	assert_string_equal(text, expected);
}

static void test_appears_whole(void **state)
{
	struct out *out = out_open(file);

	(void)state;
	assert_non_null(out);
	out_printf(out, "%d ", 42);
	out_puts(out, "is ");
	out_write(out, "it\n", 3);
	assert_int_equal(out_flush(out), 0);
	assert_int_not_equal(access(file, F_OK), 0);
	assert_int_equal(n_entries(), 1);
	assert_int_equal(out_close(out), 0);
	assert_content(file, "42 is it\n");
	assert_int_equal(n_entries(), 1);
}

static void test_replaces_and_keeps_rights(void **state)
{
	struct stat st;
	struct out *out;

	(void)state;
	put(file, "old");
	assert_int_equal(chmod(file, 0640), 0);
	out = out_open(file);
	out_puts(out, "new");
	assert_int_equal(out_flush(out), 0);
	assert_content(file, "old");
	assert_int_equal(out_close(out), 0);
	assert_content(file, "new");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_new_file_obeys_umask(void **state)
{
	mode_t mask = umask(0027);
	struct out *out = out_open(file);
	struct stat st;

	(void)state;
	assert_int_equal(umask(mask), 0027);
	assert_int_equal(out_close(out), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_abandoned_leaves_no_trace(void **state)
{
	struct out *out;

	(void)state;
	put(file, "old");
	out = out_open(file);
	out_puts(out, "new");
	out_abandon(out);
	assert_content(file, "old");
	assert_int_equal(n_entries(), 1);
}

static void test_error_leaves_the_old_file(void **state)
{
	struct out *out;

	(void)state;
	put(file, "old");
	out = out_open(file);
	out_puts(out, "new");
	out_fail(out, -ENOMEM);
	out_fail(out, -EIO);
	assert_int_equal(out_flush(out), -ENOMEM);
	assert_int_equal(out_close(out), -ENOMEM);
	assert_content(file, "old");
	assert_int_equal(n_entries(), 1);
}

static void test_link_is_followed(void **state)
{
	struct stat st;
	struct out *out;

	(void)state;
	put(file, "old");
	assert_int_equal(symlink("file", link_to_file), 0);
	out = out_open(link_to_file);
	out_puts(out, "new");
	assert_int_equal(out_close(out), 0);
	assert_content(file, "new");
	assert_int_equal(lstat(link_to_file, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_dangling_link_is_followed(void **state)
{
	struct stat st;
	struct out *out;

	(void)state;
	assert_int_equal(symlink("file", link_to_file), 0);
	out = out_open(link_to_file);
	assert_non_null(out);
	out_puts(out, "new");
	assert_int_equal(out_close(out), 0);
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_content(file, "new");
}

static void test_full_device(void **state)
{
	struct out *out = out_open("/dev/full");
	struct stat st;

	(void)state;
	assert_non_null(out);
	out_puts(out, "does not fit");
	assert_int_equal(out_flush(out), -ENOSPC);
	assert_int_equal(out_close(out), -ENOSPC);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void test_reader_gone(void **state)
{
	int ends[2];
	FILE *stream;
	struct out *out;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	stream = fdopen(ends[1], "w");
	out = out_wrap(stream);
	out_puts(out, "nobody reads this");
	assert_int_equal(out_flush(out), -EPIPE);
	assert_int_equal(out_close(out), -EPIPE);
	fclose(stream);
}

static void assert_refused(const char *path, int error)
{
	errno = 0;
	assert_null(out_open(path));
	assert_int_equal(errno, error);
}

static void test_refused_at_once(void **state)
{
	char path[128], long_name[NAME_MAX + 2];

	(void)state;
	snprintf(path, sizeof(path), "%s/none/file", folder);
	assert_refused(path, ENOENT);
	assert_refused("", ENOENT);
	assert_refused("/proc/file", ENOENT);
	assert_refused(folder, EISDIR);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_refused(long_name, ENAMETOOLONG);
}

/* As somebody else than root, who may write everywhere; the file is protected by its own rights, not its folder's. */
static void test_refused_without_rights(void **state)
{
	uid_t user = geteuid();

	(void)state;
	put(file, "old");
	assert_int_equal(chmod(file, 0444), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	if (!user && setresuid(65534, 65534, 0)) {
		print_message("cannot become another user\n");
		skip();
	}
	assert_null(out_open(file));
	assert_int_equal(errno, EACCES);
	assert_null(out_open("/usr/new-file"));
	assert_true(errno == EACCES || errno == EROFS);
	if (!user)
		assert_int_equal(setresuid(0, 0, 0), 0);
}

static void test_longest_name(void **state)
{
	char path[sizeof(folder) + 1 + NAME_MAX];
	struct out *out;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, folder, strlen(folder));
	path[strlen(folder)] = '/';
	out = out_open(path);
	assert_non_null(out);
	assert_int_equal(out_close(out), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_dash_is_stdout(void **state)
{
	struct out *out = out_open("-");

	(void)state;
	assert_non_null(out);
	assert_int_equal(out_close(out), 0);
	assert_true(fileno(stdout) >= 0);
}

static void test_padding_counts_columns(void **state)
{
	struct out *out = out_open(file);

	(void)state;
	out_escaped(out, "caf\xc3\xa9", 6);
	out_escaped(out, "|\n", 6);
	out_escaped(out, "too long", 3);
	assert_int_equal(out_close(out), 0);
	assert_content(file, "caf\xc3\xa9  |\\x0a too long");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IN_FOLDER(test_appears_whole), IN_FOLDER(test_replaces_and_keeps_rights),
		IN_FOLDER(test_new_file_obeys_umask), IN_FOLDER(test_abandoned_leaves_no_trace),
		IN_FOLDER(test_error_leaves_the_old_file), IN_FOLDER(test_link_is_followed),
		IN_FOLDER(test_dangling_link_is_followed), cmocka_unit_test(test_full_device),
		cmocka_unit_test(test_reader_gone), IN_FOLDER(test_refused_at_once),
		IN_FOLDER(test_refused_without_rights), IN_FOLDER(test_longest_name),
		cmocka_unit_test(test_dash_is_stdout), IN_FOLDER(test_padding_counts_columns),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
