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

struct recorder {
	const char *path;
	struct sink_feed feed;
	struct sink_options sink_options;
	struct out *out;       /* NULL with a writer, and when it is closed */
	struct writer *writer; /* of a file that is written as the run goes on */
	bool is_over, has_failed;
};

int recorder_open(struct recorder **result, const char *path, const struct sink *sink,
		  const struct run_options *options)
{
	struct recorder *recorder;

	*result = NULL;
	if (!path)
		return 0;
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder)
		return fail(-ENOMEM, "%s", path);
	recorder->path = path;
	recorder->sink_options.top = options->top;
	if (path == options->output && cli_is_streamed(options))
		recorder->writer = writer_open(path, options->flush_every, options->fsync);
	else
		recorder->out = out_open(path);
	recorder->feed = (struct sink_feed){ sink, recorder->out, &recorder->sink_options };
	*result = recorder;
	return recorder->writer || recorder->out ? 0 : fail(-errno, "%s", path);
}

/* As a record in memory, which the writer takes over. */
static int give(struct recorder *recorder, const struct snapshot *snapshot)
{
	char *bytes = NULL;
	size_t n_bytes;
	FILE *stream = open_memstream(&bytes, &n_bytes);
	bool has_written = false;
	int error;

	recorder->feed.out = stream ? out_wrap(stream) : NULL;
	if (recorder->feed.out)
		has_written = sink_feed(&recorder->feed, snapshot);
	error = recorder->feed.out ? out_close(recorder->feed.out) : -ENOMEM;
	if (stream)
		fclose(stream);
	if (!error && has_written)
		writer_give(recorder->writer, bytes, n_bytes);
	else
		free(bytes);
	return error;
}

static int write_directly(struct recorder *recorder, const struct snapshot *snapshot)
{
	int error;

	if (!recorder->out || (!sink_feed(&recorder->feed, snapshot) && snapshot->number))
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

void recorder_write(struct recorder *recorder, const struct snapshot *snapshot)
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

bool recorder_is_over(const struct recorder *recorder)
{
	return recorder && recorder->is_over;
}

bool recorder_reopen(struct recorder *recorder)
{
	if (!recorder || !recorder->writer || !writer_is_file(recorder->writer))
		return false;
	if (writer_reopen(recorder->writer))
		recorder->feed.has_begun = recorder->feed.has_intervals = false;
	return true;
}

bool recorder_close(struct recorder *recorder)
{
	bool has_failed;

	if (!recorder)
		return true;
	has_failed = recorder->has_failed;
	if (recorder->writer)
		has_failed |= writer_close(recorder->writer) != 0;
	if (recorder->out)
		out_abandon(recorder->out);
	free(recorder);
	return !has_failed;
}
