/* SPDX-License-Identifier: MIT */
/* One recorded JSON object back to a snapshot. Nothing in it is believed. */
#include "recording_parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "recording_fields.h"
#include "snapshot.h"

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

static uint32_t parse_id(struct parse *parse, const json_t *object, const char *name)
{
	uint64_t id = parse_number(parse, object, name);

	if (id > UINT32_MAX)
		parse_complain(parse, "\"%s\" %" PRIu64 " is too large", name, id);
	return (uint32_t)id;
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

/* Appends the members of the object LABELS of OBJECT. */
static void parse_all_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels)
{
	json_t *members = json_object_get(object, "labels"), *value;
	const char *name;

	if (!json_is_object(members))
		parse_complain(parse, "\"labels\" is no object");
	json_object_foreach(members, name, value)
		if (!json_is_string(value) ||
		    !labels_add(labels, n_labels, parse_keep(parse, name), strdup(json_string_value(value))))
			parse_complain(parse, "label \"%s\" is no text", name);
}

static void parse_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels)
{
	parse_all_labels(parse, object, labels, n_labels);
	if (!labels_find(*labels, *n_labels, "op") || !labels_find(*labels, *n_labels, "ret"))
		parse_complain(parse, "a series or an outlier lacks its label \"op\" or \"ret\"");
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

static void parse_all_series(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array;
	size_t n = parse_array(parse, root, "series", true, &array), i;

	snapshot->series = parse_room(parse, n, sizeof(*snapshot->series));
	for (i = 0; i < n && !parse->has_failed; i++)
		parse_series(parse, json_array_get(array, i), &snapshot->series[snapshot->n_series++]);
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
			.device = strdup(parse_text(parse, object, "device")),
			.device_id = parse_device_id(parse, object),
			.n_queued = parse_number(parse, object, "queued"),
			.n_issued = parse_number(parse, object, "issued"),
		};
		snapshot->n_in_flight++;
		if (!snapshot->in_flight[i].device)
			parse_complain(parse, "memory is short");
	}
}

static void parse_outliers(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "outliers", false, &array), i;
	struct outlier *outlier;

	if (!array)
		return;
	snapshot->outliers.items = parse_room(parse, n, sizeof(*outlier));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		outlier = &snapshot->outliers.items[snapshot->outliers.n++];
		outlier->end_realtime_ns = parse_number(parse, object, "end_realtime_ns");
		outlier->latency_ns = parse_number(parse, object, "latency_ns");
		outlier->bytes = parse_number(parse, object, "bytes");
		outlier->sector = OUTLIER_NO_SECTOR;
		if (json_object_get(object, "sector"))
			outlier->sector = parse_number(parse, object, "sector");
		outlier->pid = parse_id(parse, object, "pid");
		outlier->tid = parse_id(parse, object, "tid");
		parse_labels(parse, object, &outlier->labels, &outlier->n_labels);
	}
}

static void parse_stacks(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "stacks", false, &array), i;

	if (!array)
		return;
	snapshot->stacks = parse_room(parse, n, sizeof(*snapshot->stacks));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		snapshot->stacks[i] = (struct stack){
			.folded = strdup(parse_text(parse, object, "folded")),
			.count = parse_number(parse, object, "count"),
			.sum_ns = parse_number(parse, object, "sum_ns"),
		};
		snapshot->n_stacks++;
		if (!snapshot->stacks[i].folded)
			parse_complain(parse, "memory is short");
	}
}

static void parse_pending(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = parse_array(parse, root, "pending", false, &array), i;
	struct pending *pending;

	if (!array)
		return;
	snapshot->pending = parse_room(parse, n, sizeof(*pending));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		pending = &snapshot->pending[snapshot->n_pending++];
		pending->age_ns = parse_number(parse, object, "age_ns");
		pending->bytes = parse_number(parse, object, "bytes");
		pending->sector = OUTLIER_NO_SECTOR;
		if (json_object_get(object, "sector"))
			pending->sector = parse_number(parse, object, "sector");
		pending->pid = parse_id(parse, object, "pid");
		pending->tid = parse_id(parse, object, "tid");
		parse_all_labels(parse, object, &pending->labels, &pending->n_labels);
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
		parse_outliers(&parse, root, snapshot);
		parse_stacks(&parse, root, snapshot);
		parse_pending(&parse, root, snapshot);
	}
	if (!parse.has_failed && !snapshot_derive(snapshot))
		parse_complain(&parse, "memory is short");
	if (!parse.has_failed)
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}
