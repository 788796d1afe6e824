/* SPDX-License-Identifier: MIT */
/* What a run comes to in a few members, under the names and in the units that scripts for TCP probes look for. */
#include "render/json_summary.h"

#include <stdlib.h>
#include <string.h>

#include "model/connections.h"
#include "base/escape.h"
#include "render/json_snapshot.h"
#include "model/snapshot.h"
#include "base/units.h"

#define NS_PER_S 1e9
#define NS_PER_MS 1e6
#define NS_PER_US 1e3

static json_t *make_percentiles(const struct totals *totals)
{
	static const char *const names[N_PERCENTILES] = { "p50", "p75", "p90", "p95", "p99", "p999" };
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < N_PERCENTILES; i++)
		if (names[i])
			json_set(&object, names[i], totals->count ?
				 json_real((double)totals->percentiles[i].ns / NS_PER_MS) : json_null());
	return object;
}

static json_t *make_histogram(const struct totals *totals)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < N_RANGES; i++)
		json_set_integer(&object, total_ranges[i].name, totals->ranges[i]);
	return object;
}

/* Where one operation is many alike, such as system calls, the name of the one; else the function that was measured. */
static const char *event_type(const struct snapshot *snapshot, const struct series *series)
{
	const char *op = series_label(series, "op"), *phase = series_label(series, "phase");
	const struct probe_info *probe = snapshot->run->probes, *end = probe + snapshot->run->n_probes;

	if (series->n_labels > 1 && strcmp(series->labels[1].name, "ret") && strcmp(series->labels[1].name, "phase"))
		return series->labels[1].value;
	for (; probe < end; probe++)
		if (!strcmp(probe->op, op) && (!phase || !probe->phase || !strcmp(probe->phase, phase)))
			return phase ? op : probe->function;
	return op;
}

static json_t *make_breakdown(const struct snapshot *snapshot)
{
	json_t *object = json_object();
	const struct series *series;
	json_int_t before;
	char *type;

	for (series = snapshot->series; series < snapshot->series + snapshot->n_series; series++) {
		if (!series_is_in_totals(series))
			continue;
		type = escape_invalid(event_type(snapshot, series));
		before = json_integer_value(json_object_get(object, type ? type : ""));
		json_set(&object, type ? type : "", type ? json_integer(before + (json_int_t)series->count) : NULL);
		free(type);
	}
	return object;
}

static json_t *make_connection(const struct connection *connection, bool is_estimated)
{
	json_t *object = json_object();
	const char *arrow = strstr(connection->name, " -> ");
	char *source = arrow ? strndup(connection->name, (size_t)(arrow - connection->name)) : strdup(connection->name);

	json_set_text(&object, "source", source ? source : "");
	json_set_text(&object, "destination", arrow ? arrow + strlen(" -> ") : "");
	json_set_integer(&object, "events", connection->count);
	if (is_estimated)
		json_set(&object, "estimated", json_true());
	json_set(&object, "min_latency_us", json_real((double)connection->min_ns / NS_PER_US));
	json_set(&object, "max_latency_us", json_real((double)connection->max_ns / NS_PER_US));
	json_set(&object, "avg_latency_us", json_real(connection->mean_ns / NS_PER_US));
	json_set(&object, "std_dev_us", json_real(connection->deviation_ns / NS_PER_US));
	free(source);
	return object;
}

static void set_connections(json_t **root, const struct snapshot *snapshot)
{
	size_t n, i;
	struct connection *connections = connections_make(snapshot, &n);
	json_t *object = connections ? json_object() : NULL;
	char *name;

	for (i = 0; i < n; i++) {
		name = escape_invalid(connections[i].name);
		json_set(&object, name ? name : "", name ? make_connection(&connections[i], run_weight(snapshot->run) > 1) : NULL);
		free(name);
	}
	if (n || !connections)
		json_set(root, "connections", object);
	else
		json_decref(object);
	free(connections);
}

void json_set_summary(json_t **root, const struct snapshot *snapshot)
{
	char buffer[UNITS_TIME_LEN];

	json_set_text(root, "timestamp", units_iso8601(buffer, snapshot->end_realtime_ns));
	json_set(root, "duration_seconds", json_real((double)snapshot->elapsed_ns / NS_PER_S));
	json_set_integer(root, "total_events", snapshot->totals.count);
	json_set(root, "percentiles", make_percentiles(&snapshot->totals));
	json_set(root, "histogram", make_histogram(&snapshot->totals));
	json_set(root, "event_type_breakdown", make_breakdown(snapshot));
	set_connections(root, snapshot);
}
