/* SPDX-License-Identifier: MIT */
/* The command report: recorded runs as one page for a browser. */
#include "report/command.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "base/log.h"
#include "base/out.h"
#include "recording/recording.h"
#include "report/page_data.h"
#include "report/page.h"

#define MAX_RUNS 2

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "Write the page to FILE (default: stdout)" },
	{ 0 },
};

static const char doc[] =
	"Makes one page for a browser of a recorded run, or of two beside each other with what changed: latency over "
	"time, percentiles, histograms, latency by size, outliers, slow stacks, the account. It loads nothing from "
	"elsewhere."
	"\vRUN is what a tracing command wrote to -o FILE.jsonl or -o FILE.json; - is stdin. Only a .jsonl with "
	"intervals has a course over time.\n\n"
	"Examples:\n"
	"  sudo latencyprobe block -i 1 --outlier 10ms -o run.jsonl\n"
	"  latencyprobe report run.jsonl -o report.html\n"
	"  latencyprobe report before.jsonl after.jsonl -o difference.html\n";

struct options {
	const char *output;
	const char *paths[MAX_RUNS];
	size_t n_paths;
};

static void usage_error(const char *what, const char *text) __attribute__((noreturn));
static void usage_error(const char *what, const char *text)
{
	fail(0, "%s%s; see latencyprobe report --help", what, text);
	exit(EXIT_USAGE);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o': options->output = text; break;
	case ARGP_KEY_ARG:
		if (options->n_paths == MAX_RUNS)
			usage_error("two runs at most, and not also ", text);
		options->paths[options->n_paths++] = text;
		break;
	case ARGP_KEY_END:
		if (!options->n_paths)
			usage_error("which recorded run?", "");
		if (options->n_paths == MAX_RUNS && !strcmp(options->paths[0], "-") && !strcmp(options->paths[1], "-"))
			usage_error("stdin can be only one of two runs", "");
		break;
	case ARGP_KEY_ERROR:
		usage_error("no such option, or it lacks its argument: ", state->argv[state->next - 1]);
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* 0 or -errno, reported. */
static int write_page(const struct options *options, json_t *data)
{
	struct out *out = out_open(options->output);
	int error;

	if (!out) {
		json_decref(data);
		return fail(-errno, "%s", options->output);
	}
	page_write(out, data);
	error = out_close(out);
	if (error == -EPIPE && !strcmp(options->output, "-"))
		return 0;
	return error ? fail(error, "%s", options->output) : 0;
}

int command_report(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options, .parser = parse_option, .args_doc = "RUN [RUN2]", .doc = doc,
	};
	static char name[] = "latencyprobe report";
	struct options options = { .output = "-" };
	struct recording *recordings[MAX_RUNS] = { 0 };
	struct report_run runs[MAX_RUNS];
	json_t *data;
	int error = 0;
	size_t i;

	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, cli_asks_for_help(argc, argv) ? 0 : ARGP_NO_ERRS, NULL, &options);
	for (i = 0; !error && i < options.n_paths; i++) {
		error = recording_read(&recordings[i], options.paths[i]);
		runs[i] = (struct report_run){ .name = options.paths[i], .recording = recordings[i] };
	}
	if (!error)
		error = page_data_make(runs, options.n_paths, &data);
	if (!error)
		error = write_page(&options, data);
	for (i = 0; i < options.n_paths; i++)
		recording_free(recordings[i]);
	return error ? EXIT_FAILED : EXIT_FINE;
}
