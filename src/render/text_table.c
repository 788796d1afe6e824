/* SPDX-License-Identifier: MIT */
/* Series of the text report in a line each, and what all of them add up to. */
#include "render/text_table.h"

#include <stdio.h>
#include <string.h>

#include "base/out.h"
#include "render/text_figures.h"
#include "render/text_labels.h"
#include "model/snapshot.h"

#define WARN_PER_CENT 1

void text_write_table_head(struct out *out)
{
	out_printf(out, "\n%12s%8s%8s%8s%8s  %s\n", "ops", "p50", "p99", "max", "time", "the rest, by time");
}

/* Where labels are longer than a line has room for, they are at its end and can run over. */
void text_write_table_row(struct out *out, const struct snapshot *snapshot, const struct series *series,
			  struct text_notes *notes)
{
	char count[UNITS_LEN], p50[UNITS_LEN], p99[UNITS_LEN], max[UNITS_LEN + 1], time[UNITS_LEN];
	const char *ret = series_label(series, "ret");
	const struct series *sibling;

	notes->has_special |= series->is_special;
	out_printf(out, "%12s%8s%8s%8s%8s  ", units_count(count, series->count),
		   text_quantile(notes, &series->percentiles[PERCENTILE_P50], p50),
		   text_quantile(notes, &series->percentiles[PERCENTILE_P99], p99),
		   text_extreme(notes, series, series->max_ns, max),
		   text_share(time, series->sum_ns, snapshot->all_sum_ns));
	text_write_labels(out, series->labels, series->n_labels);
	if (!series->summary)
		out_printf(out, "  (%s)", ret);
	for (sibling = series->first_sibling; sibling; sibling = sibling->next_sibling)
		if (sibling != series && !strcmp(series_label(sibling, "ret"), "error"))
			out_printf(out, "  (and %s error)", units_count(count, sibling->count));
	out_puts(out, "\n");
}

void text_write_totals(struct out *out, const struct snapshot *snapshot)
{
	const struct totals *totals = &snapshot->totals;
	char count[UNITS_LEN], time[UNITS_LEN], slow[UNITS_LEN], share[UNITS_LEN];

	if (!totals->count)
		return;
	out_printf(out, "\ntotal: %s%s %s that took %s",
		   snapshot->run->sample_rate > 1 ? "about " : "", units_count(count, totals->count),
		   totals->count == 1 ? "op" : "ops", units_duration(time, (double)totals->sum_ns));
	if (totals->n_slow)
		out_printf(out, ", %s (%s) of them longer than 1ms", units_count(slow, totals->n_slow),
			   text_share(share, totals->n_slow, totals->count));
	out_puts(out, "\n");
	if (totals->n_slow * 100 > totals->count * WARN_PER_CENT)
		out_puts(out, "WARNING: over 1 % are slow: disk I/O, a peer, lock contention, memory pressure?\n");
	if (snapshot->run->sample_rate > 1)
		out_printf(out, "1 of %u was measured: counts, bytes and rates are estimates of all, but not the account\n",
			   snapshot->run->sample_rate);
}
