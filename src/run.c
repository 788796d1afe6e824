/* SPDX-License-Identifier: MIT */
/* Tracing: the event loop between start and final report. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "alarm.h"
#include "child.h"
#include "cli.h"
#include "disks.h"
#include "events.h"
#include "file_names.h"
#include "host.h"
#include "label.h"
#include "live.h"
#include "log.h"
#include "out.h"
#include "reader.h"
#include "recorder.h"
#include "sinks/sink.h"
#include "sinks/sink_feed.h"
#include "snapshot.h"
#include "targets/target.h"
#include "trend.h"
#include "units.h"
#include "version.h"

/* What the loop waits for. */
enum event { EVENT_SIGNAL, EVENT_INTERVAL, EVENT_DURATION, EVENT_CHILD, EVENT_OUTLIER, EVENT_KEYS, N_EVENTS };

struct run {
	const struct run_options *options;
	struct probe *probe;
	struct reader *reader;
	struct events *events;
	struct live *live; /* NULL without a live screen */
	bool was_live;     /* it had one, which showed all intervals but the last */
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
	struct out *stdout_out, *stderr_out;
	struct recorder *recorder, *folded; /* NULL without --output, --folded */
	struct sink_feed screen; /* what is written to stdout_out */
	struct sink_options sink_options;
	int epoll_fd, fds[N_EVENTS];
	bool is_over;
	bool has_loss;   /* of the kind that --strict does not take */
};

static int watch(struct run *run, enum event event, int fd)
{
	struct epoll_event wanted = { .events = EPOLLIN, .data.u32 = event };

	run->fds[event] = fd;
	if (fd < 0 || epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &wanted))
		return fail(-errno, "event loop");
	return 0;
}

/* Absolute times, so that the time a report takes does not add up. */
static int watch_timer(struct run *run, enum event event, uint64_t first_ns, uint64_t period_ns)
{
	struct itimerspec timer = {
		.it_value = { .tv_sec = (time_t)(first_ns / 1000000000), .tv_nsec = (long)(first_ns % 1000000000) },
		.it_interval = { .tv_sec = (time_t)(period_ns / 1000000000),
				 .tv_nsec = (long)(period_ns % 1000000000) },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL))
		return fail(-errno, "timer");
	return watch(run, event, fd);
}

static int watch_signals(struct run *run)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP); /* a dropped terminal is no reason to lose the run */
	if (run->live)
		live_add_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return watch(run, EVENT_SIGNAL, signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
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

/* A stream's end is the run's end: quietly when it was a pipe that nobody reads any more. */
static int check_stdout(struct run *run)
{
	int error = out_flush(run->stdout_out);

	if (!error)
		return 0;
	run->is_over = true;
	return error == -EPIPE ? 0 : fail(error, "stdout");
}

static bool stdout_has_text(const struct run *run)
{
	const char *output = run->options->output;

	return !run->options->quiet && !(output && !strcmp(output, "-"));
}

static int show(struct run *run, struct snapshot *snapshot)
{
	if (!snapshot)
		return -ENOMEM;
	alarms_check(&run->alarms, snapshot);
	if (run->options->strict && !snapshot->number)
		run->has_loss = alarms_has_loss(snapshot);
	if (run->live)
		live_show(run->live, snapshot);
	else if (stdout_has_text(run) && !(run->was_live && snapshot->number))
		sink_feed(&run->screen, snapshot);
	recorder_write(run->recorder, snapshot);
	run->is_over |= recorder_is_over(run->recorder);
	recorder_write(run->folded, snapshot);
	snapshot_free(snapshot);
	return check_stdout(run);
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
		events_next_interval(run->events);
	}
	return show(run, snapshot);
}

static int read_now(struct run *run, bool is_final, struct reading *now)
{
	while (run->events && events_take(run->events))
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
	if (run->events && !run->options->interval_ns)
		events_print_slowest(run->events, true);
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
	int error;

	switch (event) {
	case EVENT_INTERVAL:
		if (read(run->fds[event], &n_expirations, sizeof(n_expirations)) < 0)
			return 0;
		if (is_last_interval(run))
			break;
		error = read_now(run, false, &now);
		return error ? error : report_interval(run, &now);
	case EVENT_OUTLIER:
		events_take(run->events);
		return check_stdout(run);
	case EVENT_SIGNAL:
		if (read(run->fds[event], &signal_info, sizeof(signal_info)) < 0 ||
		    (run->live && live_signal(run->live, (int)signal_info.ssi_signo)) ||
		    (signal_info.ssi_signo == SIGHUP && recorder_reopen(run->recorder)))
			return 0;
		break;
	case EVENT_KEYS:
		run->is_over |= !live_keys(run->live);
		return 0;
	default:
		break;
	}
	run->is_over = true;
	return 0;
}

static int loop(struct run *run)
{
	struct epoll_event ready[N_EVENTS];
	int n_ready, i, error = 0;

	while (!run->is_over && !error) {
		n_ready = epoll_wait(run->epoll_fd, ready, N_EVENTS, -1);
		if (n_ready < 0 && errno != EINTR)
			return fail(-errno, "event loop");
		for (i = 0; i < n_ready && !error; i++)
			error = handle(run, ready[i].data.u32);
	}
	return error;
}

static int open_outputs(struct run *run)
{
	const struct run_options *options = run->options;

	run->sink_options.top = options->top;
	run->sink_options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	setvbuf(stdout, NULL, isatty(STDOUT_FILENO) ? _IOFBF : _IOLBF, 0);
	run->stdout_out = out_wrap(stdout);
	run->stderr_out = out_wrap(stderr);
	if (!run->stdout_out || !run->stderr_out)
		return fail(-errno, "stdout");
	run->screen = (struct sink_feed){ options->output ? sink_find("text") : options->sink, run->stdout_out,
					  &run->sink_options, .has_all = true };
	if (options->live && live_open(&run->live, &run->info))
		return -ENOMEM;
	if (recorder_open(&run->folded, options->folded, sink_find("folded"), options))
		return -EIO;
	return recorder_open(&run->recorder, options->output, options->sink, options);
}

static int start_child(struct run *run)
{
	int error;

	if (!run->options->command)
		return 0;
	probe_adopt(run->probe, getpid());
	error = child_hold(&run->child, run->options->command);
	probe_adopt(run->probe, 0);
	if (error)
		return error;
	run->has_child = true;
	return watch(run, EVENT_CHILD, run->child.pid_fd);
}

static void say_start(const struct probe_options *probe)
{
	char threshold[UNITS_LEN];

	if (probe->config.outlier_ns)
		note("Tracing %s, outliers from %s on... Hit Ctrl-C to end.", probe->target->name,
		     units_duration(threshold, (double)probe->config.outlier_ns));
	else
		note("Tracing %s... Hit Ctrl-C to end.", probe->target->name);
}

/* From here on everything counts. */
static int begin(struct run *run)
{
	const struct run_options *options = run->options;
	int error = 0;

	run->start_realtime_ns = host_realtime_ns();
	run->start_monotonic_ns = host_monotonic_ns();
	probe_gate_open(run->probe);
	say_start(&options->probe);
	if (options->duration_ns)
		error = watch_timer(run, EVENT_DURATION, run->start_monotonic_ns + options->duration_ns, 0);
	if (!error && options->interval_ns)
		error = watch_timer(run, EVENT_INTERVAL, run->start_monotonic_ns + options->interval_ns,
				    options->interval_ns);
	if (!error && run->has_child)
		error = child_release(&run->child, options->command[0]);
	if (!error && run->live)
		error = live_start(run->live);
	if (!error && run->live)
		error = watch(run, EVENT_KEYS, live_fd(run->live));
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
		/* Among other formats' data their lines would be noise. */
		bool is_text = stdout_has_text(run) && (options->output || options->sink == sink_find("text"));

		error = events_open(&run->events, run->probe, options->probe.target, &run->names,
				    run->live ? NULL : is_text ? run->stdout_out : run->stderr_out, options->slowest);
		if (!error)
			error = watch(run, EVENT_OUTLIER, events_fd(run->events));
	}
	return error ? error : start_child(run);
}

/* Whoever has had enough of waiting for the disk may end it; what was typed before was not meant for that. */
static void allow_to_end(const struct run *run)
{
	struct signalfd_siginfo signal_info;
	sigset_t signals;

	if (!run->fds[EVENT_SIGNAL])
		return;
	while (read(run->fds[EVENT_SIGNAL], &signal_info, sizeof(signal_info)) > 0)
		;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/* False when a file lacks something, which has been reported. */
static bool finish(struct run *run)
{
	bool has_files;

	allow_to_end(run);
	has_files = recorder_close(run->recorder);
	has_files &= recorder_close(run->folded);
	if (run->has_child)
		child_close(&run->child);
	if (run->has_before)
		reading_free(&run->before);
	label_names_free(&run->names);
	trend_free(run->trend);
	events_close(run->events);
	live_close(run->live);
	reader_close(run->reader);
	probe_close(run->probe);
	if (run->stdout_out)
		out_close(run->stdout_out);
	if (run->stderr_out)
		out_close(run->stderr_out);
	close(run->epoll_fd);
	return has_files;
}

int run(const struct run_options *options)
{
	struct run run = {
		.options = options,
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.trend = options->interval_ns ? trend_new() : NULL,
		.alarms = { options->alerts, options->n_alerts, options->on_alert, options->interval_ns },
	};
	int status, error;

	if (run.epoll_fd < 0) {
		fail(-errno, "event loop");
		return EXIT_FAILED;
	}
	if (open_outputs(&run) || watch_signals(&run)) {
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
	if (!error)
		error = loop(&run);
	live_close(run.live);
	run.was_live = run.live;
	run.live = NULL;
	if (!error)
		error = report_final(&run);
	if (!finish(&run) || error)
		return EXIT_FAILED;
	return options->strict && (run.alarms.n_fired || run.has_loss) ? EXIT_CHECKED : EXIT_FINE;
}
