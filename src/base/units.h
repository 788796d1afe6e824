/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. Every function writes into the caller's buffer and returns it. */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

#define UNITS_LEN 32

/* A duration in ns with three significant digits and ns, us, ms or s: "999ns" "1.50us" "12.3ms" "60.0s". */
char *units_duration(char buffer[static UNITS_LEN], double ns);

/* Bytes in binary units: "512B" "1.50KiB" "12.3MiB". */
char *units_bytes(char buffer[static UNITS_LEN], double bytes);

/* 2^LOG2 bytes, up to 2^64, exactly: "1B" "512B" "4KiB". */
char *units_power(char buffer[static UNITS_LEN], unsigned int log2);

/* A count with thousands commas: "1,234,567". */
char *units_count(char buffer[static UNITS_LEN], uint64_t count);

/* A rate with three significant digits and k, M, G: "950" "12.3k" "1.50M". */
char *units_rate(char buffer[static UNITS_LEN], double per_second);

/* A point in time, CLOCK_REALTIME ns, as ISO 8601 in UTC with microseconds: "2026-01-31T23:59:59.000001Z". */
#define UNITS_TIME_LEN 40
char *units_iso8601(char buffer[static UNITS_TIME_LEN], uint64_t realtime_ns);

/*
 * Parses a duration: a number with an optional unit ns, us, ms, s, m, h (none: seconds), into ns.
 * 0, -EINVAL for no such number, -ERANGE for a negative one or one beyond 2^63 ns.
 */
int units_parse_duration(const char *text, uint64_t *ns);

#endif
