/* SPDX-License-Identifier: MIT */
/* The terminal while a program has all of it: what it can do, and that it is given back whatever happens. */
#include "system/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

/* Last: it has macros with names such as `lines`. */
#include <curses.h>
#include <term.h>

#include "base/log.h"

#define MAX_SEQUENCE 128
/* How long a terminal may keep a frame waiting, and how long what gives it back. */
#define FRAME_MS 200
#define LEAVE_MS 3000
#define SIGNAL_STACK_BYTES 65536

/* Of the process, since a signal handler has to find it. */
static struct {
	int fd; /* a description of its own, so that it can be non-blocking */
	bool is_open, is_entered, has_handlers;
	bool is_stuck; /* did not take the last frame in time */
	struct termios saved;
	char enter[MAX_SEQUENCE], clear[MAX_SEQUENCE], leave[MAX_SEQUENCE];
	int n_colours;
	bool has_rgb;
	int stderr_fd, held_fd; /* the true stderr, and what waits for it; -1: not held */
} terminal;

/* SEQUENCE is terminfo's: NULL where the terminal has none; without the waiting times that only paper needs. */
static void append(char text[static MAX_SEQUENCE], const char *sequence)
{
	size_t length = strlen(text);
	const char *delay;

	while (sequence && *sequence && length + 1 < MAX_SEQUENCE) {
		delay = !strncmp(sequence, "$<", 2) ? strchr(sequence, '>') : NULL;
		if (delay)
			sequence = delay + 1;
		else
			text[length++] = *sequence++;
	}
	text[length] = '\0';
}

/* False where frames, which go to the corner and erase lines, could not be drawn. */
static bool read_terminfo(void)
{
	int error;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	/* The database has no word for ECMA-48; what goes home and erases as that says takes its other sequences, too. */
	if (!cursor_home || strncmp(cursor_home, "\033[H", 3) || !clr_eol || strncmp(clr_eol, "\033[K", 3))
		return false;
	terminal.n_colours = tigetnum("colors");
	terminal.has_rgb = tigetflag("RGB") > 0;
	append(terminal.enter, enter_ca_mode);
	append(terminal.clear, cursor_invisible);
	append(terminal.clear, "\033[0m\033[H\033[J");
	append(terminal.leave, exit_ca_mode ? "\033[0m" : "\033[0m\033[H\033[J");
	append(terminal.leave, exit_ca_mode);
	append(terminal.leave, cursor_normal);
	return true;
}

static int open_again(void)
{
	const char *name = ttyname(STDOUT_FILENO);
	int fd = name ? open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;

	/* The device may belong to who was logged in before su. */
	return fd >= 0 ? fd : open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

int terminal_open(const char **why)
{
	terminal.stderr_fd = terminal.held_fd = -1;
	*why = "stdout is no terminal";
	if (!isatty(STDOUT_FILENO))
		return -ENOTTY;
	*why = "TERM names no terminal that can be drawn on";
	if (!read_terminfo())
		return -ENOTSUP;
	*why = "the terminal cannot be opened";
	terminal.fd = open_again();
	if (terminal.fd < 0)
		return -errno;
	terminal.is_open = true;
	return 0;
}

int terminal_n_colours(void)
{
	return terminal.n_colours;
}

bool terminal_has_rgb(void)
{
	return terminal.has_rgb;
}

int terminal_fd(void)
{
	return terminal.fd;
}

/* Messages would be drawn over, so they wait in memory. */
static void hold_stderr(void)
{
	if (terminal.held_fd >= 0 || !isatty(STDERR_FILENO))
		return;
	terminal.held_fd = memfd_create("stderr", MFD_CLOEXEC);
	terminal.stderr_fd = terminal.held_fd < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (terminal.stderr_fd >= 0)
		dup2(terminal.held_fd, STDERR_FILENO);
}

static void release_stderr(void)
{
	char bytes[512];
	ssize_t n;

	if (terminal.stderr_fd < 0)
		return;
	dup2(terminal.stderr_fd, STDERR_FILENO);
	close(terminal.stderr_fd);
	terminal.stderr_fd = -1;
	lseek(terminal.held_fd, 0, SEEK_SET);
	while ((n = read(terminal.held_fd, bytes, sizeof(bytes))) > 0)
		if (write(STDERR_FILENO, bytes, (size_t)n) < 0)
			break;
	close(terminal.held_fd);
	terminal.held_fd = -1;
}

/* Waits so long each time that the terminal takes no more, but not again and again. False when it is gone. */
static bool write_all(const char *bytes, size_t n_bytes, int patience_ms)
{
	struct pollfd pollfd = { .fd = terminal.fd, .events = POLLOUT };
	ssize_t n;

	while (n_bytes) {
		n = write(terminal.fd, bytes, n_bytes);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			n_bytes -= (size_t)n;
		} else if (poll(&pollfd, 1, terminal.is_stuck ? 0 : patience_ms) == 0) {
			terminal.is_stuck = true;
			return true;
		}
	}
	terminal.is_stuck = false;
	return true;
}

bool terminal_write(const char *bytes, size_t n_bytes)
{
	return write_all(bytes, n_bytes, FRAME_MS);
}

static bool is_foreground(void)
{
	pid_t group = tcgetpgrp(terminal.fd);

	/* Where it is not the controlling terminal, nobody is stopped for changing it. */
	return group < 0 || group == getpgrp();
}

void terminal_leave(void)
{
	int kept = errno;

	if (terminal.is_entered) {
		terminal.is_entered = terminal.is_stuck = false;
		write_all(terminal.leave, strlen(terminal.leave), LEAVE_MS);
		/* In the background it is somebody else's already. */
		if (is_foreground())
			tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
		release_stderr();
	}
	errno = kept;
}

static void leave_and_die(int number)
{
	terminal_leave();
	/* Its own action was put back when the handler was called, and it is blocked until this returns. */
	raise(number);
}

static int catch_deaths(void)
{
	static const int numbers[] = {
		SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU,
		SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
	};
	/* A stack that is full has no room for a handler. */
	static char stack_bytes[SIGNAL_STACK_BYTES];
	const stack_t stack = { .ss_sp = stack_bytes, .ss_size = sizeof(stack_bytes) };
	struct sigaction action = { .sa_handler = leave_and_die, .sa_flags = SA_RESETHAND | SA_ONSTACK };
	size_t i;

	if (terminal.has_handlers)
		return 0;
	if (sigaltstack(&stack, NULL) || atexit(terminal_leave))
		return fail(-errno, "terminal");
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL))
			return fail(-errno, "terminal");
	terminal.has_handlers = true;
	return 0;
}

int terminal_enter(void)
{
	bool is_new = !terminal.is_entered;
	struct termios modes;
	int error = catch_deaths();

	if (error)
		return error;
	/* After a stop in the midst of it, what the shell has left there is not what was found at first. */
	if (is_new && tcgetattr(terminal.fd, &terminal.saved))
		return fail(-errno, "terminal");
	if (is_new)
		hold_stderr();
	terminal.is_entered = true;
	modes = terminal.saved;
	/* Ctrl-C and the like go on to be signals; Ctrl-S must not stop what is measured. */
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	if (tcsetattr(terminal.fd, TCSANOW, &modes)) {
		error = -errno;
		terminal_leave();
		return fail(error, "terminal");
	}
	/* Once: it saves the cursor, too. */
	if (is_new)
		terminal_write(terminal.enter, strlen(terminal.enter));
	terminal_write(terminal.clear, strlen(terminal.clear));
	return 0;
}

void terminal_size(unsigned int *width, unsigned int *height)
{
	struct winsize size = { 0 };

	ioctl(terminal.fd, TIOCGWINSZ, &size);
	*width = size.ws_col ? size.ws_col : 80;
	*height = size.ws_row ? size.ws_row : 24;
}

int terminal_read(char *bytes, size_t n_bytes)
{
	ssize_t n = read(terminal.fd, bytes, n_bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* Readable without a byte to read: the other side hung up. */
	return n > 0 ? (int)n : -1;
}

void terminal_close(void)
{
	if (!terminal.is_open)
		return;
	terminal_leave();
	close(terminal.fd);
	del_curterm(cur_term);
	terminal.is_open = false;
}
