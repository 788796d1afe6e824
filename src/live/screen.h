/* SPDX-License-Identifier: MIT */
/* The live screen as text: what is remembered and how it is looked at decide every byte. No terminal, no clock here. */
#ifndef SCREEN_H
#define SCREEN_H

struct live_history;
struct live_view;
struct out;

/* Writes a whole frame: from the upper left corner, exactly as many lines as the view is high. */
void live_screen_write(struct out *out, const struct live_history *history, const struct live_view *view);

#endif
