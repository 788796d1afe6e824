/* SPDX-License-Identifier: MIT */
/* Sink json: the whole snapshot as one JSON object. */
#include "sinks/sink.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "escape.h"
#include "out.h"
#include "snapshot.h"
#include "units.h"

#define SCHEMA "latencyprobe.snapshot"
#define SCHEMA_VERSION 1
#define REAL_DIGITS 12
#define NAME_LEN 32

/* Takes over VALUE. An object that lacks a member becomes NULL, as does then what contains it. */
static void set(json_t **object, const char *name, json_t *value)
{
	if (!json_object_set_new(*object, name, value))
		return;
	json_decref(*object);
	*object = NULL;
}

static void set_integer(json_t **object, const char *name, uint64_t value)
{
	set(object, name, json_integer((json_int_t)value));
}

/* Text from outside need not be UTF-8, which JSON has to be. */
static void set_text(json_t **object, const char *name, const char *text)
{
	char *valid = escape_invalid(text);

	set(object, name, valid ? json_string(valid) : NULL);
	free(valid);
}

static void append(json_t **array, json_t *value)
{
	if (!json_array_append_new(*array, value))
		return;
	json_decref(*array);
	*array = NULL;
}

static void set_op(json_t **object, const char *op, const char *phase)
{
	set_text(object, "op", op);
	if (phase)
		set_text(object, "phase", phase);
}

static json_t *make_probes(const struct run_info *run)
{
	json_t *probes = json_array(), *probe;
	size_t i;

	for (i = 0; i < run->n_probes; i++) {
		probe = json_object();
		set_op(&probe, run->probes[i].op, run->probes[i].phase);
		set_text(&probe, "function", run->probes[i].function);
		set_text(&probe, "attach", run->probes[i].attach);
		set_integer(&probe, "missed", run->probes[i].n_missed);
		append(&probes, probe);
	}
	return probes;
}

static json_t *make_labels(const struct series *series)
{
	json_t *labels = json_object();
	size_t i;

	for (i = 0; i < series->n_labels; i++)
		set_text(&labels, series->labels[i].name, series->labels[i].value);
	return labels;
}

static json_t *make_percentiles(const struct series *series)
{
	const struct percentile *percentile;
	json_t *percentiles = json_object(), *object;
	char name[NAME_LEN];

	for (percentile = series->percentiles; percentile < series->percentiles + N_PERCENTILES; percentile++) {
		object = json_object();
		set_integer(&object, "ns", percentile->ns);
		set_integer(&object, "low_ns", percentile->low_ns);
		set_integer(&object, "high_ns", percentile->high_ns);
		set_integer(&object, "above", percentile->n_above);
		set(&object, "carried", json_boolean(percentile->carried));
		snprintf(name, sizeof(name), "p%g", percentile->rank);
		set(&percentiles, name, object);
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
		set_integer(&object, "slot", slot);
		set_integer(&object, "low_ns", lat_slot_low(slot));
		set(&object, "high_ns", slot == LAT_OVERFLOW_SLOT ? json_null() :
		    json_integer((json_int_t)lat_slot_low(slot + 1) - 1));
		set_integer(&object, "count", series->slots[slot]);
		append(&slots, object);
	}
	return slots;
}

static json_t *make_series(const struct series *series)
{
	json_t *object = json_object();

	set(&object, "labels", make_labels(series));
	set_integer(&object, "count", series->count);
	set_integer(&object, "sum_ns", series->sum_ns);
	set(&object, "mean_ns", json_real(series->mean_ns));
	set_integer(&object, "min_ns", series->min_ns);
	set_integer(&object, "max_ns", series->max_ns);
	set(&object, "min_max_exact", json_boolean(series->min_max_exact));
	set(&object, "rate_per_s", json_real(series->rate_per_s));
	if (series->has_bytes) {
		set_integer(&object, "bytes", series->bytes);
		set(&object, "bytes_per_s", json_real(series->bytes_per_s));
	}
	set(&object, "percentiles", make_percentiles(series));
	set(&object, "slots", make_slots(series));
	return object;
}

static json_t *make_all_series(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < snapshot->n_series; i++)
		append(&array, make_series(&snapshot->series[i]));
	return array;
}

static json_t *make_in_flight(const struct snapshot *snapshot)
{
	json_t *array = json_array(), *object;
	size_t i;

	for (i = 0; i < snapshot->n_in_flight; i++) {
		object = json_object();
		set_text(&object, "device", snapshot->in_flight[i].device);
		set_integer(&object, "queued", snapshot->in_flight[i].n_queued);
		set_integer(&object, "issued", snapshot->in_flight[i].n_issued);
		append(&array, object);
	}
	return array;
}

static void set_account(json_t **object, const struct account *account)
{
	int count;

	set_integer(object, count_texts[LAT_ENTERED].name, account->counts[LAT_ENTERED]);
	set_integer(object, "recorded", account->recorded);
	for (count = LAT_ENTERED + 1; count < LAT_N_COUNTS; count++)
		set_integer(object, count_texts[count].name, account->counts[count]);
	set_integer(object, "in_flight_before", account->in_flight_before);
	set_integer(object, "in_flight", account->in_flight);
	set(object, "unaccounted", json_integer(account->unaccounted));
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
		append(&operations, operation);
	}
	set(&account, "total", total);
	set(&account, "operations", operations);
	return account;
}

static void set_run(json_t **root, const struct run_info *run)
{
	set_text(root, "schema", SCHEMA);
	set_integer(root, "schema_version", SCHEMA_VERSION);
	set_text(root, "tool_version", run->tool_version);
	set_text(root, "kernel", run->kernel);
	set_text(root, "host", run->host);
	set_text(root, "command_line", run->command_line);
	set_text(root, "target", run->target);
	set_text(root, "by", run->by);
}

static void set_times(json_t **root, const struct snapshot *snapshot)
{
	char buffer[UNITS_TIME_LEN];

	set_text(root, "start", units_iso8601(buffer, snapshot->start_realtime_ns));
	set_text(root, "end", units_iso8601(buffer, snapshot->end_realtime_ns));
	set_integer(root, "start_realtime_ns", snapshot->start_realtime_ns);
	set_integer(root, "end_realtime_ns", snapshot->end_realtime_ns);
	set_integer(root, "start_monotonic_ns", snapshot->start_monotonic_ns);
	set_integer(root, "end_monotonic_ns", snapshot->end_monotonic_ns);
	set_integer(root, "elapsed_ns", snapshot->elapsed_ns);
	set_integer(root, "interval", snapshot->number);
}

static int write_chunk(const char *bytes, size_t n_bytes, void *out)
{
	out_write(out, bytes, n_bytes);
	return 0;
}

static void write_json(struct out *out, const struct snapshot *snapshot, const struct sink_options *options)
{
	json_t *root = json_object();

	(void)options;
	set_run(&root, snapshot->run);
	set_times(&root, snapshot);
	set_integer(&root, "max_latency_ns", snapshot->run->max_ns);
	set_integer(&root, "outlier_ns", snapshot->run->outlier_ns);
	set(&root, "probes", make_probes(snapshot->run));
	set(&root, "series", make_all_series(snapshot));
	if (snapshot->in_flight)
		set(&root, "in_flight", make_in_flight(snapshot));
	set(&root, "account", make_account(snapshot));
	if (!root || json_dump_callback(root, write_chunk, out, JSON_INDENT(1) | JSON_REAL_PRECISION(REAL_DIGITS)))
		out_fail(out, -ENOMEM);
	out_puts(out, "\n");
	json_decref(root);
}

static const struct sink json_sink = {
	.name = "json",
	.help = "one JSON object with all that is known; times in ns",
	.suffix = ".json",
	.write = write_json,
};
SINK_REGISTER(json_sink);
