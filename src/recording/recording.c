/* SPDX-License-Identifier: MIT */
/* Recorded runs: from the files of the formats json and jsonl back to snapshots. */
#include "recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "recording/json_fields.h"
#include "recording/parse_snapshot.h"
#include "model/snapshot.h"
#include "model/snapshot_sum.h"
#include "model/trend.h"

struct recording {
	struct snapshot **intervals;
	size_t n_intervals;
	struct snapshot *whole;
	struct names *names;
};

/* All of a stream; the caller frees it. NULL and errno on failure. */
static char *read_all(FILE *stream, size_t *n_bytes)
{
	size_t size = 1 << 16, n_read;
	char *text = malloc(size), *more;

	*n_bytes = 0;
	while (text) {
		n_read = fread(text + *n_bytes, 1, size - *n_bytes, stream);
		*n_bytes += n_read;
		if (!n_read && ferror(stream)) {
			free(text);
			return NULL;
		}
		if (!n_read)
			return text;
		if (*n_bytes < size)
			continue;
		more = realloc(text, size *= 2);
		if (!more)
			free(text);
		text = more;
	}
	return NULL;
}

/* What is read, and how far it has been. */
struct text {
	const char *name;
	const char *bytes;
	size_t n_bytes, at;
	unsigned long line;
};

/* Why SNAPSHOT cannot be the next one of the recording; NULL when it can. */
static const char *find_fault(const struct recording *recording, const struct snapshot *snapshot)
{
	const struct snapshot *last;

	if (recording->whole)
		return snapshot->number ? "an interval behind the whole run" : "a second whole run";
	if (!recording->n_intervals)
		return NULL;
	last = recording->intervals[recording->n_intervals - 1];
	if (strcmp(snapshot->run->target, last->run->target) || strcmp(snapshot->run->by, last->run->by) ||
	    strcmp(snapshot->run->host, last->run->host) || (snapshot->number && snapshot->number <= last->number))
		return "another run begins";
	return NULL;
}

static int add(struct recording *recording, struct snapshot *snapshot)
{
	struct snapshot **more;

	if (!snapshot->number) {
		recording->whole = snapshot;
		return 0;
	}
	/* Doubled at powers of two. */
	if (!(recording->n_intervals & (recording->n_intervals + 1)) || !recording->intervals) {
		more = realloc(recording->intervals, (2 * recording->n_intervals + 2) * sizeof(struct snapshot *));
		if (!more)
			return fail(-ENOMEM, "recording");
		recording->intervals = more;
	}
	recording->intervals[recording->n_intervals++] = snapshot;
	return 0;
}

static void step(struct text *text, size_t n_bytes)
{
	size_t end = text->at + n_bytes;

	for (; text->at < end; text->at++)
		text->line += text->bytes[text->at] == '\n';
}

/* Lines that a killed run left whole are of use still. */
static int refuse(const struct recording *recording, const struct text *text, unsigned long line, const char *reason)
{
	if (recording->n_intervals && !recording->whole && text->line > 1)
		fail(0, "%s, line %lu: %s; the lines before are whole: head -n %lu", text->name, line, reason,
		     text->line - 1);
	else
		fail(0, "%s, line %lu: %s", text->name, line, reason);
	return -EINVAL;
}

static int parse_one(struct recording *recording, struct text *text)
{
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES;
	struct parse_error reason = { 0 };
	struct snapshot *snapshot;
	json_error_t error;
	json_t *root = json_loadb(text->bytes + text->at, text->n_bytes - text->at, flags, &error);
	const char *fault;
	int status;

	if (!root)
		return refuse(recording, text, text->line + (unsigned long)error.line - 1, error.text);
	snapshot = recording_parse(root, recording->names, &reason);
	json_decref(root);
	if (!snapshot)
		return refuse(recording, text, text->line, reason.text);
	fault = find_fault(recording, snapshot);
	status = fault ? refuse(recording, text, text->line, fault) : add(recording, snapshot);
	if (status)
		snapshot_free(snapshot);
	else
		step(text, (size_t)error.position);
	return status;
}

static void skip_spaces(struct text *text)
{
	while (text->at < text->n_bytes && memchr(" \t\r\n", text->bytes[text->at], 4))
		step(text, 1);
}

static int parse(struct recording *recording, struct text *text)
{
	int error = 0;

	skip_spaces(text);
	while (!error && text->at < text->n_bytes) {
		error = parse_one(recording, text);
		skip_spaces(text);
	}
	if (error || recording->whole)
		return error;
	if (!recording->n_intervals) {
		fail(0, "%s is empty", text->name);
		return -EINVAL;
	}
	note("%s breaks off: in place of the whole run stands the sum of its intervals", text->name);
	return snapshot_sum((const struct snapshot *const *)recording->intervals, recording->n_intervals,
			    &recording->whole);
}

/* As they were when they were shown live. */
static struct recording *compare_intervals(struct recording *recording)
{
	struct trend *trend = trend_new();
	size_t i;

	for (i = 0; i < recording->n_intervals; i++)
		trend_apply(trend, recording->intervals[i]);
	trend_free(trend);
	return recording;
}

int recording_read_bytes(struct recording **result, const char *name, const char *bytes, size_t n_bytes)
{
	struct text text = { .name = name, .bytes = bytes, .n_bytes = n_bytes, .line = 1 };
	struct recording *recording = calloc(1, sizeof(*recording));
	int error;

	if (recording)
		recording->names = names_new();
	error = recording && recording->names ? parse(recording, &text) : fail(-ENOMEM, "%s", name);
	if (error)
		recording_free(recording);
	else
		*result = compare_intervals(recording);
	return error;
}

int recording_read(struct recording **recording, const char *path)
{
	FILE *stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
	const char *name = stream == stdin ? "stdin" : path;
	size_t n_bytes = 0;
	char *bytes = stream ? read_all(stream, &n_bytes) : NULL;
	int error = bytes ? 0 : fail(-errno, "%s", name);

	if (stream && stream != stdin)
		fclose(stream);
	if (!error)
		error = recording_read_bytes(recording, name, bytes, n_bytes);
	free(bytes);
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

void recording_keep_samples(struct recording *recording)
{
	size_t i;

	for (i = 0; i < recording->n_intervals; i++)
		snapshot_keep_samples(recording->intervals[i]);
	if (recording->whole)
		snapshot_keep_samples(recording->whole);
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
