/* SPDX-License-Identifier: MIT */
/* Format hlog: HdrHistogram's interval log, a line for each interval and series. */
#include "registry/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/out.h"
#include "render/hlog_encode.h"
#include "model/snapshot.h"
#include "base/units.h"

#define NS_PER_S 1e9
#define NS_PER_MS 1e6

static void begin_hlog(struct out *out, const struct snapshot *snapshot)
{
	char start[UNITS_TIME_LEN];

	out_puts(out, "#[Histogram log format version 1.2]\n#[latencyprobe ");
	out_escaped(out, snapshot->run->target, 0);
	out_puts(out, " on ");
	out_escaped(out, snapshot->run->host, 0);
	out_puts(out, ", values in ns, Interval_Max in ms]\n");
	if (run_weight(snapshot->run) > 1)
		out_printf(out, "#[counts are estimates: 1 of %u was measured]\n", run_weight(snapshot->run));
	out_printf(out, "#[StartTime: %.3f (seconds since epoch), %s]\n",
		   (double)snapshot->start_realtime_ns / NS_PER_S,
		   units_iso8601(start, snapshot->start_realtime_ns));
	out_puts(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

/* Text that has no spaces, commas or semicolons, which the format or the tag needs itself. */
static void write_word(struct out *out, const char *text)
{
	char *clean = escape_text(text), *rest = clean, *word;

	if (!clean)
		out_fail(out, -ENOMEM);
	for (word = rest; clean && *rest; rest = word) {
		word += strcspn(word, " ,;");
		out_write(out, rest, (size_t)(word - rest));
		if (*word)
			out_printf(out, "\\x%02x", (unsigned int)*word++);
	}
	free(clean);
}

/* "Tag=op=read;phase=device;ret=ok;device=sda," */
static void write_tag(struct out *out, const struct series *series)
{
	const struct label *label;

	out_puts(out, "Tag=");
	for (label = series->labels; label < series->labels + series->n_labels; label++) {
		out_puts(out, label == series->labels ? "" : ";");
		write_word(out, label->name);
		out_puts(out, "=");
		write_word(out, label->value);
	}
	out_puts(out, ",");
}

static void write_hlog(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	const struct series *series;
	char *encoded;

	(void)options;
	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		encoded = hlog_encode(series);
		if (!encoded)
			out_fail(out, -ENOMEM);
		write_tag(out, series);
		out_printf(out, "%.3f,%.3f,%.3f,%s\n", (double)snapshot->start_realtime_ns / NS_PER_S,
			   (double)snapshot->elapsed_ns / NS_PER_S, (double)series->max_ns / NS_PER_MS,
			   encoded ? encoded : "");
		free(encoded);
	}
}

static const struct format hlog_format = {
	.name = "hlog",
	.help = "HdrHistogram's interval log, in ns: a line for each interval and series, else one for each series",
	.suffix = ".hlog",
	.streams = true,
	.intervals_suffice = true,
	.begin = begin_hlog,
	.write = write_hlog,
};
FORMAT_REGISTER(hlog_format);
