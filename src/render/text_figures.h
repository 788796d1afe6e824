/* SPDX-License-Identifier: MIT */
/* Figures as the text report has them, with a mark where one is not what it seems, and the notes that explain the marks. */
#ifndef TEXT_FIGURES_H
#define TEXT_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

struct out;
struct percentile;
struct series;

#define TEXT_OVERFLOW ">=68.7s"

/* Which marks were used. */
struct text_notes {
	bool has_percentiles, has_not_carried, has_bounds, has_averages, has_special;
};

/* PART of WHOLE in percent; never shown as nothing or as all when it is not. */
const char *text_share(char buffer[static UNITS_LEN], uint64_t part, uint64_t whole);

const char *text_quantile(struct text_notes *notes, const struct percentile *percentile,
			  char buffer[static UNITS_LEN]);

/* The minimum or maximum. */
const char *text_extreme(struct text_notes *notes, const struct series *series, uint64_t ns,
			 char buffer[static UNITS_LEN + 1]);

/* "65.5us - 131us ", of a log2 row, in 15 columns. */
const char *text_row_range(unsigned int row, char buffer[static UNITS_LEN]);

void text_write_notes(struct out *out, const struct text_notes *notes);

#endif
