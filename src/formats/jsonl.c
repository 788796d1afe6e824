/* SPDX-License-Identifier: MIT */
/* Format jsonl: a JSON object a line, for each interval and at the end for the whole run. */
#include "registry/format.h"

#include <stdio.h>
#include <string.h>

#include "render/json_snapshot.h"
#include "model/snapshot.h"
#include "base/units.h"

#define NS_PER_S 1e9
#define NS_PER_US 1e3

/* "2026-01-31T23:59:59.000001+00:00", as Python's isoformat() has it. */
static void set_iso_timestamp(json_t **root, uint64_t realtime_ns)
{
	char iso[UNITS_TIME_LEN + sizeof("+00:00")];

	units_iso8601(iso, realtime_ns);
	strcpy(strchr(iso, 'Z'), "+00:00");
	json_set_text(root, "iso_timestamp", iso);
}

static json_t *make_buckets(const struct series *series)
{
	json_t *buckets = json_array(), *bucket;
	unsigned int row;

	for (row = 0; row < LAT_N_ROWS; row++) {
		if (!series_row_count(series, row))
			continue;
		bucket = json_object();
		json_set_integer(&bucket, "slot", row);
		json_set_integer(&bucket, "count", series_row_count(series, row));
		json_set(&bucket, "bucket_low", json_real((double)lat_row_low(row) / NS_PER_US));
		json_set(&bucket, "bucket_high", row < LAT_N_ROWS - 1 ?
			 json_real((double)lat_row_low(row + 1) / NS_PER_US) : json_null());
		json_append(&buckets, bucket);
	}
	return buckets;
}

static json_t *make_id(uint32_t device_id)
{
	return device_id ? json_integer(device_id) : json_null();
}

/* A histogram for each operation and result at each device: the time that the device took. */
static json_t *make_histograms(const struct snapshot *snapshot)
{
	json_t *histograms = json_array(), *histogram;
	const struct series *series;
	const char *device, *phase;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		device = series_label(series, "device");
		phase = series_label(series, "phase");
		if (!device || (phase && strcmp(phase, "device")))
			continue;
		histogram = json_object();
		json_set(&histogram, "device_id", make_id(series->device_id));
		json_set_text(&histogram, "device_name", device);
		json_set_text(&histogram, "op", series_label(series, "op"));
		json_set_text(&histogram, "ret", series_label(series, "ret"));
		json_set_integer(&histogram, "total", series->count);
		if (series->weight > 1)
			json_set(&histogram, "estimated", json_true());
		json_set(&histogram, "buckets", make_buckets(series));
		json_append(&histograms, histogram);
	}
	return histograms;
}

static json_t *make_depths(const struct snapshot *snapshot)
{
	json_t *depths = json_array(), *depth;
	size_t i;

	for (i = 0; i < snapshot->n_in_flight; i++) {
		depth = json_object();
		json_set(&depth, "device_id", make_id(snapshot->in_flight[i].device_id));
		json_set_text(&depth, "device_name", snapshot->in_flight[i].device);
		json_set_integer(&depth, "count", snapshot->in_flight[i].n_queued + snapshot->in_flight[i].n_issued);
		json_append(&depths, depth);
	}
	return depths;
}

static void write_jsonl(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	json_t *root = json_of_snapshot(snapshot, true);

	(void)options;
	json_set(&root, "timestamp", json_real((double)snapshot->end_realtime_ns / NS_PER_S));
	set_iso_timestamp(&root, snapshot->end_realtime_ns);
	json_set(&root, "interval_s", json_real((double)snapshot->elapsed_ns / NS_PER_S));
	if (snapshot->in_flight) {
		json_set(&root, "latency_histogram", make_histograms(snapshot));
		json_set(&root, "inflight", make_depths(snapshot));
	}
	json_write(out, root, JSON_COMPACT);
}

static const struct format jsonl_format = {
	.name = "jsonl",
	.help = "a line for each interval with what json has, and one for the whole run at the end",
	.suffix = ".jsonl",
	.streams = true,
	.write = write_jsonl,
};
FORMAT_REGISTER(jsonl_format);
