/* SPDX-License-Identifier: MIT */
/* The output formats that were linked in. */
#include "registry/format.h"

#include <string.h>

/* Set by the linker around the section; weak, so that a program without any sink links. */
extern const struct sink *const __start_lat_sinks[] __attribute__((weak));
extern const struct sink *const __stop_lat_sinks[] __attribute__((weak));

const struct sink *sink_find(const char *name)
{
	const struct sink *const *sink;

	for (sink = __start_lat_sinks; sink < __stop_lat_sinks; sink++)
		if (!strcmp((*sink)->name, name))
			return *sink;
	return NULL;
}

const struct sink *sink_for_path(const char *path)
{
	const struct sink *const *sink, *found = NULL;
	size_t length = strlen(path), suffix_length;

	for (sink = __start_lat_sinks; sink < __stop_lat_sinks; sink++) {
		suffix_length = strlen((*sink)->suffix);
		if (length > suffix_length && !strcmp(path + length - suffix_length, (*sink)->suffix) &&
		    (!found || suffix_length > strlen(found->suffix)))
			found = *sink;
	}
	return found;
}

const struct sink *sink_choose(const char *format, const char *output)
{
	const struct sink *sink = output ? sink_for_path(output) : NULL;

	if (format)
		return sink_find(format);
	return sink ? sink : sink_find(output ? "json" : "text");
}

const struct sink *sink_at(size_t index)
{
	const struct sink *const *sink, *const *other;
	size_t n_before;

	for (sink = __start_lat_sinks; sink < __stop_lat_sinks; sink++) {
		n_before = 0;
		for (other = __start_lat_sinks; other < __stop_lat_sinks; other++)
			n_before += strcmp((*other)->name, (*sink)->name) < 0;
		if (n_before == index)
			return *sink;
	}
	return NULL;
}
