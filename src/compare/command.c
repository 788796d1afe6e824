/* SPDX-License-Identifier: MIT */
/* `latencyprobe compare`: what changed between two recorded runs, and whether that is too much. */
#include "compare/command.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "compare/comparison.h"
#include "compare/comparison_json.h"
#include "compare/comparison_text.h"
#include "base/log.h"
#include "base/out.h"
#include "recording/recording.h"
#include "model/snapshot.h"

/* The first of N_FIGURES options, in the order of enum figure_kind. */
enum { OPTION_BASELINE = 256, OPTION_CURRENT, OPTION_JSON, OPTION_THRESHOLD };

#define MAX_LIMIT 1e6

static const struct argp_option argp_options[] = {
	{ .doc = "What is compared:" },
	{ "baseline", OPTION_BASELINE, "FILE", 0, "The run before, in place of BASE" },
	{ "current", OPTION_CURRENT, "FILE", 0, "The run now, in place of NEW" },
	{ .doc = "What is too much; exit status 4 when it is, and it is more than noise:" },
	{ "threshold-p50", OPTION_THRESHOLD, "PERCENT", 0, "p50 more than PERCENT longer" },
	{ "threshold-p75", OPTION_THRESHOLD + 1, "PERCENT", 0, "p75 more than PERCENT longer" },
	{ "threshold-p90", OPTION_THRESHOLD + 2, "PERCENT", 0, "p90 more than PERCENT longer" },
	{ "threshold-p95", OPTION_THRESHOLD + 3, "PERCENT", 0, "p95 more than PERCENT longer" },
	{ "threshold-p99", OPTION_THRESHOLD + 4, "PERCENT", 0, "p99 more than PERCENT longer" },
	{ "threshold-p99.9", OPTION_THRESHOLD + 5, "PERCENT", 0, "p99.9 more than PERCENT longer" },
	{ "threshold-p99.99", OPTION_THRESHOLD + 6, "PERCENT", 0, "p99.99 more than PERCENT longer" },
	{ "threshold-mean", OPTION_THRESHOLD + FIGURE_MEAN, "PERCENT", 0, "The mean more than PERCENT longer" },
	{ "threshold-rate", OPTION_THRESHOLD + FIGURE_RATE, "PERCENT", 0,
	  "PERCENT fewer operations a second; without intervals their noise is not known, and any change counts" },
	{ "threshold-error", OPTION_THRESHOLD + FIGURE_ERROR, "POINTS", 0,
	  "The share of errors, in percent of all, more than POINTS higher" },
	{ .doc = "Output:" },
	{ "json", OPTION_JSON, NULL, 0, "One JSON object instead of a table" },
	{ 0 },
};

static const char examples[] =
	"What changed between two recorded runs (-o FILE.json or FILE.jsonl), and whether it is more than noise\v"
	"Examples:\n"
	"  sudo latencyprobe block -i 1 -o base.jsonl --duration 60\n"
	"  sudo latencyprobe block -i 1 -o new.jsonl --duration 60\n"
	"  latencyprobe compare base.jsonl new.jsonl                 what changed\n"
	"  latencyprobe compare base.jsonl new.jsonl --threshold-p99 20\n"
	"                                         fail when p99 is >20 % worse\n"
	"  latencyprobe compare --json --baseline base.jsonl --current new.jsonl\n\n"
	"In 8 intervals or more (-i 1), what they differ by counts as noise, too.\n"
	"Exit status: 0 within all thresholds, 4 one is passed by more than noise,\n"
	"2 the two cannot be compared, 1 one cannot be read.";

struct compare {
	const char *base_path, *current_path;
	bool is_json;
	struct limit limits[N_FIGURES];
};

static void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void usage_error(const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail(0, "%s; see latencyprobe compare --help", message);
	exit(EXIT_USAGE);
}

static void parse_limit(struct limit *limit, int kind, const char *text)
{
	char name[FIGURE_NAME_LEN], *end;

	/* strtod() would take blanks, signs, hexadecimal numbers, "inf" and "nan" as well. */
	limit->value = strtod(text, &end);
	end += *end == '%';
	if (!isdigit((unsigned char)text[*text == '.']) || text[strcspn(text, "xX")] || *end ||
	    limit->value > MAX_LIMIT)
		usage_error("--threshold-%s: %s is no number from 0 on", figure_name(kind, name), text);
	limit->is_set = true;
}

static void parse_path(struct compare *compare, const char *text)
{
	if (!compare->base_path)
		compare->base_path = text;
	else if (!compare->current_path)
		compare->current_path = text;
	else
		usage_error("what is %s? two runs are compared", text);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct compare *compare = state->input;

	switch (key) {
	case OPTION_BASELINE: compare->base_path = text; break;
	case OPTION_CURRENT: compare->current_path = text; break;
	case OPTION_JSON: compare->is_json = true; break;
	case OPTION_THRESHOLD ... OPTION_THRESHOLD + N_FIGURES - 1:
		parse_limit(&compare->limits[key - OPTION_THRESHOLD], key - OPTION_THRESHOLD, text);
		break;
	case ARGP_KEY_ARG: parse_path(compare, text); break;
	case ARGP_KEY_END:
		if (!compare->base_path || !compare->current_path)
			usage_error("two recorded runs are needed");
		if (!strcmp(compare->base_path, "-") && !strcmp(compare->current_path, "-"))
			usage_error("only one of the two can be stdin");
		break;
	case ARGP_KEY_ERROR:
		usage_error("there is no option %s, or it lacks its argument", state->argv[state->next - 1]);
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int print(const struct compare *options, const struct comparison *comparison)
{
	struct out *out = out_wrap(stdout);
	int error;

	if (!out)
		return fail(-ENOMEM, "stdout");
	if (options->is_json)
		comparison_write_json(out, comparison, options->base_path, options->current_path);
	else
		comparison_write_text(out, comparison, options->base_path, options->current_path,
				      isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	error = out_close(out);
	return error && error != -EPIPE ? fail(error, "stdout") : 0;
}

/* The intervals are an array that the caller frees; NULL when memory is short. */
static struct recorded_run run_of(const struct recording *recording)
{
	struct recorded_run run = { .whole = recording_whole(recording) };
	const struct snapshot **intervals;
	size_t i;

	while (recording_interval(recording, run.n_intervals))
		run.n_intervals++;
	intervals = calloc(run.n_intervals + 1, sizeof(*intervals));
	for (i = 0; intervals && i < run.n_intervals; i++)
		intervals[i] = recording_interval(recording, i);
	run.intervals = intervals;
	return run;
}

static int report(const struct compare *options, const struct recorded_run *base, const struct recorded_run *current)
{
	struct comparison *comparison = base->intervals && current->intervals ?
					comparison_make(base, current, options->limits) : NULL;
	int status = EXIT_FINE;

	if (!comparison) {
		fail(-ENOMEM, "%s", options->current_path);
		return EXIT_FAILED;
	}
	if (print(options, comparison)) {
		status = EXIT_FAILED;
	} else if (comparison->n_beyond) {
		status = EXIT_CHECKED;
	} else if (comparison->has_limits && !comparison->n_limited) {
		/* A check that has checked nothing must not pass. */
		fail(0, "%s and %s have nothing in common that could be judged against a threshold", options->base_path,
		     options->current_path);
		status = EXIT_USAGE;
	}
	comparison_free(comparison);
	return status;
}

static int judge(const struct compare *options, struct recording *base, struct recording *current)
{
	struct recorded_run base_run, current_run;
	char reason[REASON_LEN];
	int status;

	if (!comparison_is_possible(recording_whole(base), recording_whole(current), reason)) {
		fail(0, "%s and %s cannot be compared: %s", options->base_path, options->current_path, reason);
		return EXIT_USAGE;
	}
	recording_keep_samples(base);
	recording_keep_samples(current);
	base_run = run_of(base);
	current_run = run_of(current);
	status = report(options, &base_run, &current_run);
	free((void *)base_run.intervals);
	free((void *)current_run.intervals);
	return status;
}

int command_compare(int argc, char **argv)
{
	const struct argp argp = {
		.options = argp_options, .parser = parse_option, .args_doc = "BASE NEW", .doc = examples,
	};
	struct recording *base = NULL, *current = NULL;
	struct compare options = { 0 };
	int status = EXIT_FAILED;

	argv[0] = "latencyprobe compare";
	argp_err_exit_status = EXIT_USAGE;
	/* Errors are said in one line by ARGP_KEY_ERROR, but argp's silence would be about help, too. */
	argp_parse(&argp, argc, argv, cli_asks_for_help(argc, argv) ? 0 : ARGP_NO_ERRS, NULL, &options);
	if (!recording_read(&base, options.base_path) && !recording_read(&current, options.current_path))
		status = judge(&options, base, current);
	recording_free(base);
	recording_free(current);
	return status;
}

const struct argp_option *compare_options(void)
{
	return argp_options;
}
