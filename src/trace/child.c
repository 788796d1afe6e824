/* SPDX-License-Identifier: MIT */
/* The traced command: started, held until everything counts, waited for. */
#include "trace/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static void run_held(char *const command[], int release_fd, int error_fd)
{
	sigset_t none;
	char byte;
	int error;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(release_fd, &byte, 1) != 1)
		_exit(0);
	execvp(command[0], command);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int child_hold(struct child *child, char *const command[])
{
	int release[2], failed[2];

	if (pipe2(release, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		return fail(-errno, "pipe");
	child->pid = fork();
	if (child->pid < 0)
		return fail(-errno, "fork");
	if (!child->pid) {
		close(release[1]);
		run_held(command, release[0], failed[1]);
	}
	close(release[0]);
	close(failed[1]);
	child->release_fd = release[1];
	child->error_fd = failed[0];
	child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pid_fd < 0)
		return fail(-errno, "pidfd of process %d", (int)child->pid);
	return 0;
}

int child_release(struct child *child, const char *name)
{
	int error;

	if (write(child->release_fd, "", 1) != 1)
		return fail(-errno, "%s", name);
	/* The pipe closes when the command is executed. */
	if (read(child->error_fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return 0;
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	return fail(-error, "cannot run %s", name);
}

void child_close(struct child *child)
{
	int status;

	close(child->release_fd);
	close(child->error_fd);
	close(child->pid_fd);
	if (!child->pid)
		return;
	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		note("the command goes on, as process %d", (int)child->pid);
	else if (WIFSIGNALED(status))
		note("the command ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		note("the command ended with status %d", WEXITSTATUS(status));
}
