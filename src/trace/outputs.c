/* SPDX-License-Identifier: MIT */
/* Where a run's snapshots go: the screen, as text or live, and the files. */
#include "trace/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "live/live.h"
#include "base/log.h"
#include "base/out.h"
#include "trace/output_file.h"
#include "model/snapshot.h"

int outputs_open(struct outputs *outputs, const struct run_options *options, const struct run_info *info)
{
	*outputs = (struct outputs){ .options = options, .stdout_out = out_wrap(stdout), .stderr_out = out_wrap(stderr) };
	outputs->format_options.top = options->top;
	outputs->format_options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	setvbuf(stdout, NULL, isatty(STDOUT_FILENO) ? _IOFBF : _IOLBF, 0);
	if (!outputs->stdout_out || !outputs->stderr_out)
		return fail(-errno, "stdout");
	outputs->screen = (struct feed){ options->output ? format_find("text") : options->format, outputs->stdout_out,
					      &outputs->format_options, .has_all = true };
	if (options->live && live_open(&outputs->live, info))
		return -ENOMEM;
	if (output_file_open(&outputs->folded, options->folded, format_find("folded"), options))
		return -EIO;
	return output_file_open(&outputs->recorder, options->output, options->format, options);
}

static bool stdout_has_text(const struct outputs *outputs)
{
	const char *output = outputs->options->output;

	return !outputs->options->quiet && !(output && !strcmp(output, "-"));
}

/* A stream's end is the run's end: quietly when it was a pipe that nobody reads any more. */
void outputs_flush(struct outputs *outputs)
{
	int error = out_flush(outputs->stdout_out);

	if (!error)
		return;
	outputs->is_over = true;
	if (error != -EPIPE && !outputs->has_failed) {
		fail(error, "stdout");
		outputs->has_failed = true;
	}
}

void outputs_show(struct outputs *outputs, const struct snapshot *snapshot)
{
	if (outputs->live)
		live_show(outputs->live, snapshot);
	else if (stdout_has_text(outputs) && !(outputs->was_live && snapshot->number))
		feed_snapshot(&outputs->screen, snapshot);
	output_file_write(outputs->recorder, snapshot);
	outputs->is_over |= output_file_is_over(outputs->recorder);
	output_file_write(outputs->folded, snapshot);
	outputs_flush(outputs);
}

struct out *outputs_lines(const struct outputs *outputs)
{
	const struct run_options *options = outputs->options;
	bool is_text = options->output || options->format == format_find("text");

	if (outputs->live)
		return NULL;
	if (stdout_has_text(outputs) && is_text)
		return outputs->stdout_out;
	return options->few_outliers ? NULL : outputs->stderr_out;
}

void outputs_end_live(struct outputs *outputs)
{
	live_close(outputs->live);
	outputs->was_live = outputs->live;
	outputs->live = NULL;
}

bool outputs_close(struct outputs *outputs)
{
	bool has_all = output_file_close(outputs->recorder) && !outputs->has_failed;

	has_all &= output_file_close(outputs->folded);
	live_close(outputs->live);
	if (outputs->stdout_out)
		out_close(outputs->stdout_out);
	if (outputs->stderr_out)
		out_close(outputs->stderr_out);
	return has_all;
}
