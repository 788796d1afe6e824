/* SPDX-License-Identifier: MIT */
/* How the live screen is looked at: what its keys change. */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/screen_buffer.h"
#include "live/history.h"
#include "base/units.h"

enum live_unit { LIVE_UNIT_AUTO, LIVE_UNIT_US, LIVE_UNIT_MS, N_LIVE_UNITS };

struct live_view {
	struct look look;
	bool is_paused, has_help;
	uint64_t paused_at;   /* how many columns there were then */
	uint64_t selected_id; /* of a series; 0: the one that took most time of those visible */
	enum live_unit unit;
};

/* Keys that are no characters. */
enum live_key { LIVE_KEY_NONE = 256, LIVE_KEY_NEXT, LIVE_KEY_PREVIOUS };

/*
 * The key that BYTES from the terminal begin with: a character or one of enum live_key; N_BYTES is at least 1. How many
 * bytes it took is in N_USED.
 */
int live_view_decode(const char *bytes, size_t n_bytes, size_t *n_used);

/* Does what the key asks for. False when it asks for the end. */
bool live_view_key(struct live_view *view, const struct live_history *history, int key);

/* The column behind the last that is shown. */
uint64_t live_view_end(const struct live_view *view, const struct live_history *history);

/* The place in the history of what is looked at; -1 when there is nothing. */
int live_view_selected(const struct live_view *view, const struct live_history *history);

/* A duration of at most 8 columns, in the unit chosen where that shows it well. */
char *live_view_duration(const struct live_view *view, char buffer[static UNITS_LEN], double ns);

#endif
