/* SPDX-License-Identifier: MIT */
/* The command compare: exit statuses and what is said, the table against golden files, JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "capture.h"
#include "compare/command.h"
#include "compare/comparison.h"
#include "compare/comparison_json.h"
#include "compare/comparison_text.h"
#include "fixtures.h"
#include "golden.h"
#include "base/log.h"
#include "base/out.h"
#include "registry/format.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define FOLDER_TEMPLATE "/tmp/latencyprobe-compare.XXXXXX"
#define MAX_ARGS 16
#define MAX_SAID 65536

static char folder[] = FOLDER_TEMPLATE;

/* A recording of N reads that took NS each, in the folder. */
static void record(const char *file, const struct target *target, uint64_t ns, uint64_t n)
{
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	struct reading reading = fixture_reading(1000000000);
	struct snapshot_input input = fixture_input(target, &reading);
	struct snapshot *snapshot;
	struct out *out;
	char path[256];

	fixture_record(&reading, &key, ns, 1, n);
	snapshot = snapshot_make(&input);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	out = out_open(path);
	assert_non_null(out);
	format_for_path(path)->write(out, snapshot, &(struct format_options){ 0 });
	assert_int_equal(out_close(out), 0);
	snapshot_free(snapshot);
	reading_free(&reading);
}

static int set_up(void **state)
{
	FILE *stream;

	(void)state;
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	record("base.json", &fixture_files, 1000, 5000);
	record("same.jsonl", &fixture_files, 1010, 5000);
	record("slow.json", &fixture_files, 1400, 5000);
	record("few.json", &fixture_files, 1000, 5);
	record("disks.json", &fixture_disks, 1000, 5000);
	stream = fopen("bad.json", "w");
	fputs("{\"schema\": 1}", stream);
	return fclose(stream);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The status of a command line, run by itself since it may exit, and what it printed on either stream. */
static int run(const char *line, char said[static MAX_SAID])
{
	char *argv[MAX_ARGS], *rest = strdup(line), *all = rest, *word;
	int argc = 0, fds[2], status;
	size_t n_said = 0;
	ssize_t n_read;
	pid_t pid;

	while ((word = strsep(&rest, " ")) && argc + 1 < MAX_ARGS)
		argv[argc++] = word;
	argv[argc] = NULL;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		_exit(command_compare(argc, argv));
	}
	close(fds[1]);
	while ((n_read = read(fds[0], said + n_said, MAX_SAID - 1 - n_said)) > 0)
		n_said += (size_t)n_read;
	said[n_said] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	free(all);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_statuses(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *said;
	} rows[] = {
		{ "compare base.json slow.json", EXIT_FINE, "6 of 6 differ by more than noise; no threshold" },
		{ "compare base.json same.jsonl --threshold-p99 0", EXIT_FINE, "\n0 of 1 beyond the threshold\n" },
		{ "compare base.json slow.json --threshold-p99 50", EXIT_FINE, "\n0 of 1 beyond the threshold\n" },
		{ "compare slow.json base.json --threshold-p99 0", EXIT_FINE, "\n0 of 1 beyond the threshold\n" },
		{ "compare base.json slow.json --threshold-p99 20", EXIT_CHECKED,
		  "\n1 of 1 beyond the threshold: read p99 +40.0 % (limit 20 %)\n" },
		{ "compare --current slow.json --baseline base.json --threshold-p99=20% --threshold-mean 39.5",
		  EXIT_CHECKED, "\n2 of 2 beyond the threshold: read p99 +40.0 % (limit 20 %), read mean" },
		{ "compare base.json --threshold-rate 20 few.json", EXIT_CHECKED, "read rate -99.9 % (limit 20 %)\n" },
		{ "compare base.json slow.json --threshold-p99 20 --threshold-p99.9 20 --threshold-p99.99 1",
		  EXIT_CHECKED, "(limit 20 %); 2 not judged: too few samples\n" },
		{ "compare base.json few.json --threshold-p50 5", EXIT_USAGE, "nothing in common that could be" },
		{ "compare base.json disks.json", EXIT_USAGE,
		  "base.json and disks.json cannot be compared: one is of files, the other of disks" },
		{ "compare base.json nowhere.json", EXIT_FAILED, "nowhere.json: No such file" },
		{ "compare bad.json base.json", EXIT_FAILED, "bad.json, line 1: no recording of latencyprobe" },
		{ "compare", EXIT_USAGE, "two recorded runs are needed" },
		{ "compare base.json", EXIT_USAGE, "two recorded runs are needed" },
		{ "compare a b c", EXIT_USAGE, "what is c?" },
		{ "compare - -", EXIT_USAGE, "only one" },
		{ "compare a b --threshold-p98 1", EXIT_USAGE, "there is no option --threshold-p98" },
		{ "compare a b --threshold-p99", EXIT_USAGE, "lacks its argument" },
		{ "compare a b --threshold-p99 -1", EXIT_USAGE, "--threshold-p99: -1 is no number from 0 on" },
		{ "compare a b --threshold-p99.9 nan", EXIT_USAGE, "--threshold-p99.9: nan is no number" },
		{ "compare a b --threshold-error 0x1", EXIT_USAGE, "--threshold-error: 0x1 is no number" },
		{ "compare a b --threshold-mean 5x", EXIT_USAGE, "--threshold-mean: 5x is no number" },
		{ "compare --help", EXIT_FINE, "--threshold-p99.99=PERCENT" },
	};
	char *said = malloc(MAX_SAID);
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		status = run(rows[i].line, said);
		if (status != rows[i].status || !strstr(said, rows[i].said))
			fail_msg("%s: status %d, expected %d with `%s`; said:\n%s", rows[i].line, status,
				 rows[i].status, rows[i].said, said);
		/* What is wrong with the options is said in one line. */
		if (!strncmp(said, "latencyprobe:", 13) && strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s: more than one line: %s", rows[i].line, said);
	}
	free(said);
}

static json_t *member(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (!value)
		fail_msg("no member %s", name);
	return value;
}

static void test_json(void **state)
{
	char *said = malloc(MAX_SAID);
	json_t *root, *operation, *p99;
	json_error_t error;

	(void)state;
	assert_int_equal(run("compare base.json slow.json --json --threshold-p99 20", said), EXIT_CHECKED);
	root = json_loads(said, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	assert_string_equal(json_string_value(member(root, "schema")), "latencyprobe.comparison");
	assert_string_equal(json_string_value(member(member(root, "current"), "path")), "slow.json");
	assert_int_equal(json_integer_value(member(root, "beyond")), 1);
	assert_int_equal(json_integer_value(member(root, "tests")), 6);
	operation = json_array_get(member(root, "operations"), 0);
	assert_string_equal(json_string_value(member(member(operation, "labels"), "op")), "read");
	assert_null(json_object_get(member(operation, "labels"), "ret"));
	p99 = member(member(operation, "figures"), "p99");
	assert_string_equal(json_string_value(member(p99, "verdict")), "worse");
	assert_true(json_is_true(member(p99, "beyond")));
	assert_true(json_real_value(member(p99, "change")) == 40);
	assert_int_equal(json_integer_value(member(p99, "base_high_ns")), 1023);
	assert_int_equal(json_integer_value(member(p99, "current_low_ns")), 1344);
	assert_true(json_is_null(member(member(member(operation, "figures"), "p50"), "limit")));
	json_decref(root);
	free(said);
}

/* What a file is called, as hostile as can be. */
#define BASE_PATH "ba\033[2Jse.json"
#define CURRENT_PATH "\xff.jsonl"

enum golden { GOLDEN_TEXT, GOLDEN_COLOUR, GOLDEN_JSON };

static bool is_golden_comparison(const char *file, size_t base_fixture, size_t current_fixture, enum golden golden)
{
	const struct limit limits[N_FIGURES] = {
		[1] = { .is_set = true, .value = 10 }, [4] = { .is_set = true, .value = 20 },
		[FIGURE_RATE] = { .is_set = true, .value = 5 }, [FIGURE_ERROR] = { .is_set = true, .value = 0.5 },
	};
	struct snapshot *base = fixtures[base_fixture].make(), *current = fixtures[current_fixture].make();
	struct comparison *comparison = comparison_make(&(struct recorded_run){ .whole = base },
							&(struct recorded_run){ .whole = current }, limits);
	struct capture capture;
	bool is_same;
	char *text;

	capture_begin(&capture);
	if (golden == GOLDEN_JSON)
		comparison_write_json(capture.out, comparison, BASE_PATH, CURRENT_PATH);
	else
		comparison_write_text(capture.out, comparison, BASE_PATH, CURRENT_PATH, golden == GOLDEN_COLOUR);
	text = capture_end(&capture);
	comparison_free(comparison);
	snapshot_free(base);
	snapshot_free(current);
	is_same = is_golden(file, "", text);
	free(text);
	return is_same;
}

static void test_golden(void **state)
{
	bool is_same;

	(void)state;
	/* From lost to files and back: what is worse one way is better the other way. */
	is_same = is_golden_comparison("compare.txt", 4, 0, GOLDEN_TEXT);
	is_same &= is_golden_comparison("compare-colour.txt", 4, 0, GOLDEN_COLOUR);
	is_same &= is_golden_comparison("compare-back.txt", 0, 4, GOLDEN_TEXT);
	is_same &= is_golden_comparison("compare.json", 4, 0, GOLDEN_JSON);
	is_same &= is_golden_comparison("compare-disks.txt", 2, 2, GOLDEN_TEXT);
	is_same &= is_golden_comparison("compare-hostile.txt", 5, 5, GOLDEN_TEXT);
	assert_true(is_same);
}

int main(void)
{
	const struct CMUnitTest goldens[] = { cmocka_unit_test(test_golden) };
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_statuses), cmocka_unit_test(test_json) };
	/* The golden files are found from where make is. */
	int n_failed = cmocka_run_group_tests_name("golden comparisons", goldens, NULL, NULL);

	return n_failed + cmocka_run_group_tests(tests, set_up, tear_down);
}
