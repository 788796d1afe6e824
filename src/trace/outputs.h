/* SPDX-License-Identifier: MIT */
/* Where a run's snapshots go: the screen, as text or live, and the files. */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include <stdbool.h>

#include "registry/format.h"
#include "render/feed.h"

struct live;
struct output_file;
struct run_info;
struct run_options;
struct snapshot;

struct outputs {
	const struct run_options *options;
	struct out *stdout_out, *stderr_out;
	struct output_file *recorder, *folded; /* NULL without --output, --folded */
	struct feed screen; /* what is written to stdout_out */
	struct format_options format_options;
	struct live *live; /* NULL without a live screen */
	bool was_live;     /* it had one, which showed all intervals but the last */
	bool is_over;      /* nobody reads any more, */
	bool has_failed;   /* or what was written to stdout is lost */
};

/* INFO, for the live screen, outlives it. 0 or -errno, reported; to be closed in either case. */
int outputs_open(struct outputs *outputs, const struct run_options *options, const struct run_info *info);

/* What fails is reported once, sets is_over, and makes outputs_close() false. */
void outputs_show(struct outputs *outputs, const struct snapshot *snapshot);

/* What has been written to the screen by others is to be seen now. As outputs_show(). */
void outputs_flush(struct outputs *outputs);

/* Where lines of outliers go; NULL: nowhere. Among other formats' data they would be noise, as where nobody asked for them. */
struct out *outputs_lines(const struct outputs *outputs);

/* From now on the screen shows text. */
void outputs_end_live(struct outputs *outputs);

/* False when a file or stdout lacks something, which has been reported. */
bool outputs_close(struct outputs *outputs);

#endif
