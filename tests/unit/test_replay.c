/* SPDX-License-Identifier: MIT */
/* The commands replay and merge, from files to bytes: what was shown live, sums that add up, refusals. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "recording/merge.h"
#include "recording/replay.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MAX_ARGS 16
#define GOLDEN "tests/golden/"

static char folder[] = "/tmp/latencyprobe-replay.XXXXXX";

/* The name of a file in the folder of this test. The caller frees it. */
static char *at(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

/* The bytes of a file, which are text. The caller frees it. */
static char *read_file(const char *path)
{
	FILE *stream = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!stream)
		fail_msg("there is no %s", path);
	if (getdelim(&text, &size, '\0', stream) < 0)
		text = strdup("");
	fclose(stream);
	return text;
}

/* Writes the golden files of these names, one behind the other. */
static void concatenate(const char *name, const char *const *golden)
{
	char *to = at(name), *from, *text;
	FILE *stream = fopen(to, "w");

	for (; *golden; golden++) {
		assert_true(asprintf(&from, GOLDEN "%s", *golden) > 0);
		text = read_file(from);
		fputs(text, stream);
		free(from);
		free(text);
	}
	fclose(stream);
	free(to);
}

/* Writes files.json with the first FROM replaced. */
static void change(const char *name, const char *from, const char *to)
{
	char *path = at(name), *text = read_file(GOLDEN "files.json"), *found = strstr(text, from);
	FILE *stream = fopen(path, "w");

	assert_non_null(found);
	fprintf(stream, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
	fclose(stream);
	free(path);
	free(text);
}

static void dup_to(const char *name, int fd)
{
	char *path = at(name);

	dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), fd);
	free(path);
}

/*
 * Runs the command that the words of LINE are, in this test's folder, and returns its status; "stdout" and "stderr" are
 * files there then.
 */
static int run(const char *line)
{
	char *rest = strdup(line), *word, *argv[MAX_ARGS + 1];
	int argc = 0, status;
	pid_t pid;

	while ((word = strsep(&rest, " ")) && argc < MAX_ARGS)
		argv[argc++] = word;
	argv[argc] = NULL;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup_to("stdout", STDOUT_FILENO);
		dup_to("stderr", STDERR_FILENO);
		if (chdir(folder))
			_exit(99);
		status = strcmp(argv[0], "merge") ? command_replay(argc, argv) : command_merge(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	free(argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whether the file holds what the golden files do, one behind the other. */
static void assert_golden(const char *name, const char *const *golden)
{
	char *path = at(name), *expected_path = at("expected"), *text, *expected;

	concatenate("expected", golden);
	text = read_file(path);
	expected = read_file(expected_path);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	free(path);
	free(expected_path);
}

#define FILES(...) (const char *const[]){ __VA_ARGS__, NULL }

/* A recording of an interval and the whole run, which each format has a golden file of. */
static void test_replay(void **state)
{
	static const char *const live[] = { "interval.jsonl", "files.jsonl", NULL };

	(void)state;
	concatenate("run.jsonl", live);
	assert_int_equal(run("replay run.jsonl"), EXIT_FINE);
	assert_golden("stdout", FILES("interval.txt", "files.txt"));
	assert_int_equal(run("replay --format text run.jsonl"), EXIT_FINE);
	assert_golden("stdout", FILES("interval.txt", "files.txt"));
	assert_int_equal(run("replay run.jsonl --format jsonl"), EXIT_FINE);
	assert_golden("stdout", live);
	assert_int_equal(run("replay run.jsonl --format json"), EXIT_FINE);
	assert_golden("stdout", FILES("files.json"));
	assert_int_equal(run("replay run.jsonl --format hlog"), EXIT_FINE);
	assert_golden("stdout", FILES("interval.hlog"));
	assert_int_equal(run("replay run.jsonl -o out.hgrm"), EXIT_FINE);
	assert_golden("out.hgrm", FILES("files.hgrm"));
	assert_int_equal(run("replay run.jsonl -o out.txt"), EXIT_FINE);
	assert_golden("out.txt", FILES("files.txt"));
	assert_golden("stdout", (const char *const[]){ NULL });
	assert_int_equal(run("replay run.jsonl -o - --format jsonl"), EXIT_FINE);
	assert_golden("stdout", live);
	/* Over itself: read before it is written. */
	assert_int_equal(run("replay run.jsonl -o run.jsonl"), EXIT_FINE);
	assert_golden("run.jsonl", live);
	concatenate("run.json", FILES("slow.json"));
	assert_int_equal(run("replay run.json --format jsonl"), EXIT_FINE);
	assert_golden("stdout", FILES("slow.jsonl"));
}

static void assert_said(const char *words)
{
	char *path = at("stderr"), *said = read_file(path);

	if (!strstr(said, words) || strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("not one line with \"%s\": %s", words, said);
	free(path);
	free(said);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *line, *said;
		int status;
	} cases[] = {
		{ "replay", "too few", EXIT_USAGE }, { "replay run.jsonl more", "what is more", EXIT_USAGE },
		{ "replay run.jsonl --format xml", "no format xml", EXIT_USAGE },
		{ "replay run.jsonl --bogus", "no such option", EXIT_USAGE },
		{ "replay run.jsonl -o", "no such option, or it lacks", EXIT_USAGE },
		{ "replay nowhere", "nowhere: No such file", EXIT_FAILED },
		{ "replay run.jsonl -o /nowhere/x.json", "/nowhere/x.json: No such file", EXIT_FAILED },
		{ "replay run.jsonl -o /dev/full", "/dev/full: No space", EXIT_FAILED },
		{ "merge run.jsonl", "too few recordings: it takes FILE FILE...", EXIT_USAGE },
		{ "merge run.jsonl nowhere", "nowhere: No such file", EXIT_FAILED },
		{ "merge run.jsonl run.jsonl", "have the same run of web-1", EXIT_USAGE },
		{ "merge run.jsonl disks.json", "run.jsonl is of files, disks.json of disks", EXIT_USAGE },
		{ "merge run.jsonl by.json", "run.jsonl is by nothing, by.json by comm", EXIT_USAGE },
		{ "merge run.jsonl max.json", "longer than 60.0s, max.json what took longer than 1.00s", EXIT_USAGE },
		{ "merge run.jsonl future.json", "future.json, line 1: \"schema_version\" 2", EXIT_FAILED },
	};
	size_t i;

	(void)state;
	concatenate("run.jsonl", FILES("files.jsonl"));
	concatenate("disks.json", FILES("disks.json"));
	change("by.json", "\"by\": \"\"", "\"by\": \"comm\"");
	change("max.json", "\"max_latency_ns\": 60", "\"max_latency_ns\": 1");
	change("future.json", "\"schema_version\": 1", "\"schema_version\": 2");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (run(cases[i].line) != cases[i].status)
			fail_msg("%s: another status than %d", cases[i].line, cases[i].status);
		assert_said(cases[i].said);
	}
}

static json_t *load(const char *name)
{
	char *path = at(name);
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (!root)
		fail_msg("%s: %s", name, error.text);
	free(path);
	return root;
}

static json_int_t integer(const json_t *root, const char *first, const char *second, const char *third)
{
	const json_t *value = json_object_get(root, first);

	value = second ? json_object_get(value, second) : value;
	value = third ? json_object_get(value, third) : value;
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* SUM is N times ONE, and says where it is from. */
static void assert_is_sum(const char *name, json_int_t n, const char *host)
{
	json_t *one = load("one.json"), *sum = load(name), *from = json_object_get(sum, "merged_from");
	json_t *one_series = json_object_get(one, "series"), *sum_series = json_object_get(sum, "series");
	size_t i;

	assert_string_equal(json_string_value(json_object_get(sum, "host")), host);
	assert_string_equal(json_string_value(json_object_get(sum, "kernel")), "6.1.0-test");
	assert_int_equal(json_array_size(from), n);
	assert_string_equal(json_string_value(json_object_get(json_array_get(from, 0), "host")), "web-1");
	assert_int_equal(integer(json_array_get(from, 0), "elapsed_ns", NULL, NULL),
			 integer(one, "elapsed_ns", NULL, NULL));
	assert_int_equal(json_array_size(json_object_get(sum, "probes")), 3);
	assert_int_equal(json_array_size(sum_series), json_array_size(one_series));
	for (i = 0; i < json_array_size(one_series); i++) {
		assert_int_equal(integer(json_array_get(sum_series, i), "count", NULL, NULL),
				 n * integer(json_array_get(one_series, i), "count", NULL, NULL));
		assert_true(json_equal(json_object_get(json_array_get(sum_series, i), "min_ns"),
				       json_object_get(json_array_get(one_series, i), "min_ns")));
	}
	assert_int_equal(integer(sum, "account", "total", "entered"), n * integer(one, "account", "total", "entered"));
	assert_int_equal(integer(sum, "account", "total", "unaccounted"),
			 n * integer(one, "account", "total", "unaccounted"));
	json_decref(one);
	json_decref(sum);
}

static void test_merge(void **state)
{
	(void)state;
	change("one.json", "web-1", "web-1");
	change("two.json", "web-1", "web-2");
	change("three.json", "\"start_realtime_ns\": 17672256", "\"start_realtime_ns\": 17672255");
	assert_int_equal(run("merge one.json two.json -o both.json"), EXIT_FINE);
	assert_is_sum("both.json", 2, "web-1, web-2");
	/* A sum can be added to, and be read from all that it can be written to. */
	assert_int_equal(run("merge both.json three.json -o all.jsonl"), EXIT_FINE);
	assert_int_equal(run("replay all.jsonl -o all.json"), EXIT_FINE);
	assert_is_sum("all.json", 3, "web-1, web-2");
	assert_int_equal(run("merge both.json one.json"), EXIT_USAGE);
	assert_said("both.json and one.json have the same run of web-1 in them");
}

static void test_merged_rates(void **state)
{
	json_t *one, *both, *all;

	(void)state;
	one = load("one.json");
	both = load("both.json");
	all = load("all.json");
	/* At the same time on two hosts: as long as one. A hundred seconds earlier: as long as two, and no pause counts. */
	assert_int_equal(integer(both, "elapsed_ns", NULL, NULL), integer(one, "elapsed_ns", NULL, NULL));
	assert_int_equal(integer(all, "elapsed_ns", NULL, NULL), 2 * integer(one, "elapsed_ns", NULL, NULL));
	assert_int_equal(integer(all, "start_realtime_ns", NULL, NULL) + 100000000000,
			 integer(one, "start_realtime_ns", NULL, NULL));
	json_decref(one);
	json_decref(both);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay), cmocka_unit_test(test_refusals), cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merged_rates),
	};

	char *remove;
	int n_failed;

	if (!mkdtemp(folder) || asprintf(&remove, "rm -r %s", folder) < 0)
		return 1;
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (system(remove))
		return 1;
	free(remove);
	return n_failed;
}
