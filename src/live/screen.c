/* SPDX-License-Identifier: MIT */
/* The live screen as text: what is remembered and how it is looked at decide every byte. No terminal, no clock here. */
#include "live/screen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "latencyprobe/bucket.h"
#include "live/heat_map.h"
#include "live/tables.h"
#include "base/out.h"

#define MIN_WIDTH 20
#define MIN_HEIGHT 5
#define NARROW 60
#define WIDE 76
#define MIN_MAP 8
#define MIN_TABLES 7
#define SLOWEST_LINES 11

/* How many lines each part has. */
struct layout {
	unsigned int head, map, axis, values, series, slowest, keys;
};

static unsigned int smaller(unsigned int left, unsigned int right)
{
	return left < right ? left : right;
}

/* The map has the rows that it wants once the tables have a few; what those do not need is its own again. */
static void divide(struct layout *layout, unsigned int n_lines, const struct live_scene *scene)
{
	const struct live_history *history = scene->history;
	unsigned int series = history->n_series ? 1 + (unsigned int)history->n_series : 0;
	unsigned int slowest = history->outlier_ns ? SLOWEST_LINES : 0, map = n_lines, tables;

	if (n_lines >= MIN_MAP + MIN_TABLES)
		map = smaller(n_lines - MIN_TABLES, heat_map_wanted(scene));
	else if (n_lines >= MIN_MAP + 4)
		map = MIN_MAP;
	tables = smaller(n_lines - map, series + slowest);
	layout->map = smaller(n_lines - tables, LAT_N_ROWS);
	layout->slowest = smaller(slowest, tables - smaller(series, tables / 2));
	layout->series = tables - layout->slowest;
}

static struct layout make_layout(const struct live_scene *scene)
{
	unsigned int height = scene->frame->look.height;
	struct layout layout = {
		.head = height >= 6, .axis = height >= 9, .keys = height >= 8,
		.values = height >= 30 ? LIVE_LINES : height >= 18 ? 5 : height >= 12 ? 3 : height >= 10 ? 2 : 1,
	};

	divide(&layout, height - 1 - layout.head - layout.axis - layout.keys - layout.values, scene);
	return layout;
}

static unsigned int gutter_of(unsigned int width)
{
	return width >= 80 ? GUTTER_VISIBLE : width >= 32 ? GUTTER_NOW : GUTTER_LABEL;
}

static uint64_t lost_of(const struct live_scene *scene)
{
	uint64_t n_lost = 0, number;

	for (number = scene->window.first; number < scene->window.end; number++)
		n_lost += live_history_column(scene->history, number)->n_lost;
	return n_lost;
}

static void draw_title(const struct live_scene *scene)
{
	const struct live_history *history = scene->history;
	uint64_t n_lost = lost_of(scene), n_behind = history->n_columns - scene->window.end;
	char time[UNITS_TIME_LEN], count[UNITS_LEN], elapsed[UNITS_LEN];
	const struct live_column *newest;

	screen_style(scene->frame, STYLE_BOLD);
	screen_printf(scene->frame, "%s on ", history->target);
	screen_outside(scene->frame, history->host);
	screen_style(scene->frame, STYLE_PLAIN);
	screen_text(scene->frame, "  ");
	if (scene->view->is_paused) {
		screen_style(scene->frame, STYLE_ALARM);
		screen_printf(scene->frame, "PAUSED, %" PRIu64 " behind", n_behind);
		screen_style(scene->frame, STYLE_PLAIN);
		screen_text(scene->frame, "  ");
	}
	if (history->weight > 1)
		screen_printf(scene->frame, "estimates: 1 of %u measured  ", history->weight);
	if (n_lost) {
		screen_style(scene->frame, STYLE_ALARM);
		screen_printf(scene->frame, "%s lost", units_count(count, n_lost));
		screen_style(scene->frame, STYLE_PLAIN);
		screen_text(scene->frame, "  ");
	}
	if (scene->window.first == scene->window.end) {
		screen_text(scene->frame, "waiting for the first interval");
	} else {
		newest = live_history_column(history, scene->window.end - 1);
		units_iso8601(time, newest->end_realtime_ns);
		if (scene->frame->look.width >= NARROW)
			screen_printf(scene->frame, "%.10s ", time);
		screen_printf(scene->frame, "%.8s UTC, every %s", time + 11,
			     units_duration(elapsed, (double)newest->elapsed_ns));
	}
	screen_end_line(scene->frame);
}

static void draw_head(const struct live_scene *scene, const struct heat_map *map)
{
	char rate[UNITS_LEN], bytes[UNITS_LEN], depth[UNITS_LEN];
	const struct live_cell *cell;
	double seconds;

	if (!scene->series || scene->window.first == scene->window.end) {
		screen_text(scene->frame, scene->window.end ? "nothing has ended yet" : "");
		screen_end_line(scene->frame);
		return;
	}
	cell = live_series_cell(scene->series, scene->window.end - 1);
	seconds = (double)live_history_column(scene->history, scene->window.end - 1)->elapsed_ns / 1e9;
	seconds = seconds > 0 ? seconds : 1;
	screen_style(scene->frame, STYLE_BOLD);
	screen_printf(scene->frame, "%d ", scene->place + 1);
	live_tables_draw_labels(scene->frame, scene->series->labels, scene->series->n_labels, true);
	screen_style(scene->frame, STYLE_PLAIN);
	screen_printf(scene->frame, ": %s/s", units_rate(rate, (double)cell->count / seconds));
	if (scene->series->has_bytes)
		screen_printf(scene->frame, ", %s/s", units_bytes(bytes, (double)cell->bytes / seconds));
	screen_printf(scene->frame, ", %s in flight", units_count(depth, cell->depth));
	if (map)
		heat_map_draw_legend(scene, map);
	screen_end_line(scene->frame);
}

static void draw_help(const struct live_scene *scene, unsigned int n_lines)
{
	static const char *const lines[] = {
		"space, p     pause, and go on; counting goes on all the time",
		"tab, arrows  next series, previous series",
		"1 to 9       the series of that number; 0: the one that took most time",
		"u            unit: auto, us, ms",
		"q, Ctrl-C    end, with the report of the whole run",
		"?            back",
		"",
		"Map: a column is an interval, the newest at the right; a row is a power of two;",
		"the colour is the count, logarithmic, as the scale above says.",
		"Lines: value of the newest interval, and of all visible ones (ops/s: mean, depth:",
		"most); percentiles are within 3.2 %, max is the bound of its slot (6.25 %).",
		"-: too few above to tell. A line's own smallest value is its lowest mark; its",
		"height is a factor of 4 at least, and logarithmic. depth: in flight; of block's,",
		"all that the disk has, queued or issued as the series is.",
		"lost: counted, but not timed; the account of the final report says why.",
	};
	unsigned int i;

	for (i = 0; i < n_lines && i < sizeof(lines) / sizeof(lines[0]); i++) {
		screen_text(scene->frame, lines[i]);
		screen_end_line(scene->frame);
	}
}

static void draw_keys(const struct live_scene *scene)
{
	static const char *const units[] = { [LIVE_UNIT_AUTO] = "auto", [LIVE_UNIT_US] = "us", [LIVE_UNIT_MS] = "ms" };

	while (scene->frame->line + 1 < scene->frame->look.height)
		screen_end_line(scene->frame);
	screen_style(scene->frame, STYLE_DIM);
	if (scene->frame->look.width < NARROW)
		screen_text(scene->frame, "space tab 1-9 u  ? help  q quit");
	else if (scene->frame->look.width < WIDE)
		screen_text(scene->frame, "space pause  tab/1-9 series  u unit  ? help  q quit");
	else
		screen_printf(scene->frame, "space %s  tab/1-9 series  0 busiest%s  u unit (%s)  ? help  q quit",
			     scene->view->is_paused ? "go on" : "pause", scene->view->selected_id ? "" : "*",
			     units[scene->view->unit]);
	screen_style(scene->frame, STYLE_PLAIN);
}

static void draw_body(const struct live_scene *scene)
{
	struct layout layout = make_layout(scene);
	struct heat_map *map = heat_map_make(scene, layout.map);

	if (!map) {
		out_fail(scene->frame->out, -ENOMEM);
		return;
	}
	if (layout.head)
		draw_head(scene, map);
	heat_map_draw(scene, map);
	if (layout.axis)
		heat_map_draw_axis(scene);
	heat_map_draw_lines(scene, layout.values);
	live_tables_draw_series(scene, layout.series);
	live_tables_draw_slowest(scene, layout.slowest);
	if (layout.keys)
		draw_keys(scene);
	free(map);
}

void live_screen_write(struct out *out, const struct live_history *history, const struct live_view *view)
{
	struct look look = view->look;
	struct screen_buffer frame;
	struct live_scene scene = { .frame = &frame, .history = history, .view = view,
				    .place = live_view_selected(view, history), .gutter = gutter_of(view->look.width) };

	if (look.width > scene.gutter + LIVE_COLUMNS)
		look.width = scene.gutter + LIVE_COLUMNS;
	screen_begin(&frame, out, look);
	if (look.width < MIN_WIDTH || look.height < MIN_HEIGHT) {
		screen_text(&frame, "too small");
		screen_end(&frame);
		return;
	}
	scene.series = scene.place >= 0 ? history->series[scene.place] : NULL;
	scene.window = live_history_window(history, live_view_end(view, history), look.width - scene.gutter);
	draw_title(&scene);
	if (view->has_help)
		draw_help(&scene, look.height - 2);
	else
		draw_body(&scene);
	if (view->has_help)
		draw_keys(&scene);
	screen_end(&frame);
}
