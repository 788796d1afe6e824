/* SPDX-License-Identifier: MIT */
/* The tables below the map of the live screen: all series, and the slowest operations, both of the last intervals. */
#include "live/tables.h"

#include <inttypes.h>
#include <string.h>

#include "model/snapshot.h"

#define RECENT_COLUMNS 10
#define MAX_NAME 48
#define NUMBER_WIDTH 4 /* ">12 " */
#define VALUE_WIDTH 8
/* Columns of the slowest, where the screen is so wide. */
#define SLOW_WIDTH 80
#define SLOW_COMM_AT 48
#define SLOW_BYTES_AT 71

void live_tables_draw_labels(struct screen_buffer *frame, const struct label *labels, size_t n_labels, bool has_comm)
{
	const struct label *label;

	for (label = labels; label < labels + n_labels; label++) {
		if ((!strcmp(label->name, "ret") && !strcmp(label->value, "ok")) ||
		    (!strcmp(label->name, "comm") && !has_comm))
			continue;
		screen_text(frame, label == labels ? "" : " ");
		/* A value that is but a number says nothing without its name. */
		if (!label->value[strspn(label->value, "0123456789")])
			screen_printf(frame, "%s ", label->name);
		screen_outside(frame, label->value);
	}
}

static struct live_window recent_window(const struct live_scene *scene)
{
	return live_history_window(scene->history, scene->window.end, RECENT_COLUMNS);
}

/* Columns of the table, those at the end dropped first where the screen is narrow. */
enum { VALUE_RATE, VALUE_P99, VALUE_MAX, VALUE_P50, VALUE_DEPTH, N_VALUES };
static const char *const value_names[N_VALUES] = {
	[VALUE_RATE] = "ops/s", [VALUE_P99] = "p99", [VALUE_MAX] = "max", [VALUE_P50] = "p50", [VALUE_DEPTH] = "depth",
};
static const unsigned int value_order[N_VALUES] = { VALUE_RATE, VALUE_P50, VALUE_P99, VALUE_MAX, VALUE_DEPTH };

/* Names take a third of the screen at least. */
static unsigned int n_values_of(const struct live_scene *scene)
{
	unsigned int width = scene->frame->look.width, n = (width - width / 3) / VALUE_WIDTH;

	return n > N_VALUES ? N_VALUES : n;
}

static unsigned int name_end(const struct live_scene *scene)
{
	unsigned int end = scene->frame->look.width - n_values_of(scene) * VALUE_WIDTH;

	return end > NUMBER_WIDTH + MAX_NAME ? NUMBER_WIDTH + MAX_NAME : end;
}

static void draw_duration(const struct live_scene *scene, bool is_there, uint64_t ns)
{
	char text[UNITS_LEN];

	screen_printf(scene->frame, "%*s", VALUE_WIDTH,
		     is_there ? live_view_duration(scene->view, text, (double)ns) : "-");
}

static void draw_value(const struct live_scene *scene, unsigned int value, const struct live_cell *sum,
		       uint64_t elapsed_ns)
{
	char text[UNITS_LEN];

	switch (value) {
	case VALUE_RATE:
		units_rate(text, elapsed_ns ? (double)sum->count * 1e9 / (double)elapsed_ns : 0);
		screen_printf(scene->frame, "%*s", VALUE_WIDTH, text);
		break;
	case VALUE_P50:
		draw_duration(scene, sum->percentile_ns[0] != LIVE_NOT_CARRIED, sum->percentile_ns[0]);
		break;
	case VALUE_P99:
		draw_duration(scene, sum->percentile_ns[4] != LIVE_NOT_CARRIED, sum->percentile_ns[4]);
		break;
	case VALUE_MAX: draw_duration(scene, sum->count, sum->max_ns); break;
	default:
		screen_printf(scene->frame, "%*s", VALUE_WIDTH, units_rate(text, (double)sum->depth));
		break;
	}
}

static void draw_one(const struct live_scene *scene, size_t place, struct live_window recent, uint64_t elapsed_ns)
{
	const struct live_series *series = scene->history->series[place];
	struct live_cell sum = live_series_sum(series, recent);
	unsigned int i;

	/* How many are in flight is of a moment. */
	sum.depth = live_series_cell(series, recent.end - 1)->depth;
	screen_style(scene->frame, (int)place == scene->place ? STYLE_BOLD : STYLE_PLAIN);
	screen_printf(scene->frame, "%c%2zu ", (int)place == scene->place ? '>' : ' ', place + 1);
	screen_limit(scene->frame, name_end(scene));
	live_tables_draw_labels(scene->frame, series->labels, series->n_labels, true);
	screen_pad(scene->frame, name_end(scene));
	for (i = 0; i < N_VALUES; i++)
		if (value_order[i] < n_values_of(scene))
			draw_value(scene, value_order[i], &sum, elapsed_ns);
	screen_style(scene->frame, STYLE_PLAIN);
	screen_end_line(scene->frame);
}

/* Which N to show, as marks in IS_SHOWN: the one looked at, and those with the slowest operations. */
static void choose(const struct live_scene *scene, struct live_window recent, size_t n, bool is_shown[LIVE_SERIES])
{
	uint64_t max_ns[LIVE_SERIES], number, ns;
	size_t i, slowest;

	for (i = 0; i < scene->history->n_series; i++) {
		max_ns[i] = 0;
		for (number = recent.first; number < recent.end; number++) {
			ns = live_series_cell(scene->history->series[i], number)->max_ns;
			max_ns[i] = ns > max_ns[i] ? ns : max_ns[i];
		}
	}
	if (scene->place >= 0)
		max_ns[scene->place] = UINT64_MAX;
	for (; n; n--) {
		slowest = LIVE_SERIES;
		for (i = 0; i < scene->history->n_series; i++)
			if (!is_shown[i] && (slowest == LIVE_SERIES || max_ns[i] > max_ns[slowest]))
				slowest = i;
		if (slowest < LIVE_SERIES)
			is_shown[slowest] = true;
	}
}

void live_tables_draw_series(const struct live_scene *scene, unsigned int n_lines)
{
	struct live_window recent = recent_window(scene);
	uint64_t elapsed_ns = live_history_elapsed_ns(scene->history, recent);
	uint64_t n_all = scene->history->n_series + scene->history->n_left_out;
	bool is_shown[LIVE_SERIES] = { false };
	char elapsed[UNITS_LEN];
	unsigned int i;

	if (n_lines < 2 || !n_all || recent.first == recent.end)
		return;
	screen_style(scene->frame, STYLE_BOLD);
	screen_limit(scene->frame, name_end(scene));
	if (n_all > n_lines - 1)
		screen_printf(scene->frame, "    slowest %u of %" PRIu64 " series, last %s", n_lines - 1, n_all,
			     units_duration(elapsed, (double)elapsed_ns));
	else
		screen_printf(scene->frame, "    %" PRIu64 " series, last %s", n_all,
			     units_duration(elapsed, (double)elapsed_ns));
	screen_pad(scene->frame, name_end(scene));
	for (i = 0; i < N_VALUES; i++)
		if (value_order[i] < n_values_of(scene))
			screen_printf(scene->frame, "%*s", VALUE_WIDTH, value_names[value_order[i]]);
	screen_style(scene->frame, STYLE_PLAIN);
	screen_end_line(scene->frame);
	choose(scene, recent, n_lines - 1, is_shown);
	for (i = 0; i < scene->history->n_series; i++)
		if (is_shown[i])
			draw_one(scene, i, recent, elapsed_ns);
}

/* In columns as far as names are short; they are never cut for that. */
static void draw_slow(const struct live_scene *scene, const struct live_slow *slow)
{
	const char *comm = labels_find(slow->labels, slow->n_labels, "comm");
	char time[UNITS_TIME_LEN], latency[UNITS_LEN], bytes[UNITS_LEN];
	struct screen_buffer *frame = scene->frame;

	units_iso8601(time, slow->end_realtime_ns);
	screen_printf(frame, "%8s  %.12s  ", live_view_duration(scene->view, latency, (double)slow->latency_ns),
		     time + 11);
	live_tables_draw_labels(frame, slow->labels, slow->n_labels, false);
	screen_text(frame, "  ");
	if (frame->look.width >= SLOW_WIDTH)
		screen_pad(frame, SLOW_COMM_AT);
	screen_outside(frame, comm ? comm : "");
	screen_printf(frame, "/%" PRIu32 "  ", slow->pid);
	if (frame->look.width >= SLOW_WIDTH)
		screen_pad(frame, SLOW_BYTES_AT);
	screen_text(frame, units_bytes(bytes, (double)slow->bytes));
	screen_end_line(frame);
}

/* Each column's are in order; AT says how many of each were shown. */
static const struct live_slow *next_slow(const struct live_scene *scene, struct live_window recent,
					 size_t at[RECENT_COLUMNS])
{
	const struct live_slow *slowest = NULL;
	const struct live_column *column;
	uint64_t number, found = 0;

	for (number = recent.first; number < recent.end; number++) {
		column = live_history_column(scene->history, number);
		if (at[number - recent.first] == column->n_slowest ||
		    (slowest && column->slowest[at[number - recent.first]].latency_ns <= slowest->latency_ns))
			continue;
		slowest = &column->slowest[at[number - recent.first]];
		found = number - recent.first;
	}
	if (slowest)
		at[found]++;
	return slowest;
}

void live_tables_draw_slowest(const struct live_scene *scene, unsigned int n_lines)
{
	struct live_window recent = recent_window(scene);
	char elapsed[UNITS_LEN], threshold[UNITS_LEN], count[UNITS_LEN];
	size_t at[RECENT_COLUMNS] = { 0 };
	const struct live_slow *slow;
	uint64_t n_outliers = 0, number;

	if (n_lines < 2 || recent.first == recent.end)
		return;
	for (number = recent.first; number < recent.end; number++)
		n_outliers += live_history_column(scene->history, number)->n_outliers;
	screen_style(scene->frame, STYLE_BOLD);
	screen_printf(scene->frame, "    %s took %s or longer in the last %s%s", units_count(count, n_outliers),
		     units_duration(threshold, (double)scene->history->outlier_ns),
		     units_duration(elapsed, (double)live_history_elapsed_ns(scene->history, recent)),
		     n_outliers ? "; the slowest:" : "");
	screen_style(scene->frame, STYLE_PLAIN);
	screen_end_line(scene->frame);
	for (n_lines--; n_lines; n_lines--) {
		slow = next_slow(scene, recent, at);
		if (slow)
			draw_slow(scene, slow);
		else
			screen_end_line(scene->frame);
	}
}
