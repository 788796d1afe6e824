/* SPDX-License-Identifier: MIT */
/* A screenful of lines, none longer than the screen is wide, in the sequences that every terminal knows. */
#ifndef SCREEN_BUFFER_H
#define SCREEN_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct out;

enum colours { COLOURS_NONE, COLOURS_256, COLOURS_TRUE };
enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_ALARM, STYLE_MARK };

/* What the terminal can show. Without colours there are no styles either. */
struct look {
	unsigned int width, height;
	enum colours colours;
	bool utf8;
};

struct screen_buffer {
	struct out *out;
	struct look look;
	unsigned int line, column; /* the next to be written, from 0 */
	unsigned int limit; /* text is cut before this column */
	int background; /* heat that is set, -1: none */
};

/* Counts above zero have a heat of 1 to HEATS, none has 0. */
#define HEATS 9
/* Heights of a sparkline's marks: 1 to SPARKS; 0 is blank. */
#define SPARKS 8

void screen_begin(struct screen_buffer *frame, struct out *out, struct look look);

/*
 * All text is cut where the line ends, or at the limit that was set since it began. TEXT has no control bytes, and
 * characters of one column each.
 */
void screen_text(struct screen_buffer *frame, const char *text);
void screen_printf(struct screen_buffer *frame, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text from outside: as escape_text() makes it, with '?' for characters that may not be one column wide. */
void screen_outside(struct screen_buffer *frame, const char *text);

void screen_limit(struct screen_buffer *frame, unsigned int column);

/* Blanks up to COLUMN, which lifts the limit; none where the line is there already. */
void screen_pad(struct screen_buffer *frame, unsigned int column);

void screen_style(struct screen_buffer *frame, enum style style);
void screen_heat(struct screen_buffer *frame, unsigned int heat);
void screen_spark(struct screen_buffer *frame, unsigned int spark);

/* Ends the line; what is written behind the last is dropped. */
void screen_end_line(struct screen_buffer *frame);

/* Fills up with empty lines. */
void screen_end(struct screen_buffer *frame);

#endif
