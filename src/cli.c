/* SPDX-License-Identifier: MIT */
/* Options: what the user asked for, checked. */
#include "cli.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "alert.h"
#include "filters.h"
#include "host.h"
#include "label.h"
#include "log.h"
#include "outlier.h"
#include "sinks/sink.h"
#include "targets/target.h"
#include "units.h"

#define DEFAULT_MAX_NS 60000000000ULL
#define DEFAULT_MAX_KEYS 1024
#define DEFAULT_LIVE_NS 1000000000ULL
#define DEFAULT_OUTLIER_NS 10000000ULL /* with --stacks */
#define DEFAULT_RING_BYTES (256 * 1024)
#define MAX_RING_BYTES (1U << 30)
#define DEFAULT_SLOWEST_NS 10000000ULL

enum {
	OPTION_DURATION = 256, OPTION_COUNT, OPTION_CGROUP, OPTION_OP, OPTION_ATTACH, OPTION_FORMAT, OPTION_BY,
	OPTION_MAX_KEYS, OPTION_OUTLIER, OPTION_ARG, OPTION_RET, OPTION_KEY, OPTION_LIVE,
	OPTION_UID, OPTION_FTYPE, OPTION_FS, OPTION_MIN_LATENCY, OPTION_SAMPLE_RATE,
	OPTION_ALERT, OPTION_ON_ALERT, OPTION_STRICT, OPTION_TOP,
	OPTION_FLUSH_EVERY, OPTION_FSYNC, OPTION_NO_OUTPUT, OPTION_SLOWEST, OPTION_RING_SIZE,
	OPTION_STACKS, OPTION_FOLDED, OPTION_BUCKETS, OPTION_PENDING, OPTION_TOTAL,
	OPTION_PORT, OPTION_ADDR,
};

static const struct argp_option argp_options[] = {
	{ .doc = "How long and how often:" },
	{ "duration", OPTION_DURATION, "TIME", 0,
	  "End after TIME (seconds, or with a unit: 500ms, 5m); 0: at Ctrl-C (default)" },
	{ "interval", 'i', "TIME", 0, "Report every TIME, too" },
	{ "count", OPTION_COUNT, "N", 0, "End after N intervals" },
	{ .doc = "What is measured; filters by who, and --disk, may begin with ! for all others (quote it for the shell):" },
	{ "op", OPTION_OP, "OP[,OP]", 0, "Only these operations" },
	{ "pid", 'p', "PID", 0, "Only this process, all its threads" },
	{ "comm", 'c', "NAME", 0, "Only threads of this name" },
	{ "cgroup", OPTION_CGROUP, "PATH", 0, "Only this cgroup (v2) and those below it" },
	{ "disk", 'd', "DISK", 0, "Only this disk (block)" },
	{ "uid", OPTION_UID, "USER", 0, "Only threads of this user, by name or number" },
	{ "ftype", OPTION_FTYPE, "TYPE[,TYPE]", 0,
	  "Only files of these types, or with ! all others: regular, directory, pipe, socket, char, block, link, anon, none"
	  " (vfs)" },
	{ "fs", OPTION_FS, "NAME[,NAME]", 0, "Only files of these types of file systems, or with ! of all others (vfs)" },
	{ "min-latency", OPTION_MIN_LATENCY, "TIME", 0, "Only what took TIME or longer" },
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
	{ .doc = "Output:" },
	{ "output", 'o', "FILE", 0, "Write the whole run to FILE at the end; - is stdout" },
	{ "format", OPTION_FORMAT, "NAME", 0, "Its format (default: by FILE's ending, else json); without -o that of stdout" },
	{ "flush-every", OPTION_FLUSH_EVERY, "N", 0,
	  "Write to FILE.jsonl every N intervals (default 1: what is killed has lost none)" },
	{ "fsync", OPTION_FSYNC, NULL, 0, "Each time, wait until the disk has it (in a thread of its own)" },
	{ "no-output", OPTION_NO_OUTPUT, NULL, 0, "Only stdout, whatever -o says before or behind it" },
	{ "outlier", OPTION_OUTLIER, "TIME", 0, "Print a line for each operation that took TIME or longer, as it ends" },
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
	{ "folded", OPTION_FOLDED, "FILE", 0, "Write these stacks to FILE at the end, with their time in ns" },
	{ "slowest", OPTION_SLOWEST, "N", 0,
	  "Instead, print the N slowest of each interval, or else of the run (default --outlier 10ms; N up to 1000)" },
	{ "ring-size", OPTION_RING_SIZE, "BYTES", 0,
	  "What outliers wait in to be read, a power of two, such as 64K or 4M (default 256K)" },
	{ "live", OPTION_LIVE, NULL, 0,
	  "Show a heat map, percentiles over time and the slowest on the whole screen, every -i TIME (default 1 s); ? there"
	  " names the keys" },
	{ "quiet", 'q', NULL, 0, "No report on stdout, no messages but errors" },
	{ "verbose", 'v', NULL, 0, "More messages" },
	{ 0 },
};

struct parse {
	struct run_options *options;
	const struct target *target;
	const char *format;
	bool has_by, has_no_output;
};

/* One line, then the end. */
static void usage_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
static void usage_error(const struct argp_state *state, const char *format, ...)
{
	const struct parse *parse = state->input;
	char *message;
	va_list args;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		exit(EXIT_USAGE);
	va_end(args);
	fail(0, "%s; see latencyprobe %s --help", message, parse->target->name);
	free(message);
	exit(EXIT_USAGE);
}

static uint64_t parse_time(struct argp_state *state, const char *name, const char *text)
{
	uint64_t ns;

	if (units_parse_duration(text, &ns))
		usage_error(state, "%s: %s is no time such as 5, 0.5 or 500ms", name, text);
	return ns;
}

static uint64_t parse_number(struct argp_state *state, const char *name, const char *text, uint64_t max)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < 1 || number > max)
		usage_error(state, "%s: %s is no number from 1 to %llu", name, text, (unsigned long long)max);
	return number;
}

/* Calls FIND for each part between commas; the set of bits that it finds. */
static uint32_t parse_list(struct argp_state *state, const char *what, const char *text,
			   uint32_t (*find)(const struct target *target, const char *name))
{
	const struct target *target = ((struct parse *)state->input)->target;
	char *copy = strdup(text), *rest = copy, *name;
	uint32_t bits, all = 0;

	while (copy && (name = strsep(&rest, ","))) {
		bits = find(target, name);
		if (!bits)
			usage_error(state, "%s has no %s %s (`latencyprobe list %s` names them)", target->name, what,
				    *name ? name : "''", target->name);
		all |= bits;
	}
	free(copy);
	return all;
}

static uint32_t find_op(const struct target *target, const char *name)
{
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		if (!strcmp(target->ops[i].name, name))
			bits |= 1U << i;
	return bits;
}

static uint32_t find_dim(const struct target *target, const char *name)
{
	int dim;

	/* These always are. */
	if (!strcmp(name, "ret") || (target->site_name && !strcmp(name, target->site_name)))
		return 1U << LAT_DIM_OP;
	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if ((dim == LAT_DIM_OP || target->dims & 1U << dim) && !strcmp(dimensions[dim].name, name))
			return 1U << dim;
	return 0;
}

static void parse_pid(struct argp_state *state, struct lat_config *config, const char *text)
{
	text = filters_negation(config, LAT_NOT_PID, text);
	config->pid = (uint32_t)parse_number(state, "--pid", text, 1U << 30);
	if (!host_has_pid((pid_t)config->pid))
		usage_error(state, "--pid: there is no process %u", config->pid);
}

static void parse_comm(struct argp_state *state, struct lat_config *config, const char *text)
{
	text = filters_negation(config, LAT_NOT_COMM, text);
	/* The kernel keeps 15 bytes and a NUL. */
	if (!*text || strlen(text) >= LAT_COMM_LEN)
		usage_error(state, "--comm: a thread's name has 1 to %d bytes", LAT_COMM_LEN - 1);
	memset(config->comm, 0, sizeof(config->comm));
	memcpy(config->comm, text, strlen(text));
	config->filter_comm = 1;
}

static void parse_cgroup(struct argp_state *state, struct probe_options *probe, const char *text)
{
	struct statfs fs;

	text = filters_negation(&probe->config, LAT_NOT_CGROUP, text);
	if (statfs(text, &fs))
		usage_error(state, "--cgroup: %s: %s", text, strerror(errno));
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		usage_error(state, "--cgroup: %s is no cgroup (a folder of the cgroup2 file system)", text);
	probe->cgroup = text;
	probe->config.filter_cgroup = 1;
}

static void parse_disk(struct argp_state *state, const struct target *target, struct lat_config *config,
		       const char *text)
{
	char disk[64];
	int error;

	if (!target->has_disks)
		usage_error(state, "--disk: %s has no disks", target->name);
	text = filters_negation(config, LAT_NOT_DEVICE, text);
	error = host_disk(text, &config->device, disk);
	if (error == -EXDEV)
		usage_error(state, "--disk: %s is a partition; requests belong to its disk, %s", text, disk);
	if (error)
		usage_error(state, "--disk: there is no disk %s", text);
}

static void parse_uid(struct argp_state *state, struct lat_config *config, const char *text)
{
	if (!filters_parse_uid(config, text))
		usage_error(state, "--uid: there is no user %s", text);
}

static void parse_files(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
			const char *text)
{
	const char *option = key == OPTION_FTYPE ? "--ftype" : "--fs";

	if (!(target->dims & 1U << LAT_DIM_FTYPE))
		usage_error(state, "%s: %s has no files", option, target->name);
	if (key == OPTION_FTYPE && !filters_parse_ftypes(config, text))
		usage_error(state, "--ftype: %s is not made of types that --help names", text);
	if (key == OPTION_FS && !filters_parse_fs(config, text))
		usage_error(state, "--fs: %s is not 1 to %d names of file system types", text, LAT_MAX_FS);
}

static void parse_arg(struct argp_state *state, struct parse *parse, const char *text)
{
	if (!parse->target->has_arguments)
		usage_error(state, "--arg: %s has no functions with arguments", parse->target->name);
	parse->options->probe.config.arg = (uint8_t)(parse_number(state, "--arg", text, 5) - 1);
	parse->options->probe.dims |= 1U << LAT_DIM_ARG;
	parse->has_by = true;
}

static void parse_ret(struct argp_state *state, const struct parse *parse, const char *text)
{
	static const struct {
		const char *sign;
		enum lat_test test;
	} tests[] = {
		{ "==", LAT_TEST_EQUAL }, { "!=", LAT_TEST_NOT_EQUAL }, { "<", LAT_TEST_LESS }, { ">", LAT_TEST_GREATER },
	};
	struct lat_config *config = &parse->options->probe.config;
	const char *number;
	char *end;
	size_t i;

	if (!parse->target->has_arguments)
		usage_error(state, "--ret: %s has no functions with results of their own", parse->target->name);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		number = text + strlen(tests[i].sign);
		if (strncmp(text, tests[i].sign, strlen(tests[i].sign)))
			continue;
		errno = 0;
		config->result = strtoll(number, &end, 0);
		config->result_test = (uint8_t)tests[i].test;
		if (end != number && !*end && !errno)
			return;
		break;
	}
	usage_error(state, "--ret: %s is no test such as '<0', '==0' or '!=-11'", text);
}

static void parse_buckets(struct argp_state *state, struct lat_config *config, const char *text)
{
	char *copy = strdup(text), *rest = copy, *bound;

	config->n_buckets = 1;
	while (copy && (bound = strsep(&rest, ","))) {
		uint64_t ns = parse_time(state, "--buckets", bound);

		if (config->n_buckets == LAT_MAX_BUCKETS)
			usage_error(state, "--buckets: %d bounds at most", LAT_MAX_BUCKETS - 1);
		if (ns <= config->bucket_low_ns[config->n_buckets - 1])
			usage_error(state, "--buckets: %s is not above what is before it", bound);
		config->bucket_low_ns[config->n_buckets++] = ns;
	}
	free(copy);
}

static void parse_pending(struct argp_state *state, const struct target *target, struct lat_config *config,
			  const char *text)
{
	if (!target->has_depth)
		usage_error(state, "--pending: %s has no requests", target->name);
	config->pending_ns = parse_time(state, "--pending", text);
	if (!config->pending_ns)
		config->pending_ns = 1;
}

static void parse_stacks(struct argp_state *state, struct lat_config *config, const char *text)
{
	if (text && strcmp(text, "user") && strcmp(text, "kernel"))
		usage_error(state, "--stacks: %s is none of kernel, user", text);
	config->stacks = text && *text == 'u' ? LAT_STACKS_USER : LAT_STACKS_KERNEL;
}

static void parse_key(struct argp_state *state, const struct parse *parse, const char *text)
{
	const char *number = strncmp(text, "arg", 3) ? text : text + 3;

	if (!parse->target->has_keys)
		usage_error(state, "--key: %s has no pairs of probes", parse->target->name);
	if (number[0] < '0' || number[0] > '9' || number[1])
		usage_error(state, "--key: %s is none of arg0 to arg9", text);
	parse->options->probe.key_arg = number[0] - '0';
}

/* ADDRESS or ADDRESS/BITS, as IPv6. False when it is none. */
static bool parse_cidr(struct lat_config *config, const char *text)
{
	unsigned char address[16] = { [10] = 0xff, [11] = 0xff }, mask[16] = { 0 };
	char *copy = strdup(text), *bits = copy, *end = NULL, *ip = strsep(&bits, "/");
	unsigned long n_bits = 128, first = 0, i;
	bool is_fine;

	if (ip && inet_pton(AF_INET, ip, address + 12) == 1)
		first = 96;
	is_fine = ip && (first || inet_pton(AF_INET6, ip, address) == 1);
	if (is_fine && bits) {
		n_bits = first + strtoul(bits, &end, 10);
		is_fine = *bits >= '0' && *bits <= '9' && !*end && n_bits <= 128;
	}
	for (i = 0; is_fine && i < n_bits; i++)
		mask[i / 8] |= (unsigned char)(0x80 >> i % 8);
	memcpy(config->addr, address, sizeof(address));
	memcpy(config->addr_mask, mask, sizeof(mask));
	config->has_addr = 1;
	free(copy);
	return is_fine;
}

static void parse_socket(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
			 const char *text)
{
	if (!(target->dims & 1U << LAT_DIM_CONN))
		usage_error(state, "--port, --addr, -4, -6: %s has no connections", target->name);
	config->filter_socket = 1;
	if (key == OPTION_PORT)
		config->port = (uint16_t)parse_number(state, "--port", text, 65535);
	else if (key != OPTION_ADDR)
		config->family = (uint8_t)(key - '0');
	else if (!parse_cidr(config, text))
		usage_error(state, "--addr: %s is no address such as 10.1.2.3, 10.0.0.0/8 or fe80::/10", text);
}

static enum attach_kind parse_attach(struct argp_state *state, const char *text)
{
	static const char *const names[] = {
		[ATTACH_AUTO] = "auto", [ATTACH_FENTRY] = "fentry", [ATTACH_KPROBE] = "kprobe",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], text))
			return (enum attach_kind)i;
	usage_error(state, "--attach: %s is none of auto, fentry, kprobe", text);
}

static uint32_t parse_ring_size(struct argp_state *state, const char *text)
{
	static const char units[] = "KM";
	uint64_t bytes = 0;
	const char *unit;
	char *end;

	if (*text >= '0' && *text <= '9')
		bytes = strtoull(text, &end, 10);
	unit = bytes && *end ? strchr(units, *end) : NULL;
	if (unit && bytes <= MAX_RING_BYTES)
		bytes <<= 10 * (unit - units + 1);
	if (!bytes || (unit ? end[1] : *end) || bytes > MAX_RING_BYTES || bytes & (bytes - 1) ||
	    bytes < (uint64_t)sysconf(_SC_PAGESIZE))
		usage_error(state, "--ring-size: %s is no power of two from a page, %ld bytes, to 1024M", text,
			    sysconf(_SC_PAGESIZE));
	return (uint32_t)bytes;
}

static void parse_alert(struct argp_state *state, const struct parse *parse, const char *text)
{
	struct run_options *options = parse->options;
	struct alert *alerts = realloc(options->alerts, (options->n_alerts + 1) * sizeof(*alerts));

	if (!alerts)
		exit(fail(EXIT_FAILED, "--alert: no memory"));
	options->alerts = alerts;
	if (alert_parse(&alerts[options->n_alerts], text))
		usage_error(state, "--alert: %s is no test such as 'p99>5ms', 'read:mean>1ms', 'errors>0' or 'count<1' (of "
			    "%s)", text, "count, rate, errors, mean, max, p50, p75, p90, p95, p99, p99.9, p99.99");
	options->n_alerts++;
}

/* [interval [count]], as the older tools have it, unless the target has use for words. */
static void parse_positional(struct argp_state *state, const struct parse *parse, const char *text)
{
	struct run_options *options = parse->options;

	if (parse->target->words)
		options->probe.words[options->probe.n_words++] = (char *)text;
	else if (state->arg_num == 0)
		options->interval_ns = parse_time(state, "interval", text);
	else if (state->arg_num == 1)
		options->n_intervals = parse_number(state, "count", text, UINT32_MAX);
	else
		usage_error(state, "what is %s? (a command to trace comes behind --)", text);
}

/* Where an operation's name is all that series have, what is before the colon has to be one: else it is a slip. */
static void check_alerts(struct argp_state *state, const struct parse *parse)
{
	const struct run_options *options = parse->options;
	const struct target *target = parse->target;
	const struct alert *alert;
	size_t i;

	if (target->site_name || (target->n_ops && target->ops->phase) || (options->probe.dims & ~(1U << LAT_DIM_OP)))
		return;
	for (alert = options->alerts; alert < options->alerts + options->n_alerts; alert++) {
		for (i = 0; i < target->n_ops; i++)
			if (strlen(target->ops[i].name) == alert->n_where &&
			    !strncmp(target->ops[i].name, alert->text, alert->n_where))
				break;
		if (alert->n_where && i == target->n_ops)
			usage_error(state, "--alert: %s has no operation %.*s", target->name, (int)alert->n_where,
				    alert->text);
	}
}

static void check_output(struct argp_state *state, struct parse *parse)
{
	struct run_options *options = parse->options;

	if (parse->has_no_output)
		options->output = parse->format = NULL;
	options->sink = sink_choose(parse->format, options->output);
	if (!options->sink)
		usage_error(state, "--format: there is no format %s", parse->format);
	if (options->sink->needs_outliers && !options->probe.config.outlier_ns)
		usage_error(state, "the format %s needs --outlier", options->sink->name);
	if ((options->flush_every || options->fsync) && !parse->has_no_output && !cli_is_streamed(options))
		usage_error(state, "--flush-every and --fsync need a file that is written as the run goes on, such as -o "
			    "FILE.jsonl");
	if (!options->flush_every)
		options->flush_every = 1;
}

static void choose_phases(struct argp_state *state, struct parse *parse)
{
	uint32_t totals = 0;
	size_t i;

	for (i = 0; i < parse->target->n_ops; i++)
		if (parse->target->ops[i].is_total)
			totals |= 1U << i;
	if (!totals && parse->options->has_total)
		usage_error(state, "--total: %s has no phases", parse->target->name);
	if (!parse->options->has_total)
		parse->options->probe.config.op_mask &= ~totals;
}

static void check(struct argp_state *state, struct parse *parse)
{
	struct run_options *options = parse->options;

	if (!options->probe.max_keys && parse->has_by)
		options->probe.max_keys = DEFAULT_MAX_KEYS;
	if (options->slowest && !options->probe.config.outlier_ns)
		options->probe.config.outlier_ns = DEFAULT_SLOWEST_NS;
	check_output(state, parse);
	if (parse->target->words && options->probe.n_words < parse->target->min_words)
		usage_error(state, "%s takes %s", parse->target->name, parse->target->words);
	if (options->command && !options->command[0])
		usage_error(state, "there is no command behind --");
	if (options->live && (options->quiet || (options->output && !strcmp(options->output, "-"))))
		usage_error(state, "--live needs stdout for itself: no %s", options->quiet ? "--quiet" : "-o -");
	if (options->live && !options->interval_ns)
		options->interval_ns = DEFAULT_LIVE_NS;
	if (options->on_alert && !options->n_alerts)
		usage_error(state, "--on-alert needs --alert");
	check_alerts(state, parse);
	if (options->n_intervals && !options->interval_ns)
		usage_error(state, "--count needs --interval");
	choose_phases(state, parse);
	if (options->folded && !options->probe.config.stacks)
		options->probe.config.stacks = LAT_STACKS_KERNEL;
	if (options->probe.config.stacks && !options->probe.config.outlier_ns)
		options->probe.config.outlier_ns = DEFAULT_OUTLIER_NS;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct run_options *options = parse->options;
	struct lat_config *config = &options->probe.config;

	switch (key) {
	case OPTION_DURATION: options->duration_ns = parse_time(state, "--duration", text); break;
	case 'i': options->interval_ns = parse_time(state, "--interval", text); break;
	case OPTION_COUNT: options->n_intervals = parse_number(state, "--count", text, UINT32_MAX); break;
	case OPTION_OP: config->op_mask = parse_list(state, "operation", text, find_op); break;
	case 'p': parse_pid(state, config, text); break;
	case 'c': parse_comm(state, config, text); break;
	case OPTION_CGROUP: parse_cgroup(state, &options->probe, text); break;
	case 'd': parse_disk(state, parse->target, config, text); break;
	case OPTION_UID: parse_uid(state, config, text); break;
	case OPTION_FTYPE:
	case OPTION_FS: parse_files(state, parse->target, config, key, text); break;
	case OPTION_SAMPLE_RATE:
		config->sample_rate = (uint32_t)parse_number(state, "--sample-rate", text, 1U << 20);
		break;
	case OPTION_MIN_LATENCY: config->min_ns = parse_time(state, "--min-latency", text); break;
	case OPTION_BY:
		options->probe.dims &= 1U << LAT_DIM_ARG; /* --arg stays, a target's own ones do not */
		options->probe.dims |= parse_list(state, "dimension", text, find_dim) & ~(1U << LAT_DIM_OP);
		parse->has_by = true;
		break;
	case OPTION_MAX_KEYS:
		options->probe.max_keys = (uint32_t)parse_number(state, "--max-keys", text, 1U << 20);
		break;
	case OPTION_ARG: parse_arg(state, parse, text); break;
	case OPTION_KEY: parse_key(state, parse, text); break;
	case OPTION_RET: parse_ret(state, parse, text); break;
	case '4':
	case '6':
	case OPTION_PORT:
	case OPTION_ADDR: parse_socket(state, parse->target, config, key, text); break;
	case OPTION_ATTACH: options->probe.attach = parse_attach(state, text); break;
	case 'o': options->output = text; break;
	case OPTION_FORMAT: parse->format = text; break;
	case OPTION_OUTLIER: config->outlier_ns = parse_time(state, "--outlier", text); break;
	case OPTION_STACKS: parse_stacks(state, config, text); break;
	case OPTION_BUCKETS: parse_buckets(state, config, text); break;
	case OPTION_PENDING: parse_pending(state, parse->target, config, text); break;
	case OPTION_TOTAL: options->has_total = true; break;
	case OPTION_FOLDED: options->folded = text; break;
	case OPTION_LIVE: options->live = true; break;
	case OPTION_TOP: options->top = (unsigned int)parse_number(state, "--top", text, UINT32_MAX); break;
	case OPTION_FLUSH_EVERY: options->flush_every = parse_number(state, "--flush-every", text, UINT32_MAX); break;
	case OPTION_FSYNC: options->fsync = true; break;
	case OPTION_NO_OUTPUT: parse->has_no_output = true; break;
	case OPTION_SLOWEST: options->slowest = (uint32_t)parse_number(state, "--slowest", text, OUTLIERS_KEPT); break;
	case OPTION_RING_SIZE: options->probe.ring_bytes = parse_ring_size(state, text); break;
	case OPTION_ALERT: parse_alert(state, parse, text); break;
	case OPTION_ON_ALERT: options->on_alert = text; break;
	case OPTION_STRICT: options->strict = true; break;
	case 'q': options->quiet = true; log_set_level(LOG_QUIET); break;
	case 'v': log_set_level(LOG_VERBOSE); break;
	case ARGP_KEY_ARG: parse_positional(state, parse, text); break;
	case ARGP_KEY_END: check(state, parse); break;
	case ARGP_KEY_ERROR:
		usage_error(state, "there is no option %s, or it lacks its argument", state->argv[state->next - 1]);
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
			options->probe.config.filter_follow = 1;
			return i;
		}
	return argc;
}

bool cli_is_streamed(const struct run_options *options)
{
	return options->output && strcmp(options->output, "-") && options->sink->streams;
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
	struct parse parse = { .options = options, .target = target };
	char args_doc[128];
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = args_doc,
		.doc = target->summary,
	};
	char name[64];

	*options = (struct run_options){
		.probe = {
			.target = target,
			.dims = target->default_dims,
			.key_arg = -1,
			.words = calloc((size_t)argc + 1, sizeof(char *)),
			.ring_bytes = DEFAULT_RING_BYTES,
			.config = { .max_ns = DEFAULT_MAX_NS, .op_mask = (1U << target->n_ops) - 1 },
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
	const struct sink *sink;
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
	     "  report    makes a page for a browser of a recording, or of two with what changed\n\n"
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
	for (i = 0; (sink = sink_at(i)); i++)
		printf("  %-9s %s\n", sink->name, sink->help);
}
