/* SPDX-License-Identifier: MIT */
/* The parts of the live screen that have time from left to right: the heat map, its axis, the sparklines. */
#ifndef HEAT_MAP_H
#define HEAT_MAP_H

#include "live/view.h"

/* What a frame is made of, for all its parts. */
struct live_scene {
	struct screen_buffer *frame;
	const struct live_history *history;
	const struct live_view *view;
	const struct live_series *series; /* the one looked at; NULL when there is none */
	int place;                        /* its place in the history */
	struct live_window window;        /* the columns that are visible */
	unsigned int gutter;              /* columns of text before those */
};

/* Widths of the gutter: a label; with one value; with two. */
enum { GUTTER_LABEL = 9, GUTTER_NOW = 14, GUTTER_VISIBLE = 22 };

struct heat_map;

/* The latency rows that the series has had as long as is remembered; at least as many as are legible. */
unsigned int heat_map_wanted(const struct live_scene *scene);

/* The map with that many rows, at most LAT_N_ROWS. The caller frees it; NULL when memory is short. */
struct heat_map *heat_map_make(const struct live_scene *scene, unsigned int n_rows);

/* Each ends the lines that it writes. */
void heat_map_draw(const struct live_scene *scene, const struct heat_map *map);
void heat_map_draw_axis(const struct live_scene *scene);

/* What the heats mean, at the line's right end, if there is room. */
void heat_map_draw_legend(const struct live_scene *scene, const struct heat_map *map);

/* Lines of values over time, the most needed ones where not all have room. */
#define LIVE_LINES 7
void heat_map_draw_lines(const struct live_scene *scene, unsigned int n_lines);

#endif
