/* SPDX-License-Identifier: MIT */
/* System calls: cheap ones, failing ones, 32-bit ones, those of children, and interrupted ones. */
#include "work.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_US 20000

static int pipe_fds[2];
static int n_ticks, n_wanted;

/* getppid, N times; a close of what is not open, N / 2 times; N / 10 children that do nothing. */
int work_syscalls(int argc, char **argv)
{
	int n, i;
	pid_t pid;

	if (argc != 2)
		return 2;
	n = atoi(argv[1]);
	work_begin();
	for (i = 0; i < n; i++)
		syscall(SYS_getppid);
	for (i = 0; i < n / 2; i++)
		syscall(SYS_close, -1);
	for (i = 0; i < n / 10; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			work_die("fork");
	}
	work_end();
	printf("{\"n\": %d}\n", n);
	return 0;
}

/* getppid by the gate of 32-bit programs. */
int work_calls32(int argc, char **argv)
{
#ifdef __x86_64__
	long result = 0;
	int n, i;

	if (argc != 2)
		return 2;
	n = atoi(argv[1]);
	work_begin();
	for (i = 0; i < n; i++)
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(64) : "memory", "r8", "r9", "r10", "r11");
	work_end();
	printf("{\"n\": %d, \"result\": %ld}\n", n, result);
	return 0;
#else
	(void)argc;
	(void)argv;
	return 2;
#endif
}

static void tick(int number)
{
	(void)number;
	if (++n_ticks == n_wanted && write(pipe_fds[1], "x", 1) != 1)
		_exit(1);
}

/* One read that N signals interrupt, each of which makes the kernel begin it again. */
int work_restart(int argc, char **argv)
{
	struct itimerval timer = { { 0, TICK_US }, { 0, TICK_US } };
	struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };
	char byte;

	if (argc != 2 || pipe(pipe_fds) || sigaction(SIGALRM, &action, NULL))
		return 2;
	n_wanted = atoi(argv[1]);
	work_begin();
	if (setitimer(ITIMER_REAL, &timer, NULL) || read(pipe_fds[0], &byte, 1) != 1)
		work_die("read");
	timer = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &timer, NULL);
	work_end();
	printf("{\"n\": %d}\n", n_wanted);
	return 0;
}
