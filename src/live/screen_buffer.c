/* SPDX-License-Identifier: MIT */
/* A screenful of lines, none longer than the screen is wide, in the sequences that every terminal knows. */
#include "live/screen_buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/out.h"

#define TEXT_LEN 512

/* Darker is less on the map's own ground, so that it reads the same on dark and on light terminals. */
static const struct {
	unsigned char red, green, blue, of_256;
} heats[HEATS + 1] = {
	{ 16, 14, 24, 233 }, { 66, 10, 104, 54 }, { 106, 23, 110, 90 }, { 147, 38, 103, 125 }, { 188, 55, 84, 161 },
	{ 221, 81, 58, 166 }, { 243, 120, 25, 208 }, { 252, 165, 10, 214 }, { 246, 215, 70, 221 }, { 252, 255, 164, 229 },
};
static const char heat_marks[HEATS + 1] = " .:-=+*#%@";

static bool is_full(const struct screen_buffer *frame)
{
	return frame->line >= frame->look.height || frame->column >= frame->limit;
}

static void end_heat(struct screen_buffer *frame)
{
	if (frame->background >= 0)
		out_puts(frame->out, "\033[0m");
	frame->background = -1;
}

void screen_begin(struct screen_buffer *frame, struct out *out, struct look look)
{
	*frame = (struct screen_buffer){ .out = out, .look = look, .limit = look.width, .background = -1 };
	out_puts(out, "\033[H");
}

/* Bytes of the character that TEXT, which is valid UTF-8, begins with. */
static size_t character_bytes(const char *text)
{
	size_t n = 1;

	while ((text[n] & 0xC0) == 0x80)
		n++;
	return n;
}

void screen_text(struct screen_buffer *frame, const char *text)
{
	size_t n;

	end_heat(frame);
	for (; *text && !is_full(frame); text += n) {
		n = character_bytes(text);
		out_write(frame->out, text, n);
		frame->column++;
	}
}

void screen_printf(struct screen_buffer *frame, const char *format, ...)
{
	char text[TEXT_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	screen_text(frame, text);
}

/* Latin, Greek and Cyrillic letters, without those that combine with others. */
static bool is_one_column(const char *text, size_t n_bytes)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t character;

	if (n_bytes != 2)
		return n_bytes == 1;
	character = (bytes[0] & 0x1FU) << 6 | (bytes[1] & 0x3FU);
	return (character > 0xA0 && character < 0x300 && character != 0xAD) ||
	       (character >= 0x370 && character < 0x483) || (character >= 0x48A && character < 0x530);
}

void screen_outside(struct screen_buffer *frame, const char *text)
{
	char *clean = escape_text(text), one[8];
	const char *at;
	size_t n;

	for (at = clean; at && *at && !is_full(frame); at += n) {
		n = character_bytes(at);
		snprintf(one, sizeof(one), "%.*s", (int)n, at);
		screen_text(frame, is_one_column(at, n) && (n == 1 || frame->look.utf8) ? one : "?");
	}
	free(clean);
}

void screen_limit(struct screen_buffer *frame, unsigned int column)
{
	frame->limit = column < frame->look.width ? column : frame->look.width;
}

void screen_pad(struct screen_buffer *frame, unsigned int column)
{
	end_heat(frame);
	screen_limit(frame, frame->look.width);
	while (frame->column < column && !is_full(frame)) {
		out_puts(frame->out, " ");
		frame->column++;
	}
}

void screen_style(struct screen_buffer *frame, enum style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
		[STYLE_ALARM] = "\033[1;97;41m", [STYLE_MARK] = "\033[36m",
	};

	end_heat(frame);
	if (frame->look.colours && frame->line < frame->look.height)
		out_puts(frame->out, sequences[style]);
}

void screen_heat(struct screen_buffer *frame, unsigned int heat)
{
	if (is_full(frame))
		return;
	if (frame->look.colours == COLOURS_NONE) {
		out_write(frame->out, &heat_marks[heat], 1);
		frame->column++;
		return;
	}
	if (frame->background != (int)heat && frame->look.colours == COLOURS_TRUE)
		out_printf(frame->out, "\033[48;2;%d;%d;%dm", heats[heat].red, heats[heat].green, heats[heat].blue);
	else if (frame->background != (int)heat)
		out_printf(frame->out, "\033[48;5;%dm", heats[heat].of_256);
	frame->background = (int)heat;
	out_puts(frame->out, " ");
	frame->column++;
}

void screen_spark(struct screen_buffer *frame, unsigned int spark)
{
	static const char *const blocks[SPARKS + 1] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const marks[SPARKS + 1] = { " ", "_", ".", "-", "=", "+", "*", "#", "@" };

	screen_text(frame, (frame->look.utf8 ? blocks : marks)[spark]);
}

void screen_end_line(struct screen_buffer *frame)
{
	if (frame->line >= frame->look.height)
		return;
	end_heat(frame);
	/* Behind the last column it would erase what stands there. */
	if (frame->column < frame->look.width)
		out_puts(frame->out, "\033[K");
	frame->line++;
	frame->column = 0;
	screen_limit(frame, frame->look.width);
	if (frame->line < frame->look.height)
		out_puts(frame->out, "\r\n");
}

void screen_end(struct screen_buffer *frame)
{
	while (frame->line < frame->look.height)
		screen_end_line(frame);
}
