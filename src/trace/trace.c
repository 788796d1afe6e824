/* SPDX-License-Identifier: MIT */
/* Tracing: the event loop between start and final report. */
#include "trace/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "trace/alert_actions.h"
#include "trace/child.h"
#include "cli/options.h"
#include "system/disks.h"
#include "kernel/outlier_stream.h"
#include "kernel/file_names.h"
#include "system/host.h"
#include "model/label.h"
#include "live/live.h"
#include "base/log.h"
#include "trace/outputs.h"
#include "kernel/reader.h"
#include "kernel/tracer.h"
#include "trace/output_file.h"
#include "model/snapshot.h"
#include "trace/banner.h"
#include "registry/target.h"
#include "model/trend.h"
#include "base/version.h"
#include "trace/event_loop.h"

#define MAX_TAKE_NS 100000000

struct trace {
	const struct run_options *options;
	struct tracer *tracer;
	struct reader *reader;
	struct outlier_stream *events;
	struct label_names names;
	struct run_info info;
	struct utsname host;
	char by[128]; /* the dimensions, with commas */
	struct reading before; /* the last interval's end */
	bool has_before;
	uint64_t start_realtime_ns, start_monotonic_ns;
	uint64_t n_intervals;
	struct alert_actions alert_actions;
	struct trend *trend; /* of the intervals */
	struct child child;
	bool has_child;
	int process_fd;  /* that of --pid; -1: none */
	struct outputs outputs;
	struct event_loop event_loop;
	bool is_over;
	bool has_loss;   /* of the kind that --strict does not take */
};

static int watch_signals(struct trace *trace)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP); /* a dropped terminal is no reason to lose the run */
	if (trace->outputs.live)
		live_add_signals(&signals);
	signal(SIGPIPE, SIG_IGN);
	return event_loop_add_signals(&trace->event_loop, &signals);
}

/* Devices and cgroups come and go. */
static void read_names(struct trace *trace)
{
	disks_read(&trace->names, DISKS_SYS);
	if (trace->names.key_at[LAT_DIM_CGROUP])
		host_read_cgroups(&trace->names);
	if (trace->names.key_at[LAT_DIM_FILE])
		file_names_read(&trace->names, trace->tracer);
}

/* BEFORE is NULL from the start on; NUMBER is 0 for the whole trace. */
static struct snapshot *make_snapshot(struct trace *trace, const struct reading *before, const struct reading *now,
				      uint64_t number)
{
	struct snapshot_input input = {
		.before = before,
		.now = now,
		.target = trace->options->tracer.target,
		.run = &trace->info,
		.names = &trace->names,
		.start_realtime_ns = before ? before->realtime_ns : trace->start_realtime_ns,
		.start_monotonic_ns = before ? before->monotonic_ns : trace->start_monotonic_ns,
		.op_mask = trace->options->tracer.config.op_mask,
		.bucket_low_ns = trace->options->tracer.config.bucket_low_ns,
		.n_buckets = trace->options->tracer.config.n_buckets,
		.number = number,
		.outliers = !trace->events ? NULL : number ? outlier_stream_interval(trace->events) : outlier_stream_run(trace->events),
		.stacks = !trace->events ? NULL : number ? outlier_stream_interval_stacks(trace->events) :
			  outlier_stream_run_stacks(trace->events),
	};
	struct snapshot *snapshot;

	trace->info.probes = probe_infos(trace->tracer, &trace->info.n_probes);
	read_names(trace);
	snapshot = snapshot_make(&input);
	if (!snapshot)
		fail(-ENOMEM, "snapshot");
	return snapshot;
}

static int show(struct trace *trace, struct snapshot *snapshot)
{
	if (!snapshot)
		return -ENOMEM;
	alert_actions_run(&trace->alert_actions, snapshot);
	if (trace->options->strict && !snapshot->number)
		trace->has_loss = strict_check(snapshot);
	outputs_show(&trace->outputs, snapshot);
	snapshot_free(snapshot);
	return 0;
}

/* Takes over NOW. */
static int report_interval(struct trace *trace, const struct reading *now)
{
	struct snapshot *snapshot;

	trace->n_intervals++;
	snapshot = make_snapshot(trace, trace->has_before ? &trace->before : NULL, now, trace->n_intervals);
	if (snapshot)
		trend_apply(trace->trend, snapshot);
	if (trace->has_before)
		reading_free(&trace->before);
	trace->before = *now;
	trace->has_before = true;
	if (snapshot && trace->events) {
		outlier_stream_print_slowest(trace->events, false);
		outlier_stream_end_lines(trace->events);
		outlier_stream_next_interval(trace->events);
	}
	return show(trace, snapshot);
}

/* With the outliers that there have been; those that come as fast as they are taken are left to the next interval. */
static int read_now(struct trace *trace, bool is_final, struct reading *now)
{
	const uint64_t until_ns = is_final ? UINT64_MAX : host_monotonic_ns() + MAX_TAKE_NS;

	while (trace->events && outlier_stream_consume(trace->events) && host_monotonic_ns() < until_ns)
		;
	return reader_read(trace->reader, is_final, now);
}

/* The last interval ends with the run, even if too early, so that the intervals add up to the whole. */
static int report_final(struct trace *trace)
{
	struct snapshot *whole;
	struct reading now;
	int error;

	tracer_gate_close(trace->tracer);
	error = read_now(trace, true, &now);
	if (error)
		return error;
	whole = make_snapshot(trace, NULL, &now, 0);
	if (whole && trace->options->interval_ns)
		error = report_interval(trace, &now);
	else
		reading_free(&now);
	if (trace->events && !trace->options->interval_ns) {
		outlier_stream_print_slowest(trace->events, true);
		outlier_stream_end_lines(trace->events);
	}
	if (error)
		snapshot_free(whole);
	return error ? error : show(trace, whole);
}

/* Whether the interval that ends now is the last one, which is left to report_final(). */
static bool is_last_interval(const struct trace *trace)
{
	const struct run_options *options = trace->options;
	uint64_t number = trace->n_intervals + 1;

	return number == options->n_intervals ||
	       (options->duration_ns && number * options->interval_ns >= options->duration_ns);
}

static int handle(struct trace *trace, enum event event)
{
	uint64_t n_expirations;
	struct signalfd_siginfo signal_info;
	struct reading now;

	switch (event) {
	case EVENT_INTERVAL:
		if (read(trace->event_loop.fds[event], &n_expirations, sizeof(n_expirations)) < 0)
			return 0;
		if (is_last_interval(trace))
			break;
		/* What could not be read is in the next interval. */
		return read_now(trace, false, &now) ? 0 : report_interval(trace, &now);
	case EVENT_OUTLIER:
		outlier_stream_consume(trace->events);
		outputs_flush(&trace->outputs);
		return 0;
	case EVENT_SIGNAL:
		if (read(trace->event_loop.fds[event], &signal_info, sizeof(signal_info)) < 0 ||
		    (trace->outputs.live && live_signal(trace->outputs.live, (int)signal_info.ssi_signo)) ||
		    (signal_info.ssi_signo == SIGHUP && output_file_reopen(trace->outputs.recorder)))
			return 0;
		break;
	case EVENT_PROCESS:
		note("process %u has ended", trace->options->tracer.config.pid);
		break;
	case EVENT_KEYS:
		trace->is_over |= !live_keys(trace->outputs.live);
		return 0;
	default:
		break;
	}
	trace->is_over = true;
	return 0;
}

static int loop(struct trace *trace)
{
	enum event events[N_EVENTS];
	int n_events, i, error = 0;

	while (!trace->is_over && !trace->outputs.is_over && !error) {
		n_events = event_loop_wait(&trace->event_loop, events);
		if (n_events < 0)
			return n_events;
		for (i = 0; i < n_events && !error; i++)
			error = handle(trace, events[i]);
	}
	return error;
}

/* Whose end is that of the run: afterwards its number may become another one's. */
static int watch_process(struct trace *trace)
{
	const struct lat_config *config = &trace->options->tracer.config;

	if (!config->pid || config->negated & 1U << LAT_NOT_PID)
		return 0;
	trace->process_fd = (int)syscall(SYS_pidfd_open, config->pid, 0);
	return trace->process_fd < 0 ? 0 : event_loop_add(&trace->event_loop, EVENT_PROCESS, trace->process_fd);
}

static int start_child(struct trace *trace)
{
	int error;

	if (!trace->options->command)
		return watch_process(trace);
	tracer_adopt(trace->tracer, getpid());
	error = child_hold(&trace->child, trace->options->command);
	tracer_adopt(trace->tracer, 0);
	if (error)
		return error;
	trace->has_child = true;
	return event_loop_add(&trace->event_loop, EVENT_CHILD, trace->child.pid_fd);
}

/* From here on everything counts. */
static int begin(struct trace *trace)
{
	const struct run_options *options = trace->options;
	int error = 0;

	trace->start_realtime_ns = host_realtime_ns();
	trace->start_monotonic_ns = host_monotonic_ns();
	tracer_gate_open(trace->tracer);
	banner_print(options);
	if (options->duration_ns)
		error = event_loop_add_timer(&trace->event_loop, EVENT_DURATION, trace->start_monotonic_ns + options->duration_ns, 0);
	if (!error && options->interval_ns)
		error = event_loop_add_timer(&trace->event_loop, EVENT_INTERVAL, trace->start_monotonic_ns + options->interval_ns,
				    options->interval_ns);
	if (!error && trace->has_child)
		error = child_release(&trace->child, options->command[0]);
	if (!error && trace->outputs.live)
		error = live_start(trace->outputs.live);
	if (!error && trace->outputs.live)
		error = event_loop_add(&trace->event_loop, EVENT_KEYS, live_fd(trace->outputs.live));
	return error;
}

static void name_dimensions(struct trace *trace)
{
	size_t n = 0;
	int dim;

	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if (trace->options->tracer.dims & 1U << dim && n < sizeof(trace->by))
			n += (size_t)snprintf(trace->by + n, sizeof(trace->by) - n, "%s%s", n ? "," : "",
					      dimensions[dim].name);
}

static int prepare(struct trace *trace)
{
	const struct run_options *options = trace->options;
	int error;

	uname(&trace->host);
	name_dimensions(trace);
	trace->info = (struct run_info){
		.target = options->tracer.target->name,
		.tool_version = LATENCYPROBE_VERSION,
		.kernel = trace->host.release,
		.host = trace->host.nodename,
		.command_line = options->command_line,
		.by = trace->by,
		.max_ns = options->tracer.config.max_ns,
		.outlier_ns = options->tracer.config.outlier_ns,
		.sample_rate = options->tracer.config.sample_rate,
	};
	memcpy(trace->names.key_at, tracer_config(trace->tracer)->key_at, sizeof(trace->names.key_at));
	trace->names.site_name = options->tracer.target->site_name;
	trace->names.sites = tracer_sites(trace->tracer, &trace->names.n_sites);
	read_names(trace);
	error = reader_open(&trace->reader, trace->tracer);
	if (!error && options->tracer.config.outlier_ns) {
		error = outlier_stream_open(&trace->events, trace->tracer, options->tracer.target, &trace->names,
				    outputs_lines(&trace->outputs), options->slowest, options->few_outliers);
		if (!error)
			error = event_loop_add(&trace->event_loop, EVENT_OUTLIER, outlier_stream_fd(trace->events));
	}
	return error ? error : start_child(trace);
}

/* False when a file or stdout lacks something, which has been reported. */
static bool finish(struct trace *trace)
{
	bool has_files = outputs_close(&trace->outputs);

	if (trace->has_child)
		child_close(&trace->child);
	if (trace->process_fd >= 0)
		close(trace->process_fd);
	if (trace->has_before)
		reading_free(&trace->before);
	label_names_free(&trace->names);
	trend_free(trace->trend);
	outlier_stream_close(trace->events);
	reader_close(trace->reader);
	tracer_close(trace->tracer);
	event_loop_close(&trace->event_loop);
	return has_files;
}

int trace_run(const struct run_options *options)
{
	struct trace trace = {
		.options = options,
		.process_fd = -1,
		.trend = options->interval_ns ? trend_new() : NULL,
		.alert_actions = { options->alerts, options->n_alerts, options->on_alert, options->interval_ns },
	};
	int status, error;
	bool has_begun;

	if (event_loop_open(&trace.event_loop))
		return EXIT_FAILED;
	if (outputs_open(&trace.outputs, options, &trace.info) || watch_signals(&trace)) {
		finish(&trace);
		return EXIT_FAILED;
	}
	status = tracer_open(&trace.tracer, &options->tracer);
	if (!status)
		status = tracer_attach(trace.tracer);
	if (status) {
		finish(&trace);
		return status;
	}
	error = prepare(&trace);
	if (!error)
		error = begin(&trace);
	has_begun = !error;
	if (has_begun)
		error = loop(&trace);
	outputs_end_live(&trace.outputs);
	/* Whoever has had enough of waiting for the disk may end it. */
	event_loop_allow_to_end(&trace.event_loop);
	/* Whatever ended it, what was measured is to be had. */
	if (has_begun && report_final(&trace))
		error = -EIO;
	if (!finish(&trace) || error)
		return EXIT_FAILED;
	return options->strict && (trace.alert_actions.n_fired || trace.has_loss) ? EXIT_CHECKED : EXIT_FINE;
}
