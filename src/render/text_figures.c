/* SPDX-License-Identifier: MIT */
/* Figures as the text report has them, with a mark where one is not what it seems, and the notes that explain the marks. */
#include "render/text_figures.h"

#include <stdio.h>

#include "base/out.h"
#include "model/snapshot.h"

const char *text_share(char buffer[static UNITS_LEN], uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (part && percent < 0.05)
		return "<0.1%";
	if (part < whole && percent >= 99.95)
		return ">99.9%";
	snprintf(buffer, UNITS_LEN, "%.1f%%", percent);
	return buffer;
}

const char *text_quantile(struct text_notes *notes, const struct percentile *percentile,
			  char buffer[static UNITS_LEN])
{
	notes->has_percentiles |= percentile->carried;
	notes->has_not_carried |= !percentile->carried;
	if (!percentile->carried)
		return "-";
	if (percentile->low_ns >= lat_slot_low(LAT_OVERFLOW_SLOT))
		return TEXT_OVERFLOW;
	return units_duration(buffer, (double)percentile->ns);
}

const char *text_extreme(struct text_notes *notes, const struct series *series, uint64_t ns,
			 char buffer[static UNITS_LEN + 1])
{
	buffer[0] = '~';
	units_duration(buffer + !series->min_max_exact, (double)ns);
	notes->has_bounds |= !series->min_max_exact;
	return buffer;
}

const char *text_row_range(unsigned int row, char buffer[static UNITS_LEN])
{
	char low[UNITS_LEN], high[UNITS_LEN];

	if (row == LAT_N_ROWS - 1)
		return TEXT_OVERFLOW;
	snprintf(buffer, UNITS_LEN, "%6.6s - %-6.6s", units_duration(low, (double)lat_row_low(row)),
		 units_duration(high, (double)lat_row_low(row + 1)));
	return buffer;
}

void text_write_notes(struct out *out, const struct text_notes *notes)
{
	if (notes->has_percentiles || notes->has_not_carried || notes->has_bounds || notes->has_averages || notes->has_special)
		out_puts(out, "\n");
	if (notes->has_percentiles)
		out_puts(out, "p50 to p99.99: each within " PERCENTILE_ERROR_PERCENT " % of the truth\n");
	if (notes->has_averages)
		out_puts(out, "about: the row's average, from its slots: within " PERCENTILE_ERROR_PERCENT " %\n");
	if (notes->has_special)
		out_puts(out, LABEL_SPECIAL ": pipes, sockets, terminals and the like (--by ftype); not in the total\n");
	if (notes->has_not_carried)
		out_printf(out, "-: fewer than %d samples lie above it\n", PERCENTILE_MIN_ABOVE);
	if (notes->has_bounds)
		out_puts(out, "~: not exact, but the bound of a histogram slot: at most 6.25 % off\n");
}
