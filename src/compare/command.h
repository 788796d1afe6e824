/* SPDX-License-Identifier: MIT */
/* `latencyprobe compare`: what changed between two recorded runs, and whether that is too much. */
#ifndef COMPARE_COMMAND_H
#define COMPARE_COMMAND_H

/*
 * ARGV[0] is the word `compare`. Prints to stdout; an enum exit_status: fine, failed (a file cannot be read), usage
 * (also when the two runs were not measured alike), or checked when something is beyond a threshold. Wrong options are
 * said in one line, and then the program exits, as it does after --help.
 */
int command_compare(int argc, char **argv);

/* The table of options, ended by an empty one; for the man page and for completion. */
struct argp_option;
const struct argp_option *compare_options(void);

#endif
