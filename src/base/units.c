/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* VALUE with three significant digits, in the largest unit that leaves at least one before the point. */
static char *scale(char *buffer, double value, double base, const char *const *suffixes, size_t n_suffixes)
{
	size_t unit = 0;
	int n_decimals;

	/* What would be rounded up to the next unit already is in it. */
	while (unit + 1 < n_suffixes && value >= base - 0.5) {
		value /= base;
		unit++;
	}
	n_decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	if (unit == 0 && value == (double)(uint64_t)value)
		n_decimals = 0;
	if (value < 0.995 && n_decimals)
		snprintf(buffer, UNITS_LEN, "%.3g%s", value, suffixes[unit]);
	else
		snprintf(buffer, UNITS_LEN, "%.*f%s", n_decimals, value, suffixes[unit]);
	return buffer;
}

char *units_duration(char buffer[static UNITS_LEN], double ns)
{
	static const char *const suffixes[] = { "ns", "us", "ms", "s" };

	return scale(buffer, ns, 1000, suffixes, 4);
}

static const char *const byte_suffixes[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

char *units_bytes(char buffer[static UNITS_LEN], double bytes)
{
	return scale(buffer, bytes, 1024, byte_suffixes, 7);
}

char *units_power(char buffer[static UNITS_LEN], unsigned int log2)
{
	snprintf(buffer, UNITS_LEN, "%u%s", 1U << log2 % 10, byte_suffixes[log2 / 10]);
	return buffer;
}

char *units_rate(char buffer[static UNITS_LEN], double per_second)
{
	static const char *const suffixes[] = { "", "k", "M", "G" };

	return scale(buffer, per_second, 1000, suffixes, 4);
}

char *units_count(char buffer[static UNITS_LEN], uint64_t count)
{
	char digits[UNITS_LEN], *end = buffer;
	int n_digits = snprintf(digits, sizeof(digits), "%" PRIu64, count), i;

	for (i = 0; i < n_digits; i++) {
		if (i && (n_digits - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return buffer;
}

char *units_iso8601(char buffer[static UNITS_TIME_LEN], uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	size_t length;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	length = strftime(buffer, UNITS_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + length, UNITS_TIME_LEN - length, ".%06" PRIu64 "Z", realtime_ns / 1000 % 1000000);
	return buffer;
}

/* The length in ns of the unit called NAME; 0 when there is none. */
static double unit_ns(const char *name)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	return 0;
}

int units_parse_duration(const char *text, uint64_t *ns)
{
	bool is_negative = *text == '-';
	double value;
	char *end;

	text += is_negative;
	/* strtod() would take blanks, another sign, hexadecimal numbers, "inf" and "nan" as well. */
	if (!isdigit((unsigned char)text[*text == '.']))
		return -EINVAL;
	if (text[0] == '0' && tolower((unsigned char)text[1]) == 'x')
		return -EINVAL;
	value = strtod(text, &end);
	if (!unit_ns(end))
		return -EINVAL;
	value *= unit_ns(end);
	if (is_negative || value >= 0x1p63)
		return -ERANGE;
	*ns = (uint64_t)(value + 0.5);
	return 0;
}
