/* SPDX-License-Identifier: MIT */
/* Outliers as they happen: from the ring buffer to a line each, and the slowest kept for reports. */
#include "kernel/outlier_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "kernel/file_names.h"
#include "kernel/stack_symbols.h"
#include "system/host.h"
#include "model/label.h"
#include "base/log.h"
#include "base/out.h"
#include "model/outlier.h"
#include "kernel/tracer.h"
#include "model/stack_sums.h"
#include "registry/target.h"
#include "base/units.h"

struct outlier_stream {
	struct tracer *tracer;
	struct ring_buffer *ring;
	const struct target *target;
	const struct label_names *names;
	struct out *out;
	struct outliers interval, run;
	struct stack_symbols *frames; /* NULL without stacks */
	struct stacks interval_stacks, run_stacks;
	uint32_t n_slowest; /* 0: each as it comes */
	bool is_few;
	uint64_t second;    /* of the lines that were printed last, and how many of it; with IS_FEW */
	uint32_t n_in_second;
	bool names_files;
	int paths_fd;
	bool has_header;
	unsigned int n_left; /* before outlier_stream_consume() has to return, */
	uint64_t until_ns;   /* which it has to at this time, too */
};

#define MAX_AT_ONCE 1000
#define MAX_AT_ONCE_NS 50000000 /* finding the functions of a new process takes time */

static bool has_connections(const struct outlier_stream *events)
{
	return events->target->dims & 1U << LAT_DIM_CONN;
}

static void print_header(struct outlier_stream *events)
{
	out_printf(events->out, "%-15s %-16s %7s %7s %-12s %-5s %8s %9s", "TIME", "COMM", "PID", "TID", "OP", "RET",
		   "LATENCY", "BYTES");
	if (events->target->site_name)
		out_puts(events->out, " WHAT");
	if (events->target->has_depth)
		out_printf(events->out, " %-12s %s", "DEVICE", "SECTOR");
	if (events->names_files)
		out_puts(events->out, " FILE");
	if (has_connections(events))
		out_puts(events->out, " CONNECTION");
	out_puts(events->out, "\n");
	events->has_header = true;
}

/* The innermost first, as debuggers do. */
static void print_stack(struct outlier_stream *events, const char *folded)
{
	char *copy = strdup(folded), *frame;

	while (copy && *copy) {
		frame = strrchr(copy, ';');
		out_puts(events->out, "    ");
		out_escaped(events->out, frame ? frame + 1 : copy, 0);
		out_puts(events->out, "\n");
		if (!frame)
			break;
		*frame = '\0';
	}
	free(copy);
}

static void print_line(struct outlier_stream *events, const struct outlier *outlier)
{
	time_t seconds = (time_t)(outlier->end_realtime_ns / 1000000000);
	char latency[UNITS_LEN];
	struct tm tm;

	if (!events->has_header)
		print_header(events);
	localtime_r(&seconds, &tm);
	out_printf(events->out, "%02d:%02d:%02d.%06" PRIu64 " ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		   outlier->end_realtime_ns / 1000 % 1000000);
	out_escaped(events->out, outlier_find_label(outlier, "comm"), 16);
	out_printf(events->out, " %7u %7u %-12s %-5s %8s %9" PRIu64, outlier->pid, outlier->tid,
		   outlier_find_label(outlier, "op"), outlier_find_label(outlier, "ret"),
		   units_duration(latency, (double)outlier->latency_ns), outlier->bytes);
	if (events->target->site_name) {
		out_puts(events->out, " ");
		out_escaped(events->out, outlier_find_label(outlier, events->target->site_name), 0);
	}
	if (events->target->has_depth) {
		out_puts(events->out, " ");
		out_escaped(events->out, outlier_find_label(outlier, "device"), 12);
		if (outlier->sector == OUTLIER_NO_SECTOR)
			out_puts(events->out, " -");
		else
			out_printf(events->out, " %" PRIu64, outlier->sector);
	}
	if (events->names_files) {
		out_puts(events->out, " ");
		out_escaped(events->out, outlier_find_label(outlier, dimensions[LAT_DIM_FILE].name), 0);
	}
	if (has_connections(events)) {
		out_puts(events->out, " ");
		out_escaped(events->out, outlier_find_label(outlier, dimensions[LAT_DIM_CONN].name), 0);
	}
	out_puts(events->out, "\n");
	if (outlier->folded)
		print_stack(events, outlier->folded);
}

static bool label_file(struct outlier *outlier, const struct outlier_stream *events, const struct lat_event *event)
{
	return labels_add(&outlier->labels, &outlier->n_labels, dimensions[LAT_DIM_FILE].name,
			  file_names_one(events->paths_fd, &event->file));
}

static bool label(struct outlier *outlier, const struct outlier_stream *events, const struct lat_event *event)
{
	const struct op *op = &events->target->ops[event->op];
	char device[32], conn[LABEL_LEN], comm[LAT_COMM_LEN + 1] = "";

	__builtin_memcpy(comm, event->comm, LAT_COMM_LEN);
	return outlier_label(outlier, "op", op->name) && (!op->phase || outlier_label(outlier, "phase", op->phase)) &&
	       outlier_label(outlier, "ret", ret_names[event->ret]) && outlier_label(outlier, "comm", comm) &&
	       (!events->target->site_name ||
		outlier_label(outlier, events->target->site_name, label_site(events->names, event->site))) &&
	       (!events->target->has_depth ||
		outlier_label(outlier, "device", label_device(events->names, event->device, device))) &&
	       (!events->names_files || label_file(outlier, events, event)) &&
	       (!has_connections(events) ||
		outlier_label(outlier, dimensions[LAT_DIM_CONN].name, label_conn(event->conn, conn)));
}

static bool keep_stack(struct outlier_stream *events, const char *folded, uint64_t ns)
{
	return folded && stacks_add(&events->interval_stacks, folded, ns) && stacks_add(&events->run_stacks, folded, ns);
}

static bool prints_all(const struct outlier_stream *events)
{
	return events->out && !events->n_slowest && !events->is_few;
}

/* Whether any use will be made of it but for its time. */
static bool is_of_use(const struct outlier_stream *events, uint64_t latency_ns)
{
	return (events->out && !events->n_slowest) || outliers_want(&events->interval, latency_ns) ||
	       outliers_want(&events->run, latency_ns);
}

/* As many of a second as somebody can read who has not asked for them. */
static void print_few(struct outlier_stream *events, const struct outlier *outlier)
{
	uint64_t second = outlier->end_realtime_ns / 1000000000;

	if (events->second != second)
		events->n_in_second = 0;
	events->second = second;
	if (events->n_in_second++ < EVENTS_FEW)
		print_line(events, outlier);
	else if (events->n_in_second == EVENTS_FEW + 1)
		out_puts(events->out, "... more in this second; --outlier TIME prints all, --slowest N the slowest\n");
}

static bool use(struct outlier_stream *events, const struct outlier *outlier)
{
	if (!outliers_keep(&events->interval, outlier) || !outliers_keep(&events->run, outlier))
		return false;
	if (prints_all(events))
		print_line(events, outlier);
	else if (events->out && !events->n_slowest)
		print_few(events, outlier);
	return true;
}

/*
 * Where only the slowest are kept, the kernel need not send what is not among them: when a disk takes that long for
 * each of 100,000 requests a second, nobody would read them.
 */
static void set_floor(const struct outlier_stream *events)
{
	uint64_t floor_ns = outliers_floor(&events->interval);

	if (outliers_floor(&events->run) < floor_ns)
		floor_ns = outliers_floor(&events->run);
	if (prints_all(events) || events->frames)
		floor_ns = 0;
	__atomic_store_n(&tracer_state(events->tracer)->outlier_floor_ns, floor_ns, __ATOMIC_RELAXED);
}

static int take(void *context, void *data, size_t size)
{
	struct outlier_stream *events = context;
	const struct lat_event *event = data;
	const char *folded = NULL;
	struct outlier outlier;
	bool is_fine = true;

	if (size < sizeof(*event) || event->op >= events->target->n_ops || event->ret >= LAT_N_RETS)
		return 0;
	if (events->frames) {
		folded = stack_symbols_fold(events->frames, event);
		if (!keep_stack(events, folded, event->latency_ns))
			return -ENOMEM;
	}
	if (is_of_use(events, event->latency_ns)) {
		outlier = (struct outlier){
			.end_realtime_ns = event->end_ns + host_realtime_ns() - host_monotonic_ns(),
			.latency_ns = event->latency_ns,
			.bytes = event->bytes,
			.sector = event->sector,
			.pid = event->pid,
			.tid = event->tid,
			.folded = folded ? strdup(folded) : NULL,
		};
		is_fine = label(&outlier, events, event) && use(events, &outlier);
		outlier_free(&outlier);
	}
	/* What is negative ends the call; where the ring was read up to is kept. */
	return !is_fine ? -ENOMEM : --events->n_left && host_monotonic_ns() < events->until_ns ? 0 : -EAGAIN;
}

int outlier_stream_open(struct outlier_stream **result, struct tracer *tracer, const struct target *target,
		const struct label_names *names, struct out *out, uint32_t n_slowest, bool is_few)
{
	struct outlier_stream *events = calloc(1, sizeof(*events));
	int error;

	if (!events)
		return fail(-ENOMEM, "ring buffer");
	events->tracer = tracer;
	events->target = target;
	events->names = names;
	events->out = out;
	events->n_slowest = n_slowest;
	events->is_few = is_few;
	events->names_files = tracer_config(tracer)->names_files;
	events->paths_fd = tracer_map_fd(tracer, "lat_paths");
	if (tracer_config(tracer)->stacks && stack_symbols_open(&events->frames, tracer)) {
		free(events);
		return -ENOMEM;
	}
	events->ring = ring_buffer__new(tracer_map_fd(tracer, "lat_ring"), take, events, NULL);
	if (!events->ring) {
		error = fail(-errno, "ring buffer");
		stack_symbols_close(events->frames);
		free(events);
		return error;
	}
	*result = events;
	return 0;
}

int outlier_stream_fd(const struct outlier_stream *events)
{
	return ring_buffer__epoll_fd(events->ring);
}

bool outlier_stream_consume(struct outlier_stream *events)
{
	int n_taken;

	events->n_left = MAX_AT_ONCE;
	events->until_ns = host_monotonic_ns() + MAX_AT_ONCE_NS;
	n_taken = ring_buffer__consume(events->ring);
	set_floor(events);
	return !(events->out && out_flush(events->out)) && n_taken == -EAGAIN;
}

const struct outliers *outlier_stream_interval(const struct outlier_stream *events)
{
	return &events->interval;
}

const struct outliers *outlier_stream_run(const struct outlier_stream *events)
{
	return &events->run;
}

const struct stacks *outlier_stream_interval_stacks(const struct outlier_stream *events)
{
	return events->frames ? &events->interval_stacks : NULL;
}

const struct stacks *outlier_stream_run_stacks(const struct outlier_stream *events)
{
	return events->frames ? &events->run_stacks : NULL;
}

static int compare_latencies(const void *a, const void *b)
{
	const struct outlier *left = *(const struct outlier *const *)a, *right = *(const struct outlier *const *)b;

	return (left->latency_ns < right->latency_ns) - (left->latency_ns > right->latency_ns);
}

void outlier_stream_print_slowest(struct outlier_stream *events, bool is_run)
{
	const struct outliers *outliers = is_run ? &events->run : &events->interval;
	const struct outlier *sorted[OUTLIERS_KEPT];
	size_t i;

	if (!events->out || !events->n_slowest || !outliers->n)
		return;
	for (i = 0; i < outliers->n; i++)
		sorted[i] = &outliers->items[i];
	qsort(sorted, outliers->n, sizeof(*sorted), compare_latencies);
	out_puts(events->out, "\n");
	for (i = 0; i < outliers->n && i < events->n_slowest; i++)
		print_line(events, sorted[i]);
	out_flush(events->out);
}

void outlier_stream_end_lines(struct outlier_stream *events)
{
	if (events->out && events->has_header)
		out_puts(events->out, "\n");
	events->has_header = false;
}

void outlier_stream_next_interval(struct outlier_stream *events)
{
	stacks_free(&events->interval_stacks);
	outliers_free(&events->interval);
	set_floor(events);
}

void outlier_stream_close(struct outlier_stream *events)
{
	if (!events)
		return;
	outliers_free(&events->interval);
	outliers_free(&events->run);
	stacks_free(&events->interval_stacks);
	stacks_free(&events->run_stacks);
	stack_symbols_close(events->frames);
	ring_buffer__free(events->ring);
	free(events);
}
