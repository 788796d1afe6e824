/* SPDX-License-Identifier: MIT */
/* One recorded JSON object back to a snapshot. Nothing in it is believed. */
#include "recording/parse_snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "recording/parse_events.h"
#include "recording/json_fields.h"
#include "model/snapshot.h"

#define SCHEMA "latencyprobe.snapshot"
#define SCHEMA_VERSION 1

static void parse_probes(struct parse *parse, const json_t *root, struct run_info *run)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "probes", true, &array), i;
	struct probe_info *probes = parse_room(parse, n, sizeof(*probes));

	run->probes = probes;
	for (i = 0; probes && i < n; i++) {
		object = json_array_get(array, i);
		probes[i] = (struct probe_info){
			.op = parse_keep(parse, parse_text(parse, object, "op")),
			.phase = parse_phase(parse, object),
			.function = (char *)parse_keep(parse, parse_text(parse, object, "function")),
			.attach = (char *)parse_keep(parse, parse_text(parse, object, "attach")),
			.n_missed = parse_number(parse, object, "missed"),
		};
		run->n_probes++;
	}
}

static void parse_sources(struct parse *parse, const json_t *root, struct run_info *run)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "merged_from", false, &array), i;
	struct run_source *sources = array ? parse_room(parse, n, sizeof(*sources)) : NULL;

	run->sources = sources;
	for (i = 0; sources && i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		sources[i] = (struct run_source){
			.host = parse_keep(parse, parse_text(parse, object, "host")),
			.kernel = parse_keep(parse, parse_text(parse, object, "kernel")),
			.command_line = parse_keep(parse, parse_text(parse, object, "command_line")),
			.start_realtime_ns = parse_number(parse, object, "start_realtime_ns"),
			.end_realtime_ns = parse_number(parse, object, "end_realtime_ns"),
			.elapsed_ns = parse_number(parse, object, "elapsed_ns"),
		};
		run->n_sources++;
	}
}

static const struct run_info *parse_run(struct parse *parse, const json_t *root)
{
	struct run_info *run = parse_new_run(parse);

	if (!run)
		return NULL;
	*run = (struct run_info){
		.target = parse_keep(parse, parse_text(parse, root, "target")),
		.tool_version = parse_keep(parse, parse_text(parse, root, "tool_version")),
		.kernel = parse_keep(parse, parse_text(parse, root, "kernel")),
		.host = parse_keep(parse, parse_text(parse, root, "host")),
		.command_line = parse_keep(parse, parse_text(parse, root, "command_line")),
		.by = parse_keep(parse, parse_text(parse, root, "by")),
		.max_ns = parse_number(parse, root, "max_latency_ns"),
		.outlier_ns = parse_number(parse, root, "outlier_ns"),
	};
	if (json_object_get(root, "sample_rate"))
		run->sample_rate = parse_id(parse, root, "sample_rate");
	parse_probes(parse, root, run);
	parse_sources(parse, root, run);
	return run;
}

static void set_slot(struct parse *parse, struct series *series, uint64_t slot, uint64_t count)
{
	if (slot >= LAT_N_SLOTS || !count)
		parse_complain(parse, "slot %" PRIu64 " with %" PRIu64 " samples cannot be", slot, count);
	else if (__builtin_add_overflow(series->count, count, &series->count))
		parse_complain(parse, "more samples than can be counted");
	else if (series->slots[slot])
		parse_complain(parse, "slot %" PRIu64 " is there twice", slot);
	else
		series->slots[slot] = count;
}

static void parse_slots(struct parse *parse, const json_t *object, struct series *series)
{
	const json_t *array, *slot;
	size_t n = parse_array(parse, object, "slots", true, &array), i;

	for (i = 0; i < n; i++) {
		slot = json_array_get(array, i);
		set_slot(parse, series, parse_number(parse, slot, "slot"), parse_number(parse, slot, "count"));
		if (!parse->has_failed &&
		    parse_number(parse, slot, "low_ns") != lat_slot_low((uint32_t)parse_number(parse, slot, "slot")))
			parse_complain(parse, "another slot scheme: slot %" PRIu64 " does not begin at %" PRIu64 " ns",
				       parse_number(parse, slot, "slot"), parse_number(parse, slot, "low_ns"));
	}
}

static void parse_slot_counts(struct parse *parse, json_t *counts, struct series *series)
{
	const char *name;
	json_t *value;
	char *end;

	json_object_foreach(counts, name, value) {
		unsigned long slot = strtoul(name, &end, 10);

		if (*end || end == name || !json_is_integer(value) || json_integer_value(value) < 0)
			parse_complain(parse, "\"%s\" is no slot with a count", name);
		else
			set_slot(parse, series, slot, (uint64_t)json_integer_value(value));
	}
}

/* The minimum and the maximum have to lie in the outermost slots. */
static void check_bounds(struct parse *parse, const struct series *series)
{
	unsigned int first = 0, last = LAT_OVERFLOW_SLOT;

	while (first < LAT_OVERFLOW_SLOT && !series->slots[first])
		first++;
	while (last && !series->slots[last])
		last--;
	if (series->min_ns < lat_slot_low(first) || series->min_ns > series->max_ns ||
	    (first < LAT_OVERFLOW_SLOT && series->min_ns >= lat_slot_low(first + 1)) ||
	    series->max_ns < lat_slot_low(last) ||
	    (last < LAT_OVERFLOW_SLOT && series->max_ns >= lat_slot_low(last + 1)))
		parse_complain(parse, "\"min_ns\" and \"max_ns\" do not fit the slots");
}

static void parse_buckets(struct parse *parse, const json_t *object, struct series *series)
{
	const json_t *array, *bucket;
	size_t n = parse_array(parse, object, "buckets", false, &array), i;

	if (!n)
		return;
	series->buckets.items = parse_room(parse, n, sizeof(*series->buckets.items));
	for (i = 0; i < n && !parse->has_failed; i++) {
		bucket = json_array_get(array, i);
		series->buckets.items[i] = (struct bucket){
			.low_ns = parse_number(parse, bucket, "low_ns"),
			.high_ns = i + 1 < n ? parse_number(parse, bucket, "high_ns") + 1 : UINT64_MAX,
			.count = parse_number(parse, bucket, "count"),
		};
		series->buckets.n++;
	}
}

/* 0 where it was not recorded. */
static uint32_t parse_device_id(struct parse *parse, const json_t *object)
{
	return json_object_get(object, "device_id") ? parse_id(parse, object, "device_id") : 0;
}

static void parse_series(struct parse *parse, const json_t *object, struct series *series)
{
	json_t *counts = json_object_get(object, "slot_counts");
	const char *op, *ret;

	parse_labels(parse, object, &series->labels, &series->n_labels);
	series->slots = parse_room(parse, LAT_N_SLOTS, sizeof(*series->slots));
	if (parse->has_failed)
		return;
	if (json_is_object(counts))
		parse_slot_counts(parse, counts, series);
	else
		parse_slots(parse, object, series);
	if (!parse->has_failed && (!series->count || series->count != parse_number(parse, object, "count")))
		parse_complain(parse, "\"count\" is not the sum of the slots");
	op = labels_find(series->labels, series->n_labels, "op");
	ret = labels_find(series->labels, series->n_labels, "ret");
	series->summary = !strcmp(ret, ret_names[LAT_RET_OK]) || !strcmp(op, "other");
	series->sum_ns = parse_number(parse, object, "sum_ns");
	series->min_ns = parse_number(parse, object, "min_ns");
	series->max_ns = parse_number(parse, object, "max_ns");
	series->min_max_exact = json_is_true(json_object_get(object, "min_max_exact"));
	series->device_id = parse_device_id(parse, object);
	series->has_bytes = json_object_get(object, "bytes");
	if (series->has_bytes)
		series->bytes = parse_number(parse, object, "bytes");
	check_bounds(parse, series);
	parse_buckets(parse, object, series);
}

/* Each sample counts as many times as calls that it stands for. */
static void check_weight(struct parse *parse, const struct series *series, uint32_t weight)
{
	unsigned int slot;

	for (slot = 0; slot < LAT_N_SLOTS && !(series->slots[slot] % weight); slot++)
		;
	if (slot < LAT_N_SLOTS)
		parse_complain(parse, "slot %u has no multiple of \"sample_rate\"", slot);
}

static void parse_all_series(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array;
	size_t n = parse_array(parse, root, "series", true, &array), i;

	snapshot->series = parse_room(parse, n, sizeof(*snapshot->series));
	for (i = 0; i < n && !parse->has_failed; i++) {
		parse_series(parse, json_array_get(array, i), &snapshot->series[snapshot->n_series++]);
		if (!parse->has_failed)
			check_weight(parse, &snapshot->series[i], run_weight(snapshot->run));
	}
}

static void parse_account(struct parse *parse, const json_t *object, struct account *account)
{
	int count;

	/* What had no counter yet when it was recorded did not occur. */
	for (count = 0; count < LAT_N_COUNTS; count++)
		if (count == LAT_ENTERED || json_object_get(object, count_texts[count].name))
			account->counts[count] = parse_number(parse, object, count_texts[count].name);
	account->recorded = parse_number(parse, object, "recorded");
	account->in_flight_before = parse_number(parse, object, "in_flight_before");
	account->in_flight = parse_number(parse, object, "in_flight");
	account_balance(account);
}

static void parse_accounts(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *account = json_object_get(root, "account"), *array, *object;
	size_t n = parse_array(parse, account, "operations", true, &array), i;

	snapshot->accounts = parse_room(parse, n, sizeof(*snapshot->accounts));
	snapshot->total.op = "";
	parse_account(parse, json_object_get(account, "total"), &snapshot->total);
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		parse_account(parse, object, &snapshot->accounts[i]);
		snapshot->accounts[i].op = parse_keep(parse, parse_text(parse, object, "op"));
		snapshot->accounts[i].phase = parse_phase(parse, object);
		snapshot->n_accounts++;
	}
}

static void parse_in_flight(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "in_flight", false, &array), i;

	if (!array)
		return;
	snapshot->in_flight = parse_room(parse, n, sizeof(*snapshot->in_flight));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		snapshot->in_flight[i] = (struct in_flight){
			.device = unescape_invalid(parse_text(parse, object, "device")),
			.device_id = parse_device_id(parse, object),
			.n_queued = parse_number(parse, object, "queued"),
			.n_issued = parse_number(parse, object, "issued"),
		};
		snapshot->n_in_flight++;
		if (!snapshot->in_flight[i].device)
			parse_complain(parse, "memory is short");
	}
}

static void parse_times(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	snapshot->start_realtime_ns = parse_number(parse, root, "start_realtime_ns");
	snapshot->end_realtime_ns = parse_number(parse, root, "end_realtime_ns");
	snapshot->start_monotonic_ns = parse_number(parse, root, "start_monotonic_ns");
	snapshot->end_monotonic_ns = parse_number(parse, root, "end_monotonic_ns");
	snapshot->elapsed_ns = snapshot->end_monotonic_ns - snapshot->start_monotonic_ns;
	snapshot->number = parse_number(parse, root, "interval");
	if (snapshot->end_monotonic_ns < snapshot->start_monotonic_ns)
		parse_complain(parse, "it ends before it starts");
}

static void parse_schema(struct parse *parse, const json_t *root)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!schema || strcmp(schema, SCHEMA))
		parse_complain(parse, "no recording of latencyprobe: \"schema\" is not \"" SCHEMA "\"");
	else if (parse_number(parse, root, "schema_version") != SCHEMA_VERSION)
		parse_complain(parse, "\"schema_version\" %" PRIu64 " is not %d, all that this latencyprobe reads",
			       parse_number(parse, root, "schema_version"), SCHEMA_VERSION);
}

struct snapshot *recording_parse(const json_t *root, struct names *names, struct parse_error *error)
{
	struct parse parse = { .names = names, .error = error };
	struct snapshot *snapshot = parse_room(&parse, 1, sizeof(*snapshot));

	parse_schema(&parse, root);
	if (!parse.has_failed) {
		snapshot->run = parse_run(&parse, root);
		parse_times(&parse, root, snapshot);
		parse_all_series(&parse, root, snapshot);
		parse_accounts(&parse, root, snapshot);
		parse_in_flight(&parse, root, snapshot);
		parse_events(&parse, root, snapshot);
	}
	if (!parse.has_failed && !snapshot_derive(snapshot))
		parse_complain(&parse, "memory is short");
	if (!parse.has_failed)
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}
