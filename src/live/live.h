/* SPDX-License-Identifier: MIT */
/* The live screen of a run: from snapshots, keys and signals to frames on the terminal. */
#ifndef LIVE_H
#define LIVE_H

#include <signal.h>
#include <stdbool.h>

struct live;
struct run_info;
struct snapshot;

/*
 * Finds out whether the terminal can be drawn on. Where it cannot, says so, and *LIVE is NULL. 0 or -errno, reported.
 * RUN outlives it, and need not be filled in before live_start().
 */
int live_open(struct live **live, const struct run_info *run);

/* Takes the screen. 0 or -errno, reported. */
int live_start(struct live *live);

/* Readable when there are keys for live_keys(). */
int live_fd(const struct live *live);

/* Does what the keys ask for. False when they ask for the end, or when the terminal is gone. */
bool live_keys(struct live *live);

/* Adds the signals that the screen needs to hear of: the caller blocks them, and tells by live_signal(). */
void live_add_signals(sigset_t *signals);

/* Does what the signal asks for. False for any other; it is still to be handled then. */
bool live_signal(struct live *live, int number);

/* Adds an interval and draws. */
void live_show(struct live *live, const struct snapshot *snapshot);

void live_close(struct live *live); /* gives the screen back; NULL is fine */

#endif
