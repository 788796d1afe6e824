/* SPDX-License-Identifier: MIT */
/* Recorded runs: from the files of the sinks json and jsonl back to snapshots. */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "log.h"
#include "recording_parse.h"
#include "snapshot.h"
#include "snapshot_sum.h"

struct recording {
	struct snapshot **intervals;
	size_t n_intervals;
	struct snapshot *whole;
	struct names *names;
};

/* All of a stream, with a NUL behind it. NULL and errno on failure. */
static char *read_all(FILE *stream, size_t *n_bytes)
{
	size_t size = 1 << 16, n_read;
	char *text = malloc(size), *more;

	*n_bytes = 0;
	while (text) {
		n_read = fread(text + *n_bytes, 1, size - *n_bytes - 1, stream);
		*n_bytes += n_read;
		text[*n_bytes] = '\0';
		if (!n_read && ferror(stream)) {
			free(text);
			return NULL;
		}
		if (!n_read)
			return text;
		if (*n_bytes < size - 1)
			continue;
		more = realloc(text, size *= 2);
		if (!more)
			free(text);
		text = more;
	}
	return NULL;
}

static int add(struct recording *recording, struct snapshot *snapshot)
{
	struct snapshot **more;

	if (!snapshot->number) {
		if (recording->whole)
			return -EEXIST;
		recording->whole = snapshot;
		return 0;
	}
	/* Doubled at powers of two. */
	if (!(recording->n_intervals & (recording->n_intervals + 1)) || !recording->intervals) {
		more = realloc(recording->intervals, (2 * recording->n_intervals + 2) * sizeof(struct snapshot *));
		if (!more)
			return -ENOMEM;
		recording->intervals = more;
	}
	recording->intervals[recording->n_intervals++] = snapshot;
	return 0;
}

/* What is read, and how far it has been. */
struct text {
	const char *path;
	char *bytes; /* with a NUL behind them */
	size_t n_bytes, at;
	unsigned long line;
};

static void step(struct text *text, size_t n_bytes)
{
	size_t end = text->at + n_bytes;

	for (; text->at < end; text->at++)
		text->line += text->bytes[text->at] == '\n';
}

static int parse_one(struct recording *recording, struct text *text)
{
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES;
	struct parse_error reason = { 0 };
	struct snapshot *snapshot;
	json_error_t error;
	json_t *root = json_loadb(text->bytes + text->at, text->n_bytes - text->at, flags, &error);
	int status;

	if (!root) {
		fail(0, "%s, line %lu: %s", text->path, text->line + (unsigned long)error.line - 1, error.text);
		return -EINVAL;
	}
	snapshot = recording_parse(root, recording->names, &reason);
	json_decref(root);
	if (!snapshot) {
		fail(0, "%s, line %lu: %s", text->path, text->line, reason.text);
		return -EINVAL;
	}
	status = add(recording, snapshot);
	if (status) {
		snapshot_free(snapshot);
		return fail(status, "%s, line %lu: a second whole run", text->path, text->line);
	}
	step(text, (size_t)error.position);
	return 0;
}

static int parse(struct recording *recording, struct text *text)
{
	int error = 0;

	while (!error) {
		step(text, strspn(text->bytes + text->at, " \t\r\n"));
		if (text->at >= text->n_bytes)
			break;
		error = parse_one(recording, text);
	}
	if (error || recording->whole)
		return error;
	if (!recording->n_intervals) {
		fail(0, "%s is empty", text->path);
		return -EINVAL;
	}
	return snapshot_sum((const struct snapshot *const *)recording->intervals, recording->n_intervals,
			    &recording->whole);
}

int recording_read(struct recording **result, const char *path)
{
	FILE *stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct recording *recording = calloc(1, sizeof(*recording));
	struct text text = { .path = path, .line = 1 };
	int error = 0;

	text.bytes = stream ? read_all(stream, &text.n_bytes) : NULL;
	if (recording && text.bytes)
		recording->names = names_new();
	if (!recording || !recording->names)
		error = fail(-errno, "%s", path);
	if (stream && stream != stdin)
		fclose(stream);
	if (!error)
		error = parse(recording, &text);
	free(text.bytes);
	if (error)
		recording_free(recording);
	else
		*result = recording;
	return error;
}

const struct snapshot *recording_interval(const struct recording *recording, size_t index)
{
	return index < recording->n_intervals ? recording->intervals[index] : NULL;
}

const struct snapshot *recording_whole(const struct recording *recording)
{
	return recording->whole;
}

void recording_free(struct recording *recording)
{
	size_t i;

	if (!recording)
		return;
	for (i = 0; i < recording->n_intervals; i++)
		snapshot_free(recording->intervals[i]);
	snapshot_free(recording->whole);
	free(recording->intervals);
	names_free(recording->names);
	free(recording);
}
