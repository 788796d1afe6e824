/* SPDX-License-Identifier: MIT */
/* Messages to people: stderr only, one line each, prefixed with the program's name. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

static enum log_level current = LOG_NORMAL;

void log_set_level(enum log_level level)
{
	current = level;
}

bool log_is_verbose(void)
{
	return current >= LOG_VERBOSE;
}

static void print(int error, const char *format, va_list args)
{
	char *message, *clean;

	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	clean = message ? escape_text(message) : NULL;
	/* When memory is short, the format still says what kind of thing went wrong. */
	fprintf(stderr, "latencyprobe: %s%s%s\n", clean ? clean : format, error ? ": " : "",
		error ? strerror(-error) : "");
	free(clean);
	free(message);
}

int fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(error, format, args);
	va_end(args);
	return error;
}

#define DEFINE_MESSAGE(name, level) \
	void name(const char *format, ...) \
	{ \
		va_list args; \
		if (current < (level)) \
			return; \
		va_start(args, format); \
		print(0, format, args); \
		va_end(args); \
	}

DEFINE_MESSAGE(warn, LOG_QUIET)
DEFINE_MESSAGE(note, LOG_NORMAL)
DEFINE_MESSAGE(debug, LOG_VERBOSE)
