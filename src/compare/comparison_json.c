/* SPDX-License-Identifier: MIT */
/* A comparison as one JSON object; README.md documents its members. */
#include "compare/comparison_json.h"

#include <math.h>

#include "compare/comparison.h"
#include "render/json_snapshot.h"
#include "model/snapshot.h"
#include "base/units.h"

#define SCHEMA "latencyprobe.comparison"
#define SCHEMA_VERSION 1

static json_t *make_run(const char *path, const struct recorded_run *recorded)
{
	const struct snapshot *snapshot = recorded->whole;
	json_t *run = json_object();
	char buffer[UNITS_TIME_LEN];

	json_set_text(&run, "path", path);
	json_set_text(&run, "tool_version", snapshot->run->tool_version);
	json_set_text(&run, "kernel", snapshot->run->kernel);
	json_set_text(&run, "host", snapshot->run->host);
	json_set_text(&run, "command_line", snapshot->run->command_line);
	json_set_text(&run, "start", units_iso8601(buffer, snapshot->start_realtime_ns));
	json_set_text(&run, "end", units_iso8601(buffer, snapshot->end_realtime_ns));
	json_set_integer(&run, "elapsed_ns", snapshot->elapsed_ns);
	json_set_integer(&run, "intervals", recorded->n_intervals);
	return run;
}

/* JSON has no infinity. */
static json_t *finite_real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *bound(uint64_t ns)
{
	return ns == UINT64_MAX ? json_null() : json_integer((json_int_t)ns);
}

/* Null where nothing ended ok, as there is no such figure. */
static json_t *value_of(const struct side *side, int kind, double value)
{
	return kind == FIGURE_ERROR || side->ok ? json_real(value) : json_null();
}

static json_t *make_figure(const struct operation *operation, int kind)
{
	static const char *const verdicts[] = {
		[VERDICT_NOISE] = "noise", [VERDICT_BETTER] = "better", [VERDICT_WORSE] = "worse",
		[VERDICT_FEW] = "too_few_samples", [VERDICT_UNKNOWN] = "unknown",
	};
	const struct figure *figure = &operation->figures[kind];
	bool has_both = kind == FIGURE_ERROR || (operation->base.ok && operation->current.ok);
	json_t *object = json_object();

	json_set(&object, "base", value_of(&operation->base, kind, figure->base));
	json_set(&object, "current", value_of(&operation->current, kind, figure->current));
	json_set(&object, "change", has_both ? finite_real(figure->change) : json_null());
	json_set_text(&object, "verdict", verdicts[figure->verdict]);
	if (kind < N_PERCENTILES && figure->verdict != VERDICT_FEW) {
		json_set_integer(&object, "base_low_ns", figure->base_low_ns);
		json_set(&object, "base_high_ns", bound(figure->base_high_ns));
		json_set_integer(&object, "current_low_ns", figure->current_low_ns);
		json_set(&object, "current_high_ns", bound(figure->current_high_ns));
	}
	json_set(&object, "limit", figure->limit.is_set ? json_real(figure->limit.value) : json_null());
	json_set(&object, "beyond", json_boolean(figure->is_beyond));
	return object;
}

static json_t *make_side(const struct side *side, const struct recorded_run *run)
{
	const uint32_t weight = run_weight(run->whole->run);
	json_t *object = json_object();

	json_set_integer(&object, "count", side->n_all * weight);
	json_set_integer(&object, "ok", side->ok ? side->ok->count * weight : 0);
	json_set_integer(&object, "errors", side->n_errors * weight);
	if (weight > 1)
		json_set(&object, "estimated", json_true());
	return object;
}

static json_t *make_operation(const struct comparison *comparison, const struct operation *operation)
{
	json_t *object = json_object(), *figures, *labels = json_of_labels(operation->labels, operation->n_labels);
	char name[FIGURE_NAME_LEN];
	int kind;

	if (labels)
		json_object_del(labels, "ret");
	json_set(&object, "labels", labels);
	json_set(&object, "base", operation->base.n_all ? make_side(&operation->base, &comparison->base) : json_null());
	json_set(&object, "current",
		 operation->current.n_all ? make_side(&operation->current, &comparison->current) : json_null());
	if (!operation->base.n_all || !operation->current.n_all)
		return object;
	figures = json_object();
	for (kind = 0; kind < N_FIGURES; kind++)
		json_set(&figures, figure_name(kind, name), make_figure(operation, kind));
	json_set(&object, "figures", figures);
	return object;
}

void comparison_write_json(struct out *out, const struct comparison *comparison, const char *base_path,
			   const char *current_path)
{
	json_t *root = json_object(), *operations = json_array();
	size_t i;

	json_set_text(&root, "schema", SCHEMA);
	json_set_integer(&root, "schema_version", SCHEMA_VERSION);
	json_set_text(&root, "target", comparison->base.whole->run->target);
	json_set_text(&root, "by", comparison->base.whole->run->by);
	json_set(&root, "base", make_run(base_path, &comparison->base));
	json_set(&root, "current", make_run(current_path, &comparison->current));
	for (i = 0; i < comparison->n_operations; i++)
		json_append(&operations, make_operation(comparison, &comparison->operations[i]));
	json_set(&root, "operations", operations);
	json_set(&root, "alpha", json_real(COMPARISON_ALPHA));
	json_set_integer(&root, "tests", comparison->n_tests);
	json_set_integer(&root, "differ", comparison->n_differ);
	json_set_integer(&root, "limited", comparison->n_limited);
	json_set_integer(&root, "beyond", comparison->n_beyond);
	json_set_integer(&root, "not_judged", comparison->n_few);
	json_write(out, root, JSON_INDENT(1));
}
