/* SPDX-License-Identifier: MIT */
/* What a format has written is read back as what it was, and what is no recording is refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture.h"
#include "fixtures.h"
#include "recording/recording.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PATH_TEMPLATE "/tmp/latencyprobe-recording.XXXXXX"

static int read_text(const char *text, struct recording **recording)
{
	char path[] = PATH_TEMPLATE;
	FILE *stream = fdopen(mkstemp(path), "w");
	int error;

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	error = recording_read(recording, path);
	unlink(path);
	return error;
}

static void test_there_and_back(void **state)
{
	static const char *const formats[] = { "json", "jsonl" };
	struct recording *recording;
	struct snapshot *snapshot;
	char *first, *file, *second;
	size_t i, format;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		snapshot = fixtures[i].make();
		first = capture_format("json", snapshot, NULL);
		for (format = 0; format < 2; format++) {
			file = capture_format(formats[format], snapshot, NULL);
			assert_int_equal(read_text(file, &recording), 0);
			second = capture_format("json", snapshot->number ? recording_interval(recording, 0) :
					      recording_whole(recording), NULL);
			assert_string_equal(first, second);
			recording_free(recording);
			free(file);
			free(second);
		}
		free(first);
		snapshot_free(snapshot);
	}
}

#define MAX_SAID 1024

/* What reading says; its result is stored in ERROR. */
static void listen(const char *bytes, size_t n_bytes, int *error, char said[static MAX_SAID])
{
	int heard = memfd_create("stderr", MFD_CLOEXEC), kept = dup(STDERR_FILENO);
	struct recording *recording;
	ssize_t n_read;

	dup2(heard, STDERR_FILENO);
	*error = recording_read_bytes(&recording, "run.jsonl", bytes, n_bytes);
	dup2(kept, STDERR_FILENO);
	close(kept);
	n_read = pread(heard, said, MAX_SAID - 1, 0);
	said[n_read > 0 ? n_read : 0] = '\0';
	close(heard);
	if (!*error)
		recording_free(recording);
}

static struct snapshot *make_fixture(const char *name)
{
	size_t i;

	for (i = 0; i < n_fixtures; i++)
		if (!strcmp(fixtures[i].name, name))
			return fixtures[i].make();
	return NULL;
}

/* Two lines: an interval and the whole run. The caller frees it. */
static char *make_lines(void)
{
	struct snapshot *interval = make_fixture("slow"), *whole = make_fixture("slow");
	char *first, *second, *lines;

	interval->number = 1;
	first = capture_format("jsonl", interval, NULL);
	second = capture_format("jsonl", whole, NULL);
	assert_true(asprintf(&lines, "%s%s", first, second) > 0);
	free(first);
	free(second);
	snapshot_free(interval);
	snapshot_free(whole);
	return lines;
}

/* Wherever a killed run broke off: one message with the line. */
static void test_truncated(void **state)
{
	char *lines = make_lines(), said[MAX_SAID];
	size_t length = strlen(lines), first = strcspn(lines, "\n"), n_bytes;
	bool is_whole;
	int error;

	(void)state;
	for (n_bytes = 0; n_bytes < length; n_bytes++) {
		is_whole = n_bytes == first || n_bytes == first + 1 || n_bytes == length - 1;
		listen(lines, n_bytes, &error, said);
		if (!error != is_whole)
			fail_msg("cut off at %zu: %d, %s", n_bytes, error, said);
		if (!n_bytes)
			assert_string_equal(said, "latencyprobe: run.jsonl is empty\n");
		else if (n_bytes < first)
			assert_ptr_equal(strstr(said, "latencyprobe: run.jsonl, line 1: "), said);
		else if (error)
			assert_ptr_equal(strstr(said, "latencyprobe: run.jsonl, line 2: "), said);
		assert_int_equal(error && n_bytes > first, strstr(said, "are whole: head -n 1\n") != NULL);
		assert_int_equal(!error && n_bytes < length - 1, strstr(said, "run.jsonl breaks off") != NULL);
	}
	free(lines);
}

/* LINES with the first FROM behind its first line replaced. The caller frees it. */
static char *changed(const char *lines, const char *from, const char *to)
{
	const char *at = strstr(strchr(lines, '\n'), from);
	char *text;

	if (!at)
		fail_msg("no %s in the recording", from);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - lines), lines, to, at + strlen(from)) > 0);
	return text;
}

static void test_corrupt(void **state)
{
	static const struct {
		const char *from, *to, *said;
	} cases[] = {
		{ "{", "[", "':'" }, { "{", "[1,2]{", "\"schema\"" }, { "{", "17 {", "'['" },
		{ "latencyprobe.snapshot", "fio", "\"schema\" is not \"latencyprobe.snapshot\"" },
		{ "\"schema_version\":1", "\"schema_version\":2", "\"schema_version\" 2 is not 1" },
		{ "\"schema_version\":1", "\"schema_version\":\"1\"", "\"schema_version\"" },
		{ "\"host\":\"", "\"host\":17,\"hos\":\"", "\"host\" is no text" },
		{ "\"host\":\"", "\"host\":\"a\",\"host\":\"", "duplicate" },
		{ "\"host\":\"", "\"host\":\"\xff", "unable to decode byte 0xff" },
		{ "\"host\":\"", "\"host\":\"\\u0000", "\\u0000" },
		{ "\"host\":\"web", "\"host\":\"another", "another run begins" },
		{ "\"target\":\"disks", "\"target\":\"files", "another run begins" },
		{ "\"interval\":0", "\"interval\":1", "another run begins" },
		{ "\"interval\":0", "\"interval\":-1", "\"interval\" is no number from 0 on" },
		{ "\"interval\":0", "\"interval\":99999999999999999999", "too big" },
		{ "\"interval\":0", "\"interval\":1e400", "real number overflow" },
		{ "\"interval\":0", "\"interval\":0.5", "\"interval\" is no number from 0 on" },
		{ "\"end_monotonic_ns\":1", "\"end_monotonic_ns\":0,\"x\":1", "it ends before it starts" },
		{ "\"probes\":[", "\"probes\":{},\"x\":[", "\"probes\" is no array" },
		{ "\"probes\":[", "\"probes\":[null,", "\"op\" is no text" },
		{ "\"series\":[", "\"series\":[[],", "\"labels\" is no object" },
		{ "\"labels\":{\"op\"", "\"labels\":{\"po\"", "lacks its label \"op\"" },
		{ "\"ret\":\"ok\"", "\"ret\":null", "label \"ret\" is no text" },
		{ "\"count\":1003", "\"count\":1004", "\"count\" is not the sum of the slots" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"9", "slot 9" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"x", "is no slot with a count" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"-", "slot 18446744073709551" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"1\":0,\"", "slot 1 with 0 samples cannot be" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"1\":1,\"01\":1,\"", "slot 1 is there twice" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":{\"1\":9223372036854775807,\"2\":9223372036854775807,\"3\":3,\"",
		  "more samples than can be counted" },
		{ "\"slot_counts\":{\"", "\"slot_counts\":[],\"x\":{\"", "\"slots\" is no array" },
		{ "\"slot_counts\":{", "\"slots\":[{\"slot\":40,\"low_ns\":41,\"count\":1003}],\"x\":{", "another slot scheme" },
		{ "\"min_ns\":", "\"min_ns\":1", "do not fit the slots" },
		{ "\"max_ns\":", "\"max_ns\":1", "do not fit the slots" },
		{ "\"pid\":", "\"pid\":4294967296,\"x\":", "\"pid\" 4294967296 is too large" },
		{ "\"latency_ns\":", "\"latency_ns\":true,\"x\":", "\"latency_ns\" is no number" },
		{ "\"folded\":", "\"folded\":[],\"x\":", "\"folded\" is no text" },
		{ "\"merged_from\":[", "\"merged_from\":{},\"x\":[", "\"merged_from\" is no array" },
		{ "\"merged_from\":[", "\"merged_from\":[17,", "\"host\" is no text" },
		{ "\"operations\":[", "\"operations\":[{},", "\"entered\" is no number" },
		{ "\"account\":{", "\"account\":[],\"x\":{", "\"operations\" is no array" },
	};
	char *lines = make_lines(), *text, said[MAX_SAID];
	int error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = changed(lines, cases[i].from, cases[i].to);
		listen(text, strlen(text), &error, said);
		if (!error || !strstr(said, cases[i].said) || strchr(said, '\n') != said + strlen(said) - 1 ||
		    strstr(said, "latencyprobe: run.jsonl, line 2: ") != said)
			fail_msg("%s for %s: %d, %s", cases[i].to, cases[i].from, error, said);
		free(text);
	}
	free(lines);
}

/* In place of the second line. */
static void test_not_json(void **state)
{
	static const char nul[] = "\0", binary[] = "\x7f""ELF\x01\x02";
	char *lines = make_lines(), said[MAX_SAID], deep[100000];
	const char *second = strchr(lines, '\n') + 1;
	struct {
		const char *bytes;
		size_t n_bytes;
	} cases[] = {
		{ nul, 1 }, { binary, sizeof(binary) - 1 }, { deep, sizeof(deep) }, { "{}", 2 }, { "]", 1 }, { "nul", 3 },
	};
	size_t i, n_before = (size_t)(second - lines);
	char *text;
	int error;

	(void)state;
	memset(deep, '[', sizeof(deep));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = malloc(n_before + cases[i].n_bytes);
		memcpy(text, lines, n_before);
		memcpy(text + n_before, cases[i].bytes, cases[i].n_bytes);
		listen(text, n_before + cases[i].n_bytes, &error, said);
		assert_int_not_equal(error, 0);
		assert_ptr_equal(strstr(said, "latencyprobe: run.jsonl, line 2: "), said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		free(text);
	}
	listen(strcat(strcpy(deep, lines), second), strlen(lines) + strlen(second), &error, said);
	assert_non_null(strstr(said, "line 3: a second whole run"));
	listen(strcat(strcpy(deep, second), lines), strlen(lines) + strlen(second), &error, said);
	assert_non_null(strstr(said, "line 2: an interval behind the whole run"));
	free(lines);
}

static void test_no_file(void **state)
{
	struct recording *recording;

	(void)state;
	assert_int_equal(recording_read(&recording, "/nowhere/run.json"), -ENOENT);
	assert_int_equal(recording_read(&recording, "/tmp"), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_truncated), cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_not_json), cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
