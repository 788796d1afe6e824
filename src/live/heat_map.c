/* SPDX-License-Identifier: MIT */
/* The parts of the live screen that have time from left to right: the heat map, its axis, the sparklines. */
#include "live/heat_map.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

#define MIN_ROWS 8
#define TICK_DISTANCE 20
#define TICK_LEN 9 /* "03:17:57|" */
#define MIN_OCTAVES 2.0 /* that a sparkline's height stands for: noise stays flat */

struct heat_map {
	unsigned int top, bottom; /* rows shown */
	bool has_below;           /* the bottom one has what is below it, too */
	uint64_t largest;
	uint64_t counts[LIVE_COLUMNS][LAT_N_ROWS]; /* of the visible columns, from the oldest */
};

struct row_range {
	unsigned int low, high;
};

static struct row_range find_rows(const struct live_scene *scene)
{
	struct live_window all = live_history_window(scene->history, scene->window.end, LIVE_COLUMNS);
	struct row_range range = { .low = LAT_N_ROWS };
	const struct live_cell *cell;
	uint64_t number;

	for (number = all.first; scene->series && number < all.end; number++) {
		cell = live_series_cell(scene->series, number);
		if (!cell->n_slots)
			continue;
		if (cell->slots[0].slot / LAT_N_SUB < range.low)
			range.low = cell->slots[0].slot / LAT_N_SUB;
		if (cell->slots[cell->n_slots - 1].slot / LAT_N_SUB > range.high)
			range.high = cell->slots[cell->n_slots - 1].slot / LAT_N_SUB;
	}
	/* Without anything yet: from 1 us up. */
	return range.low < LAT_N_ROWS ? range : (struct row_range){ 7, 7 + MIN_ROWS - 1 };
}

unsigned int heat_map_wanted(const struct live_scene *scene)
{
	struct row_range range = find_rows(scene);
	unsigned int n_rows = range.high - range.low + 1;

	return n_rows < MIN_ROWS ? MIN_ROWS : n_rows;
}

/* The slow end is what one looks for, so it is the fast one that is put together where there is no room for all. */
static void place_rows(struct heat_map *map, struct row_range range, unsigned int n_rows)
{
	unsigned int n_wanted = range.high - range.low + 1;

	map->top = range.high;
	if (n_rows > n_wanted)
		map->top += (n_rows - n_wanted) / 2;
	if (map->top > LAT_N_ROWS - 1)
		map->top = LAT_N_ROWS - 1;
	if (map->top < n_rows - 1)
		map->top = n_rows - 1;
	map->bottom = map->top - (n_rows - 1);
	map->has_below = range.low < map->bottom;
}

static void count_column(struct heat_map *map, uint64_t counts[static LAT_N_ROWS], const struct live_cell *cell)
{
	unsigned int row;
	size_t i;

	for (i = 0; i < cell->n_slots; i++) {
		row = cell->slots[i].slot / LAT_N_SUB;
		if (row < map->bottom)
			row = map->bottom;
		counts[row] += cell->slots[i].count;
		if (counts[row] > map->largest)
			map->largest = counts[row];
	}
}

struct heat_map *heat_map_make(const struct live_scene *scene, unsigned int n_rows)
{
	struct heat_map *map = calloc(1, sizeof(*map));
	uint64_t number;

	if (!map)
		return NULL;
	place_rows(map, find_rows(scene), n_rows);
	for (number = scene->window.first; scene->series && number < scene->window.end; number++)
		count_column(map, map->counts[number - scene->window.first], live_series_cell(scene->series, number));
	return map;
}

/* Logarithmic, so that a single slow one is seen beside thousands. */
static unsigned int heat_of(uint64_t count, uint64_t largest)
{
	if (!count || count == largest)
		return count ? HEATS : 0;
	return 1 + (unsigned int)(log((double)count) / log((double)largest) * (HEATS - 1));
}

static void draw_row_label(const struct live_scene *scene, const struct heat_map *map, unsigned int row)
{
	char low[UNITS_LEN], high[UNITS_LEN];
	bool is_rest = map->has_below && row == map->bottom, is_top = row == LAT_N_ROWS - 1;

	live_view_duration(scene->view, low, (double)lat_row_low(row));
	live_view_duration(scene->view, high, is_top ? 0 : (double)lat_row_low(row + 1));
	screen_limit(scene->frame, scene->gutter);
	if (scene->gutter < GUTTER_VISIBLE && is_rest)
		screen_printf(scene->frame, "%*s", (int)scene->gutter - 1, "below");
	else if (scene->gutter < GUTTER_VISIBLE)
		screen_printf(scene->frame, "%*s", (int)scene->gutter - 1, low);
	else if (is_rest)
		screen_printf(scene->frame, "%*s < %-8s", 10, "", high);
	else if (is_top)
		screen_printf(scene->frame, "%*s >= %-8s", 9, "", low);
	else
		screen_printf(scene->frame, "  %8s - %-8s", low, high);
	screen_pad(scene->frame, scene->gutter);
}

static unsigned int n_visible(const struct live_scene *scene)
{
	return (unsigned int)(scene->window.end - scene->window.first);
}

/* How many places of the screen stay empty before the first column: the newest is always at the right end. */
static unsigned int n_empty(const struct live_scene *scene)
{
	return scene->frame->look.width - scene->gutter - n_visible(scene);
}

void heat_map_draw(const struct live_scene *scene, const struct heat_map *map)
{
	unsigned int row, i;

	for (row = map->top + 1; row-- > map->bottom;) {
		draw_row_label(scene, map, row);
		for (i = 0; i < n_empty(scene); i++)
			screen_heat(scene->frame, 0);
		for (i = 0; i < n_visible(scene); i++)
			screen_heat(scene->frame, heat_of(map->counts[i][row], map->largest));
		screen_end_line(scene->frame);
	}
}

void heat_map_draw_axis(const struct live_scene *scene)
{
	unsigned int width = scene->frame->look.width - scene->gutter, back;
	char line[LIVE_COLUMNS + 1], time[UNITS_TIME_LEN], tick[UNITS_TIME_LEN];
	const struct live_column *column;

	if (scene->gutter == GUTTER_VISIBLE)
		screen_printf(scene->frame, "%13s%8s", "now", "visible");
	else if (scene->gutter == GUTTER_NOW)
		screen_printf(scene->frame, "%13s", "now");
	screen_pad(scene->frame, scene->gutter);
	memset(line, ' ', sizeof(line));
	line[width] = '\0';
	for (back = 0; back < n_visible(scene) && back + TICK_LEN <= width; back += TICK_DISTANCE) {
		column = live_history_column(scene->history, scene->window.end - 1 - back);
		units_iso8601(time, column->end_realtime_ns);
		snprintf(tick, sizeof(tick), "%.8s|", time + 11);
		memcpy(line + width - back - TICK_LEN, tick, TICK_LEN);
	}
	screen_style(scene->frame, STYLE_DIM);
	screen_text(scene->frame, line);
	screen_style(scene->frame, STYLE_PLAIN);
	screen_end_line(scene->frame);
}

void heat_map_draw_legend(const struct live_scene *scene, const struct heat_map *map)
{
	char largest[UNITS_LEN];
	unsigned int width, heat;

	if (!map->largest)
		return;
	units_count(largest, map->largest);
	width = (unsigned int)strlen(largest) + HEATS + 3;
	if (scene->frame->column + 2 + width > scene->frame->look.width)
		return;
	screen_pad(scene->frame, scene->frame->look.width - width);
	screen_text(scene->frame, map->largest > 1 ? "1 " : "  ");
	for (heat = 1; heat <= HEATS; heat++)
		screen_heat(scene->frame, heat);
	screen_printf(scene->frame, " %s", largest);
}

/* What the lines show. The ranks are places in percentile_ranks. */
enum line_kind { LINE_PERCENTILE, LINE_MAX, LINE_RATE, LINE_DEPTH };
static const struct line {
	const char *name;
	enum line_kind kind;
	size_t rank;
	unsigned int needed; /* shown where at least so many lines are */
} lines[LIVE_LINES] = {
	{ "p50", LINE_PERCENTILE, 0, 3 },
	{ "p90", LINE_PERCENTILE, 2, 4 },
	{ "p99", LINE_PERCENTILE, 4, 2 },
	{ "p99.9", LINE_PERCENTILE, 5, 5 },
	{ "max", LINE_MAX, 0, 1 },
	{ "ops/s", LINE_RATE, 0, 6 },
	{ "depth", LINE_DEPTH, 0, 7 },
};

/* Negative where there is none. */
static double value_of(const struct line *line, const struct live_cell *cell, uint64_t elapsed_ns)
{
	switch (line->kind) {
	case LINE_PERCENTILE:
		return cell->percentile_ns[line->rank] == LIVE_NOT_CARRIED ? -1 : (double)cell->percentile_ns[line->rank];
	case LINE_MAX: return cell->count ? (double)cell->max_ns : -1;
	case LINE_RATE: return elapsed_ns ? (double)cell->count * 1e9 / (double)elapsed_ns : -1;
	default: return (double)cell->depth;
	}
}

/* What took no time at all is as good as 1 ns. */
static double spark_value(const struct live_scene *scene, const struct line *line, uint64_t number)
{
	double value = value_of(line, live_series_cell(scene->series, number),
				live_history_column(scene->history, number)->elapsed_ns);

	return line->kind <= LINE_MAX && value >= 0 && value < 1 ? 1 : value;
}

static void draw_sparks(const struct live_scene *scene, const struct line *line)
{
	double value, low = 0, high = 0, octaves, height;
	uint64_t number;

	for (number = scene->window.first; number < scene->window.end; number++) {
		value = spark_value(scene, line, number);
		low = value > 0 && (low <= 0 || value < low) ? value : low;
		high = value > high ? value : high;
	}
	octaves = low > 0 ? log2(high / low) : 0;
	octaves = octaves < MIN_OCTAVES ? MIN_OCTAVES : octaves;
	for (number = scene->window.first; number < scene->window.end; number++) {
		value = spark_value(scene, line, number);
		height = value > 0 ? log2(value / low) / octaves * (SPARKS - 1) + 1.5 : 0;
		screen_spark(scene->frame, (unsigned int)height);
	}
}

static void draw_value(const struct live_scene *scene, const struct line *line, const struct live_cell *cell,
		       uint64_t elapsed_ns)
{
	double value = value_of(line, cell, elapsed_ns);
	char text[UNITS_LEN];

	if (value < 0)
		strcpy(text, "-");
	else if (line->kind == LINE_RATE || line->kind == LINE_DEPTH)
		units_rate(text, value);
	else
		live_view_duration(scene->view, text, value);
	screen_printf(scene->frame, "%8s", text);
}

void heat_map_draw_lines(const struct live_scene *scene, unsigned int n_lines)
{
	const struct live_window newest = { scene->window.end - 1, scene->window.end };
	const struct line *line;
	struct live_cell visible;

	if (!scene->series || !n_visible(scene))
		return;
	visible = live_series_sum(scene->series, scene->window);
	for (line = lines; line < lines + LIVE_LINES; line++) {
		if (line->needed > n_lines)
			continue;
		screen_style(scene->frame, STYLE_BOLD);
		screen_printf(scene->frame, "%-5s", line->name);
		screen_style(scene->frame, STYLE_PLAIN);
		draw_value(scene, line, live_series_cell(scene->series, newest.first),
			   live_history_elapsed_ns(scene->history, newest));
		if (scene->gutter == GUTTER_VISIBLE)
			draw_value(scene, line, &visible, live_history_elapsed_ns(scene->history, scene->window));
		if (scene->gutter > GUTTER_LABEL) {
			screen_pad(scene->frame, scene->gutter + n_empty(scene));
			screen_style(scene->frame, STYLE_MARK);
			draw_sparks(scene, line);
			screen_style(scene->frame, STYLE_PLAIN);
		}
		screen_end_line(scene->frame);
	}
}
