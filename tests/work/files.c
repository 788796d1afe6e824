/* SPDX-License-Identifier: MIT */
/* Calls on many files, and on files of each type. */
#include "work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void read_times(int fd, int n)
{
	char byte;

	while (n--)
		if (read(fd, &byte, 1) < 0)
			work_die("read");
}

/* N files in FOLDER: one write of a byte, and as many reads as its number modulo 3, and one. */
int work_files(int argc, char **argv)
{
	char path[4096];
	int n, i, fd;

	if (argc != 3)
		return 2;
	n = atoi(argv[1]);
	work_begin();
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/f%d", argv[2], i);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1)
			work_die(path);
		read_times(fd, i % 3 + 1);
		close(fd);
	}
	work_end();
	puts("{\"done\": 1}");
	return 0;
}

static void use_pairs(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], "12345", 5) != 5)
		work_die("pipe");
	read_times(ends[0], 5);
	close(ends[0]);
	close(ends[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || write(ends[1], "1234567", 7) != 7)
		work_die("socket");
	read_times(ends[0], 7);
	close(ends[0]);
	close(ends[1]);
}

/* Reads: 3 of a regular file, 5 of a pipe, 7 of a socket, 11 of /dev/zero, 13 of an eventfd, 2 of a folder that fail. */
int work_ftypes(int argc, char **argv)
{
	char byte, path[4096];
	uint64_t number;
	int fd, i;

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/regular", argv[1]);
	work_begin();
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || unlink(path))
		work_die(path);
	read_times(fd, 3);
	close(fd);
	use_pairs();
	fd = open("/dev/zero", O_RDONLY);
	read_times(fd, 11);
	close(fd);
	fd = eventfd(13, EFD_SEMAPHORE);
	for (i = 0; i < 13; i++)
		if (read(fd, &number, sizeof(number)) != sizeof(number))
			work_die("eventfd");
	close(fd);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	for (i = 0; i < 2; i++)
		if (read(fd, &byte, 1) >= 0)
			work_die("folder");
	close(fd);
	work_end();
	puts("{\"done\": 1}");
	return 0;
}

/*
 * Reads, each of a byte: 10 + 7 that go on where the last one ended (or begin an open file), 5 that do not; writes: 3 + 1
 * and 1.
 */
int work_pattern(int argc, char **argv)
{
	char byte = 'x';
	int fd, i;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 65536))
		work_die(argv[1]);
	work_begin();
	close(fd);
	fd = open(argv[1], O_RDWR);
	read_times(fd, 10);
	for (i = 5; i; i--)
		if (pread(fd, &byte, 1, i * 1000) != 1)
			work_die("pread");
	close(fd);
	/* It may well get the kernel's same memory. */
	fd = open(argv[1], O_RDWR);
	read_times(fd, 7);
	for (i = 0; i < 3; i++)
		if (write(fd, &byte, 1) != 1)
			work_die("write");
	for (i = 0; i < 2; i++)
		if (pwrite(fd, &byte, 1, 500 + i) != 1)
			work_die("pwrite");
	close(fd);
	work_end();
	puts("{\"done\": 1}");
	return 0;
}
