/* SPDX-License-Identifier: MIT */
/* One recorded JSON object back to a snapshot. Nothing in it is believed. */
#include "recording_parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

#define SCHEMA "latencyprobe.snapshot"
#define SCHEMA_VERSION 1

struct names {
	char **texts;
	size_t n_texts;
	struct run_info **runs;
	size_t n_runs;
};

/* The first fault met; what is parsed after it is not used. */
struct parse {
	struct names *names;
	struct parse_error *error;
	bool has_failed;
};

static void complain(struct parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct parse *parse, const char *format, ...)
{
	va_list args;

	if (parse->has_failed)
		return;
	parse->has_failed = true;
	va_start(args, format);
	vsnprintf(parse->error->text, sizeof(parse->error->text), format, args);
	va_end(args);
}

/* Memory of N items; NULL, and a complaint, when there is none. */
static void *room_for(struct parse *parse, size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		complain(parse, "memory is short");
	return memory;
}

struct names *names_new(void)
{
	return calloc(1, sizeof(struct names));
}

void names_free(struct names *names)
{
	size_t i;

	if (!names)
		return;
	for (i = 0; i < names->n_texts; i++)
		free(names->texts[i]);
	for (i = 0; i < names->n_runs; i++) {
		free((void *)names->runs[i]->probes);
		free(names->runs[i]);
	}
	free(names->texts);
	free(names->runs);
	free(names);
}

/* There are few different ones. */
static const char *keep(struct parse *parse, const char *text)
{
	struct names *names = parse->names;
	char **more;
	size_t i;

	for (i = 0; i < names->n_texts; i++)
		if (!strcmp(names->texts[i], text))
			return names->texts[i];
	more = realloc(names->texts, (names->n_texts + 1) * sizeof(*more));
	if (more)
		names->texts = more;
	if (!more || !(more[names->n_texts] = strdup(text))) {
		complain(parse, "memory is short");
		return "";
	}
	return more[names->n_texts++];
}

static const char *text_of(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		complain(parse, "\"%s\" is no text", name);
	return json_is_string(value) ? json_string_value(value) : "";
}

static uint64_t number_of(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		complain(parse, "\"%s\" is no number from 0 on", name);
	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

/* The members of an array; 0 when there is none of that name and it need not be. */
static size_t array_of(struct parse *parse, const json_t *object, const char *name, bool is_needed, const json_t **array)
{
	*array = json_object_get(object, name);
	if (*array ? !json_is_array(*array) : is_needed)
		complain(parse, "\"%s\" is no array", name);
	return json_array_size(*array);
}

static const char *phase_of(struct parse *parse, const json_t *object)
{
	return json_object_get(object, "phase") ? keep(parse, text_of(parse, object, "phase")) : NULL;
}

static void parse_probes(struct parse *parse, const json_t *root, struct run_info *run)
{
	const json_t *array, *object;
	size_t n = array_of(parse, root, "probes", true, &array), i;
	struct probe_info *probes = room_for(parse, n, sizeof(*probes));

	run->probes = probes;
	for (i = 0; probes && i < n; i++) {
		object = json_array_get(array, i);
		probes[i] = (struct probe_info){
			.op = keep(parse, text_of(parse, object, "op")),
			.phase = phase_of(parse, object),
			.function = (char *)keep(parse, text_of(parse, object, "function")),
			.attach = (char *)keep(parse, text_of(parse, object, "attach")),
			.n_missed = number_of(parse, object, "missed"),
		};
		run->n_probes++;
	}
}

static const struct run_info *parse_run(struct parse *parse, const json_t *root)
{
	struct names *names = parse->names;
	struct run_info *run = room_for(parse, 1, sizeof(*run)), **more;

	more = run ? realloc(names->runs, (names->n_runs + 1) * sizeof(struct run_info *)) : NULL;
	if (!more) {
		complain(parse, "memory is short");
		free(run);
		return NULL;
	}
	names->runs = more;
	more[names->n_runs++] = run;
	*run = (struct run_info){
		.target = keep(parse, text_of(parse, root, "target")),
		.tool_version = keep(parse, text_of(parse, root, "tool_version")),
		.kernel = keep(parse, text_of(parse, root, "kernel")),
		.host = keep(parse, text_of(parse, root, "host")),
		.command_line = keep(parse, text_of(parse, root, "command_line")),
		.by = keep(parse, text_of(parse, root, "by")),
		.max_ns = number_of(parse, root, "max_latency_ns"),
		.outlier_ns = number_of(parse, root, "outlier_ns"),
	};
	parse_probes(parse, root, run);
	return run;
}

/* Appends the members of the object LABELS of OBJECT. */
static void parse_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels)
{
	json_t *members = json_object_get(object, "labels"), *value;
	const char *name;

	if (!json_is_object(members))
		complain(parse, "\"labels\" is no object");
	json_object_foreach(members, name, value)
		if (!json_is_string(value) ||
		    !labels_add(labels, n_labels, keep(parse, name), strdup(json_string_value(value))))
			complain(parse, "label \"%s\" is no text", name);
	if (!labels_find(*labels, *n_labels, "op") || !labels_find(*labels, *n_labels, "ret"))
		complain(parse, "a series or an outlier lacks its label \"op\" or \"ret\"");
}

static void set_slot(struct parse *parse, struct series *series, uint64_t slot, uint64_t count)
{
	if (slot >= LAT_N_SLOTS || !count)
		complain(parse, "slot %" PRIu64 " with %" PRIu64 " samples cannot be", slot, count);
	else if (__builtin_add_overflow(series->count, count, &series->count))
		complain(parse, "more samples than can be counted");
	else
		series->slots[slot] = count;
}

static void parse_slots(struct parse *parse, const json_t *object, struct series *series)
{
	const json_t *array, *slot;
	size_t n = array_of(parse, object, "slots", true, &array), i;

	for (i = 0; i < n; i++) {
		slot = json_array_get(array, i);
		set_slot(parse, series, number_of(parse, slot, "slot"), number_of(parse, slot, "count"));
		if (!parse->has_failed &&
		    number_of(parse, slot, "low_ns") != lat_slot_low((uint32_t)number_of(parse, slot, "slot")))
			complain(parse, "another slot scheme: slot %" PRIu64 " does not begin at %" PRIu64 " ns",
				 number_of(parse, slot, "slot"), number_of(parse, slot, "low_ns"));
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
			complain(parse, "\"%s\" is no slot with a count", name);
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
		complain(parse, "\"min_ns\" and \"max_ns\" do not fit the slots");
}

static void parse_series(struct parse *parse, const json_t *object, struct series *series)
{
	json_t *counts = json_object_get(object, "slot_counts");
	const char *op, *ret;

	parse_labels(parse, object, &series->labels, &series->n_labels);
	series->slots = room_for(parse, LAT_N_SLOTS, sizeof(*series->slots));
	if (parse->has_failed)
		return;
	if (json_is_object(counts))
		parse_slot_counts(parse, counts, series);
	else
		parse_slots(parse, object, series);
	if (!parse->has_failed && (!series->count || series->count != number_of(parse, object, "count")))
		complain(parse, "\"count\" is not the sum of the slots");
	op = labels_find(series->labels, series->n_labels, "op");
	ret = labels_find(series->labels, series->n_labels, "ret");
	series->summary = !strcmp(ret, ret_names[LAT_RET_OK]) || !strcmp(op, "other");
	series->sum_ns = number_of(parse, object, "sum_ns");
	series->min_ns = number_of(parse, object, "min_ns");
	series->max_ns = number_of(parse, object, "max_ns");
	series->min_max_exact = json_is_true(json_object_get(object, "min_max_exact"));
	series->has_bytes = json_object_get(object, "bytes");
	if (series->has_bytes)
		series->bytes = number_of(parse, object, "bytes");
	check_bounds(parse, series);
}

static void parse_all_series(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array;
	size_t n = array_of(parse, root, "series", true, &array), i;

	snapshot->series = room_for(parse, n, sizeof(*snapshot->series));
	for (i = 0; i < n && !parse->has_failed; i++)
		parse_series(parse, json_array_get(array, i), &snapshot->series[snapshot->n_series++]);
}

static void parse_account(struct parse *parse, const json_t *object, struct account *account)
{
	int count;

	/* What had no counter yet when it was recorded did not occur. */
	for (count = 0; count < LAT_N_COUNTS; count++)
		if (count == LAT_ENTERED || json_object_get(object, count_texts[count].name))
			account->counts[count] = number_of(parse, object, count_texts[count].name);
	account->recorded = number_of(parse, object, "recorded");
	account->in_flight_before = number_of(parse, object, "in_flight_before");
	account->in_flight = number_of(parse, object, "in_flight");
	account_balance(account);
}

static void parse_accounts(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *account = json_object_get(root, "account"), *array, *object;
	size_t n = array_of(parse, account, "operations", true, &array), i;

	snapshot->accounts = room_for(parse, n, sizeof(*snapshot->accounts));
	snapshot->total.op = "";
	parse_account(parse, json_object_get(account, "total"), &snapshot->total);
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		parse_account(parse, object, &snapshot->accounts[i]);
		snapshot->accounts[i].op = keep(parse, text_of(parse, object, "op"));
		snapshot->accounts[i].phase = phase_of(parse, object);
		snapshot->n_accounts++;
	}
}

static void parse_in_flight(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = array_of(parse, root, "in_flight", false, &array), i;

	if (!array)
		return;
	snapshot->in_flight = room_for(parse, n, sizeof(*snapshot->in_flight));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		snapshot->in_flight[i] = (struct in_flight){
			.device = strdup(text_of(parse, object, "device")),
			.n_queued = number_of(parse, object, "queued"),
			.n_issued = number_of(parse, object, "issued"),
		};
		snapshot->n_in_flight++;
		if (!snapshot->in_flight[i].device)
			complain(parse, "memory is short");
	}
}

static void parse_outliers(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = array_of(parse, root, "outliers", false, &array), i;
	struct outlier *outlier;

	if (!array)
		return;
	snapshot->outliers.items = room_for(parse, n, sizeof(*outlier));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		outlier = &snapshot->outliers.items[snapshot->outliers.n++];
		outlier->end_realtime_ns = number_of(parse, object, "end_realtime_ns");
		outlier->latency_ns = number_of(parse, object, "latency_ns");
		outlier->bytes = number_of(parse, object, "bytes");
		outlier->sector = number_of(parse, object, "sector");
		outlier->pid = (uint32_t)number_of(parse, object, "pid");
		outlier->tid = (uint32_t)number_of(parse, object, "tid");
		parse_labels(parse, object, &outlier->labels, &outlier->n_labels);
	}
}

static void parse_stacks(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	const json_t *array, *object;
	size_t n = array_of(parse, root, "stacks", false, &array), i;

	if (!array)
		return;
	snapshot->stacks = room_for(parse, n, sizeof(*snapshot->stacks));
	for (i = 0; i < n && !parse->has_failed; i++) {
		object = json_array_get(array, i);
		snapshot->stacks[i] = (struct stack){
			.folded = strdup(text_of(parse, object, "folded")),
			.count = number_of(parse, object, "count"),
			.sum_ns = number_of(parse, object, "sum_ns"),
		};
		snapshot->n_stacks++;
		if (!snapshot->stacks[i].folded)
			complain(parse, "memory is short");
	}
}

static void parse_times(struct parse *parse, const json_t *root, struct snapshot *snapshot)
{
	snapshot->start_realtime_ns = number_of(parse, root, "start_realtime_ns");
	snapshot->end_realtime_ns = number_of(parse, root, "end_realtime_ns");
	snapshot->start_monotonic_ns = number_of(parse, root, "start_monotonic_ns");
	snapshot->end_monotonic_ns = number_of(parse, root, "end_monotonic_ns");
	snapshot->elapsed_ns = snapshot->end_monotonic_ns - snapshot->start_monotonic_ns;
	snapshot->number = number_of(parse, root, "interval");
	if (snapshot->end_monotonic_ns < snapshot->start_monotonic_ns)
		complain(parse, "it ends before it starts");
}

static void parse_schema(struct parse *parse, const json_t *root)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!schema || strcmp(schema, SCHEMA))
		complain(parse, "no recording of latencyprobe: \"schema\" is not \"" SCHEMA "\"");
	else if (number_of(parse, root, "schema_version") != SCHEMA_VERSION)
		complain(parse, "\"schema_version\" %" PRIu64 " is not %d, which is all that this latencyprobe reads",
			 number_of(parse, root, "schema_version"), SCHEMA_VERSION);
}

struct snapshot *recording_parse(const json_t *root, struct names *names, struct parse_error *error)
{
	struct parse parse = { .names = names, .error = error };
	struct snapshot *snapshot = room_for(&parse, 1, sizeof(*snapshot));

	parse_schema(&parse, root);
	if (!parse.has_failed) {
		snapshot->run = parse_run(&parse, root);
		parse_times(&parse, root, snapshot);
		parse_all_series(&parse, root, snapshot);
		parse_accounts(&parse, root, snapshot);
		parse_in_flight(&parse, root, snapshot);
		parse_outliers(&parse, root, snapshot);
		parse_stacks(&parse, root, snapshot);
	}
	if (!parse.has_failed) {
		snapshot_derive(snapshot);
		return snapshot;
	}
	snapshot_free(snapshot);
	return NULL;
}
