/* SPDX-License-Identifier: MIT */
/* The command word, and what does it. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "compare/command.h"
#include "trace/doctor.h"
#include "trace/list.h"
#include "base/log.h"
#include "help/manual.h"
#include "recording/merge.h"
#include "recording/replay.h"
#include "report/command.h"
#include "trace/trace.h"
#include "registry/target.h"
#include "base/version.h"

static int dispatch(int argc, char **argv);

static int unknown_word(const char *word)
{
	fail(0, "there is no target or command %s; `latencyprobe --help` names them", word);
	return EXIT_USAGE;
}

static int no_words(const char *before, const char *word)
{
	fail(0, "what is %s? Behind %s there are no words; see latencyprobe --help", word, before);
	return EXIT_USAGE;
}

static int command_list(int argc, char **argv)
{
	const struct target *target = argc > 1 ? target_find(argv[1]) : NULL;

	if (argc > 1 && !target)
		return unknown_word(argv[1]);
	if (argc > 2 && target->list)
		return target->list(argv + 2, (size_t)argc - 2);
	if (argc > 2)
		return no_words(target->name, argv[2]);
	if (target)
		list_target(target);
	else
		list_targets();
	return EXIT_FINE;
}

static int doctor_without_words(int argc, char **argv)
{
	return argc > 1 ? no_words(argv[0], argv[1]) : command_doctor();
}

/* `help block` is `block --help`. */
static int command_help(int argc, char **argv)
{
	char *words[] = { argv[0], argv[1], "--help", NULL };

	if (argc > 2)
		return no_words(argv[1], argv[2]);
	if (argc > 1)
		return dispatch(3, words);
	cli_print_help();
	return EXIT_FINE;
}

static void print_version(void)
{
	puts("latencyprobe " LATENCYPROBE_VERSION);
}

static const struct command {
	const char *name;
	int (*function)(int argc, char **argv);
	void (*print)(void); /* what takes no words and cannot fail, instead */
	bool has_options;    /* and its own help on them */
} commands[] = {
	{ .name = "list", .function = command_list },
	{ .name = "doctor", .function = doctor_without_words },
	{ .name = "replay", .function = command_replay, .has_options = true },
	{ .name = "merge", .function = command_merge, .has_options = true },
	{ .name = "compare", .function = command_compare, .has_options = true },
	{ .name = "report", .function = command_report, .has_options = true },
	{ .name = "man", .print = manual_print_man },
	{ .name = "completion", .print = manual_print_completion },
	{ .name = "help", .function = command_help },
	{ .name = "--help", .print = cli_print_help },
	{ .name = "-h", .print = cli_print_help },
	{ .name = "--version", .print = print_version },
	{ .name = "-V", .print = print_version },
};

static int run_command(const struct command *command, int argc, char **argv)
{
	if (!command->has_options && cli_asks_for_help(argc, argv)) {
		cli_print_help();
		return EXIT_FINE;
	}
	if (command->function)
		return command->function(argc, argv);
	if (argc > 1)
		return no_words(argv[0], argv[1]);
	command->print();
	return EXIT_FINE;
}

static char *join(int argc, char **argv)
{
	size_t size = 1;
	char *line;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	line = calloc(1, size);
	for (i = 0; line && i < argc; i++) {
		strcat(line, i ? " " : "");
		strcat(line, argv[i]);
	}
	return line;
}

static int trace_target(const struct target *target, int argc, char **argv)
{
	char *command_line = join(argc, argv);
	struct run_options options;
	int status;

	cli_parse(argc - 1, argv + 1, target, &options);
	options.command_line = command_line ? command_line : "";
	status = trace_run(&options);
	free(options.alerts);
	free(command_line);
	return status;
}

/* The status, or that of failure when what was printed is lost; a closed pipe ends quietly. */
static int check_stdout(int status)
{
	if (fflush(stdout) != EOF || errno == EPIPE)
		return status;
	fail(-errno, "stdout");
	return EXIT_FAILED;
}

static int dispatch(int argc, char **argv)
{
	const struct target *target = target_find(argv[1]);
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, argv[1]))
			return check_stdout(run_command(&commands[i], argc - 1, argv + 1));
	return target ? trace_target(target, argc, argv) : unknown_word(argv[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return dispatch(argc, argv);
	cli_print_help();
	return EXIT_USAGE;
}
