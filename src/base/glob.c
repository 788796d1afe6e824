/* SPDX-License-Identifier: MIT */
/* From a pattern as it is typed to the form that the kernel side matches with. */
#include "base/glob.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

/* Of "[...]" at TEXT, or 1 where no bracket closes it, so that it stands for itself. */
static size_t bracket_length(const char *text)
{
	size_t at = 1;
	const char *end;
	char class[3] = ":]";

	at += text[at] == '!' || text[at] == '^';
	at += text[at] == ']';
	for (; text[at]; at++) {
		if (text[at] == ']')
			return at + 1;
		if (text[at] == '\\' && text[at + 1]) {
			at++;
			continue;
		}
		if (text[at] != '[' || !text[at + 1] || !strchr(":.=", text[at + 1]))
			continue;
		class[0] = text[at + 1];
		end = strstr(text + at + 2, class);
		if (end)
			at = (size_t)(end - text) + 1;
	}
	return 1;
}

/* Of the part of a pattern that TEXT begins with. */
static size_t part_length(const char *text)
{
	if (*text == '[')
		return bracket_length(text);
	return *text == '\\' && text[1] ? 2 : 1;
}

static void set_bit(struct lat_glob_state *state, size_t position)
{
	state->bits[position / 64] |= 1ULL << position % 64;
}

/* What a part means the C library says, byte by byte. */
static bool add_part(struct lat_glob *glob, const char *text, size_t length, size_t position)
{
	char part[256], byte[2] = "";
	int value;

	if (length >= sizeof(part))
		return false;
	memcpy(part, text, length);
	part[length] = '\0';
	for (value = 1; value < 256; value++) {
		byte[0] = (char)value;
		if (!fnmatch(part, byte, 0))
			set_bit(&glob->takes[value], position);
	}
	return true;
}

bool glob_compile(struct lat_glob *glob, const char *text)
{
	size_t position = 0, length;

	memset(glob, 0, sizeof(*glob));
	for (; *text; text += length) {
		length = part_length(text);
		if (*text == '*' && text[1] == '*')
			continue;
		if (position == LAT_GLOB_MAX_PARTS)
			return false;
		if (*text == '*')
			set_bit(&glob->stars, position);
		else if (!add_part(glob, text, length, position))
			return false;
		position++;
	}
	set_bit(&glob->end, position);
	return position;
}
