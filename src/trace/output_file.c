/* SPDX-License-Identifier: MIT */
/* A file of a run, --output or --folded: at its end, or as it goes on. */
#include "trace/output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "base/log.h"
#include "base/out.h"
#include "registry/format.h"
#include "render/feed.h"
#include "model/snapshot.h"
#include "base/record_writer.h"

struct output_file {
	const char *path;
	struct feed feed;
	struct format_options format_options;
	struct out *out;       /* NULL with a writer, and when it is closed */
	struct record_writer *writer; /* of a file that is written as the run goes on */
	bool is_over, has_failed;
};

int output_file_open(struct output_file **result, const char *path, const struct format *format,
		  const struct run_options *options)
{
	struct output_file *recorder;

	*result = NULL;
	if (!path)
		return 0;
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder)
		return fail(-ENOMEM, "%s", path);
	recorder->path = path;
	recorder->format_options.top = options->top;
	if (path == options->output && cli_is_streamed(options))
		recorder->writer = record_writer_open(path, options->flush_every, options->fsync);
	else
		recorder->out = out_open(path);
	recorder->feed = (struct feed){ format, recorder->out, &recorder->format_options };
	*result = recorder;
	return recorder->writer || recorder->out ? 0 : fail(-errno, "%s", path);
}

/* As a record in memory, which the writer takes over. */
static int give(struct output_file *recorder, const struct snapshot *snapshot)
{
	char *bytes = NULL;
	size_t n_bytes;
	FILE *stream = open_memstream(&bytes, &n_bytes);
	bool has_written = false;
	int error;

	recorder->feed.out = stream ? out_wrap(stream) : NULL;
	if (recorder->feed.out)
		has_written = feed_snapshot(&recorder->feed, snapshot);
	error = recorder->feed.out ? out_close(recorder->feed.out) : -ENOMEM;
	if (stream)
		fclose(stream);
	if (!error && has_written)
		record_writer_give(recorder->writer, bytes, n_bytes);
	else
		free(bytes);
	return error;
}

static int write_directly(struct output_file *recorder, const struct snapshot *snapshot)
{
	int error;

	if (!recorder->out || (!feed_snapshot(&recorder->feed, snapshot) && snapshot->number))
		return 0;
	if (snapshot->number) {
		error = out_flush(recorder->out);
		if (!error)
			return 0;
		out_abandon(recorder->out);
	} else {
		error = out_close(recorder->out);
	}
	recorder->out = NULL;
	return error;
}

void output_file_write(struct output_file *recorder, const struct snapshot *snapshot)
{
	int error;

	if (!recorder)
		return;
	error = recorder->writer ? give(recorder, snapshot) : write_directly(recorder, snapshot);
	if (error == -EPIPE && !strcmp(recorder->path, "-")) {
		recorder->is_over = true;
	} else if (error) {
		recorder->has_failed = true;
		fail(error, "%s", recorder->path);
	}
}

bool output_file_is_over(const struct output_file *recorder)
{
	return recorder && recorder->is_over;
}

bool output_file_reopen(struct output_file *recorder)
{
	if (!recorder || !recorder->writer || !record_writer_is_file(recorder->writer))
		return false;
	if (record_writer_reopen(recorder->writer))
		recorder->feed.has_begun = recorder->feed.has_intervals = false;
	return true;
}

bool output_file_close(struct output_file *recorder)
{
	bool has_failed;

	if (!recorder)
		return true;
	has_failed = recorder->has_failed;
	if (recorder->writer)
		has_failed |= record_writer_close(recorder->writer) != 0;
	if (recorder->out)
		out_abandon(recorder->out);
	free(recorder);
	return !has_failed;
}
