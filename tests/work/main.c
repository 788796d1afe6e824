/* SPDX-License-Identifier: MIT */
/* Chooses the workload, and what all of them need. */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char *counting_name = "lp-work";

void work_begin(void)
{
	prctl(PR_SET_NAME, counting_name);
}

void work_end(void)
{
	prctl(PR_SET_NAME, "lp-done");
}

uint64_t work_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void work_sleep_ns(uint64_t ns)
{
	struct timespec time = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	prctl(PR_SET_TIMERSLACK, 1);
	nanosleep(&time, NULL);
}

void work_die(const char *what)
{
	fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* The sample of rank ceil(percent / 100 * count). */
static uint64_t percentile(const uint64_t *samples, uint64_t n_samples, unsigned int percent)
{
	return n_samples ? samples[(n_samples * percent + 99) / 100 - 1] : 0;
}

void work_print_samples(const char *name, uint64_t *samples, uint64_t n_samples)
{
	uint64_t sum = 0, i;

	qsort(samples, n_samples, sizeof(*samples), compare);
	for (i = 0; i < n_samples; i++)
		sum += samples[i];
	printf("\"%s\": {\"count\": %" PRIu64 ", \"p50_ns\": %" PRIu64 ", \"p90_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64
	       ", \"max_ns\": %" PRIu64 ", \"sum_ns\": %" PRIu64 "}",
	       name, n_samples, percentile(samples, n_samples, 50), percentile(samples, n_samples, 90),
	       percentile(samples, n_samples, 99), percentile(samples, n_samples, 100), sum);
}

static const struct workload {
	const char *name;
	int (*function)(int argc, char **argv);
	const char *arguments;
} workloads[] = {
	{ "calls", work_calls, "OP[:N][,OP[:N]]... N THREADS PATH" },
	{ "files", work_files, "N FOLDER" },
	{ "ftypes", work_ftypes, "FOLDER" },
	{ "pattern", work_pattern, "PATH" },
	{ "pipe", work_pipe, "N DELAY_NS" },
	{ "uring_pipe", work_uring_pipe, "N DELAY_NS" },
	{ "tcp", work_tcp, "FAMILY N DELAY_NS" },
	{ "connections", work_connections, "FAMILY N REFUSED DELAY_NS" },
	{ "resets", work_resets, "FAMILY N" },
	{ "requests", work_requests, "FAMILY N DELAY_NS" },
	{ "direct", work_direct, "read|write PATH N BYTES" },
	{ "blocked", work_blocked, "THREADS CALLS" },
	{ "merge", work_merge, "PATH PAIRS" },
	{ "user", work_user, "N DELAY_NS DEPTH" },
	{ "syscalls", work_syscalls, "N" },
	{ "calls32", work_calls32, "N" },
	{ "restart", work_restart, "N" },
};

/* Says that it is there, and goes on when a line comes on stdin. */
static void hold(void)
{
	char byte;

	printf("{\"held\": %d}\n", (int)getpid());
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		work_die("stdin");
}

/* The words before the workload: `held`, `named NAME` (what threads are called while they count). */
static char **take_prefixes(char **argv)
{
	bool is_held = false;

	for (;; argv++)
		if (argv[0] && !strcmp(argv[0], "held"))
			is_held = true;
		else if (argv[0] && argv[1] && !strcmp(argv[0], "named"))
			counting_name = *++argv;
		else
			break;
	if (is_held)
		hold();
	return argv;
}

int main(int argc, char **argv)
{
	char **words = take_prefixes(argv + 1);
	size_t i;

	argc -= (int)(words - argv);
	for (i = 0; argc > 0 && i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (!strcmp(workloads[i].name, words[0]))
			return workloads[i].function(argc, words);
	for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		fprintf(stderr, "usage: work [held] [named NAME] %s %s\n", workloads[i].name, workloads[i].arguments);
	return 2;
}
