/* SPDX-License-Identifier: MIT */
/* Formats csv and csv-outliers: tables for spreadsheets and scripts, quoted as RFC 4180 says. */
#include "registry/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/out.h"
#include "model/snapshot.h"

/* Labels that have columns of their own. */
static const char *const slot_columns[] = { "op", "phase", "ret", NULL };
static const char *const outlier_columns[] = { "op", "ret", "comm", NULL };

/*
 * A field of text from outside: never more than its own line and column. What a spreadsheet would take for a formula
 * gets an apostrophe, which makes it text there.
 */
static void write_text(struct out *out, const char *text)
{
	char *clean = escape_text(text ? text : "");
	const char *at;
	bool is_quoted;

	if (!clean) {
		out_fail(out, -ENOMEM);
		return;
	}
	is_quoted = clean[strcspn(clean, ",\"\n ;")];
	out_puts(out, is_quoted ? "\"" : "");
	out_puts(out, *clean && strchr("=+-@", *clean) ? "'" : "");
	for (at = clean; *at; at++)
		out_write(out, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
	out_puts(out, is_quoted ? "\"" : "");
	free(clean);
}

static bool is_in(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Whether NAME stands between the commas of LIST. */
static bool is_listed(const char *list, const char *name)
{
	size_t length;

	for (; *list; list += length + (list[length] == ',')) {
		length = strcspn(list, ",");
		if (length == strlen(name) && !strncmp(list, name, length))
			return true;
	}
	return false;
}

/* "device=sda;path=/tmp": the labels that have no column. */
static void write_rest(struct out *out, const struct label *labels, size_t n_labels, const char *const *columns,
		       const char *by)
{
	const struct label *label;
	char *text = NULL, *longer;

	for (label = labels; label < labels + n_labels; label++) {
		if (is_in(columns, label->name) || is_listed(by, label->name))
			continue;
		if (asprintf(&longer, "%s%s%s=%s", text ? text : "", text ? ";" : "", label->name, label->value) < 0) {
			out_fail(out, -ENOMEM);
			break;
		}
		free(text);
		text = longer;
	}
	write_text(out, text);
	free(text);
}

/* Calls write_text() for each dimension of the run: its name, or the series' value of it. */
static void write_dimensions(struct out *out, const struct run_info *run, const struct series *series)
{
	char *by = strdup(run->by), *rest = by, *name;

	if (!by)
		out_fail(out, -ENOMEM);
	while (by && *run->by && (name = strsep(&rest, ","))) {
		write_text(out, series ? series_label(series, name) : name);
		out_puts(out, ",");
	}
	free(by);
}

static void begin_slots(struct out *out, const struct snapshot *snapshot)
{
	out_puts(out, "interval,start_realtime_ns,end_realtime_ns,op,phase,ret,");
	write_dimensions(out, snapshot->run, NULL);
	out_printf(out, "labels,slot,low_ns,high_ns,count%s\n", run_weight(snapshot->run) > 1 ? ",estimated" : "");
}

static void write_slot(struct out *out, const struct snapshot *snapshot, const struct series *series, unsigned int slot)
{
	const char *const *column;

	out_printf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", snapshot->number, snapshot->start_realtime_ns,
		   snapshot->end_realtime_ns);
	for (column = slot_columns; *column; column++) {
		write_text(out, series_label(series, *column));
		out_puts(out, ",");
	}
	write_dimensions(out, snapshot->run, series);
	write_rest(out, series->labels, series->n_labels, slot_columns, snapshot->run->by);
	out_printf(out, ",%u,%" PRIu64 ",", slot, (uint64_t)lat_slot_low(slot));
	if (slot < LAT_OVERFLOW_SLOT)
		out_printf(out, "%" PRIu64, (uint64_t)lat_slot_low(slot + 1) - 1);
	out_printf(out, ",%" PRIu64 "%s\n", series->slots[slot], series->weight > 1 ? ",true" : "");
}

static void write_slots(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	const struct series *series;
	unsigned int slot;

	(void)options;
	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++)
		for (slot = 0; slot < LAT_N_SLOTS; slot++)
			if (series->slots[slot])
				write_slot(out, snapshot, series, slot);
}

static const struct format csv_format = {
	.name = "csv",
	.help = "a row for each slot of each histogram that is not empty, of each interval if there are any",
	.suffix = ".csv",
	.streams = true,
	.intervals_suffice = true,
	.begin = begin_slots,
	.write = write_slots,
};
FORMAT_REGISTER(csv_format);

static void begin_outliers(struct out *out, const struct snapshot *snapshot)
{
	(void)snapshot;
	out_puts(out, "timestamp_ns,latency_ns,event,ret,comm,pid,tid,bytes,sector,labels\n");
}

static void write_outliers(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	const struct outliers *outliers = &snapshot->outliers;
	const struct outlier *outlier;
	const char *const *column;

	(void)options;
	for (outlier = outliers->items; outlier < outliers->items + outliers->n; outlier++) {
		out_printf(out, "%" PRIu64 ",%" PRIu64, outlier->end_realtime_ns, outlier->latency_ns);
		for (column = outlier_columns; *column; column++) {
			out_puts(out, ",");
			write_text(out, outlier_find_label(outlier, *column));
		}
		out_printf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",", outlier->pid, outlier->tid, outlier->bytes);
		if (outlier->sector != OUTLIER_NO_SECTOR)
			out_printf(out, "%" PRIu64, outlier->sector);
		out_puts(out, ",");
		write_rest(out, outlier->labels, outlier->n_labels, outlier_columns, "");
		out_puts(out, "\n");
	}
}

static const struct format csv_outliers_format = {
	.name = "csv-outliers",
	.help = "a row for each outlier (--outlier); of each interval, or of the whole run, the 1,000 slowest",
	.suffix = ".outliers.csv",
	.streams = true,
	.intervals_suffice = true,
	.needs_outliers = true,
	.begin = begin_outliers,
	.write = write_outliers,
};
FORMAT_REGISTER(csv_outliers_format);
