/* SPDX-License-Identifier: MIT */
/* Alerts of a run: says which fired, and runs a command on them. */
#ifndef ALERT_ACTIONS_H
#define ALERT_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct alert;
struct snapshot;

/* Commands that may be running at once: one that hangs must not pile up with each interval. */
#define ALARM_MAX_COMMANDS 8

/* The first four are the caller's; the rest is all zero to begin with. */
struct alert_actions {
	const struct alert *alerts;
	size_t n_alerts;
	const char *command; /* for sh -c; NULL: none */
	uint64_t interval_ns; /* 0: none, and the whole run is what is checked */
	uint64_t n_fired;
	pid_t commands[ALARM_MAX_COMMANDS];
};

/*
 * Of the whole run, says which alerts are about nothing that was measured. Does no more unless the snapshot is what is to
 * be checked: each interval, or the whole run where there are none. Then says on stderr which of the alerts fire, and
 * starts the command once if any does; that is not waited for. Its environment has LATENCYPROBE_ALERT and so on, see
 * README.md, of the first that fires.
 */
void alert_actions_run(struct alert_actions *alarms, const struct snapshot *snapshot);

/* What --strict asks: whether anything was lost in the whole run; says what. */
bool strict_check(const struct snapshot *whole);

#endif
