/* SPDX-License-Identifier: MIT */
/* The end of the text report: what is under way, and what became of everything else. */
#ifndef TEXT_ACCOUNT_H
#define TEXT_ACCOUNT_H

struct out;
struct snapshot;

void text_write_account(struct out *out, const struct snapshot *snapshot);

#endif
