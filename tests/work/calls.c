/* SPDX-License-Identifier: MIT */
/* Given numbers of calls of some operations, by each of some threads. */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_STEPS 16
#define MAX_THREADS 256

/* What a thread works on. */
struct place {
	const char *path;
	int fd;
	int empty_fd; /* a pipe that has nothing to read and does not wait */
	int full_fd;  /* its other end */
};

static bool do_read(const struct place *place)
{
	char byte;

	return pread(place->fd, &byte, 1, 0) == 1;
}

static bool do_readv(const struct place *place)
{
	char byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };

	return preadv(place->fd, &vector, 1, 0) == 1;
}

static bool do_write(const struct place *place)
{
	return pwrite(place->fd, "x", 1, 0) == 1;
}

static bool do_writev(const struct place *place)
{
	char byte = 'x';
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };

	return pwritev(place->fd, &vector, 1, 0) == 1;
}

static bool do_eof(const struct place *place)
{
	char byte;

	return pread(place->fd, &byte, 1, 1 << 20) == 0;
}

static bool do_again(const struct place *place)
{
	char byte;

	return read(place->empty_fd, &byte, 1) < 0 && errno == EAGAIN;
}

static bool do_fsync(const struct place *place)
{
	return !fsync(place->fd);
}

static bool do_stat(const struct place *place)
{
	struct stat st;

	return !stat(place->path, &st);
}

static bool do_fstat(const struct place *place)
{
	struct stat st;

	return !fstat(place->fd, &st);
}

static bool do_open(const struct place *place)
{
	int fd = open(place->path, O_RDONLY);

	return fd >= 0 && !close(fd);
}

static bool do_missing(const struct place *place)
{
	(void)place;
	return open("/nowhere/at/all", O_RDONLY) < 0;
}

static bool do_aio_read(const struct place *place)
{
	char byte;

	return work_aio(IOCB_CMD_PREAD, place->fd, &byte, 1, 0) == 1;
}

static bool do_aio_write(const struct place *place)
{
	char byte = 'x';

	return work_aio(IOCB_CMD_PWRITE, place->fd, &byte, 1, 0) == 1;
}

static bool do_aio_eof(const struct place *place)
{
	char byte;

	return work_aio(IOCB_CMD_PREAD, place->fd, &byte, 1, 1 << 20) == 0;
}

/* Refused before it begins: the end of a pipe that is written to. */
static bool do_aio_refused(const struct place *place)
{
	char byte;

	return work_aio(IOCB_CMD_PREAD, place->full_fd, &byte, 1, 0) == -EBADF;
}

static bool do_uring_read(const struct place *place)
{
	char byte;

	return work_uring(IORING_OP_READ, 0, place->fd, &byte, 1, 0) == 1;
}

static bool do_uring_readv(const struct place *place)
{
	char byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };

	return work_uring(IORING_OP_READV, 0, place->fd, &vector, 1, 0) == 1;
}

static bool do_uring_write(const struct place *place)
{
	char byte = 'x';

	return work_uring(IORING_OP_WRITE, 0, place->fd, &byte, 1, 0) == 1;
}

/* By another thread of the kernel's. */
static bool do_uring_apart(const struct place *place)
{
	char byte;

	return work_uring(IORING_OP_READ, IOSQE_ASYNC, place->fd, &byte, 1, 0) == 1;
}

static bool do_uring_bad(const struct place *place)
{
	char byte;

	(void)place;
	return work_uring(IORING_OP_READ, 0, -1, &byte, 1, 0) == -EBADF;
}

/* No completion is wanted, so that only what is submitted behind it shows that it is over. */
static bool do_uring_silent(const struct place *place)
{
	char byte;

	return !work_uring_submit(IORING_OP_READ, IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK, place->fd, &byte, 1, 0) &&
	       work_uring(IORING_OP_NOP, 0, -1, NULL, 0, 0) == 0;
}

static bool do_uring_nop(const struct place *place)
{
	(void)place;
	return work_uring(IORING_OP_NOP, 0, -1, NULL, 0, 0) == 0;
}

static const struct call {
	const char *name;
	bool (*function)(const struct place *place); /* false: not as expected */
} calls[] = {
	{ "read", do_read }, { "readv", do_readv }, { "write", do_write }, { "writev", do_writev },
	{ "eof", do_eof }, { "again", do_again }, { "fsync", do_fsync }, { "stat", do_stat }, { "fstat", do_fstat },
	{ "open", do_open }, /* and close */
	{ "missing", do_missing },
	{ "aio_read", do_aio_read }, { "aio_write", do_aio_write }, { "aio_eof", do_aio_eof },
	{ "aio_refused", do_aio_refused },
	{ "uring_read", do_uring_read }, { "uring_readv", do_uring_readv }, { "uring_write", do_uring_write },
	{ "uring_apart", do_uring_apart }, { "uring_bad", do_uring_bad }, { "uring_silent", do_uring_silent },
	{ "uring_nop", do_uring_nop },
};

static struct {
	struct step {
		const struct call *call;
		uint64_t n;
	} steps[MAX_STEPS];
	size_t n_steps;
	const char *path;
} job;

static void *thread(void *unused)
{
	struct place place = { .path = job.path, .fd = open(job.path, O_RDWR | O_CREAT, 0600) };
	const struct step *step;
	int empty[2];
	uint64_t i;

	if (place.fd < 0 || pwrite(place.fd, "x", 1, 0) != 1 || pipe2(empty, O_NONBLOCK))
		work_die(job.path);
	place.empty_fd = empty[0];
	place.full_fd = empty[1];
	work_begin();
	for (step = job.steps; step < job.steps + job.n_steps; step++)
		for (i = 0; i < step->n; i++)
			if (!step->call->function(&place))
				work_die(step->call->name);
	work_end();
	close(place.fd);
	return unused;
}

static const struct call *find_call(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	return NULL;
}

/* OP[:N][,OP[:N]]...; each N times where it has no own number. */
static bool parse_steps(char *text, uint64_t n)
{
	char *name, *number;
	struct step *step;

	while ((name = strsep(&text, ","))) {
		if (job.n_steps == MAX_STEPS)
			return false;
		step = &job.steps[job.n_steps++];
		number = strchr(name, ':');
		if (number)
			*number++ = '\0';
		step->call = find_call(name);
		step->n = number ? strtoull(number, NULL, 10) : n;
		if (!step->call)
			return false;
	}
	return true;
}

static uint64_t n_calls(void)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < job.n_steps; i++)
		sum += job.steps[i].n;
	return sum;
}

int work_calls(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	int n_threads, i;

	if (argc != 5 || !parse_steps(argv[1], strtoull(argv[2], NULL, 10)))
		return 2;
	n_threads = atoi(argv[3]);
	job.path = argv[4];
	if (n_threads < 1 || n_threads > MAX_THREADS)
		return 2;
	if (n_threads == 1) {
		thread(NULL);
	} else {
		for (i = 0; i < n_threads; i++)
			if (pthread_create(&threads[i], NULL, thread, NULL))
				work_die("thread");
		for (i = 0; i < n_threads; i++)
			pthread_join(threads[i], NULL);
	}
	printf("{\"pid\": %d, \"calls\": %" PRIu64 "}\n", (int)getpid(), n_calls() * (uint64_t)n_threads);
	return 0;
}
