/* SPDX-License-Identifier: MIT */
/* A comparison as people read it in a terminal. */
#include "compare/comparison_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compare/comparison.h"
#include "base/out.h"
#include "render/text_labels.h"
#include "model/snapshot.h"
#include "base/units.h"

#define BOLD "\033[1m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"
#define OVERFLOW_TEXT ">=68.7s"
#define MAX_IN_SUMMARY 4

struct text {
	struct out *out;
	const struct comparison *comparison;
	bool has_colour;
};

static void style(const struct text *text, const char *sequence)
{
	if (text->has_colour)
		out_puts(text->out, sequence);
}

static void print_run(const struct text *text, const char *what, const char *path,
		      const struct recorded_run *run)
{
	const struct snapshot *snapshot = run->whole;
	char start[UNITS_TIME_LEN], elapsed[UNITS_LEN], count[UNITS_LEN];
	uint64_t n_lost = 0;
	int i;

	units_iso8601(start, snapshot->start_realtime_ns);
	out_printf(text->out, "  %-8s", what);
	out_escaped(text->out, path, 0);
	/* "2026-01-31T23:59:59.000001Z": ten columns of date, and of the time behind the T the first eight. */
	out_printf(text->out, "\n  %-8s%.10s %.8s UTC, %s, ", "", start, start + 11,
		   units_duration(elapsed, (double)snapshot->elapsed_ns));
	out_escaped(text->out, snapshot->run->host, 0);
	out_puts(text->out, ", Linux ");
	out_escaped(text->out, snapshot->run->kernel, 0);
	if (run->n_intervals)
		out_printf(text->out, ", %zu interval%s", run->n_intervals, run->n_intervals == 1 ? "" : "s");
	out_puts(text->out, "\n");
	for (i = 0; i < LAT_N_ENDINGS; i++)
		n_lost += count_texts[i].is_loss ? snapshot->total.counts[i] : 0;
	if (n_lost)
		out_printf(text->out, "  %-8s%s operations were lost\n", "", units_count(count, n_lost));
}

static const char *value_text(const struct series *ok, int kind, double value, char buffer[static UNITS_LEN])
{
	if (kind == FIGURE_ERROR) {
		snprintf(buffer, UNITS_LEN, "%.3g%%", value);
		return buffer;
	}
	if (!ok || (kind < N_PERCENTILES && !ok->percentiles[kind].carried))
		return "-";
	if (kind < N_PERCENTILES && ok->percentiles[kind].low_ns >= lat_slot_low(LAT_OVERFLOW_SLOT))
		return OVERFLOW_TEXT;
	if (kind != FIGURE_RATE)
		return units_duration(buffer, value);
	units_rate(buffer, value);
	strcat(buffer, "/s");
	return buffer;
}

/* "+34.1%"; UNIT_GAP goes between number and percent sign. */
static const char *change_text(const struct figure *figure, int kind, const char *unit_gap,
			       char buffer[static UNITS_LEN])
{
	if (kind == FIGURE_ERROR)
		snprintf(buffer, UNITS_LEN, "%+.*f%spp", !figure->change ? 0 : fabs(figure->change) < 9.995 ? 2 : 1,
			 figure->change, unit_gap);
	else if (isinf(figure->change))
		return "from 0";
	else
		snprintf(buffer, UNITS_LEN, "%+.*f%s%%", fabs(figure->change) < 999.95, figure->change, unit_gap);
	return buffer;
}

static void print_verdict(const struct text *text, const struct figure *figure, int kind)
{
	static const char *const verdicts[] = {
		[VERDICT_NOISE] = "  noise", [VERDICT_BETTER] = "  better", [VERDICT_WORSE] = "  worse",
		[VERDICT_FEW] = "  too few samples", [VERDICT_UNKNOWN] = "",
	};

	style(text, figure->is_beyond ? RED : figure->verdict == VERDICT_BETTER ? GREEN : "");
	out_puts(text->out, verdicts[figure->verdict]);
	if (kind == FIGURE_MEAN && figure->verdict == VERDICT_FEW)
		out_puts(text->out, " for its tail");
	if (figure->is_beyond)
		out_printf(text->out, "%s beyond %g%s", figure->verdict == VERDICT_UNKNOWN ? " " : ",",
			   figure->limit.value, kind == FIGURE_ERROR ? "pp" : "%");
	style(text, figure->is_beyond || figure->verdict == VERDICT_BETTER ? PLAIN : "");
	out_puts(text->out, "\n");
}

static void print_figure(const struct text *text, const struct operation *operation, int kind)
{
	const struct figure *figure = &operation->figures[kind];
	char name[FIGURE_NAME_LEN], base[UNITS_LEN], current[UNITS_LEN], change[UNITS_LEN];
	bool has_change = figure->verdict != VERDICT_FEW || kind == FIGURE_MEAN;

	/* Where there are no errors, nobody asks. */
	if (kind == FIGURE_ERROR && !operation->base.n_errors && !operation->current.n_errors && !figure->limit.is_set)
		return;
	if (kind != FIGURE_ERROR && (!operation->base.ok || !operation->current.ok))
		has_change = false;
	out_printf(text->out, "  %-8s%10s%10s%10s", figure_name(kind, name),
		   value_text(operation->base.ok, kind, figure->base, base),
		   value_text(operation->current.ok, kind, figure->current, current),
		   has_change ? change_text(figure, kind, "", change) : "-");
	print_verdict(text, figure, kind);
}

static void print_operation(const struct text *text, const struct operation *operation)
{
	const uint32_t base_weight = run_weight(text->comparison->base.whole->run);
	const uint32_t current_weight = run_weight(text->comparison->current.whole->run);
	char base[UNITS_LEN], current[UNITS_LEN];
	int kind;

	out_puts(text->out, "\n");
	style(text, BOLD);
	text_write_labels(text->out, operation->labels, operation->n_labels);
	style(text, PLAIN);
	out_printf(text->out, ": %s%s ops, then %s\n", base_weight > 1 ? "about " : "",
		   units_count(base, operation->base.n_all * base_weight),
		   units_count(current, operation->current.n_all * current_weight));
	style(text, BOLD);
	out_printf(text->out, "  %8s%10s%10s%10s", "", "base", "current", "change");
	style(text, PLAIN);
	out_puts(text->out, "\n");
	for (kind = 0; kind < N_FIGURES; kind++)
		print_figure(text, operation, kind);
}

static void print_unmatched(const struct text *text)
{
	const struct comparison *comparison = text->comparison;
	const struct operation *operation, *end = comparison->operations + comparison->n_operations;
	char count[UNITS_LEN];
	uint32_t weight;

	if (comparison->n_both < comparison->n_operations)
		out_puts(text->out, "\n");
	for (operation = comparison->operations + comparison->n_both; operation < end; operation++) {
		weight = run_weight((operation->base.n_all ? &comparison->base : &comparison->current)->whole->run);
		text_write_labels(text->out, operation->labels, operation->n_labels);
		out_printf(text->out, ": only in the %s, %s%s ops\n", operation->base.n_all ? "base" : "current run",
			   weight > 1 ? "about " : "",
			   units_count(count, (operation->base.n_all + operation->current.n_all) * weight));
	}
	if (comparison->has_other)
		out_puts(text->out, "\nother: not compared, since it need not be of the same keys in both\n");
}

static void print_notes(const struct text *text)
{
	const struct comparison *comparison = text->comparison;
	bool has_blocks = comparison->base.n_intervals >= NOISE_MIN_BLOCKS &&
			  comparison->current.n_intervals >= NOISE_MIN_BLOCKS;
	char count[UNITS_LEN];

	out_printf(text->out, "\nworse, better: more than %s. Of comparisons of like with\n"
		   "like, at most %g %% say so of any figure (here %s are tested)",
		   has_blocks ? "what intervals differ by" : "the noise of sampling", 100 * COMPARISON_ALPHA,
		   units_count(count, comparison->n_tests));
	if (comparison->n_checks && comparison->n_checks < comparison->n_tests)
		out_printf(text->out, ", and as few of\nany that has a threshold (%s)",
			   units_count(count, comparison->n_checks));
	out_puts(text->out, ".\n");
	if (!has_blocks)
		out_printf(text->out,
			   "Machines drift, too, which is known where both runs are recorded in %d intervals or\n"
			   "more: -o FILE.jsonl -i 1\n", NOISE_MIN_BLOCKS);
}

static void print_beyond(const struct text *text)
{
	const struct comparison *comparison = text->comparison;
	char name[FIGURE_NAME_LEN], change[UNITS_LEN];
	const struct operation *operation;
	size_t n = 0;
	int kind;

	for (operation = comparison->operations; operation < comparison->operations + comparison->n_both; operation++)
		for (kind = 0; kind < N_FIGURES; kind++) {
			if (!operation->figures[kind].is_beyond || n++ >= MAX_IN_SUMMARY)
				continue;
			out_puts(text->out, n == 1 ? ": " : ", ");
			text_write_labels(text->out, operation->labels, operation->n_labels);
			out_printf(text->out, " %s %s (limit %g %s)", figure_name(kind, name),
				   change_text(&operation->figures[kind], kind, " ", change),
				   operation->figures[kind].limit.value, kind == FIGURE_ERROR ? "pp" : "%");
		}
	if (n > MAX_IN_SUMMARY)
		out_printf(text->out, ", and %zu more", n - MAX_IN_SUMMARY);
}

static void print_summary(const struct text *text)
{
	const struct comparison *comparison = text->comparison;

	out_puts(text->out, "\n");
	style(text, BOLD);
	if (!comparison->has_limits) {
		out_printf(text->out, "%zu of %zu differ by more than noise; no threshold was given",
			   comparison->n_differ, comparison->n_tests);
	} else {
		out_printf(text->out, "%zu of %zu beyond the threshold", comparison->n_beyond, comparison->n_limited);
		print_beyond(text);
	}
	if (comparison->n_few)
		out_printf(text->out, "; %zu not judged: too few samples", comparison->n_few);
	style(text, PLAIN);
	out_puts(text->out, "\n");
}

void comparison_write_text(struct out *out, const struct comparison *comparison, const char *base_path,
			   const char *current_path, bool has_colour)
{
	const struct text text = { .out = out, .comparison = comparison, .has_colour = has_colour };
	size_t i;

	style(&text, BOLD);
	out_escaped(out, comparison->base.whole->run->target, 0);
	style(&text, PLAIN);
	out_puts(out, "\n");
	print_run(&text, "base", base_path, &comparison->base);
	print_run(&text, "current", current_path, &comparison->current);
	for (i = 0; i < comparison->n_both; i++)
		print_operation(&text, &comparison->operations[i]);
	print_unmatched(&text);
	print_notes(&text);
	print_summary(&text);
}
