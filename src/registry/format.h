/* SPDX-License-Identifier: MIT */
/* What an output format is: const data, registered by existing. A new format is one file, src/formats/NAME.c. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct out;
struct snapshot;

struct format_options {
	bool colour;        /* ANSI colours may be used */
	unsigned int width; /* columns; 0: 80 */
	unsigned int top;   /* how many series are shown in full; 0: the format chooses */
};

/*
 * A format writes a const snapshot as bytes. No arithmetic beyond units, no clock, no environment, no sorting. Errors
 * stay in the stream.
 */
struct format {
	const char *name; /* as in --format */
	const char *help;
	const char *suffix; /* of a file name that asks for it: ".json" */
	bool streams;       /* a file gets every interval as it ends, and then the whole run; else only that */
	bool intervals_suffice; /* where it got intervals, not the whole run, which their readers would count again */
	bool needs_outliers;    /* is empty without --outlier */
	/* Writes what stands once at the top of a file, which begins with SNAPSHOT; NULL: nothing does. */
	void (*begin)(struct out *out, const struct snapshot *snapshot);
	void (*write)(struct out *out, const struct snapshot *snapshot, const struct format_options *options);
};

#define FORMAT_REGISTER(descriptor) \
	static const struct format *const descriptor##_entry \
	__attribute__((used, retain, section("lat_formats"))) = &(descriptor)

/* The format of that name, or NULL. Formats are in order of name. */
const struct format *format_find(const char *name);
const struct format *format_for_path(const char *path); /* by suffix, the longest; NULL when none fits */
/* By NAME; without one by the suffix of OUTPUT, else json; without an OUTPUT text. NULL: no such format. */
const struct format *format_choose(const char *name, const char *output);

const struct format *format_at(size_t index);           /* NULL behind the last */

#endif
