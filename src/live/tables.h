/* SPDX-License-Identifier: MIT */
/* The tables below the map of the live screen: all series, and the slowest operations, both of the last intervals. */
#ifndef TABLES_H
#define TABLES_H

#include "model/label.h"
#include "live/heat_map.h"

/* The labels' values with blanks between, as far as there is room. Only the names of threads are left out, if asked. */
void live_tables_draw_labels(struct screen_buffer *frame, const struct label *labels, size_t n_labels, bool has_comm);

/* Each writes N_LINES lines at most, its heading among them. */
void live_tables_draw_series(const struct live_scene *scene, unsigned int n_lines);
void live_tables_draw_slowest(const struct live_scene *scene, unsigned int n_lines);

#endif
