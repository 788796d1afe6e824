/* SPDX-License-Identifier: MIT */
/* The output formats that were linked in. */
#include "registry/format.h"

#include <string.h>

/* Set by the linker around the section; weak, so that a program without any format links. */
extern const struct format *const __start_lat_formats[] __attribute__((weak));
extern const struct format *const __stop_lat_formats[] __attribute__((weak));

const struct format *format_find(const char *name)
{
	const struct format *const *format;

	for (format = __start_lat_formats; format < __stop_lat_formats; format++)
		if (!strcmp((*format)->name, name))
			return *format;
	return NULL;
}

const struct format *format_for_path(const char *path)
{
	const struct format *const *format, *found = NULL;
	size_t length = strlen(path), suffix_length;

	for (format = __start_lat_formats; format < __stop_lat_formats; format++) {
		suffix_length = strlen((*format)->suffix);
		if (length > suffix_length && !strcmp(path + length - suffix_length, (*format)->suffix) &&
		    (!found || suffix_length > strlen(found->suffix)))
			found = *format;
	}
	return found;
}

const struct format *format_choose(const char *name, const char *output)
{
	const struct format *format = output ? format_for_path(output) : NULL;

	if (name)
		return format_find(name);
	return format ? format : format_find(output ? "json" : "text");
}

const struct format *format_at(size_t index)
{
	const struct format *const *format, *const *other;
	size_t n_before;

	for (format = __start_lat_formats; format < __stop_lat_formats; format++) {
		n_before = 0;
		for (other = __start_lat_formats; other < __stop_lat_formats; other++)
			n_before += strcmp((*other)->name, (*format)->name) < 0;
		if (n_before == index)
			return *format;
	}
	return NULL;
}
