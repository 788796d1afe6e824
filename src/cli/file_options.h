/* SPDX-License-Identifier: MIT */
/* Options of the commands that read recordings. */
#ifndef FILE_OPTIONS_H
#define FILE_OPTIONS_H

#include <stddef.h>

struct format;

struct file_command {
	const char *name;     /* as typed */
	const char *args_doc; /* for --help, as is the rest */
	const char *doc;      /* what it does, and behind a \v examples */
	size_t min_paths, max_paths; /* max_paths 0: any number */
};

struct file_options {
	char **paths; /* of argv */
	size_t n_paths;
	const char *output; /* NULL: stdout */
	const struct format *format;
};

/*
 * argv[0] is the command's name. What is wrong is said on stderr, and then the program exits with EXIT_USAGE; --help
 * exits, too.
 */
void file_options_parse(int argc, char **argv, const struct file_command *command, struct file_options *options);

#endif
