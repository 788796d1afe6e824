/* SPDX-License-Identifier: MIT */
/* Limits on figures of a snapshot, such as p99>5ms, and which of them were passed. */
#ifndef ALERT_H
#define ALERT_H

#include <stdbool.h>
#include <stddef.h>

struct series;
struct snapshot;

enum alert_figure { ALERT_COUNT, ALERT_RATE, ALERT_ERRORS, ALERT_MEAN, ALERT_MAX, ALERT_PERCENTILE };

/* Compared with what ended ok, but for errors. */
struct alert {
	const char *text; /* as typed; the caller's, and outlives it */
	size_t n_where;   /* bytes before its colon: label values with commas between, all of which a series has; 0: any */
	const char *name; /* of the figure, in the text */
	int name_length;
	enum alert_figure figure;
	size_t percentile; /* which of series.percentiles */
	bool is_below;     /* `<`: fires below the limit */
	double limit;      /* ns where it is a time */
};

struct alert_result {
	bool has_fired;
	const struct series *series; /* the one furthest beyond the limit; NULL: no series fits, which counts as 0 */
	double value;
};

/* [VALUE[,VALUE]:]FIGURE>LIMIT or <LIMIT. 0, or -EINVAL when it is no such thing. */
int alert_parse(struct alert *alert, const char *text);

/* The length of the label value that stands AT bytes into the text, before its colon. */
size_t alert_value_length(const struct alert *alert, size_t at);

bool alert_is_time(const struct alert *alert);

/*
 * A percentile counts even where too few samples lie above it to be shown: what took long did so. Of times, and of what
 * is above a limit, only series that there are can fire; `count<1` and `rate<1` also do so without any.
 */
struct alert_result alert_check(const struct alert *alert, const struct snapshot *snapshot);

#endif
