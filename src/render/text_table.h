/* SPDX-License-Identifier: MIT */
/* Series of the text report in a line each, and what all of them add up to. */
#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

struct out;
struct series;
struct snapshot;
struct text_notes;

void text_write_table_head(struct out *out);
void text_write_table_row(struct out *out, const struct snapshot *snapshot, const struct series *series,
			  struct text_notes *notes);

/* All calls, all their time, how many were slow, and whether these are estimates. */
void text_write_totals(struct out *out, const struct snapshot *snapshot);

#endif
