/* SPDX-License-Identifier: MIT */
/* N calls of one operation by each of some threads. */
#include "work.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	const char *op, *path;
	uint64_t n;
} job;

static void do_one(int fd)
{
	struct iovec vector;
	char byte = 'x';
	struct stat st;
	int opened;

	vector.iov_base = &byte;
	vector.iov_len = 1;
	if (!strcmp(job.op, "read") && pread(fd, &byte, 1, 0) != 1)
		work_die("read");
	if (!strcmp(job.op, "readv") && preadv(fd, &vector, 1, 0) != 1)
		work_die("readv");
	if (!strcmp(job.op, "write") && pwrite(fd, &byte, 1, 0) != 1)
		work_die("write");
	if (!strcmp(job.op, "writev") && pwritev(fd, &vector, 1, 0) != 1)
		work_die("writev");
	if (!strcmp(job.op, "eof") && pread(fd, &byte, 1, 1 << 20) != 0)
		work_die("eof");
	if (!strcmp(job.op, "fsync") && fsync(fd))
		work_die("fsync");
	if (!strcmp(job.op, "stat") && stat(job.path, &st))
		work_die("stat");
	if (!strcmp(job.op, "fstat") && fstat(fd, &st))
		work_die("fstat");
	if (!strcmp(job.op, "missing") && open("/nowhere/at/all", O_RDONLY) >= 0)
		work_die("missing");
	if (!strcmp(job.op, "open")) { /* and close */
		opened = open(job.path, O_RDONLY);
		if (opened < 0 || close(opened))
			work_die("open");
	}
}

static void *thread(void *unused)
{
	int fd = open(job.path, O_RDWR | O_CREAT, 0600);
	uint64_t i;

	if (fd < 0 || pwrite(fd, "x", 1, 0) != 1)
		work_die(job.path);
	work_begin();
	for (i = 0; i < job.n; i++)
		do_one(fd);
	work_end();
	close(fd);
	return unused;
}

int work_calls(int argc, char **argv)
{
	pthread_t threads[256];
	int n_threads, i;

	if (argc != 5)
		return 2;
	job.op = argv[1];
	job.n = strtoull(argv[2], NULL, 10);
	n_threads = atoi(argv[3]);
	job.path = argv[4];
	if (n_threads == 1) {
		thread(NULL);
	} else {
		for (i = 0; i < n_threads; i++)
			if (pthread_create(&threads[i], NULL, thread, NULL))
				work_die("thread");
		for (i = 0; i < n_threads; i++)
			pthread_join(threads[i], NULL);
	}
	printf("{\"pid\": %d, \"calls\": %" PRIu64 "}\n", (int)getpid(), job.n * (uint64_t)n_threads);
	return 0;
}
