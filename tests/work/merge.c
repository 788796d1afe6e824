/* SPDX-License-Identifier: MIT */
/* Adjacent writes that reach the scheduler apart and at once, so that it merges their requests. */
#include "work.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK_BYTES 4096
#define MAX_PAIRS 8 /* with more the kernel hands over the first ones before it has seen the last */

/* First every other block, then those between. */
static off_t offset_of(int i, int n_pairs)
{
	return (off_t)(i < n_pairs ? 2 * i : 2 * (i - n_pairs) + 1) * BLOCK_BYTES;
}

static void submit_all(int fd, void *buffer, int n_pairs)
{
	struct iocb blocks[2 * MAX_PAIRS], *pointers[2 * MAX_PAIRS];
	struct io_event events[2 * MAX_PAIRS];
	aio_context_t context = 0;
	int i, n = 2 * n_pairs;

	memset(blocks, 0, sizeof(blocks));
	for (i = 0; i < n; i++) {
		blocks[i].aio_fildes = (__u32)fd;
		blocks[i].aio_lio_opcode = IOCB_CMD_PWRITE;
		blocks[i].aio_buf = (__u64)buffer;
		blocks[i].aio_nbytes = BLOCK_BYTES;
		blocks[i].aio_offset = offset_of(i, n_pairs);
		pointers[i] = &blocks[i];
	}
	if (syscall(SYS_io_setup, n, &context))
		work_die("io_setup");
	work_begin();
	if (syscall(SYS_io_submit, context, n, pointers) != n ||
	    syscall(SYS_io_getevents, context, n, n, events, NULL) != n)
		work_die("io_submit");
	work_end();
	for (i = 0; i < n; i++)
		if (events[i].res != BLOCK_BYTES)
			work_die("write");
}

int work_merge(int argc, char **argv)
{
	int fd, n_pairs;
	void *buffer;

	if (argc != 3)
		return 2;
	n_pairs = atoi(argv[2]);
	if (n_pairs < 1 || n_pairs > MAX_PAIRS)
		return 2;
	fd = open(argv[1], O_DIRECT | O_WRONLY);
	if (fd < 0 || posix_memalign(&buffer, BLOCK_BYTES, BLOCK_BYTES))
		work_die(argv[1]);
	memset(buffer, 0, BLOCK_BYTES);
	submit_all(fd, buffer, n_pairs);
	printf("{\"bytes\": %d}\n", 2 * n_pairs * BLOCK_BYTES);
	return 0;
}
