/* SPDX-License-Identifier: MIT */
/* The traced command: started, held until everything counts, waited for. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

struct child {
	pid_t pid;      /* 0: it could not be executed */
	int pid_fd;     /* becomes readable when it has ended */
	int release_fd; /* private */
	int error_fd;   /* private */
};

/* Forks; the command is executed when it is released. 0 or -errno, reported. */
int child_hold(struct child *child, char *const command[]);

/* Lets it run. 0, or -errno when it could not be executed, reported. */
int child_release(struct child *child, const char *name);

/* Reports how it ended, or that it goes on; closes everything. A held child that was not released ends. */
void child_close(struct child *child);

#endif
