/* SPDX-License-Identifier: MIT */
/* The thread that writes: order, rotation, a full disk, and one that takes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/record_writer.h"

static char folder[] = "/tmp/latencyprobe-writer.XXXXXX";

/* In the caller's buffer. */
static const char *at(const char *name, char path[static 64])
{
	snprintf(path, 64, "%s/%s", folder, name);
	return path;
}

static void give(struct record_writer *writer, const char *text)
{
	record_writer_give(writer, strdup(text), strlen(text));
}

static void assert_content(const char *name, const char *expected)
{
	char path[64], text[256] = "";
	FILE *stream = fopen(at(name, path), "r");

	assert_non_null(stream);
	assert_true(fread(text, 1, sizeof(text) - 1, stream) < sizeof(text) - 1);
	fclose(stream);
	assert_string_equal(text, expected);
}

static void test_order(void **state)
{
	char path[64];
	struct record_writer *writer = record_writer_open(at("order", path), 2, true);

	(void)state;
	assert_true(record_writer_is_file(writer));
	give(writer, "1\n");
	usleep(20000);
	assert_content("order", "");
	give(writer, "2\n");
	give(writer, "3\n");
	assert_int_equal(record_writer_close(writer), 0);
	assert_content("order", "1\n2\n3\n");
}

static void test_rotation(void **state)
{
	char path[64], old[64];
	struct record_writer *writer = record_writer_open(at("log", path), 10, false);

	(void)state;
	give(writer, "1\n");
	assert_false(record_writer_reopen(writer));
	assert_int_equal(rename(path, at("log.1", old)), 0);
	give(writer, "2\n");
	assert_true(record_writer_reopen(writer));
	give(writer, "3\n");
	assert_int_equal(record_writer_close(writer), 0);
	assert_content("log.1", "1\n2\n");
	assert_content("log", "3\n");
}

static void test_full_disk(void **state)
{
	struct record_writer *writer = record_writer_open("/dev/full", 1, false);

	(void)state;
	assert_false(record_writer_is_file(writer));
	give(writer, "1\n");
	give(writer, "2\n");
	assert_int_not_equal(record_writer_close(writer), 0);
	assert_null(record_writer_open("/nowhere/file", 1, false));
}

/* S4-7: nobody reads the pipe: giving goes on, up to the limit, and what fitted arrives. */
static void test_slow(void **state)
{
	const size_t n_bytes = WRITER_MAX_QUEUED / 4;
	struct record_writer *writer;
	char path[64], *buffer;
	ssize_t n_read;
	size_t n_all = 0;
	int fd, i;

	(void)state;
	assert_int_equal(mkfifo(at("pipe", path), 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	writer = record_writer_open(path, 1, false);
	assert_non_null(writer);
	for (i = 0; i < 20; i++)
		record_writer_give(writer, calloc(1, n_bytes), n_bytes);
	fcntl(fd, F_SETFL, 0);
	buffer = malloc(1 << 16);
	/* At least what the queue holds. */
	while (n_all < WRITER_MAX_QUEUED && (n_read = read(fd, buffer, 1 << 16)) > 0)
		n_all += (size_t)n_read;
	assert_int_equal(n_all, WRITER_MAX_QUEUED);
	close(fd);
	assert_int_not_equal(record_writer_close(writer), 0);
	free(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_rotation), cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_slow),
	};
	char path[64];
	int n_failed;

	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(at("order", path));
	unlink(at("log", path));
	unlink(at("log.1", path));
	unlink(at("pipe", path));
	return rmdir(folder) ? 1 : n_failed;
}
