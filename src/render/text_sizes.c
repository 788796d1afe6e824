/* SPDX-License-Identifier: MIT */
/* Latency by size, as the table that the text report has of it. */
#include "render/text_sizes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/out.h"
#include "render/text_figures.h"
#include "model/size_groups.h"
#include "model/snapshot.h"

#define RANGE_WIDTH 17 /* of what stands before the columns */
#define MIN_COLUMN_WIDTH 8
#define NOTHING "."

struct table {
	struct out *out;
	const struct series *all;
	const struct series *const *sizes; /* of the piece that is printed */
	size_t n;
	int column_width;
	struct text_notes *notes;
};

/* What stands in a column; BUFFER may hold it. */
typedef const char *cell(const struct table *table, const struct series *series, char buffer[static UNITS_LEN]);

static void print_cells(const struct table *table, const char *name, cell *text)
{
	char buffer[UNITS_LEN];
	size_t i;

	out_printf(table->out, "%*s", RANGE_WIDTH, name);
	for (i = 0; i < table->n; i++)
		out_printf(table->out, "%*s", table->column_width, text(table, table->sizes[i], buffer));
	out_puts(table->out, "\n");
}

static const char *size_from(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	unsigned int size = label_size(series_label(series, SIZES_LABEL));

	(void)table;
	return size ? units_power(buffer, size - 1) : "0B";
}

/* Up to which bytes, not included. */
static const char *size_to(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	unsigned int size = label_size(series_label(series, SIZES_LABEL));
	char power[UNITS_LEN];

	(void)table;
	snprintf(buffer, UNITS_LEN, "-%.8s", units_power(power, size));
	return size ? buffer : "";
}

static const char *count(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	(void)table;
	return units_count(buffer, series->count);
}

static const char *p50(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	return text_quantile(table->notes, &series->percentiles[PERCENTILE_P50], buffer);
}

static const char *p99(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	return text_quantile(table->notes, &series->percentiles[PERCENTILE_P99], buffer);
}

static const char *mean(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	(void)table;
	return units_duration(buffer, series->mean_ns);
}

static const char *mean_before(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	(void)table;
	return series->n_rolling ? units_duration(buffer, series->rolling_mean_ns) : NOTHING;
}

static const char *spike(const struct table *table, const struct series *series, char buffer[static UNITS_LEN])
{
	(void)table;
	(void)buffer;
	return series->is_spike ? "SPIKE" : "";
}

/* A row's count: of a bucket where --buckets asked for such, else of a log2 row. */
static uint64_t row_count(const struct table *table, const struct series *series, size_t row)
{
	if (table->all->buckets.items)
		return series->buckets.items[row].count;
	return series_row_count(series, (unsigned int)row);
}

static void print_row(const struct table *table, size_t row)
{
	const struct buckets *buckets = &table->all->buckets;
	char range[BUCKET_LEN], buffer[UNITS_LEN];
	uint64_t n;
	size_t i;

	out_printf(table->out, "%*s", RANGE_WIDTH, buckets->items ? bucket_range(&buckets->items[row], range) :
		   text_row_range((unsigned int)row, range));
	for (i = 0; i < table->n; i++) {
		n = row_count(table, table->sizes[i], row);
		out_printf(table->out, "%*s", table->column_width, n ? units_count(buffer, n) : NOTHING);
	}
	out_puts(table->out, "\n");
}

static bool has_row(const struct table *table, size_t row)
{
	size_t i;

	for (i = 0; i < table->n && !row_count(table, table->sizes[i], row); i++)
		;
	return i < table->n;
}

/* Of log2 rows those from the first to the last in which there is anything. */
static void print_rows(const struct table *table)
{
	size_t first = 0, end = table->all->buckets.n;

	if (!table->all->buckets.items) {
		end = LAT_N_ROWS;
		while (first < end && !has_row(table, first))
			first++;
		while (end > first && !has_row(table, end - 1))
			end--;
	}
	for (; first < end; first++)
		print_row(table, first);
}

static void print_piece(const struct table *table)
{
	bool has_rolling = false, has_spike = false;
	size_t i;

	for (i = 0; i < table->n; i++) {
		has_rolling |= table->sizes[i]->n_rolling;
		has_spike |= table->sizes[i]->is_spike;
	}
	print_cells(table, "latency     ", size_from);
	print_cells(table, "", size_to);
	print_rows(table);
	print_cells(table, "count", count);
	print_cells(table, "p50", p50);
	print_cells(table, "p99", p99);
	print_cells(table, "mean", mean);
	if (has_rolling)
		print_cells(table, "mean before", mean_before);
	if (has_spike)
		print_cells(table, "", spike);
}

void text_write_sizes(struct out *out, const struct series *all, const struct series *const *sizes, size_t n, int width,
		      struct text_notes *notes)
{
	struct table table = { .out = out, .all = all, .column_width = MIN_COLUMN_WIDTH, .notes = notes };
	const struct series *const *end = sizes + n;
	char buffer[UNITS_LEN];
	size_t i, n_at_once;

	for (i = 0; i < n; i++)
		if ((int)strlen(units_count(buffer, sizes[i]->count)) >= table.column_width)
			table.column_width = (int)strlen(buffer) + 1;
	n_at_once = width < RANGE_WIDTH + table.column_width ? 1 : (size_t)((width - RANGE_WIDTH) / table.column_width);
	for (; sizes < end; sizes += table.n) {
		if (table.n)
			out_puts(out, "\n");
		table.sizes = sizes;
		table.n = (size_t)(end - sizes) < n_at_once ? (size_t)(end - sizes) : n_at_once;
		print_piece(&table);
	}
}
