/* SPDX-License-Identifier: MIT */
/* The terminal while a program has all of it: what it can do, and that it is given back whatever happens. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * There is one at most. Opens the terminal that stdout is, and finds out what it can do; changes nothing yet. 0, or
 * -errno with a reason in *WHY: it is no terminal, or one that cannot be drawn on.
 */
int terminal_open(const char **why);

int terminal_n_colours(void);
bool terminal_has_rgb(void);

/* For epoll: readable when keys were pressed. */
int terminal_fd(void);

/*
 * Takes the whole screen, without echo and lines; messages on stderr wait if that is a terminal, too. Again after the
 * process was stopped. From then on the terminal is given back before the process dies of a signal or calls exit().
 * 0 or -errno, reported.
 */
int terminal_enter(void);

/* Gives it back. Safe in signal handlers; nothing happens where it was given back before. */
void terminal_leave(void);

void terminal_size(unsigned int *width, unsigned int *height); /* 80x24 where it does not tell */

/*
 * Waits a little for a terminal that does not take it all, and then drops the rest: what is measured must not wait for
 * it. False when the terminal is gone.
 */
bool terminal_write(const char *bytes, size_t n_bytes);

/* Keys as bytes, or 0 when there are none (more). Negative when the terminal is gone. */
int terminal_read(char *bytes, size_t n_bytes);

void terminal_close(void); /* leaves it first */

#endif
