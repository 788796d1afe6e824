/* SPDX-License-Identifier: MIT */
/* `latencyprobe replay`: a recording as any format would have shown it live. */
#include "recording/replay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/file_options.h"
#include "base/log.h"
#include "base/out.h"
#include "recording/recording.h"
#include "registry/format.h"
#include "render/feed.h"

static const struct file_command replay_command = {
	.name = "replay",
	.args_doc = "FILE",
	.doc = "Shows the recording FILE (of -o FILE.json or FILE.jsonl; - is stdin) as it was shown live, or in "
	       "another format."
	       "\vExamples:\n"
	       "  latencyprobe replay run.jsonl                  intervals and final report\n"
	       "  latencyprobe replay run.jsonl -o run.hlog      for HdrHistogram's plotters\n"
	       "  xz -dc run.jsonl.xz | latencyprobe replay -    from a pipe",
	.min_paths = 1,
	.max_paths = 1,
};

int replay_write(const struct file_options *options, const struct recording *recording, const struct snapshot *whole)
{
	const char *output = options->output ? options->output : "-";
	struct format_options format_options = { 0 };
	struct feed feed = { options->format, out_open(output), &format_options };
	const struct snapshot *interval;
	size_t i;
	int error;

	if (!feed.out) {
		fail(-errno, "%s", output);
		return EXIT_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	/* What people read on stdout live has the intervals, too. */
	if (!options->output && options->format == format_choose(NULL, NULL)) {
		feed.has_all = true;
		format_options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	}
	for (i = 0; recording && (interval = recording_interval(recording, i)); i++)
		feed_snapshot(&feed, interval);
	feed_snapshot(&feed, whole);
	error = out_close(feed.out);
	if (!error || (error == -EPIPE && output[0] == '-' && !output[1]))
		return EXIT_FINE;
	fail(error, "%s", output);
	return EXIT_FAILED;
}

int command_replay(int argc, char **argv)
{
	struct file_options options;
	struct recording *recording;
	int status;

	file_options_parse(argc, argv, &replay_command, &options);
	if (recording_read(&recording, options.paths[0]))
		return EXIT_FAILED;
	status = replay_write(&options, recording, recording_whole(recording));
	recording_free(recording);
	return status;
}
