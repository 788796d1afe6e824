/* SPDX-License-Identifier: MIT */
/* Sink text: what people read in a terminal. */
#include "sinks/sink.h"

#include <inttypes.h>
#include <string.h>

#include "out.h"
#include "sinks/text_account.h"
#include "sinks/text_labels.h"
#include "snapshot.h"
#include "units.h"

#define DEFAULT_WIDTH 80
#define MAX_BAR 40
#define MIN_BAR 8
#define MIN_COUNT_WIDTH 5 /* of the heading "count" */
#define ROW_WIDTH 28      /* of a row without its count and its bar */
#define OVERFLOW_TEXT ">=68.7s"

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct text {
	struct out *out;
	const struct snapshot *snapshot;
	bool has_colour;
	int width;
	bool has_percentiles, has_not_carried, has_bounds; /* which notes are needed at the end */
};

static void style(const struct text *text, const char *sequence)
{
	if (text->has_colour)
		out_puts(text->out, sequence);
}

/* PART of WHOLE in percent; never shown as nothing or as all when it is not. */
static const char *share(char buffer[static UNITS_LEN], uint64_t part, uint64_t whole)
{
	double percent = 100.0 * (double)part / (double)whole;

	if (part && percent < 0.05)
		return "<0.1%";
	if (part < whole && percent >= 99.95)
		return ">99.9%";
	snprintf(buffer, UNITS_LEN, "%.1f%%", percent);
	return buffer;
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
	uint64_t count = series->count * series->weight;
	char buffer[UNITS_LEN];

	out_printf(text->out, ": %s%s %s", series->weight > 1 ? "about " : "", units_count(buffer, count),
		   count == 1 ? "op" : "ops");
	out_printf(text->out, ", %s/s", units_rate(buffer, series->rate_per_s));
	if (series->has_bytes) {
		out_printf(text->out, ", %s", units_bytes(buffer, (double)series->bytes * series->weight));
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

static struct rows layout_rows(const struct text *text, const struct series *series)
{
	struct rows rows = { .first = LAT_N_ROWS };
	char buffer[UNITS_LEN];
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
	rows.count_width = (int)strlen(units_count(buffer, rows.largest));
	if (rows.count_width < MIN_COUNT_WIDTH)
		rows.count_width = MIN_COUNT_WIDTH;
	rows.bar_width = text->width - ROW_WIDTH - rows.count_width;
	rows.bar_width = rows.bar_width < MIN_BAR ? MIN_BAR : rows.bar_width > MAX_BAR ? MAX_BAR : rows.bar_width;
	return rows;
}

/* To the nearest mark, but at least one for anything at all. */
static int bar_length(const struct rows *rows, uint64_t count)
{
	int length = (int)((double)count / (double)rows->largest * rows->bar_width + 0.5);

	return count && !length ? 1 : length;
}

static void print_row(const struct text *text, const struct series *series, unsigned int row, const struct rows *rows)
{
	static const char bar[] = "****************************************";
	char low[UNITS_LEN], high[UNITS_LEN], count[UNITS_LEN], percent[UNITS_LEN];
	uint64_t row_count = series_row_count(series, row);

	units_duration(low, (double)lat_row_low(row));
	units_duration(high, (double)lat_row_low(row + 1));
	if (row < LAT_N_ROWS - 1)
		out_printf(text->out, "  %6s - %-6s", low, high);
	else
		out_printf(text->out, "  %15s", OVERFLOW_TEXT);
	out_printf(text->out, "  %*s  %6s  |", rows->count_width, units_count(count, row_count),
		   row_count ? share(percent, row_count, series->count) : "");
	if (row_count) {
		style(text, DIM);
		out_printf(text->out, "%.*s", bar_length(rows, row_count), bar);
		style(text, PLAIN);
	}
	out_puts(text->out, "\n");
}

static void print_rows(const struct text *text, const struct series *series)
{
	struct rows rows = layout_rows(text, series);
	unsigned int row;

	out_printf(text->out, "  %15s  %*s  %6s\n", "latency     ", rows.count_width, "count", "share");
	for (row = rows.first; row <= rows.last; row++)
		print_row(text, series, row, &rows);
}

/* The minimum or maximum, with a mark where it is but a bound. */
static const char *extreme(struct text *text, const struct series *series, uint64_t ns,
			   char buffer[static UNITS_LEN + 1])
{
	buffer[0] = '~';
	units_duration(buffer + !series->min_max_exact, (double)ns);
	text->has_bounds |= !series->min_max_exact;
	return buffer;
}

static const char *quantile(struct text *text, const struct percentile *percentile, char buffer[static UNITS_LEN])
{
	text->has_percentiles |= percentile->carried;
	text->has_not_carried |= !percentile->carried;
	if (!percentile->carried)
		return "-";
	if (percentile->low_ns >= lat_slot_low(LAT_OVERFLOW_SLOT))
		return OVERFLOW_TEXT;
	return units_duration(buffer, (double)percentile->ns);
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
	out_printf(text->out, "\n%8s", extreme(text, series, series->min_ns, buffer));
	for (i = 0; i < N_PERCENTILES; i++)
		out_printf(text->out, "%8s", quantile(text, &series->percentiles[i], buffer));
	out_printf(text->out, "%8s", extreme(text, series, series->max_ns, buffer));
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
				   units_count(count, series->count * series->weight),
				   series->count * series->weight == 1 ? "op" : "ops",
				   share(percent, series->count, n_all), units_duration(mean, series->mean_ns),
				   extreme(text, series, series->max_ns, max));
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

static void print_all_series(struct text *text)
{
	const struct snapshot *snapshot = text->snapshot;
	const struct series *series;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		if (!is_head(series))
			continue;
		out_puts(text->out, "\n");
		style(text, BOLD);
		text_write_labels(text->out, series->labels, series->n_labels);
		style(text, PLAIN);
		if (series->summary) {
			print_totals(text, series);
			print_rows(text, series);
			print_percentiles(text, series);
		} else {
			out_puts(text->out, ": none ended ok\n");
		}
		print_siblings(text, series);
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

static void print_notes(const struct text *text)
{
	uint32_t sample_rate = text->snapshot->run->sample_rate;

	if (sample_rate > 1)
		out_printf(text->out, "\nabout: estimated, as 1 of %u was measured; histograms count what was measured\n",
			   sample_rate);
	if (text->has_percentiles || text->has_not_carried || text->has_bounds)
		out_puts(text->out, "\n");
	if (text->has_percentiles)
		out_puts(text->out, "p50 to p99.99: each within " PERCENTILE_ERROR_PERCENT " % of the truth\n");
	if (text->has_not_carried)
		out_printf(text->out, "-: fewer than %d samples lie above it\n", PERCENTILE_MIN_ABOVE);
	if (text->has_bounds)
		out_puts(text->out, "~: not exact, but the bound of a histogram slot: at most 6.25 % off\n");
}

static void write_text(struct out *out, const struct snapshot *snapshot, const struct sink_options *options)
{
	struct text text = {
		.out = out,
		.snapshot = snapshot,
		.has_colour = options->colour,
		.width = options->width ? (int)options->width : DEFAULT_WIDTH,
	};

	print_header(&text);
	if (snapshot->n_series)
		print_all_series(&text);
	else
		print_nothing(&text);
	print_notes(&text);
	out_puts(out, "\n");
	text_write_account(out, snapshot);
	out_puts(out, "\n");
}

static const struct sink text_sink = {
	.name = "text",
	.help = "for people: histograms, percentiles and the account",
	.suffix = ".txt",
	.write = write_text,
};
SINK_REGISTER(text_sink);
