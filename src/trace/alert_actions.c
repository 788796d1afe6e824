/* SPDX-License-Identifier: MIT */
/* Alerts of a run: says which fired, and runs a command on them. */
#include "trace/alert_actions.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/account.h"
#include "model/alert.h"
#include "base/escape.h"
#include "base/log.h"
#include "model/snapshot.h"
#include "base/units.h"

#define PREFIX "LATENCYPROBE_"

extern char **environ;

/* Adds TEXT without what would end a word or a line, or steer a terminal. */
static void write_word(FILE *stream, const char *text)
{
	char *clean = escape_text(text);
	const char *at;

	for (at = clean; at && *at; at++)
		if (*at == ' ')
			fputs("\\x20", stream);
		else
			putc(*at, stream);
	free(clean);
}

/*
 * "op=read phase=device device=sda"; the caller frees it, NULL when memory is short. AS_WORDS: without what would end a word
 * or a line; else raw.
 */
static char *labels_text(const struct series *series, bool as_words)
{
	char *text = NULL;
	size_t n_bytes, i;
	FILE *stream = open_memstream(&text, &n_bytes);

	if (!stream)
		return NULL;
	for (i = 0; series && i < series->n_labels; i++) {
		if (!strcmp(series->labels[i].name, "ret"))
			continue;
		fputs(i ? " " : "", stream);
		fprintf(stream, "%s=", series->labels[i].name);
		if (as_words)
			write_word(stream, series->labels[i].value);
		else
			fputs(series->labels[i].value, stream);
	}
	fclose(stream);
	return text;
}

static const char *value_text(const struct alert *alert, double value, char buffer[static UNITS_LEN])
{
	if (alert_is_time(alert))
		return units_duration(buffer, value);
	if (alert->figure == ALERT_RATE)
		return units_rate(buffer, value);
	snprintf(buffer, UNITS_LEN, "%.12g", value);
	return buffer;
}

static void say(const struct alert *alert, const struct alert_result *result, const struct snapshot *snapshot)
{
	char value[UNITS_LEN], time[UNITS_TIME_LEN], count[UNITS_LEN];
	char *labels = labels_text(result->series, false); /* what is said is escaped as a whole */

	warn("alert %s: %s%s%.*s is %s of %s ops, %s", alert->text, labels ? labels : "", labels && *labels ? ": " : "",
	     alert->name_length, alert->name, value_text(alert, result->value, value),
	     units_count(count, result->series ? result->series->count : 0),
	     units_iso8601(time, snapshot->end_realtime_ns));
	free(labels);
}

static void set_text(const char *name, const char *text)
{
	char full[64];

	snprintf(full, sizeof(full), PREFIX "%s", name);
	setenv(full, text, 1);
}

static void set_number(const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	set_text(name, text);
}

/* Whole nanoseconds of a time, and nothing of what is none. */
static void set_ns(const char *name, const struct alert *alert, double value)
{
	if (alert_is_time(alert))
		set_number(name, (uint64_t)value);
	else
		set_text(name, "");
}

static void set_figure(const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.12g", value);
	set_text(name, text);
}

static void set_environment(const struct alert *alert, const struct alert_result *result,
			    const struct snapshot *snapshot, size_t n_fired)
{
	char figure[32], time[UNITS_TIME_LEN], *labels = labels_text(result->series, true);
	const char *op = result->series ? series_label(result->series, "op") : "";

	snprintf(figure, sizeof(figure), "%.*s", alert->name_length, alert->name);
	set_text("ALERT", alert->text);
	set_text("TARGET", snapshot->run->target);
	set_text("OP", op ? op : "");
	set_text("LABELS", labels ? labels : "");
	set_text("FIGURE", figure);
	set_figure("VALUE", result->value);
	set_figure("LIMIT", alert->limit);
	set_ns("VALUE_NS", alert, result->value);
	set_ns("LIMIT_NS", alert, alert->limit);
	set_number("COUNT", result->series ? result->series->count : 0);
	set_number("INTERVAL", snapshot->number);
	set_text("TIME", units_iso8601(time, snapshot->end_realtime_ns));
	set_number("FIRED", n_fired);
	free(labels);
}

/* In a session of its own, so that Ctrl-C ends the tracing and not it; what it prints does not mix with data. */
static int spawn(const char *command, pid_t *pid)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int error;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -error;
}

/* A place for one more command, after burying those that have ended; NULL when there is none. */
static pid_t *free_place(struct alert_actions *alarms)
{
	pid_t *place = NULL, *at;

	for (at = alarms->commands; at < alarms->commands + ALARM_MAX_COMMANDS; at++) {
		if (*at && waitpid(*at, NULL, WNOHANG))
			*at = 0;
		if (!*at)
			place = at;
	}
	return place;
}

static void run_command(struct alert_actions *alarms, const struct alert *alert, const struct alert_result *result,
			const struct snapshot *snapshot, size_t n_fired)
{
	pid_t *place = free_place(alarms);
	int error;

	if (!place) {
		warn("--on-alert: %d commands are still running, no further one was started", ALARM_MAX_COMMANDS);
		return;
	}
	set_environment(alert, result, snapshot, n_fired);
	error = spawn(alarms->command, place);
	if (!error)
		return;
	*place = 0;
	fail(error, "--on-alert: cannot run sh");
}

/* The last interval may be a short one, in which there is less of everything. */
static bool is_cut_short(const struct alert_actions *alarms, const struct alert *alert, const struct snapshot *snapshot)
{
	return alert->is_below && !alert_is_time(alert) && snapshot->elapsed_ns < alarms->interval_ns / 10 * 9;
}

/* It may be a slip, and would never fire. */
static void say_unused(const struct alert_actions *alarms, const struct snapshot *whole)
{
	const struct alert *alert;
	struct alert_result result;

	for (alert = alarms->alerts; alert < alarms->alerts + alarms->n_alerts; alert++) {
		result = alert_check(alert, whole);
		if (alert->n_where && !result.series && !result.has_fired)
			warn("alert %s: nothing that it is about was measured", alert->text);
	}
}

void alert_actions_run(struct alert_actions *alarms, const struct snapshot *snapshot)
{
	const struct alert *alert, *first = NULL;
	struct alert_result result, first_result;
	size_t n_fired = 0;

	if (!snapshot->number)
		say_unused(alarms, snapshot);
	if (!snapshot->number != !alarms->interval_ns)
		return;
	for (alert = alarms->alerts; alert < alarms->alerts + alarms->n_alerts; alert++) {
		result = alert_check(alert, snapshot);
		if (!result.has_fired || is_cut_short(alarms, alert, snapshot))
			continue;
		if (!n_fired++) {
			first = alert;
			first_result = result;
		}
		say(alert, &result, snapshot);
	}
	alarms->n_fired += n_fired;
	if (first && alarms->command)
		run_command(alarms, first, &first_result, snapshot, n_fired);
}

bool strict_check(const struct snapshot *whole)
{
	uint64_t n_lost = 0, n_missed = 0;
	size_t i;

	for (i = 0; i < LAT_N_COUNTS; i++)
		n_lost += count_texts[i].is_loss ? whole->total.counts[i] : 0;
	for (i = 0; i < whole->run->n_probes; i++)
		n_missed += whole->run->probes[i].n_missed;
	if (n_lost)
		warn("--strict: %" PRIu64 " were lost, see the account", n_lost);
	if (n_missed)
		warn("--strict: %" PRIu64 " were not seen, since the kernel did not run a program", n_missed);
	if (whole->total.unaccounted)
		warn("--strict: the account does not add up by %" PRId64, whole->total.unaccounted);
	return n_lost || n_missed || whole->total.unaccounted;
}
