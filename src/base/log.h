/* SPDX-License-Identifier: MIT */
/* Messages to people: stderr only, one line each, prefixed with the program's name. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* Exit statuses of the program; see README.md. */
enum exit_status {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3,   /* this kernel cannot do it */
	EXIT_CHECKED = 4,  /* a check failed: compare, --strict */
};

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };
void log_set_level(enum log_level level);
bool log_is_verbose(void);

/*
 * Prints "latencyprobe: MESSAGE: strerror(-error)" (without the last part when error is 0) and returns error, so
 * that whoever knows the object reports and returns in one statement: return fail(-errno, "cgroup %s", path);
 * Control bytes in the message are escaped. Printed at every level.
 */
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same without a status: warn() at every level, note() from LOG_NORMAL, debug() from LOG_VERBOSE. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
