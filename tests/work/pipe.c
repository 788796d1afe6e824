/* SPDX-License-Identifier: MIT */
/* Reads that wait for a writer that sleeps a known time, and threads that wait for ever. */
#include "work.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_THREADS 8192

static int wanted[2], data[2]; /* the reader asks, the writer sleeps and answers */
static uint64_t delay_ns;

static void *writer(void *unused)
{
	char byte;

	while (read(wanted[0], &byte, 1) == 1) {
		work_sleep_ns(delay_ns);
		if (write(data[1], &byte, 1) != 1)
			work_die("write");
	}
	return unused;
}

int work_pipe(int argc, char **argv)
{
	uint64_t n, i, start, *samples;
	pthread_t thread;
	char byte = 'x';

	if (argc != 3)
		return 2;
	n = strtoull(argv[1], NULL, 10);
	delay_ns = strtoull(argv[2], NULL, 10);
	samples = calloc(n, sizeof(*samples));
	if (!samples || pipe(wanted) || pipe(data) || pthread_create(&thread, NULL, writer, NULL))
		work_die("pipe");
	work_begin();
	for (i = 0; i < n; i++) {
		if (write(wanted[1], &byte, 1) != 1)
			work_die("write");
		start = work_now_ns();
		if (read(data[0], &byte, 1) != 1)
			work_die("read");
		samples[i] = work_now_ns() - start;
	}
	work_end();
	printf("{");
	work_print_samples("read", samples, n);
	printf("}\n");
	return 0;
}

static int zero, n_calls_after, n_begun;

static void *reader(void *unused)
{
	char byte;
	int i;

	work_begin();
	__atomic_add_fetch(&n_begun, 1, __ATOMIC_RELAXED);
	if (read(data[0], &byte, 1) != 1)
		work_die("read");
	for (i = 0; i < n_calls_after; i++)
		if (read(zero, &byte, 1) != 1)
			work_die("read");
	work_end();
	return unused;
}

/* Blocks threads in a read each until a line comes on stdin, then lets them make some quick reads and end. */
int work_blocked(int argc, char **argv)
{
	static pthread_t threads[MAX_THREADS];
	pthread_attr_t attributes;
	int n_threads, i;
	char byte = 'x';

	if (argc != 3 || pipe(data))
		return 2;
	n_threads = atoi(argv[1]);
	n_calls_after = atoi(argv[2]);
	zero = open("/dev/zero", O_RDONLY);
	if (n_threads < 1 || n_threads > MAX_THREADS || zero < 0)
		return 2;
	/* Small ones, and without a page to guard them: thousands are made in less than half the time. */
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_attr_setguardsize(&attributes, 0);
	for (i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], &attributes, reader, NULL))
			work_die("thread");
	while (__atomic_load_n(&n_begun, __ATOMIC_RELAXED) < n_threads)
		work_sleep_ns(1000000);
	work_sleep_ns(500000000);
	printf("{\"blocked\": %d}\n", n_threads);
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		work_die("stdin");
	for (i = 0; i < n_threads; i++)
		if (write(data[1], &byte, 1) != 1)
			work_die("write");
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
