/* SPDX-License-Identifier: MIT */
/* A snapshot as a JSON object; README.md documents its members. */
#include "render/json_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/out.h"
#include "render/json_events.h"
#include "model/snapshot.h"
#include "base/units.h"

#define SCHEMA "latencyprobe.snapshot"
#define SCHEMA_VERSION 1
#define REAL_DIGITS 15
#define NAME_LEN 32

void json_set(json_t **object, const char *name, json_t *value)
{
	if (!json_object_set_new(*object, name, value))
		return;
	json_decref(*object);
	*object = NULL;
}

/* What a year of a thousand waiting threads adds up to has no place in it, and stands as the largest that has. */
void json_set_integer(json_t **object, const char *name, uint64_t value)
{
	json_set(object, name, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

json_t *json_text(const char *text)
{
	char *valid = escape_invalid(text);
	json_t *string = valid ? json_string(valid) : NULL;

	free(valid);
	return string;
}

void json_set_text(json_t **object, const char *name, const char *text)
{
	json_set(object, name, json_text(text));
}

void json_append(json_t **array, json_t *value)
{
	if (!json_array_append_new(*array, value))
		return;
	json_decref(*array);
	*array = NULL;
}

static void set_op(json_t **object, const char *op, const char *phase)
{
	json_set_text(object, "op", op);
	if (phase)
		json_set_text(object, "phase", phase);
}

static json_t *make_probes(const struct run_info *run)
{
	json_t *probes = json_array(), *probe;
	size_t i;

	for (i = 0; i < run->n_probes; i++) {
		probe = json_object();
		set_op(&probe, run->probes[i].op, run->probes[i].phase);
		json_set_text(&probe, "function", run->probes[i].function);
		json_set_text(&probe, "attach", run->probes[i].attach);
		json_set_integer(&probe, "missed", run->probes[i].n_missed);
		json_append(&probes, probe);
	}
	return probes;
}

json_t *json_of_labels(const struct label *labels, size_t n_labels)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < n_labels; i++)
		json_set_text(&object, labels[i].name, labels[i].value);
	return object;
}

static json_t *make_percentiles(const struct series *series)
{
	const struct percentile *percentile;
	json_t *percentiles = json_object(), *object;
	char name[NAME_LEN];

	for (percentile = series->percentiles; percentile < series->percentiles + N_PERCENTILES; percentile++) {
		object = json_object();
		json_set_integer(&object, "ns", percentile->ns);
		json_set_integer(&object, "low_ns", percentile->low_ns);
		json_set_integer(&object, "high_ns", percentile->high_ns);
		json_set_integer(&object, "above", percentile->n_above);
		json_set(&object, "carried", json_boolean(percentile->carried));
		snprintf(name, sizeof(name), "p%g", percentile->rank);
		json_set(&percentiles, name, object);
	}
	return percentiles;
}

static json_t *make_slots(const struct series *series)
{
	json_t *slots = json_array(), *object;
	unsigned int slot;

	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		if (!series->slots[slot])
			continue;
		object = json_object();
		json_set_integer(&object, "slot", slot);
		json_set_integer(&object, "low_ns", lat_slot_low(slot));
		json_set(&object, "high_ns", slot == LAT_OVERFLOW_SLOT ? json_null() :
		    json_integer((json_int_t)lat_slot_low(slot + 1) - 1));
		json_set_integer(&object, "count", series->slots[slot]);
		json_append(&slots, object);
	}
	return slots;
}

/* The same in a tenth of the room: {"86": 12}. */
static json_t *make_slot_counts(const struct series *series)
{
	json_t *counts = json_object();
	char name[NAME_LEN];
	unsigned int slot;

	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		snprintf(name, sizeof(name), "%u", slot);
		if (series->slots[slot])
			json_set_integer(&counts, name, series->slots[slot]);
	}
	return counts;
}

static json_t *make_buckets(const struct series *series)
{
	json_t *array = json_array(), *object;
	char range[BUCKET_LEN];
	size_t i;

	for (i = 0; i < series->buckets.n; i++) {
		object = json_object();
		json_set_text(&object, "range", bucket_range(&series->buckets.items[i], range));
		json_set_integer(&object, "low_ns", series->buckets.items[i].low_ns);
		json_set(&object, "high_ns", series->buckets.items[i].high_ns == UINT64_MAX ? json_null() :
			 json_integer((json_int_t)series->buckets.items[i].high_ns - 1));
		json_set_integer(&object, "count", series->buckets.items[i].count);
		json_append(&array, object);
	}
	return array;
}

static json_t *make_series(const struct series *series, bool is_compact)
{
	json_t *object = json_object();

	json_set(&object, "labels", json_of_labels(series->labels, series->n_labels));
	if (series->device_id)
		json_set_integer(&object, "device_id", series->device_id);
	json_set_integer(&object, "count", series->count);
	if (series->weight > 1) {
		json_set(&object, "estimated", json_true());
		json_set_integer(&object, "measured", series_n_measured(series));
	}
	json_set_integer(&object, "sum_ns", series->sum_ns);
	json_set(&object, "mean_ns", json_real(series->mean_ns));
	json_set_integer(&object, "min_ns", series->min_ns);
	json_set_integer(&object, "max_ns", series->max_ns);
	json_set(&object, "min_max_exact", json_boolean(series->min_max_exact));
	json_set(&object, "rate_per_s", json_real(series->rate_per_s));
	if (series->n_rolling) {
		json_set_integer(&object, "rolling_intervals", series->n_rolling);
		json_set(&object, "rolling_mean_ns", json_real(series->rolling_mean_ns));
		json_set(&object, "spike", json_boolean(series->is_spike));
	}
	if (series->has_bytes) {
		json_set_integer(&object, "bytes", series->bytes);
		json_set(&object, "bytes_per_s", json_real(series->bytes_per_s));
	}
	json_set(&object, "percentiles", make_percentiles(series));
	if (series->buckets.items)
		json_set(&object, "buckets", make_buckets(series));
	if (is_compact)
		json_set(&object, "slot_counts", make_slot_counts(series));
	else
		json_set(&object, "slots", make_slots(series));
	return object;
}

static json_t *make_all_series(const struct snapshot *snapshot, bool is_compact)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < snapshot->n_series; i++)
		json_append(&array, make_series(&snapshot->series[i], is_compact));
	return array;
}

static json_t *make_in_flight(const struct snapshot *snapshot)
{
	json_t *array = json_array(), *object;
	size_t i;

	for (i = 0; i < snapshot->n_in_flight; i++) {
		object = json_object();
		json_set_text(&object, "device", snapshot->in_flight[i].device);
		if (snapshot->in_flight[i].device_id)
			json_set_integer(&object, "device_id", snapshot->in_flight[i].device_id);
		json_set_integer(&object, "queued", snapshot->in_flight[i].n_queued);
		json_set_integer(&object, "issued", snapshot->in_flight[i].n_issued);
		json_append(&array, object);
	}
	return array;
}

static void set_account(json_t **object, const struct account *account)
{
	int count;

	json_set_integer(object, count_texts[LAT_ENTERED].name, account->counts[LAT_ENTERED]);
	json_set_integer(object, "recorded", account->recorded);
	for (count = LAT_ENTERED + 1; count < LAT_N_COUNTS; count++)
		json_set_integer(object, count_texts[count].name, account->counts[count]);
	json_set_integer(object, "in_flight_before", account->in_flight_before);
	json_set_integer(object, "in_flight", account->in_flight);
	json_set(object, "unaccounted", json_integer(account->unaccounted));
}

static json_t *make_account(const struct snapshot *snapshot)
{
	json_t *account = json_object(), *total = json_object(), *operations = json_array(), *operation;
	size_t i;

	set_account(&total, &snapshot->total);
	for (i = 0; i < snapshot->n_accounts; i++) {
		operation = json_object();
		set_op(&operation, snapshot->accounts[i].op, snapshot->accounts[i].phase);
		set_account(&operation, &snapshot->accounts[i]);
		json_append(&operations, operation);
	}
	json_set(&account, "total", total);
	json_set(&account, "operations", operations);
	return account;
}

static void set_run(json_t **root, const struct run_info *run)
{
	json_set_text(root, "schema", SCHEMA);
	json_set_integer(root, "schema_version", SCHEMA_VERSION);
	json_set_text(root, "tool_version", run->tool_version);
	json_set_text(root, "kernel", run->kernel);
	json_set_text(root, "host", run->host);
	json_set_text(root, "command_line", run->command_line);
	json_set_text(root, "target", run->target);
	json_set_text(root, "by", run->by);
}

static json_t *make_sources(const struct run_info *run)
{
	json_t *array = json_array(), *object;
	const struct run_source *source;
	char buffer[UNITS_TIME_LEN];

	for (source = run->sources; source < run->sources + run->n_sources; source++) {
		object = json_object();
		json_set_text(&object, "host", source->host);
		json_set_text(&object, "kernel", source->kernel);
		json_set_text(&object, "command_line", source->command_line);
		json_set_text(&object, "start", units_iso8601(buffer, source->start_realtime_ns));
		json_set_text(&object, "end", units_iso8601(buffer, source->end_realtime_ns));
		json_set_integer(&object, "start_realtime_ns", source->start_realtime_ns);
		json_set_integer(&object, "end_realtime_ns", source->end_realtime_ns);
		json_set_integer(&object, "elapsed_ns", source->elapsed_ns);
		json_append(&array, object);
	}
	return array;
}

static void set_times(json_t **root, const struct snapshot *snapshot)
{
	char buffer[UNITS_TIME_LEN];

	json_set_text(root, "start", units_iso8601(buffer, snapshot->start_realtime_ns));
	json_set_text(root, "end", units_iso8601(buffer, snapshot->end_realtime_ns));
	json_set_integer(root, "start_realtime_ns", snapshot->start_realtime_ns);
	json_set_integer(root, "end_realtime_ns", snapshot->end_realtime_ns);
	json_set_integer(root, "start_monotonic_ns", snapshot->start_monotonic_ns);
	json_set_integer(root, "end_monotonic_ns", snapshot->end_monotonic_ns);
	json_set_integer(root, "elapsed_ns", snapshot->elapsed_ns);
	json_set_integer(root, "interval", snapshot->number);
}

json_t *json_of_snapshot(const struct snapshot *snapshot, bool is_compact)
{
	json_t *root = json_object();

	set_run(&root, snapshot->run);
	set_times(&root, snapshot);
	json_set_integer(&root, "max_latency_ns", snapshot->run->max_ns);
	json_set_integer(&root, "outlier_ns", snapshot->run->outlier_ns);
	if (snapshot->run->sample_rate > 1) {
		json_set_integer(&root, "sample_rate", snapshot->run->sample_rate);
		json_set(&root, "estimated", json_true());
	}
	json_set(&root, "probes", make_probes(snapshot->run));
	if (snapshot->run->sources)
		json_set(&root, "merged_from", make_sources(snapshot->run));
	json_set(&root, "series", make_all_series(snapshot, is_compact));
	if (snapshot->in_flight)
		json_set(&root, "in_flight", make_in_flight(snapshot));
	json_set_events(&root, snapshot);
	json_set(&root, "account", make_account(snapshot));
	return root;
}

static int write_chunk(const char *bytes, size_t n_bytes, void *out)
{
	out_write(out, bytes, n_bytes);
	return 0;
}

void json_write(struct out *out, json_t *root, size_t format)
{
	if (!root || json_dump_callback(root, write_chunk, out, format | JSON_REAL_PRECISION(REAL_DIGITS)))
		out_fail(out, -ENOMEM);
	out_puts(out, "\n");
	json_decref(root);
}
