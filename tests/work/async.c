/* SPDX-License-Identifier: MIT */
/* Reads and writes by aio and io_uring, by bare system calls: one at a time, and such that wait for a pipe. */
#include "work.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_ENTRIES 4

int64_t work_aio(int command, int fd, void *bytes, size_t n_bytes, int64_t offset)
{
	static __thread aio_context_t context;
	struct iocb block = {
		.aio_lio_opcode = (uint16_t)command, .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)bytes,
		.aio_nbytes = n_bytes, .aio_offset = offset,
	}, *blocks = &block;
	struct io_event event;

	if (!context && syscall(SYS_io_setup, N_ENTRIES, &context))
		work_die("io_setup");
	if (syscall(SYS_io_submit, context, 1, &blocks) != 1)
		return -errno;
	if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		work_die("io_getevents");
	return event.res;
}

static __thread struct ring {
	int fd; /* 0: not there yet */
	char *submitted, *completed; /* the kernel's memory */
	struct io_uring_sqe *entries;
	struct io_uring_params params;
	unsigned int n_waiting; /* entries that the kernel was not told of */
} ring;

static char *map(size_t n_bytes, uint64_t offset)
{
	void *memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, (off_t)offset);

	if (memory == MAP_FAILED)
		work_die("io_uring memory");
	return memory;
}

static void open_ring(void)
{
	ring.fd = (int)syscall(SYS_io_uring_setup, N_ENTRIES, &ring.params);
	if (ring.fd < 0)
		work_die("io_uring_setup");
	ring.submitted = map(ring.params.sq_off.array + N_ENTRIES * sizeof(uint32_t), IORING_OFF_SQ_RING);
	ring.completed = map(ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe),
			     IORING_OFF_CQ_RING);
	ring.entries = (void *)map(N_ENTRIES * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
}

static uint32_t *word(char *memory, uint32_t offset)
{
	return (uint32_t *)(void *)(memory + offset);
}

int64_t work_uring_submit(int opcode, int flags, int fd, void *bytes, size_t n_bytes, int64_t offset)
{
	uint32_t tail, index;

	if (!ring.fd)
		open_ring();
	tail = *word(ring.submitted, ring.params.sq_off.tail);
	index = tail % N_ENTRIES;
	ring.entries[index] = (struct io_uring_sqe){
		.opcode = (uint8_t)opcode, .flags = (uint8_t)flags, .fd = fd, .addr = (uintptr_t)bytes,
		.len = (uint32_t)n_bytes, .off = (uint64_t)offset,
	};
	word(ring.submitted, ring.params.sq_off.array)[index] = index;
	__atomic_store_n(word(ring.submitted, ring.params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	ring.n_waiting++;
	if (flags & IOSQE_IO_LINK)
		return 0;
	if (syscall(SYS_io_uring_enter, ring.fd, ring.n_waiting, 0, 0, NULL, 0) != (long)ring.n_waiting)
		work_die("io_uring_enter");
	ring.n_waiting = 0;
	return 0;
}

int64_t work_uring_wait(void)
{
	uint32_t *head = word(ring.completed, ring.params.cq_off.head);
	uint32_t *tail = word(ring.completed, ring.params.cq_off.tail);
	const struct io_uring_cqe *completions = (void *)(ring.completed + ring.params.cq_off.cqes);
	int64_t result;

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		if (syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			work_die("io_uring_enter");
	result = completions[*head & (ring.params.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

int64_t work_uring(int opcode, int flags, int fd, void *bytes, size_t n_bytes, int64_t offset)
{
	work_uring_submit(opcode, flags, fd, bytes, n_bytes, offset);
	return work_uring_wait();
}

/* N reads of an empty pipe, which a byte comes to DELAY_NS later. */
int work_uring_pipe(int argc, char **argv)
{
	uint64_t n, i, delay_ns, start_ns, *samples;
	int ends[2];
	char byte;

	if (argc != 3 || pipe(ends))
		return 2;
	n = strtoull(argv[1], NULL, 10);
	delay_ns = strtoull(argv[2], NULL, 10);
	samples = calloc(n + 1, sizeof(*samples));
	if (!samples)
		work_die("memory");
	work_begin();
	for (i = 0; i < n; i++) {
		start_ns = work_now_ns();
		work_uring_submit(IORING_OP_READ, 0, ends[0], &byte, 1, 0);
		work_sleep_ns(delay_ns);
		if (write(ends[1], "x", 1) != 1 || work_uring_wait() != 1)
			work_die("read of a pipe");
		samples[i] = work_now_ns() - start_ns;
	}
	work_end();
	printf("{");
	work_print_samples("uring_read", samples, n);
	puts("}");
	free(samples);
	return 0;
}
