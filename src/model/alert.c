/* SPDX-License-Identifier: MIT */
/* Limits on figures of a snapshot, such as p99>5ms, and which of them were passed. */
#include "model/alert.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "base/units.h"

static const struct {
	const char *name;
	enum alert_figure figure;
} figures[] = {
	{ "count", ALERT_COUNT }, { "rate", ALERT_RATE }, { "errors", ALERT_ERRORS },
	{ "mean", ALERT_MEAN }, { "max", ALERT_MAX },
};

bool alert_is_time(const struct alert *alert)
{
	return alert->figure >= ALERT_MEAN;
}

static int parse_figure(struct alert *alert, const char *name, size_t length)
{
	char *end;
	double rank;
	size_t i;

	for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (strlen(figures[i].name) == length && !strncmp(figures[i].name, name, length)) {
			alert->figure = figures[i].figure;
			return 0;
		}
	if (name[0] != 'p' || !isdigit((unsigned char)name[1]))
		return -EINVAL;
	rank = strtod(name + 1, &end);
	alert->figure = ALERT_PERCENTILE;
	for (i = 0; i < N_PERCENTILES && end == name + length; i++)
		if (percentile_ranks[i] == rank) {
			alert->percentile = i;
			return 0;
		}
	return -EINVAL;
}

static int parse_limit(struct alert *alert, const char *text)
{
	uint64_t ns;
	char *end;

	if (alert_is_time(alert)) {
		alert->limit = units_parse_duration(text, &ns) ? -1 : (double)ns;
		return alert->limit < 0 ? -EINVAL : 0;
	}
	if (!isdigit((unsigned char)text[0]) || tolower((unsigned char)text[1]) == 'x')
		return -EINVAL;
	alert->limit = strtod(text, &end);
	return *end ? -EINVAL : 0;
}

int alert_parse(struct alert *alert, const char *text)
{
	const char *sign = text + strlen(text), *name;

	/* From the end on: what stands before the colon may hold anything. */
	while (sign > text && *sign != '<' && *sign != '>')
		sign--;
	for (name = sign; name > text && name[-1] != ':'; name--)
		;
	*alert = (struct alert){
		.text = text,
		.n_where = name > text ? (size_t)(name - text) - 1 : 0,
		.name = name,
		.name_length = (int)(sign - name),
		.is_below = *sign == '<',
	};
	if (sign == text || (name > text && !alert->n_where) || parse_figure(alert, name, (size_t)(sign - name)))
		return -EINVAL;
	return parse_limit(alert, sign + 1);
}

/* The whole value, or a device's kernel name, behind which may stand what people know it by. */
static bool has_value(const struct series *series, const char *value, size_t length)
{
	const char *found;
	size_t i;

	for (i = 0; i < series->n_labels; i++) {
		found = series->labels[i].value;
		if (!strncmp(found, value, length) &&
		    (!found[length] || (!strcmp(series->labels[i].name, "device") && !strncmp(found + length, " (", 2))))
			return true;
	}
	return false;
}

size_t alert_value_length(const struct alert *alert, size_t at)
{
	size_t length = strcspn(alert->text + at, ",");

	return at + length > alert->n_where ? alert->n_where - at : length;
}

/* Special files only where an alert names them: what they take is mostly for others to say. */
static bool is_meant(const struct alert *alert, const struct series *series)
{
	bool is_named = !series->is_special;
	size_t at, length;

	for (at = 0; at < alert->n_where; at += length + 1) {
		length = alert_value_length(alert, at);
		if (!has_value(series, alert->text + at, length))
			return false;
		is_named |= length == strlen(LABEL_SPECIAL) && !strncmp(alert->text + at, LABEL_SPECIAL, length);
	}
	return is_named;
}

static double n_errors(const struct series *first)
{
	const struct series *series;
	uint64_t count = 0;

	for (series = first; series; series = series->next_sibling)
		if (!strcmp(series_label(series, "ret"), "error"))
			count += series->count;
	return (double)count;
}

static double figure_of(const struct alert *alert, const struct series *series)
{
	switch (alert->figure) {
	case ALERT_COUNT: return (double)series->count;
	case ALERT_RATE: return series->rate_per_s;
	case ALERT_ERRORS: return n_errors(series);
	case ALERT_MEAN: return series->mean_ns;
	case ALERT_MAX: return (double)series->max_ns;
	default: return (double)series->percentiles[alert->percentile].ns;
	}
}

/* Each operation once: by what ended ok, and its errors by whichever of its results is the first. */
static bool stands_for_itself(const struct alert *alert, const struct series *series)
{
	return alert->figure == ALERT_ERRORS ? series == series->first_sibling : series->summary;
}

struct alert_result alert_check(const struct alert *alert, const struct snapshot *snapshot)
{
	struct alert_result result = { 0 };
	const struct series *series;
	double value;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		if (!stands_for_itself(alert, series) || !is_meant(alert, series))
			continue;
		value = figure_of(alert, series);
		if (!result.series || (alert->is_below ? value < result.value : value > result.value))
			result = (struct alert_result){ .series = series, .value = value };
	}
	if (result.series || !alert_is_time(alert))
		result.has_fired = alert->is_below ? result.value < alert->limit : result.value > alert->limit;
	return result;
}
