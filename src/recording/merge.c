/* SPDX-License-Identifier: MIT */
/* `latencyprobe merge`: the sum of recorded runs. */
#include "recording/merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_options.h"
#include "base/log.h"
#include "recording/recording.h"
#include "recording/replay.h"
#include "model/snapshot.h"
#include "model/snapshot_sum.h"
#include "base/units.h"
#include "base/version.h"

static const struct file_command merge_command = {
	.name = "merge",
	.args_doc = "FILE FILE...",
	.doc = "Adds up the whole runs of recordings, of several hosts or one after the other: histograms slot by "
	       "slot, the account, what was in flight. What cannot be added (another target or --by) is refused with "
	       "status 2."
	       "\vTime that several runs shared counts once, time between runs not at all: rates of hosts measured at "
	       "the same time add up.\n\nExamples:\n"
	       "  latencyprobe merge web1.json web2.json -o web.json    two hosts as one run\n"
	       "  latencyprobe merge run-*.jsonl                        their sum as text",
	.min_paths = 2,
};

struct merged {
	struct snapshot *run;
	struct run_info info;
	char *host, *kernel, *command_line; /* of the info */
	struct run_source *sources;
	struct probe_info *probes;
};

static size_t n_sources_of(const struct run_info *run)
{
	return run->n_sources ? run->n_sources : 1;
}

static struct run_source source_of(const struct snapshot *run, size_t index)
{
	if (run->run->n_sources)
		return run->run->sources[index];
	return (struct run_source){
		.host = run->run->host,
		.kernel = run->run->kernel,
		.command_line = run->run->command_line,
		.start_realtime_ns = run->start_realtime_ns,
		.end_realtime_ns = run->end_realtime_ns,
		.elapsed_ns = run->elapsed_ns,
	};
}

/* Whether both have a run of the same host that began in the same nanosecond. */
static bool share_source(const struct snapshot *left, const struct snapshot *right)
{
	struct run_source one, other;
	size_t i, k;

	for (i = 0; i < n_sources_of(left->run); i++)
		for (k = 0; k < n_sources_of(right->run); k++) {
			one = source_of(left, i);
			other = source_of(right, k);
			if (one.start_realtime_ns == other.start_realtime_ns && !strcmp(one.host, other.host))
				return true;
		}
	return false;
}

static const char *or_nothing(const char *text)
{
	return *text ? text : "nothing";
}

static char *find_fault_of_two(const struct snapshot *left, const char *left_name, const struct snapshot *right,
			       const char *right_name)
{
	char left_max[UNITS_LEN], right_max[UNITS_LEN], *fault = NULL;
	int length = 0;

	if (strcmp(left->run->target, right->run->target))
		length = asprintf(&fault, "%s is of %s, %s of %s", left_name, left->run->target, right_name,
				  right->run->target);
	else if (strcmp(left->run->by, right->run->by))
		length = asprintf(&fault, "%s is by %s, %s by %s", left_name, or_nothing(left->run->by), right_name,
				  or_nothing(right->run->by));
	else if (left->run->max_ns != right->run->max_ns)
		length = asprintf(&fault, "%s leaves out what took longer than %s, %s what took longer than %s",
				  left_name, units_duration(left_max, (double)left->run->max_ns), right_name,
				  units_duration(right_max, (double)right->run->max_ns));
	else if (left->run->sample_rate != right->run->sample_rate)
		length = asprintf(&fault, "%s and %s were sampled at different rates, so that no sample of their sum would"
				  " stand for as many calls as another", left_name, right_name);
	else if (share_source(left, right))
		length = asprintf(&fault, "%s and %s have the same run of %s in them, which would count twice",
				  left_name, right_name, right->run->host);
	/* Without memory for the reason there is still one. */
	return length < 0 ? strdup("") : fault;
}

/* Why the runs cannot be added up, as new text that the caller frees; NULL when they can. */
static char *find_fault(const struct snapshot *const *runs, const char *const *names, size_t n_runs)
{
	char *fault = NULL;
	size_t i, k;

	for (i = 0; i < n_runs; i++)
		for (k = i + 1; k < n_runs && !fault; k++)
			fault = find_fault_of_two(runs[i], names[i], runs[k], names[k]);
	return fault;
}

/* Adds TEXT behind a comma, unless it is among what was added before. False when memory is short. */
static bool join(char **all, const char *text, const char *const *before, size_t n_before)
{
	char *longer;
	size_t i;

	for (i = 0; i < n_before; i++)
		if (!strcmp(before[i], text))
			return true;
	if (asprintf(&longer, "%s%s%s", *all ? *all : "", *all ? ", " : "", text) < 0)
		return false;
	free(*all);
	*all = longer;
	return true;
}

/* "web1, web2": the text at OFFSET of each of N structs of that SIZE, each text once. NULL when memory is short. */
static char *join_all(const void *structs, size_t n, size_t size, size_t offset)
{
	const char **texts = calloc(n, sizeof(*texts));
	char *all = NULL;
	bool is_fine = texts;
	size_t i;

	for (i = 0; is_fine && i < n; i++) {
		memcpy(&texts[i], (const char *)structs + i * size + offset, sizeof(texts[i]));
		is_fine = join(&all, texts[i], texts, i);
	}
	free(texts);
	if (is_fine)
		return all;
	free(all);
	return NULL;
}

static char *join_sources(const struct merged *merged, size_t offset)
{
	return join_all(merged->sources, merged->info.n_sources, sizeof(*merged->sources), offset);
}

static bool is_same_text(const char *left, const char *right)
{
	return left && right ? !strcmp(left, right) : left == right;
}

static bool is_same_probe(const struct probe_info *left, const struct probe_info *right)
{
	return is_same_text(left->op, right->op) && is_same_text(left->phase, right->phase) &&
	       is_same_text(left->function, right->function) && is_same_text(left->attach, right->attach);
}

static bool add_probes(struct merged *merged, const struct run_info *run)
{
	size_t n_all = merged->info.n_probes + run->n_probes, i, at;
	struct probe_info *more = reallocarray(merged->probes, n_all + 1, sizeof(*more));

	if (!more)
		return false;
	merged->probes = more;
	for (i = 0; i < run->n_probes; i++) {
		for (at = 0; at < merged->info.n_probes && !is_same_probe(&more[at], &run->probes[i]); at++)
			;
		if (at == merged->info.n_probes)
			more[merged->info.n_probes++] = run->probes[i];
		else if ((more[at].n_missed += run->probes[i].n_missed) > INT64_MAX)
			more[at].n_missed = INT64_MAX;
	}
	return true;
}

static bool add_sources(struct merged *merged, const struct snapshot *run)
{
	size_t n = n_sources_of(run->run), i;
	struct run_source *more = reallocarray(merged->sources, merged->info.n_sources + n, sizeof(*more));

	if (!more)
		return false;
	merged->sources = more;
	for (i = 0; i < n; i++)
		more[merged->info.n_sources++] = source_of(run, i);
	return true;
}

/* What is known about all runs. False when memory is short. */
static bool describe(struct merged *merged, const struct snapshot *const *runs, size_t n_runs)
{
	bool is_fine = true;
	size_t i;

	merged->info = *runs[0]->run;
	merged->info.tool_version = LATENCYPROBE_VERSION;
	merged->info.n_probes = merged->info.n_sources = 0;
	for (i = 0; is_fine && i < n_runs; i++) {
		is_fine = add_probes(merged, runs[i]->run) && add_sources(merged, runs[i]);
		/* What took longer than all thresholds is there of each run that looked for outliers. */
		if (runs[i]->run->outlier_ns > merged->info.outlier_ns)
			merged->info.outlier_ns = runs[i]->run->outlier_ns;
	}
	if (!is_fine)
		return false;
	merged->host = join_sources(merged, offsetof(struct run_source, host));
	merged->kernel = join_sources(merged, offsetof(struct run_source, kernel));
	merged->command_line = join_sources(merged, offsetof(struct run_source, command_line));
	merged->info.host = merged->host;
	merged->info.kernel = merged->kernel;
	merged->info.command_line = merged->command_line;
	merged->info.probes = merged->probes;
	merged->info.sources = merged->sources;
	return merged->host && merged->kernel && merged->command_line;
}

static void merged_free(struct merged *merged)
{
	if (!merged)
		return;
	snapshot_free(merged->run);
	free(merged->host);
	free(merged->kernel);
	free(merged->command_line);
	free(merged->sources);
	free(merged->probes);
	free(merged);
}

/* What is said about each run goes into the run_info. RUNS have to outlive the result. 0, or -errno, reported. */
static int add_up(struct merged **result, const struct snapshot *const *runs, size_t n_runs)
{
	struct merged *merged = calloc(1, sizeof(*merged));
	int error = merged && describe(merged, runs, n_runs) ? 0 : fail(-ENOMEM, "merged run");

	if (!error)
		error = snapshot_sum(runs, n_runs, &merged->run);
	if (error) {
		merged_free(merged);
		return error;
	}
	merged->run->run = &merged->info;
	*result = merged;
	return 0;
}

static int merge_and_write(const struct file_options *options, const struct snapshot *const *runs)
{
	char *fault = find_fault(runs, (const char *const *)options->paths, options->n_paths);
	struct merged *merged;
	int status;

	if (fault) {
		fail(0, "these cannot be added: %s", fault);
		free(fault);
		return EXIT_USAGE;
	}
	if (add_up(&merged, runs, options->n_paths))
		return EXIT_FAILED;
	status = replay_write(options, NULL, merged->run);
	merged_free(merged);
	return status;
}

int command_merge(int argc, char **argv)
{
	struct file_options options;
	struct recording **recordings;
	const struct snapshot **runs;
	int status = EXIT_FAILED;
	size_t i = 0;

	file_options_parse(argc, argv, &merge_command, &options);
	recordings = calloc(options.n_paths, sizeof(struct recording *));
	runs = calloc(options.n_paths, sizeof(struct snapshot *));
	if (!recordings || !runs)
		fail(-ENOMEM, "recordings");
	else
		for (; i < options.n_paths && !recording_read(&recordings[i], options.paths[i]); i++)
			runs[i] = recording_whole(recordings[i]);
	if (i == options.n_paths)
		status = merge_and_write(&options, runs);
	while (i)
		recording_free(recordings[--i]);
	free(recordings);
	free(runs);
	return status;
}
