/* SPDX-License-Identifier: MIT */
/* Options: what the user asked for, checked. */
#include "cli/options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/alert.h"
#include "cli/option_values.h"
#include "cli/filter_values.h"
#include "system/host.h"
#include "model/label.h"
#include "base/log.h"
#include "model/outlier.h"
#include "registry/format.h"
#include "registry/target.h"

#define DEFAULT_MAX_NS 60000000000ULL
#define DEFAULT_MAX_KEYS 1024
#define DEFAULT_LIVE_NS 1000000000ULL
#define DEFAULT_OUTLIER_NS 10000000ULL
#define DEFAULT_RING_BYTES (256 * 1024)

static const struct argp_option argp_options[] = {
	{ .doc = "How long and how often:" },
	{ "duration", OPTION_DURATION, "TIME", 0,
	  "End after TIME (seconds, or with a unit: 500ms, 5m); 0: at Ctrl-C (default)" },
	{ "interval", 'i', "TIME", 0, "Report every TIME, too" },
	{ "count", OPTION_COUNT, "N", 0, "End after N intervals" },
	{ .doc = "What is measured; filters by who, --disk, --port and --addr may begin with ! for all others (quoted):" },
	{ "op", OPTION_OP, "OP[,OP]", 0, "These operations, and no others, or with ! all but these; `latencyprobe list TARGET` names them" },
	{ "pid", 'p', "PID", 0, "Only this process, all its threads, until it ends" },
	{ "comm", 'c', "NAME", 0, "Only threads of this name" },
	{ "cgroup", OPTION_CGROUP, "PATH", 0, "Only this cgroup (v2; a folder, or as --by cgroup shows it) and those below it" },
	{ "disk", 'd', "DISK", 0, "Only this disk: sda, vg-root, a path such as /dev/mapper/vg-root, or that of a loop device's file (block, bio)" },
	{ "uid", OPTION_UID, "USER", 0, "Only threads of this user, by name or number" },
	{ "ftype", OPTION_FTYPE, "TYPE[,TYPE]", 0,
	  "Only files of these types, or with ! all others: regular, directory, pipe, socket, char, block, link, anon, none"
	  " (vfs)" },
	{ "fs", OPTION_FS, "NAME[,NAME]", 0, "Only files of these types of file systems, or with ! of all others (vfs)" },
	{ "path", OPTION_PATH, "GLOB", 0,
	  "Only files whose whole path matches, as '/var/log/*' (* takes / as well), or with ! all others (vfs)" },
	{ "min-latency", OPTION_MIN_LATENCY, "TIME", 0, "Only what took TIME or longer, or with ! less" },
	{ "sample-rate", OPTION_SAMPLE_RATE, "N", 0, "Measure one of N, chosen at random; reports say what all would be" },
	{ "port", OPTION_PORT, "N", 0, "Only connections with this port at either end (tcp)" },
	{ "addr", OPTION_ADDR, "CIDR", 0, "Only connections with such an address at either end: 10.0.0.0/8, fe80::/10 (tcp)" },
	{ "ipv4", '4', NULL, 0, "Only connections over IPv4 (tcp)" },
	{ "ipv6", '6', NULL, 0, "Only connections over IPv6 (tcp)" },
	{ "by", OPTION_BY, "DIM[,DIM]", 0, "A histogram for each value of these; `latencyprobe list TARGET` names them" },
	{ "max-keys", OPTION_MAX_KEYS, "N", 0, "With --by: N histograms at most, the rest in one (default 1024)" },
	{ "arg", OPTION_ARG, "N", 0, "A histogram for each value of the Nth argument, from 1 to 5 (func)" },
	{ "ret", OPTION_RET, "TEST", 0, "Only calls whose result is <N, >N, ==N or !=N (func)" },
	{ "key", OPTION_KEY, "ARG", 0, "The argument that a pair of probes shares: arg0, arg1... (usdt; default: the thread)" },
	{ "attach", OPTION_ATTACH, "HOW", 0, "auto (default), fentry or kprobe" },
	{ "bpf-object", OPTION_BPF_OBJECT, "FILE", 0,
	  "Load this BPF object in place of the target's own; it has to have all that this has" },
	{ .doc = "Output:" },
	{ "output", 'o', "FILE", 0, "Write the whole run to FILE at the end; - is stdout" },
	{ "format", OPTION_FORMAT, "NAME", 0, "Format of FILE (default: by its ending, else json); without -o that of stdout" },
	{ "flush-every", OPTION_FLUSH_EVERY, "N", 0,
	  "Write to FILE.jsonl every N intervals (default 1: what is killed has lost none)" },
	{ "fsync", OPTION_FSYNC, NULL, 0,
	  "Each time FILE.jsonl is written, wait until the disk has it (in a thread of its own)" },
	{ "no-output", OPTION_NO_OUTPUT, NULL, 0, "Only stdout, whatever -o says before or behind it" },
	{ "outlier", OPTION_OUTLIER, "TIME", 0,
	  "Print a line for each operation that took TIME or longer, as it ends; off: none (default: 10ms, at most 10 lines a"
	  " second, and none of what mostly waits: recv, lifetime, special files, system calls)" },
	{ "top", OPTION_TOP, "N", 0,
	  "Show N histograms, those with the most time in them, and the rest as a line each (default: 10 of more than 16)" },
	{ "alert", OPTION_ALERT, "WHEN", 0,
	  "Say so on stderr when, in an interval, FIGURE>LIMIT, as 'p99>5ms' or 'read:count<1'; may be repeated" },
	{ "on-alert", OPTION_ON_ALERT, "COMMAND", 0,
	  "Run this by sh, once in an interval at most, when alerts fire; its environment has LATENCYPROBE_ALERT and so on" },
	{ "strict", OPTION_STRICT, NULL, 0, "Exit with status 4 if an alert fired or anything was lost" },
	{ "buckets", OPTION_BUCKETS, "TIME,TIME", 0,
	  "Count between these bounds, up to 19 in rising order (1us,10us,100us), exactly; what lasts just as long as one is"
	  " above it" },
	{ "total", OPTION_TOTAL, NULL, 0, "Histograms of both phases together, too (block)" },
	{ "pending", OPTION_PENDING, "TIME", 0, "List requests under way for TIME or longer, in each report (block)" },
	{ "stacks", OPTION_STACKS, "user", OPTION_ARG_OPTIONAL,
	  "Call stacks of outliers (default: from 10 ms on), in the kernel; =user: and in the program. Of block requests:"
	  " of who submitted them" },
	{ "folded", OPTION_FOLDED, "FILE", 0, "Write the call stacks of outliers to FILE at the end, with their time in ns" },
	{ "slowest", OPTION_SLOWEST, "N", 0,
	  "Print the N slowest of each interval, or else of the run, in place of each outlier (N up to 1000; from 10 ms on"
	  " without --outlier)" },
	{ "ring-size", OPTION_RING_SIZE, "BYTES", 0,
	  "What outliers wait in to be read, a power of two, such as 64K or 4M (default 256K)" },
	{ "live", OPTION_LIVE, NULL, 0,
	  "Show a heat map, percentiles over time and the slowest on the whole screen, every -i TIME (default 1 s); ? there"
	  " names the keys" },
	{ "quiet", 'q', NULL, 0, "No report on stdout, no messages but errors and alerts, no outliers but those asked for" },
	{ "verbose", 'v', NULL, 0, "More messages: what is attached to, and how; what libbpf says" },
	{ 0 },
};

static void parse_alert(struct argp_state *state, const struct parsing *parse, const char *text)
{
	struct run_options *options = parse->options;
	struct alert *alerts = realloc(options->alerts, (options->n_alerts + 1) * sizeof(*alerts));

	if (!alerts)
		exit(fail(EXIT_FAILED, "--alert: no memory"));
	options->alerts = alerts;
	if (alert_parse(&alerts[options->n_alerts++], text))
		option_error(state, "--alert: %s is no test such as 'p99>5ms', 'read:mean>1ms', 'errors>0' or 'count<1' (of "
			    "%s)", text, "count, rate, errors, mean, max, p50, p75, p90, p95, p99, p99.9, p99.99");
}

/* [interval [count]], as the older tools have it, unless the target has use for words. */
static void parse_positional(struct argp_state *state, const struct parsing *parse, const char *text)
{
	struct run_options *options = parse->options;

	if (parse->target->words)
		options->tracer.words[options->tracer.n_words++] = (char *)text;
	else if (state->arg_num == 0 && options->interval_ns)
		option_error(state, "the interval is given twice: by -i, and by %s", text);
	else if (state->arg_num == 0)
		options->interval_ns = option_interval(state, "interval", text);
	else if (state->arg_num == 1)
		options->n_intervals = option_number(state, "count", text, UINT32_MAX);
	else
		option_error(state, "what is %s? (a command to trace comes behind --)", text);
}

static void check_output(struct argp_state *state, struct parsing *parse)
{
	struct run_options *options = parse->options;

	if (parse->has_no_output)
		options->output = parse->format = NULL;
	options->format = format_choose(parse->format, options->output);
	if (!options->format)
		option_error(state, "--format: there is no format %s", parse->format);
	if (options->format->needs_outliers && !options->tracer.config.outlier_ns)
		option_error(state, "the format %s needs --outlier", options->format->name);
	if ((options->flush_every || options->fsync) && !parse->has_no_output && !cli_is_streamed(options))
		option_error(state, "--flush-every and --fsync need a file that is written as the run goes on, such as -o "
			    "FILE.jsonl");
	if (!options->flush_every)
		options->flush_every = 1;
}

static void choose_phases(struct argp_state *state, struct parsing *parse)
{
	uint32_t totals = 0;
	size_t i;

	for (i = 0; i < parse->target->n_ops; i++)
		if (parse->target->ops[i].is_total)
			totals |= 1U << i;
	if (!totals && parse->options->has_total)
		option_error(state, "--total: %s has no phases", parse->target->name);
	if (!parse->options->has_total)
		parse->options->tracer.config.op_mask &= ~totals;
}

/* Those that nobody has asked for may not be in the way. */
static void choose_outliers(struct argp_state *state, struct parsing *parse)
{
	struct run_options *options = parse->options;
	struct lat_config *config = &options->tracer.config;
	bool needs_some;

	if (options->folded && !config->stacks)
		config->stacks = LAT_STACKS_KERNEL;
	if (config->stacks && parse->target->has_no_stacks)
		option_error(state, "--stacks: %s has none", parse->target->name);
	needs_some = options->slowest || config->stacks;
	options->few_outliers = !parse->has_outlier && !needs_some;
	config->outlier_ops = options->few_outliers ? target_outlier_ops(parse->target) : UINT32_MAX;
	config->outliers_regular = options->few_outliers && !config->ftypes;
	if (!config->outlier_ns && parse->has_outlier && needs_some)
		option_error(state, "%s needs outliers, which --outlier turns off", options->slowest ? "--slowest" : "--stacks");
	if (!config->outlier_ns && !parse->has_outlier && config->outlier_ops & config->op_mask)
		config->outlier_ns = DEFAULT_OUTLIER_NS;
}

static void check(struct argp_state *state, struct parsing *parse)
{
	struct run_options *options = parse->options;

	if (!options->tracer.max_keys && parse->has_by)
		options->tracer.max_keys = DEFAULT_MAX_KEYS;
	choose_phases(state, parse);
	choose_outliers(state, parse);
	check_output(state, parse);
	if (parse->target->words && options->tracer.n_words < parse->target->min_words)
		option_error(state, "%s takes %s", parse->target->name, parse->target->words);
	if (options->command && !options->command[0])
		option_error(state, "there is no command behind --");
	if (options->live && (options->quiet || (options->output && !strcmp(options->output, "-"))))
		option_error(state, "--live needs stdout for itself: no %s", options->quiet ? "--quiet" : "-o -");
	if (options->live && !options->interval_ns)
		options->interval_ns = DEFAULT_LIVE_NS;
	if (options->on_alert && !options->n_alerts)
		option_error(state, "--on-alert needs --alert");
	option_check_alerts(state, options, parse->target);
	if (options->n_intervals && !options->interval_ns)
		option_error(state, "--count needs --interval");
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct parsing *parse = state->input;
	struct run_options *options = parse->options;
	struct lat_config *config = &options->tracer.config;

	switch (key) {
	case OPTION_DURATION: options->duration_ns = option_time(state, "--duration", text); break;
	case 'i': options->interval_ns = option_interval(state, "--interval", text); break;
	case OPTION_COUNT: options->n_intervals = option_number(state, "--count", text, UINT32_MAX); break;
	case OPTION_OP: config->op_mask = option_ops(state, text); break;
	case 'p': option_pid(state, config, text); break;
	case 'c': option_comm(state, config, text); break;
	case OPTION_CGROUP: option_cgroup(state, &options->tracer, text); break;
	case 'd': option_disk(state, parse->target, config, text); break;
	case OPTION_UID: option_uid(state, config, text); break;
	case OPTION_FTYPE:
	case OPTION_FS: option_files(state, parse->target, config, key, text); break;
	case OPTION_PATH: option_path(state, &options->tracer, text); break;
	case OPTION_SAMPLE_RATE:
		config->sample_rate = (uint32_t)option_number(state, "--sample-rate", text, 1U << 20);
		break;
	case OPTION_MIN_LATENCY:
		config->min_ns = option_time(state, "--min-latency", filter_values_negation(config, LAT_NOT_MIN, text));
		break;
	case OPTION_BY:
		options->tracer.dims &= 1U << LAT_DIM_ARG; /* --arg stays, a target's own ones do not */
		options->tracer.dims |= option_list(state, "dimension", text, option_find_dim) & ~(1U << LAT_DIM_OP);
		parse->has_by = true;
		break;
	case OPTION_MAX_KEYS:
		options->tracer.max_keys = (uint32_t)option_number(state, "--max-keys", text, 1U << 20);
		break;
	case OPTION_ARG: option_arg(state, parse, text); break;
	case OPTION_KEY: option_key(state, parse, text); break;
	case OPTION_RET: option_ret(state, parse, text); break;
	case '4':
	case '6':
	case OPTION_PORT:
	case OPTION_ADDR: option_socket(state, parse->target, config, key, text); break;
	case OPTION_BPF_OBJECT: options->tracer.bpf_object = text; break;
	case OPTION_ATTACH: options->tracer.attach = option_attach(state, text); break;
	case 'o': options->output = text; break;
	case OPTION_FORMAT: parse->format = text; break;
	case OPTION_OUTLIER:
		config->outlier_ns = option_outlier(state, text);
		parse->has_outlier = true;
		break;
	case OPTION_STACKS: option_stacks(state, config, text); break;
	case OPTION_BUCKETS: option_buckets(state, config, text); break;
	case OPTION_PENDING: option_pending(state, parse->target, config, text); break;
	case OPTION_TOTAL: options->has_total = true; break;
	case OPTION_FOLDED: options->folded = text; break;
	case OPTION_LIVE: options->live = true; break;
	case OPTION_TOP: options->top = (unsigned int)option_number(state, "--top", text, UINT32_MAX); break;
	case OPTION_FLUSH_EVERY: options->flush_every = option_number(state, "--flush-every", text, UINT32_MAX); break;
	case OPTION_FSYNC: options->fsync = true; break;
	case OPTION_NO_OUTPUT: parse->has_no_output = true; break;
	case OPTION_SLOWEST: options->slowest = (uint32_t)option_number(state, "--slowest", text, OUTLIERS_KEPT); break;
	case OPTION_RING_SIZE: options->tracer.ring_bytes = option_ring_size(state, text); break;
	case OPTION_ALERT: parse_alert(state, parse, text); break;
	case OPTION_ON_ALERT: options->on_alert = text; break;
	case OPTION_STRICT: options->strict = true; break;
	case 'q': options->quiet = true; log_set_level(LOG_QUIET); break;
	case 'v': log_set_level(LOG_VERBOSE); break;
	case ARGP_KEY_ARG: parse_positional(state, parse, text); break;
	case ARGP_KEY_END: check(state, parse); break;
	case ARGP_KEY_ERROR:
		option_error(state, "there is no option %s, or it lacks its argument", state->argv[state->next - 1]);
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The traced command is everything behind the first "--". */
static int split_command(int argc, char **argv, struct run_options *options)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			options->command = &argv[i + 1];
			options->tracer.config.filter_follow = 1;
			return i;
		}
	return argc;
}

bool cli_is_streamed(const struct run_options *options)
{
	return options->output && strcmp(options->output, "-") && options->format->streams;
}

bool cli_asks_for_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "--usage") || !strcmp(argv[i], "-?"))
			return true;
	return false;
}

void cli_parse(int argc, char **argv, const struct target *target, struct run_options *options)
{
	struct parsing parse = { .options = options, .target = target };
	char args_doc[128];
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = args_doc,
		.doc = target->summary,
	};
	char name[64];

	*options = (struct run_options){
		.tracer = {
			.target = target,
			.dims = target->default_dims,
			.key_arg = -1,
			.words = calloc((size_t)argc + 1, sizeof(char *)),
			.ring_bytes = DEFAULT_RING_BYTES,
			.config = { .max_ns = DEFAULT_MAX_NS, .op_mask = target_default_ops(target) },
		},
	};
	snprintf(args_doc, sizeof(args_doc), "%s [-- COMMAND ARGS...]",
		 target->words ? target->words : "[INTERVAL [COUNT]]");
	snprintf(name, sizeof(name), "latencyprobe %s", target->name);
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	argc = split_command(argc, argv, options);
	/* Errors are said in one line by ARGP_KEY_ERROR, but argp's silence would be about help, too. */
	argp_parse(&argp, argc, argv, cli_asks_for_help(argc, argv) ? 0 : ARGP_NO_ERRS, NULL, &parse);
}

const struct argp_option *cli_options(void)
{
	return argp_options;
}

void cli_print_help(void)
{
	const struct target *target;
	const struct format *format;
	size_t i;

	puts("Usage: latencyprobe TARGET [OPTIONS] [INTERVAL [COUNT]] [-- COMMAND ARGS...]\n"
	     "  or:  latencyprobe list [TARGET [NAME]...] | doctor | --help | --version\n"
	     "  or:  latencyprobe replay FILE | merge FILE FILE... [--format NAME] [-o FILE]\n"
	     "  or:  latencyprobe compare BASE NEW | report FILE [FILE2] -o PAGE.html\n\n"
	     "Shows where time goes in this Linux kernel: latency histograms kept in the kernel, percentiles, and\n"
	     "an account of every call that was seen.\n\nTargets:");
	for (i = 0; (target = target_at(i)); i++)
		printf("  %-9s %s\n", target->name, target->summary);
	puts("\nCommands:\n"
	     "  list      what a target measures, where, and what it cannot see\n"
	     "  doctor    what this kernel and these permissions allow, and what to do about the rest\n"
	     "  replay    shows a recording (-o FILE.json or FILE.jsonl) again, or in another format\n"
	     "  merge     adds up recordings of several hosts\n"
	     "  compare   what changed between two recorded runs, and whether that is too much\n"
	     "  report    makes a page for a browser of a recording, or of two with what changed\n"
	     "  help      the options of a target or a command; man, completion: the man page, and completion for bash\n\n"
	     "Examples:\n"
	     "  sudo latencyprobe vfs --duration 60             file operations of everything, for a minute\n"
	     "  sudo latencyprobe tcp --output lat.json         TCP calls until Ctrl-C, then to a file as well\n"
	     "  sudo latencyprobe block --interval 5            disks, with a report every 5 seconds\n"
	     "  sudo latencyprobe block --live --outlier 10ms   a screen of what happens right now\n"
	     "  sudo latencyprobe vfs -p 1234 --op read,write   two operations of one process\n"
	     "  sudo latencyprobe block -d nvme0n1 1 10         one disk, ten reports, a second apart\n"
	     "  sudo latencyprobe vfs -- make -j8               a command and its children\n"
	     "  sudo latencyprobe block -i 1 -o run.jsonl       recorded, to be replayed, merged, converted\n"
	     "  latencyprobe replay run.jsonl -o run.hlog       for HdrHistogram's plotters\n"
	     "  latencyprobe report run.jsonl -o run.html       as a page for a browser\n\n"
	     "`latencyprobe TARGET --help` lists the options. Formats:");
	for (i = 0; (format = format_at(i)); i++)
		printf("  %-12s %s\n", format->name, format->help);
}
