/* SPDX-License-Identifier: MIT */
/* Format text: what people read in a terminal. */
#include "registry/format.h"

#include <inttypes.h>
#include <string.h>

#include "base/out.h"
#include "render/text_account.h"
#include "render/text_figures.h"
#include "render/text_labels.h"
#include "render/text_sizes.h"
#include "render/text_table.h"
#include "model/size_groups.h"
#include "model/snapshot.h"
#include "base/units.h"

#define DEFAULT_WIDTH 80
#define MAX_BAR 40
#define MANY_SERIES 16 /* from more than that on, without --top, only SOME_SERIES are shown in full */
#define SOME_SERIES 10
#define MIN_BAR 8
#define MIN_COUNT_WIDTH 5 /* of the heading "count" */
#define ROW_WIDTH 38      /* of a row without its count and its bar */

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct text {
	struct out *out;
	const struct snapshot *snapshot;
	const struct snapshot *shown; /* whose series have a histogram each: with sizes, what these add up to */
	bool has_colour;
	int width;
	size_t n_full; /* series that are shown in full, the rest as a line each */
	struct text_notes notes;
};

static void style(const struct text *text, const char *sequence)
{
	if (text->has_colour)
		out_puts(text->out, sequence);
}

static void print_attach_kinds(const struct text *text)
{
	const struct run_info *run = text->snapshot->run;
	size_t i, earlier;

	for (i = 0; i < run->n_probes; i++) {
		for (earlier = 0; strcmp(run->probes[earlier].attach, run->probes[i].attach); earlier++)
			;
		if (earlier < i)
			continue;
		out_puts(text->out, ", ");
		out_escaped(text->out, run->probes[i].attach, 0);
	}
}

static void print_times(const struct text *text)
{
	char start[UNITS_TIME_LEN], end[UNITS_TIME_LEN], elapsed[UNITS_LEN];

	units_iso8601(start, text->snapshot->start_realtime_ns);
	units_iso8601(end, text->snapshot->end_realtime_ns);
	/* "2026-01-31T23:59:59.000001Z": ten columns of date, and of the time behind the T the first eight. */
	out_printf(text->out, "%.10s %.8s to ", start, start + 11);
	if (strncmp(start, end, 10))
		out_printf(text->out, "%.10s ", end);
	out_printf(text->out, "%.8s UTC, %s\n", end + 11,
		   units_duration(elapsed, (double)text->snapshot->elapsed_ns));
}

static void print_header(const struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;

	style(text, BOLD);
	out_escaped(text->out, snapshot->run->target, 0);
	if (snapshot->number) {
		out_printf(text->out, " interval %" PRIu64, snapshot->number);
		style(text, PLAIN);
		out_puts(text->out, ": ");
	} else {
		out_puts(text->out, " on ");
		out_escaped(text->out, snapshot->run->host, 0);
		style(text, PLAIN);
		out_puts(text->out, ", Linux ");
		out_escaped(text->out, snapshot->run->kernel, 0);
		print_attach_kinds(text);
		out_puts(text->out, "\n");
	}
	print_times(text);
}

static void print_totals(const struct text *text, const struct series *series)
{
	char buffer[UNITS_LEN];

	out_printf(text->out, ": %s%s %s", series->weight > 1 ? "about " : "", units_count(buffer, series->count),
		   series->count == 1 ? "op" : "ops");
	out_printf(text->out, ", %s/s", units_rate(buffer, series->rate_per_s));
	if (series->has_bytes) {
		out_printf(text->out, ", %s", units_bytes(buffer, (double)series->bytes));
		out_printf(text->out, ", %s/s", units_bytes(buffer, series->bytes_per_s));
	}
	out_puts(text->out, "\n");
}

/* How the rows of one histogram are laid out. */
struct rows {
	unsigned int first, last; /* what lies between is shown even where it is empty */
	uint64_t largest;
	int count_width, bar_width;
};

static struct rows layout_bars(const struct text *text, uint64_t largest)
{
	char buffer[UNITS_LEN];
	struct rows rows = { .largest = largest, .count_width = (int)strlen(units_count(buffer, largest)) };

	if (rows.count_width < MIN_COUNT_WIDTH)
		rows.count_width = MIN_COUNT_WIDTH;
	rows.bar_width = text->width - ROW_WIDTH - rows.count_width;
	rows.bar_width = rows.bar_width < MIN_BAR ? MIN_BAR : rows.bar_width > MAX_BAR ? MAX_BAR : rows.bar_width;
	return rows;
}

static struct rows layout_rows(const struct text *text, const struct series *series)
{
	struct rows rows = { .first = LAT_N_ROWS }, bars;
	unsigned int row;
	uint64_t count;

	for (row = 0; row < LAT_N_ROWS; row++) {
		count = series_row_count(series, row);
		if (!count)
			continue;
		if (rows.first == LAT_N_ROWS)
			rows.first = row;
		rows.last = row;
		if (count > rows.largest)
			rows.largest = count;
	}
	bars = layout_bars(text, rows.largest);
	rows.count_width = bars.count_width;
	rows.bar_width = bars.bar_width;
	return rows;
}

/* To the nearest mark, but at least one for anything at all. */
static int bar_length(const struct rows *rows, uint64_t count)
{
	int length = (int)((double)count / (double)rows->largest * rows->bar_width + 0.5);

	return count && !length ? 1 : length;
}

static void print_bar(const struct text *text, const struct rows *rows, uint64_t count)
{
	static const char bar[] = "****************************************";

	if (count) {
		style(text, DIM);
		out_printf(text->out, "%.*s", bar_length(rows, count), bar);
		style(text, PLAIN);
	}
	out_puts(text->out, "\n");
}

static void print_row(const struct text *text, const struct series *series, unsigned int row, const struct rows *rows)
{
	char range[UNITS_LEN], count[UNITS_LEN], percent[UNITS_LEN], about[UNITS_LEN];
	uint64_t row_count = series_row_count(series, row);

	out_printf(text->out, "  %15s  %*s  %6s  %6s  |", text_row_range(row, range), rows->count_width,
		   units_count(count, row_count),
		   row_count ? text_share(percent, row_count, series->count) : "",
		   row_count ? units_duration(about, series_row_mean_ns(series, row)) : "");
	print_bar(text, rows, row_count);
}

/* The bounds that were asked for. */
static void print_buckets(const struct text *text, const struct series *series)
{
	const struct bucket *bucket, *end = series->buckets.items + series->buckets.n;
	struct rows rows = layout_bars(text, 0);
	char range[BUCKET_LEN], count[UNITS_LEN], percent[UNITS_LEN];

	for (bucket = series->buckets.items; bucket < end; bucket++)
		if (bucket->count > rows.largest)
			rows = layout_bars(text, bucket->count);
	out_printf(text->out, "  %15s  %*s  %6s\n", "latency     ", rows.count_width, "count", "share");
	for (bucket = series->buckets.items; bucket < end; bucket++) {
		out_printf(text->out, "  %15s  %*s  %6s  |", bucket_range(bucket, range), rows.count_width,
			   units_count(count, bucket->count),
			   bucket->count ? text_share(percent, bucket->count, series->count) : "");
		print_bar(text, &rows, bucket->count);
	}
}

static void print_rows(struct text *text, const struct series *series)
{
	struct rows rows = layout_rows(text, series);
	unsigned int row;

	out_printf(text->out, "  %15s  %*s  %6s  %6s\n", "latency     ", rows.count_width, "count", "share", "about");
	text->notes.has_averages = true;
	for (row = rows.first; row <= rows.last; row++)
		print_row(text, series, row, &rows);
}

/* As a table where it is of several sizes, else a histogram. */
static void print_latencies(struct text *text, const struct series *series)
{
	const struct series *sizes[SIZES_MAX];
	size_t n_sizes = text->shown == text->snapshot ? 0 : size_groups_of(text->snapshot, series, sizes);

	if (n_sizes)
		text_write_sizes(text->out, series, sizes, n_sizes, text->width, &text->notes);
	else if (series->buckets.items)
		print_buckets(text, series);
	else
		print_rows(text, series);
}

static void print_percentiles(struct text *text, const struct series *series)
{
	char buffer[UNITS_LEN + 1];
	size_t i;

	style(text, BOLD);
	out_printf(text->out, "%8s", "min");
	for (i = 0; i < N_PERCENTILES; i++) {
		snprintf(buffer, sizeof(buffer), "p%g", percentile_ranks[i]);
		out_printf(text->out, "%8s", buffer);
	}
	out_printf(text->out, "%8s%8s", "max", "mean");
	style(text, PLAIN);
	out_printf(text->out, "\n%8s", text_extreme(&text->notes, series, series->min_ns, buffer));
	for (i = 0; i < N_PERCENTILES; i++)
		out_printf(text->out, "%8s", text_quantile(&text->notes, &series->percentiles[i], buffer));
	out_printf(text->out, "%8s", text_extreme(&text->notes, series, series->max_ns, buffer));
	out_printf(text->out, "%8s\n", units_duration(buffer, series->mean_ns));
}

/* What did not end well, or did nothing: a line for each return class. */
static void print_siblings(struct text *text, const struct series *head)
{
	char count[UNITS_LEN], percent[UNITS_LEN], mean[UNITS_LEN], max[UNITS_LEN + 1];
	const struct series *series;
	uint64_t n_all = 0;

	for (series = head->first_sibling; series; series = series->next_sibling)
		n_all += series->count;
	for (series = head->first_sibling; series; series = series->next_sibling)
		if (!series->summary) {
			out_puts(text->out, "  ");
			out_escaped(text->out, series_label(series, "ret"), 6);
			out_printf(text->out, " %10s %-3s  %6s of all  mean %s, max %s\n",
				   units_count(count, series->count), series->count == 1 ? "op" : "ops",
				   text_share(percent, series->count, n_all), units_duration(mean, series->mean_ns),
				   text_extreme(&text->notes, series, series->max_ns, max));
		}
}

/* The one of its siblings that has been ok; where none has, the first. */
static bool is_head(const struct series *series)
{
	const struct series *sibling;

	for (sibling = series->first_sibling; sibling; sibling = sibling->next_sibling)
		if (sibling->summary)
			return series == sibling;
	return series == series->first_sibling;
}

static void print_trend(const struct text *text, const struct series *series)
{
	char mean[UNITS_LEN];

	if (!series->n_rolling)
		return;
	out_printf(text->out, "  mean of the %u %s before: %s", series->n_rolling,
		   series->n_rolling == 1 ? "interval" : "intervals", units_duration(mean, series->rolling_mean_ns));
	if (series->is_spike) {
		style(text, BOLD);
		out_puts(text->out, "  SPIKE");
		style(text, PLAIN);
	}
	out_puts(text->out, "\n");
}

static void print_series(struct text *text, const struct series *series)
{
	text->notes.has_special |= series->is_special;
	out_puts(text->out, "\n");
	style(text, BOLD);
	text_write_labels(text->out, series->labels, series->n_labels);
	style(text, PLAIN);
	if (series->summary) {
		print_totals(text, series);
		print_latencies(text, series);
		print_percentiles(text, series);
		print_trend(text, series);
	} else {
		out_puts(text->out, ": none ended ok\n");
	}
	print_siblings(text, series);
}

/* As many as were asked for; without --top all, unless these are more than anybody reads. */
static size_t choose_n_full(const struct snapshot *snapshot, unsigned int top)
{
	const struct series *series;
	size_t n_heads = 0;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++)
		n_heads += is_head(series);
	return top ? top : n_heads > MANY_SERIES ? SOME_SERIES : n_heads;
}

static void print_all_series(struct text *text)
{
	const struct snapshot *shown = text->shown;
	const struct series *series;
	size_t n_shown = 0;

	for (series = shown->series; series < shown->series + shown->n_series; series++) {
		if (!is_head(series))
			continue;
		if (n_shown == text->n_full)
			text_write_table_head(text->out);
		if (n_shown++ < text->n_full)
			print_series(text, series);
		else
			text_write_table_row(text->out, shown, series, &text->notes);
	}
}

/* "measured were open, read": each name once, whatever its phases. */
static void print_nothing(const struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;
	size_t i, earlier;

	out_puts(text->out, "\nnothing recorded");
	for (i = 0; i < snapshot->n_accounts; i++) {
		for (earlier = 0; strcmp(snapshot->accounts[earlier].op, snapshot->accounts[i].op); earlier++)
			;
		if (earlier != i)
			continue;
		out_puts(text->out, i ? ", " : "; measured: ");
		out_escaped(text->out, snapshot->accounts[i].op, 0);
	}
	out_puts(text->out, "\n");
}

static void write_text(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	struct snapshot *sums = size_groups_add_up(snapshot);
	struct text text = {
		.out = out,
		.snapshot = snapshot,
		.shown = sums ? sums : snapshot,
		.has_colour = options->colour,
		.width = options->width ? (int)options->width : DEFAULT_WIDTH,
		.n_full = choose_n_full(sums ? sums : snapshot, options->top),
	};

	print_header(&text);
	if (snapshot->n_series)
		print_all_series(&text);
	else
		print_nothing(&text);
	text_write_totals(out, snapshot);
	text_write_notes(out, &text.notes);
	out_puts(out, "\n");
	text_write_account(out, snapshot);
	out_puts(out, "\n");
	snapshot_free(sums);
}

static const struct format text_format = {
	.name = "text",
	.help = "for people: histograms, percentiles and the account",
	.suffix = ".txt",
	.write = write_text,
};
FORMAT_REGISTER(text_format);
