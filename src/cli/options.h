/* SPDX-License-Identifier: MIT */
/* Options: what the user asked for, checked. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/tracer_options.h"

struct alert;
struct format;

struct run_options {
	struct tracer_options tracer;
	uint64_t duration_ns; /* 0: until told to end */
	uint64_t interval_ns; /* 0: one report at the end */
	uint64_t n_intervals; /* 0: any number */
	const char *output;   /* NULL: stdout only */
	uint64_t flush_every; /* intervals, to an output that is written as the run goes on */
	bool fsync;           /* each time */
	const struct format *format; /* of the output, or of stdout when there is none */
	bool few_outliers;    /* not asked for: a few lines of them, and none but among a report's text */
	uint32_t slowest;     /* outliers that each interval shows; 0: all, as they come */
	unsigned int top;     /* see struct format_options */
	const char *folded;   /* file for the outliers' call stacks, or NULL */
	bool has_total;       /* block: the total phase, too */
	bool quiet;
	bool live;            /* a screen, where stdout is a terminal that can show it */
	struct alert *alerts; /* owned, n_alerts of them */
	size_t n_alerts;
	const char *on_alert; /* a command for sh; NULL: none */
	bool strict;          /* an alert or a loss gives EXIT_CHECKED */
	char **command;       /* NULL, or the traced command */
	const char *command_line; /* as typed */
};

/*
 * The options of a tracing command; argv[0] is the target's name. What is wrong is said on stderr, and then the
 * program exits with EXIT_USAGE; --help exits, too. argv is kept.
 */
void cli_parse(int argc, char **argv, const struct target *target, struct run_options *options);

/* Whether the output is a file of its own that is written as the run goes on. */
bool cli_is_streamed(const struct run_options *options);

/* Whether one of the words asks for help, as argp knows them. */
bool cli_asks_for_help(int argc, char **argv);

/* The table of options, ended by an empty one; for the man page and for completion. */
struct argp_option;
const struct argp_option *cli_options(void);

/* What `latencyprobe --help` says. */
void cli_print_help(void);

#endif
