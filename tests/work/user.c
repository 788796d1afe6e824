/* SPDX-License-Identifier: MIT */
/* Functions and static probes of this program itself. */
#include "work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>

/* Requests overlap: each ends after the next one began. */
#define N_OVERLAPPING 3

static uint64_t delay_ns;

__attribute__((noinline)) int work_recursive(int n)
{
	int left, right;

	if (n < 2)
		return n;
	left = work_recursive(n - 1);
	right = work_recursive(n - 2);
	__asm__ volatile("" : "+r"(right)); /* or the compiler makes a loop of it */
	return left + right;
}

/* -1 for odd numbers. */
__attribute__((noinline)) int work_waiting(uint64_t i)
{
	work_sleep_ns(delay_ns);
	return i % 2 ? -1 : 0;
}

static void *end_elsewhere(void *number)
{
	uint64_t i = *(uint64_t *)number;

	work_begin();
	DTRACE_PROBE2(lp_work, request_end, i, 0);
	return number;
}

/* N requests that overlap, the last one ended by another thread; N waits; and one recursion. */
int work_user(int argc, char **argv)
{
	pthread_t thread;
	uint64_t n, i;
	int number;

	if (argc != 4)
		return 2;
	n = strtoull(argv[1], NULL, 10);
	delay_ns = strtoull(argv[2], NULL, 10);
	work_begin();
	for (i = 0; i < n + N_OVERLAPPING - 1; i++) {
		if (i < n)
			DTRACE_PROBE1(lp_work, request_start, i);
		DTRACE_PROBE(lp_work, step_start);
		work_waiting(i);
		DTRACE_PROBE(lp_work, step_end);
		if (i + 1 < N_OVERLAPPING)
			continue;
		number = (int)(i + 1 - N_OVERLAPPING);
		if (number + 1U < n)
			DTRACE_PROBE2(lp_work, request_end, (uint64_t)number, 0);
		else if (pthread_create(&thread, NULL, end_elsewhere, &(uint64_t){ n - 1 }) || pthread_join(thread, NULL))
			work_die("thread");
	}
	number = work_recursive(atoi(argv[3]));
	work_end();
	printf("{\"result\": %d}\n", number);
	return 0;
}
