/* SPDX-License-Identifier: MIT */
/* What the event loop waits for. */
#ifndef WAITS_H
#define WAITS_H

#include <signal.h>
#include <stdint.h>

enum event { EVENT_SIGNAL, EVENT_INTERVAL, EVENT_DURATION, EVENT_CHILD, EVENT_PROCESS, EVENT_OUTLIER, EVENT_KEYS, N_EVENTS };

struct waits {
	int epoll_fd, fds[N_EVENTS];
};

/* All return 0 or -errno, reported. */
int waits_open(struct waits *waits);
int waits_add(struct waits *waits, enum event event, int fd);

/* Absolute times of CLOCK_MONOTONIC, so that the time a report takes does not add up. PERIOD_NS 0: once. */
int waits_add_timer(struct waits *waits, enum event event, uint64_t first_ns, uint64_t period_ns);

/* Blocks them. */
int waits_add_signals(struct waits *waits, const sigset_t *signals);

/* Waits until there is any; how many have come, in EVENTS. None when a signal interrupted it. */
int waits_wait(struct waits *waits, enum event events[N_EVENTS]);

/*
 * The second SIGINT, or the second SIGTERM, from now on ends the program. The first only says so: a run that ended by itself,
 * just as its user wanted to end it, has still to write its report.
 */
void waits_allow_to_end(const struct waits *waits);

void waits_close(struct waits *waits);

#endif
