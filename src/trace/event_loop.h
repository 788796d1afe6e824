/* SPDX-License-Identifier: MIT */
/* What the event loop waits for. */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <signal.h>
#include <stdint.h>

enum event { EVENT_SIGNAL, EVENT_INTERVAL, EVENT_DURATION, EVENT_CHILD, EVENT_PROCESS, EVENT_OUTLIER, EVENT_KEYS, N_EVENTS };

struct event_loop {
	int epoll_fd, fds[N_EVENTS];
};

/* All return 0 or -errno, reported. */
int event_loop_open(struct event_loop *waits);
int event_loop_add(struct event_loop *waits, enum event event, int fd);

/* Absolute times of CLOCK_MONOTONIC, so that the time a report takes does not add up. PERIOD_NS 0: once. */
int event_loop_add_timer(struct event_loop *waits, enum event event, uint64_t first_ns, uint64_t period_ns);

/* Blocks them. */
int event_loop_add_signals(struct event_loop *waits, const sigset_t *signals);

/* Waits until there is any; how many have come, in EVENTS. None when a signal interrupted it. */
int event_loop_wait(struct event_loop *waits, enum event events[N_EVENTS]);

/*
 * The second SIGINT, or the second SIGTERM, from now on ends the program. The first only says so: a run that ended by itself,
 * just as its user wanted to end it, has still to write its report.
 */
void event_loop_allow_to_end(const struct event_loop *waits);

void event_loop_close(struct event_loop *waits);

#endif
