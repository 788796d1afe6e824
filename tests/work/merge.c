/* SPDX-License-Identifier: MIT */
/* Adjacent reads that wait for a busy device, so that the scheduler merges their requests. */
#include "work.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK_BYTES 4096
#define MAX_PAIRS 16
#define MAX_BLOCKS (2 * MAX_PAIRS + 1)

/* One far away, which keeps the device busy; then every other block; then those between, which close the gaps. */
static off_t offset_of(int i, int n_pairs)
{
	if (i == 0)
		return (off_t)MAX_BLOCKS * 2 * BLOCK_BYTES;
	return (off_t)(i <= n_pairs ? 2 * (i - 1) : 2 * (i - 1 - n_pairs) + 1) * BLOCK_BYTES;
}

/*
 * One by one: what is submitted together may be merged before it is a request that others can see.
 * Reads, since mq-deadline lets few writes wait when the device takes few.
 */
static void submit_all(int fd, void *buffer, int n_pairs)
{
	struct iocb blocks[MAX_BLOCKS], *block;
	struct io_event events[MAX_BLOCKS];
	aio_context_t context = 0;
	int i, n = 2 * n_pairs + 1;

	memset(blocks, 0, sizeof(blocks));
	if (syscall(SYS_io_setup, n, &context))
		work_die("io_setup");
	work_begin();
	for (i = 0; i < n; i++) {
		block = &blocks[i];
		block->aio_fildes = (__u32)fd;
		block->aio_lio_opcode = IOCB_CMD_PREAD;
		block->aio_buf = (__u64)buffer;
		block->aio_nbytes = BLOCK_BYTES;
		block->aio_offset = offset_of(i, n_pairs);
		if (syscall(SYS_io_submit, context, 1, &block) != 1)
			work_die("io_submit");
	}
	if (syscall(SYS_io_getevents, context, n, n, events, NULL) != n)
		work_die("io_getevents");
	work_end();
	for (i = 0; i < n; i++)
		if (events[i].res != BLOCK_BYTES)
			work_die("read");
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
	fd = open(argv[1], O_DIRECT | O_RDONLY);
	if (fd < 0 || posix_memalign(&buffer, BLOCK_BYTES, BLOCK_BYTES))
		work_die(argv[1]);
	submit_all(fd, buffer, n_pairs);
	printf("{\"bytes\": %d}\n", (2 * n_pairs + 1) * BLOCK_BYTES);
	return 0;
}
