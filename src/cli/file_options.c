/* SPDX-License-Identifier: MIT */
/* Options of the commands that read recordings. */
#include "cli/file_options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"
#include "base/log.h"
#include "registry/format.h"

enum { OPTION_FORMAT = 256 };

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; - is stdout" },
	{ "format", OPTION_FORMAT, "NAME", 0, "The format (default: by FILE's ending, else json; without -o text)" },
	{ 0 },
};

struct parse {
	const struct file_command *command;
	struct file_options *options;
	const char *format;
};

static void refuse(const struct parse *parse, const char *what, const char *name)
{
	fail(0, "%s%s; see latencyprobe %s --help", what, name, parse->command->name);
	exit(EXIT_USAGE);
}

static void check(const struct parse *parse)
{
	const struct file_command *command = parse->command;
	struct file_options *options = parse->options;

	if (options->n_paths < command->min_paths)
		refuse(parse, "too few recordings: it takes ", command->args_doc);
	if (command->max_paths && options->n_paths > command->max_paths)
		refuse(parse, "what is ", options->paths[command->max_paths]);
	options->format = format_choose(parse->format, options->output);
	if (!options->format)
		refuse(parse, "--format: there is no format ", parse->format);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case 'o': parse->options->output = text; break;
	case OPTION_FORMAT: parse->format = text; break;
	case ARGP_KEY_ARGS:
		parse->options->paths = state->argv + state->next;
		parse->options->n_paths = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_END: check(parse); break;
	case ARGP_KEY_ERROR:
		refuse(parse, "there is no such option, or it lacks its argument: ", state->argv[state->next - 1]);
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void file_options_parse(int argc, char **argv, const struct file_command *command, struct file_options *options)
{
	struct parse parse = { .command = command, .options = options };
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = command->args_doc,
		.doc = command->doc,
	};
	char name[64];

	*options = (struct file_options){ 0 };
	snprintf(name, sizeof(name), "latencyprobe %s", command->name);
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, cli_asks_for_help(argc, argv) ? 0 : ARGP_NO_ERRS, NULL, &parse);
}
