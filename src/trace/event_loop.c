/* SPDX-License-Identifier: MIT */
/* What the event loop waits for. */
#include "trace/event_loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

int event_loop_open(struct event_loop *waits)
{
	*waits = (struct event_loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	return waits->epoll_fd < 0 ? fail(-errno, "event loop") : 0;
}

int event_loop_add(struct event_loop *waits, enum event event, int fd)
{
	struct epoll_event wanted = { .events = EPOLLIN, .data.u32 = event };

	waits->fds[event] = fd;
	if (fd < 0 || epoll_ctl(waits->epoll_fd, EPOLL_CTL_ADD, fd, &wanted))
		return fail(-errno, "event loop");
	return 0;
}

int event_loop_add_timer(struct event_loop *waits, enum event event, uint64_t first_ns, uint64_t period_ns)
{
	struct itimerspec timer = {
		.it_value = { .tv_sec = (time_t)(first_ns / 1000000000), .tv_nsec = (long)(first_ns % 1000000000) },
		.it_interval = { .tv_sec = (time_t)(period_ns / 1000000000),
				 .tv_nsec = (long)(period_ns % 1000000000) },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL))
		return fail(-errno, "timer");
	return event_loop_add(waits, event, fd);
}

int event_loop_add_signals(struct event_loop *waits, const sigset_t *signals)
{
	sigprocmask(SIG_BLOCK, signals, NULL);
	return event_loop_add(waits, EVENT_SIGNAL, signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

int event_loop_wait(struct event_loop *waits, enum event events[N_EVENTS])
{
	struct epoll_event ready[N_EVENTS];
	int n_ready = epoll_wait(waits->epoll_fd, ready, N_EVENTS, -1), i;

	if (n_ready < 0)
		return errno == EINTR ? 0 : fail(-errno, "event loop");
	for (i = 0; i < n_ready; i++)
		events[i] = (enum event)ready[i].data.u32;
	return n_ready;
}

static void say_once_more(int number)
{
	static const char message[] = "latencyprobe: ending, the report is not complete yet; once more ends without it\n";
	int error = errno;
	ssize_t n_written = write(STDERR_FILENO, message, sizeof(message) - 1);

	(void)number;
	(void)n_written;
	errno = error;
}

void event_loop_allow_to_end(const struct event_loop *waits)
{
	/* Not deferred: when nobody reads what it says, either, the second one ends it nevertheless. */
	const struct sigaction once = { .sa_handler = say_once_more, .sa_flags = SA_RESETHAND | SA_NODEFER | SA_RESTART };
	struct signalfd_siginfo signal_info;
	sigset_t signals;

	if (!waits->fds[EVENT_SIGNAL])
		return;
	while (read(waits->fds[EVENT_SIGNAL], &signal_info, sizeof(signal_info)) > 0)
		;
	sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

void event_loop_close(struct event_loop *waits)
{
	close(waits->epoll_fd);
}
