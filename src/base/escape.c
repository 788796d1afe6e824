/* SPDX-License-Identifier: MIT */
/* Text from outside (names of threads, files, devices) made harmless: it is hostile until shown otherwise. */
#include "base/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Bytes of the valid UTF-8 character that TEXT begins with, by table 3-7 of the Unicode standard; 0: none. */
static size_t character_length(const unsigned char *text)
{
	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xC2 && text[0] <= 0xDF)
		return is_continuation(text[1]) ? 2 : 0;
	if ((text[0] & 0xF0) == 0xE0) {
		if (!is_continuation(text[1]) || (text[0] == 0xE0 && text[1] < 0xA0) ||
		    (text[0] == 0xED && text[1] > 0x9F))
			return 0;
		return is_continuation(text[2]) ? 3 : 0;
	}
	if (text[0] >= 0xF0 && text[0] <= 0xF4) {
		if (!is_continuation(text[1]) || (text[0] == 0xF0 && text[1] < 0x90) ||
		    (text[0] == 0xF4 && text[1] > 0x8F))
			return 0;
		return is_continuation(text[2]) && is_continuation(text[3]) ? 4 : 0;
	}
	return 0;
}

static bool is_control(const unsigned char *text, size_t length)
{
	return (length == 1 && (text[0] < 0x20 || text[0] == 0x7F)) ||
	       (length == 2 && text[0] == 0xC2 && text[1] < 0xA0);
}

/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069: they break a line, or turn round what stands beside them. */
static bool is_layout(const unsigned char *text, size_t length)
{
	if (length != 3 || text[0] != 0xE2)
		return false;
	if (text[1] == 0x80)
		return text[2] == 0x8E || text[2] == 0x8F || (text[2] >= 0xA8 && text[2] <= 0xAE);
	return text[1] == 0x81 && text[2] >= 0xA6 && text[2] <= 0xA9;
}

/* "xNN" of a byte that can be invalid. */
static bool is_number(const unsigned char *text)
{
	return text[0] == 'x' && text[1] && strchr("89abcdef", text[1]) && text[2] && strchr("0123456789abcdef", text[2]);
}

/* Writes the backslashes that IN begins with so that no number behind them can be taken for what it is not. */
static char *escape_backslashes(char *out, const unsigned char *in, size_t n)
{
	size_t n_written = !character_length(in + n) || is_number(in + n) ? 2 * n : n;

	memset(out, '\\', n_written);
	return out + n_written;
}

static char *escape(const char *text, bool only_invalid)
{
	const unsigned char *in = (const unsigned char *)text;
	char *copy = malloc(4 * strlen(text) + 1), *out = copy;
	size_t length, i;

	if (!copy)
		return NULL;
	while (*in) {
		length = character_length(in);
		if (!length || (!only_invalid && (is_control(in, length) || is_layout(in, length)))) {
			for (i = 0; i < (length ? length : 1); i++)
				out += sprintf(out, "\\x%02x", *in++);
			continue;
		}
		if (*in == '\\' && only_invalid) {
			length = strspn((const char *)in, "\\");
			out = escape_backslashes(out, in, length);
			in += length;
			continue;
		}
		if (*in == '\\')
			*out++ = '\\';
		memcpy(out, in, length);
		out += length;
		in += length;
	}
	*out = '\0';
	return copy;
}

char *escape_text(const char *text)
{
	return escape(text, false);
}

char *escape_invalid(const char *text)
{
	return escape(text, true);
}

char *unescape_invalid(const char *text)
{
	const char *in = text;
	char *copy = malloc(strlen(text) + 1), *out = copy, number[3] = "";
	size_t n, n_kept;

	if (!copy)
		return NULL;
	while (*in) {
		n = strspn(in, "\\");
		if (!n) {
			*out++ = *in++;
			continue;
		}
		in += n;
		n_kept = is_number((const unsigned char *)in) ? n / 2 : n;
		memset(out, '\\', n_kept);
		out += n_kept;
		if (n_kept < n && n % 2) {
			memcpy(number, in + 1, 2);
			*out++ = (char)strtoul(number, NULL, 16);
			in += 3;
		}
	}
	*out = '\0';
	return copy;
}
