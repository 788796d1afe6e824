/* SPDX-License-Identifier: MIT */
/* Options: what they set, and that what is wrong ends with one line and the status of bad usage. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/alert.h"
#include "cli/options.h"
#include "base/log.h"
#include "registry/format.h"
#include "registry/target.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct op ops[] = {
	{ .name = "read" }, { .name = "write", .waits = true }, { .name = "read", .phase = "queue" },
	{ .name = "extra", .is_extra = true },
};

static const struct target target = {
	.name = "files",
	.summary = "files",
	.ops = ops,
	.n_ops = 4,
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CONN,
	.default_dims = 1U << LAT_DIM_PID,
};

#define MAX_ARGS 16

/* Splits at spaces. The words live as long as the program, as those of main() do. */
static int split(const char *line, char *argv[MAX_ARGS])
{
	char *rest = strdup(line), *word;
	int argc = 0;

	while ((word = strsep(&rest, " ")) && argc + 1 < MAX_ARGS)
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static struct run_options parse(const char *line)
{
	struct run_options options;
	char *argv[MAX_ARGS];
	int argc = split(line, argv);

	cli_parse(argc, argv, &target, &options);
	return options;
}

static void test_defaults(void **state)
{
	struct run_options options = parse("files");

	(void)state;
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.interval_ns, 0);
	assert_int_equal(options.tracer.config.max_ns, 60000000000);
	assert_int_equal(options.tracer.config.op_mask, 7);
	assert_int_equal(options.tracer.dims, 1U << LAT_DIM_PID);
	assert_int_equal(options.tracer.attach, ATTACH_AUTO);
	assert_string_equal(options.format->name, "text");
	assert_null(options.command);
	assert_null(options.output);
}

/* S1-5: from 10 ms on; only where they are asked for also of what mostly waits, and as many as there are. */
static void test_outliers(void **state)
{
	struct run_options options = parse("files");

	(void)state;
	assert_int_equal(options.tracer.config.outlier_ns, 10000000);
	assert_int_equal(options.tracer.config.outlier_ops & 7, 5);
	assert_true(options.few_outliers && options.tracer.config.outliers_regular);
	assert_int_equal(parse("files --op write").tracer.config.outlier_ns, 0);
	assert_int_equal(parse("files --outlier off").tracer.config.outlier_ns, 0);
	options = parse("files --outlier 2ms");
	assert_int_equal(options.tracer.config.outlier_ns, 2000000);
	assert_int_equal(options.tracer.config.outlier_ops & 7, 7);
	assert_false(options.few_outliers || options.tracer.config.outliers_regular);
	options = parse("files --slowest 3");
	assert_int_equal(parse("files --outlier 0").tracer.config.outlier_ns, 1);
	assert_int_equal(options.tracer.config.outlier_ns, 10000000);
	assert_false(options.few_outliers);
	options = parse("files --op write --folded out");
	assert_int_equal(options.tracer.config.outlier_ns, 10000000);
	assert_int_equal(options.tracer.config.stacks, LAT_STACKS_KERNEL);
}

/* S2-4, S4-4: with units and fractions, as options and as words. */
static void test_times(void **state)
{
	struct run_options options = parse("files --duration 0.5 -i 250ms --count 4");

	(void)state;
	assert_int_equal(options.duration_ns, 500000000);
	assert_int_equal(options.interval_ns, 250000000);
	assert_int_equal(options.n_intervals, 4);
	options = parse("files 2 10");
	assert_int_equal(options.interval_ns, 2000000000);
	assert_int_equal(options.n_intervals, 10);
	assert_int_equal(parse("files --duration 0").duration_ns, 0);
}

static void test_filters(void **state)
{
	struct run_options options = parse("files -c nginx --op read --attach kprobe --outlier 10ms");
	const char comm[LAT_COMM_LEN] = "nginx";

	(void)state;
	assert_memory_equal(options.tracer.config.comm, comm, sizeof(comm));
	assert_int_equal(options.tracer.config.filter_comm, 1);
	assert_int_equal(options.tracer.config.op_mask, 5); /* both phases of the name */
	assert_int_equal(parse("files --op !read").tracer.config.op_mask, 2);
	options = parse("files --min-latency !2ms -c nginx --attach kprobe");
	assert_int_equal(options.tracer.config.min_ns, 2000000);
	assert_int_equal(options.tracer.config.negated, 1U << LAT_NOT_MIN);
	assert_int_equal(options.tracer.attach, ATTACH_KPROBE);
	assert_int_equal(options.tracer.config.outlier_ns, 10000000);
	assert_int_equal(parse("files --op read,write").tracer.config.op_mask, 7);
}

static void test_socket_filters(void **state)
{
	struct lat_config config = parse("files --port 443 --addr 10.1.0.0/16 -6").tracer.config;

	(void)state;
	assert_true(config.filter_socket && config.has_addr);
	assert_int_equal(config.port, 443);
	assert_int_equal(config.family, 6);
	assert_int_equal(config.negated, 0);
	assert_memory_equal(config.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\0\0", 16);
	assert_memory_equal(config.addr_mask, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0", 16);
	config = parse("files --port !443 --addr !::1").tracer.config;
	assert_int_equal(config.port, 443);
	assert_int_equal(config.negated, 1U << LAT_NOT_PORT | 1U << LAT_NOT_ADDR);
	assert_memory_equal(config.addr, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static void test_dimensions(void **state)
{
	(void)state;
	assert_int_equal(parse("files --by comm").tracer.dims, 1U << LAT_DIM_COMM);
	assert_int_equal(parse("files --by pid,comm").tracer.dims, 1U << LAT_DIM_PID | 1U << LAT_DIM_COMM);
	assert_int_equal(parse("files --by op").tracer.dims, 0);
	assert_int_equal(parse("files --by comm").tracer.max_keys, 1024);
	assert_int_equal(parse("files --by comm --max-keys 5").tracer.max_keys, 5);
}

static void test_output(void **state)
{
	(void)state;
	assert_string_equal(parse("files -o run.json").format->name, "json");
	assert_string_equal(parse("files -o run.txt").format->name, "text");
	assert_string_equal(parse("files -o run").format->name, "json");
	assert_string_equal(parse("files --format json").format->name, "json");
	assert_int_equal(parse("files --top 3").top, 3);
	assert_int_equal(parse("files --slowest 5").slowest, 5);
	assert_int_equal(parse("files --slowest 5").tracer.config.outlier_ns, 10000000);
	assert_int_equal(parse("files --slowest 5 --outlier 1ms").tracer.config.outlier_ns, 1000000);
	assert_int_equal(parse("files").tracer.ring_bytes, 256 << 10);
	assert_int_equal(parse("files --ring-size 64K").tracer.ring_bytes, 64 << 10);
	assert_int_equal(parse("files --ring-size 4M").tracer.ring_bytes, 4 << 20);
	assert_int_equal(parse("files --ring-size 8192").tracer.ring_bytes, 8192);
	assert_string_equal(parse("files -o slow.outliers.csv --outlier 1ms").format->name, "csv-outliers");
	assert_int_equal(parse("files -o run.jsonl").flush_every, 1);
	assert_int_equal(parse("files -o run.jsonl --flush-every 12 --fsync").flush_every, 12);
	assert_true(parse("files -o run.jsonl --fsync").fsync);
	assert_null(parse("files --no-output -o run.jsonl --format jsonl --fsync").output);
	assert_string_equal(parse("files -o run.jsonl --no-output").format->name, "text");
	assert_string_equal(parse("files -o run.json --format text").format->name, "text");
}

static void test_alerts(void **state)
{
	struct run_options options = parse("files --alert p99>5ms --alert read:count<1 --on-alert true --strict");

	(void)state;
	assert_int_equal(options.n_alerts, 2);
	assert_string_equal(options.alerts[1].text, "read:count<1");
	assert_string_equal(options.on_alert, "true");
	assert_true(options.strict);
	assert_false(parse("files").strict);
	free(options.alerts);
}

static void test_live(void **state)
{
	(void)state;
	assert_false(parse("files").live);
	assert_int_equal(parse("files --live").interval_ns, 1000000000);
	assert_int_equal(parse("files --live -i 0.2 -o run.jsonl").interval_ns, 200000000);
	assert_true(parse("files --live --count 3").live);
}

static void test_command(void **state)
{
	struct run_options options = parse("files 1 -- ls -l --color");

	(void)state;
	assert_int_equal(options.tracer.config.filter_follow, 1);
	assert_string_equal(options.command[0], "ls");
	assert_string_equal(options.command[2], "--color");
	assert_null(options.command[3]);
	assert_int_equal(options.interval_ns, 1000000000);
}

/* What the parser says of LINE in a child process, and its exit status. */
static int status_of(const char *line, char *said, size_t size)
{
	int fds[2], status;
	ssize_t n_read;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		parse(line);
		_exit(0);
	}
	close(fds[1]);
	n_read = read(fds[0], said, size - 1);
	said[n_read > 0 ? n_read : 0] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
		"files --bogus", "files -Z", "files --duration", "files --duration x", "files --duration -1",
		"files --duration 1x", "files --interval 1e99", "files --count 3", "files 1 0", "files 1 2 3",
		"files --op fsync", "files --op read,", "files --op ", "files --by cpu", "files --by bogus",
		"files --pid 0", "files --pid 99999999", "files --pid 1x", "files --pid -5", "files --", "files --comm ",
		"files --comm a-name-of-16-bytes", "files --cgroup /tmp", "files -i 1 2", "files --outlier off --slowest 3", "files --outlier off --stacks",
		"files --cgroup /nowhere", "files --disk sda",
		"files --attach uprobe", "files --format xml", "files --max-keys 0", "files --outlier soon",
		"files --live -q", "files --live -o -",
		"files --alert p98>5ms", "files --alert fsync:p99>5ms --by op", "files --on-alert true", "files --top 0", "files --slowest 1001", "files --ring-size 5000",
		"files --ring-size 2048", "files --ring-size 2G", "files --ring-size 99999999999999999999M",
		"files --ring-size K", "files --ring-size 64KB", "files --outlier off -o slow.outliers.csv",
		"files --fsync", "files -o run.json --flush-every 2", "files -o - --format jsonl --fsync",
		"files -o run.jsonl --flush-every 0",
	};
	char said[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (status_of(wrong[i], said, sizeof(said)) != EXIT_USAGE)
			fail_msg("%s: not the status of bad usage; said: %s", wrong[i], said);
		if (!strstr(said, "latencyprobe: ") || strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s: not one line: %s", wrong[i], said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_outliers), cmocka_unit_test(test_times), cmocka_unit_test(test_filters),
		cmocka_unit_test(test_socket_filters),
		cmocka_unit_test(test_dimensions), cmocka_unit_test(test_output), cmocka_unit_test(test_live),
		cmocka_unit_test(test_command), cmocka_unit_test(test_wrong), cmocka_unit_test(test_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
