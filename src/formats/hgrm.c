/* SPDX-License-Identifier: MIT */
/* Format hgrm: HdrHistogram's percentile distribution, a table for each series, in ms. */
#include "registry/format.h"

#include <inttypes.h>
#include <math.h>

#include "model/distribution.h"
#include "base/out.h"
#include "model/snapshot.h"

#define NS_PER_MS 1e6
#define TICKS_PER_HALF 5 /* rows for each halving of what is left above, as HdrHistogram's tools have it */
#define LAST_RANK 99.9999999999 /* the next ones would be printed as all */

/* "#[Series: op=read ret=ok, in ms]": to the plotters a comment. */
static void write_title(struct out *out, const struct series *series)
{
	const struct label *label;

	out_puts(out, "#[Series:");
	for (label = series->labels; label < series->labels + series->n_labels; label++) {
		out_puts(out, " ");
		out_escaped(out, label->name, 0);
		out_puts(out, "=");
		out_escaped(out, label->value, 0);
	}
	out_puts(out, ", in ms]\n");
	if (series->weight > 1)
		out_printf(out, "#[counts are estimates: 1 of %u was measured]\n", series->weight);
}

/* The next rank, in percent: five steps to the middle of what is left above, then smaller ones. */
static double next_rank(double rank)
{
	double n_halvings = floor(log2(100 / (100 - rank)));

	return rank + 100 / (TICKS_PER_HALF * exp2(n_halvings + 1));
}

static void write_rows(struct out *out, const struct series *series, const struct point *points, size_t n_points)
{
	const struct point *last = points + n_points - 1;
	uint64_t n_so_far = points->count;
	double rank;

	for (rank = 0; rank < LAST_RANK; rank = next_rank(rank)) {
		while (n_so_far < series->count && 100.0 * (double)n_so_far / (double)series->count < rank)
			n_so_far += (++points)->count;
		out_printf(out, "%12.6f %2.12f %10" PRIu64 " %14.2f\n", (double)points->ns / NS_PER_MS, rank / 100,
			   n_so_far, 100 / (100 - rank));
		if (n_so_far == series->count)
			break;
	}
	out_printf(out, "%12.6f %2.12f %10" PRIu64 "\n", (double)last->ns / NS_PER_MS, 1.0, series->count);
}

static void write_series(struct out *out, const struct series *series)
{
	struct point points[DISTRIBUTION_MAX];
	size_t n_points = distribution_points(series, points);

	write_title(out, series);
	out_printf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
	write_rows(out, series, points, n_points);
	out_printf(out, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n", series->mean_ns / NS_PER_MS,
		   distribution_deviation(series, points, n_points) / NS_PER_MS);
	out_printf(out, "#[Max     = %12.6f, Total count    = %12" PRIu64 "]\n", (double)series->max_ns / NS_PER_MS,
		   series->count);
	out_printf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", LAT_TOP_BITS - LAT_SUB_BITS, 2 * LAT_N_SUB);
}

static void write_hgrm(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	size_t i;

	(void)options;
	for (i = 0; i < snapshot->n_series; i++)
		write_series(out, &snapshot->series[i]);
}

static const struct format hgrm_format = {
	.name = "hgrm",
	.help = "HdrHistogram's percentile table of each series, in ms",
	.suffix = ".hgrm",
	.write = write_hgrm,
};
FORMAT_REGISTER(hgrm_format);
