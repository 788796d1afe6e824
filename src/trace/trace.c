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
#include "trace/output_file.h"
#include "model/snapshot.h"
#include "trace/banner.h"
#include "registry/target.h"
#include "model/trend.h"
#include "base/version.h"
#include "trace/event_loop.h"

#define MAX_TAKE_NS 100000000

struct run {
	const struct run_options *options;
	struct probe *probe;
	struct reader *reader;
	struct events *events;
	struct label_names names;
	struct run_info info;
	struct utsname host;
	char by[128]; /* the dimensions, with commas */
	struct reading before; /* the last interval's end */
	bool has_before;
	uint64_t start_realtime_ns, start_monotonic_ns;
	uint64_t n_intervals;
	struct alarms alarms;
	struct trend *trend; /* of the intervals */
	struct child child;
	bool has_child;
	int process_fd;  /* that of --pid; -1: none */
	struct outputs outputs;
	struct waits waits;
	bool is_over;
	bool has_loss;   /* of the kind that --strict does not take */
};

static int watch_signals(struct run *run)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP); /* a dropped terminal is no reason to lose the run */
	if (run->outputs.live)
		live_add_signals(&signals);
	signal(SIGPIPE, SIG_IGN);
	return waits_add_signals(&run->waits, &signals);
}

/* Devices and cgroups come and go. */
static void read_names(struct run *run)
{
	disks_read(&run->names, DISKS_SYS);
	if (run->names.key_at[LAT_DIM_CGROUP])
		host_read_cgroups(&run->names);
	if (run->names.key_at[LAT_DIM_FILE])
		file_names_read(&run->names, run->probe);
}

/* BEFORE is NULL from the start on; NUMBER is 0 for the whole run. */
static struct snapshot *make_snapshot(struct run *run, const struct reading *before, const struct reading *now,
				      uint64_t number)
{
	struct snapshot_input input = {
		.before = before,
		.now = now,
		.target = run->options->probe.target,
		.run = &run->info,
		.names = &run->names,
		.start_realtime_ns = before ? before->realtime_ns : run->start_realtime_ns,
		.start_monotonic_ns = before ? before->monotonic_ns : run->start_monotonic_ns,
		.op_mask = run->options->probe.config.op_mask,
		.bucket_low_ns = run->options->probe.config.bucket_low_ns,
		.n_buckets = run->options->probe.config.n_buckets,
		.number = number,
		.outliers = !run->events ? NULL : number ? events_interval(run->events) : events_run(run->events),
		.stacks = !run->events ? NULL : number ? events_interval_stacks(run->events) :
			  events_run_stacks(run->events),
	};
	struct snapshot *snapshot;

	run->info.probes = probe_infos(run->probe, &run->info.n_probes);
	read_names(run);
	snapshot = snapshot_make(&input);
	if (!snapshot)
		fail(-ENOMEM, "snapshot");
	return snapshot;
}

static int show(struct run *run, struct snapshot *snapshot)
{
	if (!snapshot)
		return -ENOMEM;
	alarms_check(&run->alarms, snapshot);
	if (run->options->strict && !snapshot->number)
		run->has_loss = alarms_has_loss(snapshot);
	outputs_show(&run->outputs, snapshot);
	snapshot_free(snapshot);
	return 0;
}

/* Takes over NOW. */
static int report_interval(struct run *run, const struct reading *now)
{
	struct snapshot *snapshot;

	run->n_intervals++;
	snapshot = make_snapshot(run, run->has_before ? &run->before : NULL, now, run->n_intervals);
	if (snapshot)
		trend_apply(run->trend, snapshot);
	if (run->has_before)
		reading_free(&run->before);
	run->before = *now;
	run->has_before = true;
	if (snapshot && run->events) {
		events_print_slowest(run->events, false);
		events_end_lines(run->events);
		events_next_interval(run->events);
	}
	return show(run, snapshot);
}

/* With the outliers that there have been; those that come as fast as they are taken are left to the next interval. */
static int read_now(struct run *run, bool is_final, struct reading *now)
{
	const uint64_t until_ns = is_final ? UINT64_MAX : host_monotonic_ns() + MAX_TAKE_NS;

	while (run->events && events_take(run->events) && host_monotonic_ns() < until_ns)
		;
	return reader_read(run->reader, is_final, now);
}

/* The last interval ends with the run, even if too early, so that the intervals add up to the whole. */
static int report_final(struct run *run)
{
	struct snapshot *whole;
	struct reading now;
	int error;

	probe_gate_close(run->probe);
	error = read_now(run, true, &now);
	if (error)
		return error;
	whole = make_snapshot(run, NULL, &now, 0);
	if (whole && run->options->interval_ns)
		error = report_interval(run, &now);
	else
		reading_free(&now);
	if (run->events && !run->options->interval_ns) {
		events_print_slowest(run->events, true);
		events_end_lines(run->events);
	}
	if (error)
		snapshot_free(whole);
	return error ? error : show(run, whole);
}

/* Whether the interval that ends now is the last one, which is left to report_final(). */
static bool is_last_interval(const struct run *run)
{
	const struct run_options *options = run->options;
	uint64_t number = run->n_intervals + 1;

	return number == options->n_intervals ||
	       (options->duration_ns && number * options->interval_ns >= options->duration_ns);
}

static int handle(struct run *run, enum event event)
{
	uint64_t n_expirations;
	struct signalfd_siginfo signal_info;
	struct reading now;

	switch (event) {
	case EVENT_INTERVAL:
		if (read(run->waits.fds[event], &n_expirations, sizeof(n_expirations)) < 0)
			return 0;
		if (is_last_interval(run))
			break;
		/* What could not be read is in the next interval. */
		return read_now(run, false, &now) ? 0 : report_interval(run, &now);
	case EVENT_OUTLIER:
		events_take(run->events);
		outputs_flush(&run->outputs);
		return 0;
	case EVENT_SIGNAL:
		if (read(run->waits.fds[event], &signal_info, sizeof(signal_info)) < 0 ||
		    (run->outputs.live && live_signal(run->outputs.live, (int)signal_info.ssi_signo)) ||
		    (signal_info.ssi_signo == SIGHUP && recorder_reopen(run->outputs.recorder)))
			return 0;
		break;
	case EVENT_PROCESS:
		note("process %u has ended", run->options->probe.config.pid);
		break;
	case EVENT_KEYS:
		run->is_over |= !live_keys(run->outputs.live);
		return 0;
	default:
		break;
	}
	run->is_over = true;
	return 0;
}

static int loop(struct run *run)
{
	enum event events[N_EVENTS];
	int n_events, i, error = 0;

	while (!run->is_over && !run->outputs.is_over && !error) {
		n_events = waits_wait(&run->waits, events);
		if (n_events < 0)
			return n_events;
		for (i = 0; i < n_events && !error; i++)
			error = handle(run, events[i]);
	}
	return error;
}

/* Whose end is that of the run: afterwards its number may become another one's. */
static int watch_process(struct run *run)
{
	const struct lat_config *config = &run->options->probe.config;

	if (!config->pid || config->negated & 1U << LAT_NOT_PID)
		return 0;
	run->process_fd = (int)syscall(SYS_pidfd_open, config->pid, 0);
	return run->process_fd < 0 ? 0 : waits_add(&run->waits, EVENT_PROCESS, run->process_fd);
}

static int start_child(struct run *run)
{
	int error;

	if (!run->options->command)
		return watch_process(run);
	probe_adopt(run->probe, getpid());
	error = child_hold(&run->child, run->options->command);
	probe_adopt(run->probe, 0);
	if (error)
		return error;
	run->has_child = true;
	return waits_add(&run->waits, EVENT_CHILD, run->child.pid_fd);
}

/* From here on everything counts. */
static int begin(struct run *run)
{
	const struct run_options *options = run->options;
	int error = 0;

	run->start_realtime_ns = host_realtime_ns();
	run->start_monotonic_ns = host_monotonic_ns();
	probe_gate_open(run->probe);
	start_say(options);
	if (options->duration_ns)
		error = waits_add_timer(&run->waits, EVENT_DURATION, run->start_monotonic_ns + options->duration_ns, 0);
	if (!error && options->interval_ns)
		error = waits_add_timer(&run->waits, EVENT_INTERVAL, run->start_monotonic_ns + options->interval_ns,
				    options->interval_ns);
	if (!error && run->has_child)
		error = child_release(&run->child, options->command[0]);
	if (!error && run->outputs.live)
		error = live_start(run->outputs.live);
	if (!error && run->outputs.live)
		error = waits_add(&run->waits, EVENT_KEYS, live_fd(run->outputs.live));
	return error;
}

static void name_dimensions(struct run *run)
{
	size_t n = 0;
	int dim;

	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if (run->options->probe.dims & 1U << dim && n < sizeof(run->by))
			n += (size_t)snprintf(run->by + n, sizeof(run->by) - n, "%s%s", n ? "," : "",
					      dimensions[dim].name);
}

static int prepare(struct run *run)
{
	const struct run_options *options = run->options;
	int error;

	uname(&run->host);
	name_dimensions(run);
	run->info = (struct run_info){
		.target = options->probe.target->name,
		.tool_version = LATENCYPROBE_VERSION,
		.kernel = run->host.release,
		.host = run->host.nodename,
		.command_line = options->command_line,
		.by = run->by,
		.max_ns = options->probe.config.max_ns,
		.outlier_ns = options->probe.config.outlier_ns,
		.sample_rate = options->probe.config.sample_rate,
	};
	memcpy(run->names.key_at, probe_config(run->probe)->key_at, sizeof(run->names.key_at));
	run->names.site_name = options->probe.target->site_name;
	run->names.sites = probe_sites(run->probe, &run->names.n_sites);
	read_names(run);
	error = reader_open(&run->reader, run->probe);
	if (!error && options->probe.config.outlier_ns) {
		error = events_open(&run->events, run->probe, options->probe.target, &run->names,
				    outputs_lines(&run->outputs), options->slowest, options->few_outliers);
		if (!error)
			error = waits_add(&run->waits, EVENT_OUTLIER, events_fd(run->events));
	}
	return error ? error : start_child(run);
}

/* False when a file or stdout lacks something, which has been reported. */
static bool finish(struct run *run)
{
	bool has_files = outputs_close(&run->outputs);

	if (run->has_child)
		child_close(&run->child);
	if (run->process_fd >= 0)
		close(run->process_fd);
	if (run->has_before)
		reading_free(&run->before);
	label_names_free(&run->names);
	trend_free(run->trend);
	events_close(run->events);
	reader_close(run->reader);
	probe_close(run->probe);
	waits_close(&run->waits);
	return has_files;
}

int run(const struct run_options *options)
{
	struct run run = {
		.options = options,
		.process_fd = -1,
		.trend = options->interval_ns ? trend_new() : NULL,
		.alarms = { options->alerts, options->n_alerts, options->on_alert, options->interval_ns },
	};
	int status, error;
	bool has_begun;

	if (waits_open(&run.waits))
		return EXIT_FAILED;
	if (outputs_open(&run.outputs, options, &run.info) || watch_signals(&run)) {
		finish(&run);
		return EXIT_FAILED;
	}
	status = probe_open(&run.probe, &options->probe);
	if (!status)
		status = probe_attach(run.probe);
	if (status) {
		finish(&run);
		return status;
	}
	error = prepare(&run);
	if (!error)
		error = begin(&run);
	has_begun = !error;
	if (has_begun)
		error = loop(&run);
	outputs_end_live(&run.outputs);
	/* Whoever has had enough of waiting for the disk may end it. */
	waits_allow_to_end(&run.waits);
	/* Whatever ended it, what was measured is to be had. */
	if (has_begun && report_final(&run))
		error = -EIO;
	if (!finish(&run) || error)
		return EXIT_FAILED;
	return options->strict && (run.alarms.n_fired || run.has_loss) ? EXIT_CHECKED : EXIT_FINE;
}
