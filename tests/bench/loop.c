/* SPDX-License-Identifier: MIT */
/* Best of five: nanoseconds (under -icount: instructions) a call in a loop of calls; and how many calls there were. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define N_ROUNDS 5

static const char *disk = "/dev/nullb0";
static const char path[] = "/var/tmp/latencyprobe-bench";
static int fd, peer;
static char *buffer;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void check(int is_fine, const char *what)
{
	if (is_fine)
		return;
	perror(what);
	exit(1);
}

static void open_zero(void)
{
	fd = open("/dev/zero", O_RDONLY);
	check(fd >= 0, "/dev/zero");
}

static void read_one(void)
{
	check(read(fd, buffer, 1) == 1, "read");
}

static void open_file(void)
{
	char name[] = "/var/tmp/latencyprobe-bench.XXXXXX";

	fd = mkstemp(name);
	check(fd >= 0 && write(fd, buffer, 1) == 1 && !unlink(name), name);
}

static void read_again(void)
{
	check(pread(fd, buffer, 1, 0) == 1, "pread");
}

static void make_file(void)
{
	int made = open(path, O_RDONLY | O_CREAT, 0600);

	check(made >= 0, path);
	close(made);
}

static void open_close(void)
{
	int opened = open(path, O_RDONLY);

	check(opened >= 0 && !close(opened), path);
}

static void open_nothing(void)
{
}

static void ask_for_parent(void)
{
	syscall(SYS_getppid);
}

static void open_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	check(!bind(listener, (struct sockaddr *)&address, length) && !listen(listener, 1) &&
	      !getsockname(listener, (struct sockaddr *)&address, &length) &&
	      !connect(fd, (struct sockaddr *)&address, length), "loopback");
	peer = accept(listener, NULL, NULL);
}

static void send_recv(void)
{
	check(send(fd, buffer, 1, 0) == 1 && recv(peer, buffer, 1, 0) == 1, "send and recv");
}

static void open_disk(void)
{
	fd = open(disk, O_RDONLY | O_DIRECT);
	check(fd >= 0, disk);
}

static void open_ram(void)
{
	disk = "/dev/ram0";
	open_disk();
}

static void read_page(void)
{
	check(pread(fd, buffer, 4096, 0) == 4096, disk);
}

static const struct loop {
	const char *name;
	void (*open)(void);
	void (*call)(void);
	int n_calls;
} loops[] = {
	{ "read", open_zero, read_one, 20000 },
	{ "file", open_file, read_again, 20000 },
	{ "open", make_file, open_close, 4000 },
	{ "tcp", open_loopback, send_recv, 4000 },
	{ "block", open_disk, read_page, 4000 },
	{ "bio", open_ram, read_page, 4000 },
	{ "syscall", open_nothing, ask_for_parent, 20000 },
};

int main(int argc, char **argv)
{
	uint64_t best = UINT64_MAX, start, took;
	const struct loop *loop = NULL;
	size_t i;
	int round, call;

	if (argc == 3)
		disk = argv[2];
	for (i = 0; argc >= 2 && i < sizeof(loops) / sizeof(loops[0]); i++)
		if (!strcmp(loops[i].name, argv[1]))
			loop = &loops[i];
	check(loop && !posix_memalign((void **)&buffer, 4096, 4096), "usage: loop read|file|open|tcp|block|bio|syscall [DISK]");
	loop->open();
	for (round = 0; round < N_ROUNDS; round++) {
		start = now_ns();
		for (call = 0; call < loop->n_calls; call++)
			loop->call();
		took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("%" PRIu64 " %d\n", best / (uint64_t)loop->n_calls, N_ROUNDS * loop->n_calls);
	return 0;
}
