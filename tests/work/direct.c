/* SPDX-License-Identifier: MIT */
/* Direct input and output on a block device: one request a call. */
#include "work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int work_direct(int argc, char **argv)
{
	uint64_t n, i, start, *samples;
	size_t n_bytes;
	void *buffer;
	ssize_t done;
	off_t size;
	int fd;

	if (argc != 5)
		return 2;
	n = strtoull(argv[3], NULL, 10);
	n_bytes = strtoul(argv[4], NULL, 10);
	samples = calloc(n, sizeof(*samples));
	fd = open(argv[2], O_DIRECT | (strcmp(argv[1], "write") ? O_RDONLY : O_WRONLY));
	if (fd < 0 || !samples || posix_memalign(&buffer, 4096, n_bytes))
		work_die(argv[2]);
	memset(buffer, 0, n_bytes);
	size = lseek(fd, 0, SEEK_END) / (off_t)n_bytes;
	work_begin();
	for (i = 0; i < n; i++) {
		off_t offset = (off_t)(i % (uint64_t)size) * (off_t)n_bytes;

		start = work_now_ns();
		done = strcmp(argv[1], "write") ? pread(fd, buffer, n_bytes, offset) : pwrite(fd, buffer, n_bytes, offset);
		if (done != (ssize_t)n_bytes)
			work_die(argv[2]);
		samples[i] = work_now_ns() - start;
	}
	work_end();
	printf("{");
	work_print_samples(argv[1], samples, n);
	printf(", \"bytes\": %zu}\n", n_bytes * n);
	return 0;
}
