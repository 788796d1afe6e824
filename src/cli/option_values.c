/* SPDX-License-Identifier: MIT */
/* What options' arguments mean: each is checked, and what is wrong with it said before the program ends. */
#include "cli/option_values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "model/alert.h"
#include "system/disks.h"
#include "cli/filter_values.h"
#include "base/glob.h"
#include "system/host.h"
#include "model/label.h"
#include "base/log.h"
#include "model/outlier.h"
#include "registry/target.h"
#include "base/units.h"

#define MAX_RING_BYTES (1U << 30)

void option_error(const struct argp_state *state, const char *format, ...)
{
	const struct parsing *parse = state->input;
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

uint64_t option_time(struct argp_state *state, const char *name, const char *text)
{
	uint64_t ns;

	if (units_parse_duration(text, &ns))
		option_error(state, "%s: %s is no time such as 5, 0.5 or 500ms", name, text);
	return ns;
}

uint64_t option_interval(struct argp_state *state, const char *name, const char *text)
{
	uint64_t ns = option_time(state, name, text);

	if (!ns)
		option_error(state, "%s: after no time at all? Without it, there is one report at the end", name);
	return ns;
}

uint64_t option_outlier(struct argp_state *state, const char *text)
{
	return strcmp(text, "off") ? option_time(state, "--outlier", text) ?: 1 /* each takes so long */ : 0;
}

uint64_t option_number(struct argp_state *state, const char *name, const char *text, uint64_t max)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < 1 || number > max)
		option_error(state, "%s: %s is no number from 1 to %llu", name, text, (unsigned long long)max);
	return number;
}

/* Calls FIND for each part between commas; the set of bits that it finds. */
uint32_t option_list(struct argp_state *state, const char *what, const char *text,
			   uint32_t (*find)(const struct target *target, const char *name))
{
	const struct target *target = ((struct parsing *)state->input)->target;
	char *copy = strdup(text), *rest = copy, *name;
	uint32_t bits, all = 0;

	while (copy && (name = strsep(&rest, ","))) {
		bits = find(target, name);
		if (!bits)
			option_error(state, "%s has no %s %s (`latencyprobe list %s` names them)", target->name, what,
				    *name ? name : "''", target->name);
		all |= bits;
	}
	free(copy);
	return all;
}

uint32_t option_ops(struct argp_state *state, const char *text)
{
	const struct target *target = ((struct parsing *)state->input)->target;

	if (*text != '!')
		return option_list(state, "operation", text, option_find_op);
	return target_default_ops(target) & ~option_list(state, "operation", text + 1, option_find_op);
}

uint32_t option_find_op(const struct target *target, const char *name)
{
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		if (!strcmp(target->ops[i].name, name))
			bits |= 1U << i;
	return bits;
}

uint32_t option_find_dim(const struct target *target, const char *name)
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

void option_pid(struct argp_state *state, struct lat_config *config, const char *text)
{
	text = filter_values_negation(config, LAT_NOT_PID, text);
	config->pid = (uint32_t)option_number(state, "--pid", text, 1U << 30);
	if (!host_has_pid((pid_t)config->pid))
		option_error(state, "--pid: there is no process %u", config->pid);
}

void option_comm(struct argp_state *state, struct lat_config *config, const char *text)
{
	text = filter_values_negation(config, LAT_NOT_COMM, text);
	/* The kernel keeps 15 bytes and a NUL. */
	if (!*text || strlen(text) >= LAT_COMM_LEN)
		option_error(state, "--comm: a thread's name has 1 to %d bytes", LAT_COMM_LEN - 1);
	memset(config->comm, 0, sizeof(config->comm));
	memcpy(config->comm, text, strlen(text));
	config->filter_comm = 1;
}

static bool is_cgroup(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
}

void option_cgroup(struct argp_state *state, struct tracer_options *tracer, const char *text)
{
	char *folder;

	text = filter_values_negation(&tracer->config, LAT_NOT_CGROUP, text);
	folder = *text == '/' && !is_cgroup(text) ? host_cgroup_folder(text) : NULL;
	if (!is_cgroup(folder ? folder : text))
		option_error(state, "--cgroup: %s is no cgroup (a folder of cgroup2, or one's path from its root on)", text);
	tracer->cgroup = folder ? folder : text; /* until the program ends */
	tracer->config.filter_cgroup = 1;
}

void option_disk(struct argp_state *state, const struct target *target, struct lat_config *config,
		       const char *text)
{
	char others[DISKS_OTHERS_LEN];
	int error;

	if (!target->has_disks)
		option_error(state, "--disk: %s has no disks", target->name);
	text = filter_values_negation(config, LAT_NOT_DEVICE, text);
	error = disks_find(text, DISKS_SYS, &config->device, &config->device_mask, others);
	if (error == -EXDEV)
		option_error(state, "--disk: %s is a partition; what is measured is its disk, %s", text, others);
	if (!target->has_requests && !error)
		option_error(state, "--disk: %s has requests: latencyprobe block measures them", text);
	if (!target->has_requests && error == -EOPNOTSUPP)
		error = 0;
	if (error == -EOPNOTSUPP)
		option_error(state, "--disk: %s has no requests of its own%s%s; what is submitted to it, `latencyprobe bio` measures",
			     text, *others ? ", those are of " : "", others);
	if (error)
		option_error(state, "--disk: there is no disk %s", text);
}

void option_uid(struct argp_state *state, struct lat_config *config, const char *text)
{
	if (!filter_values_parse_uid(config, text))
		option_error(state, "--uid: there is no user %s", text);
}

void option_files(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
			const char *text)
{
	const char *option = key == OPTION_FTYPE ? "--ftype" : "--fs";

	if (!(target->dims & 1U << LAT_DIM_FTYPE))
		option_error(state, "%s: %s has no files", option, target->name);
	if (key == OPTION_FTYPE && !filter_values_parse_ftypes(config, text))
		option_error(state, "--ftype: %s is not made of types that --help names", text);
	if (key == OPTION_FS && !filter_values_parse_fs(config, text))
		option_error(state, "--fs: %s is not 1 to %d names of file system types", text, LAT_MAX_FS);
}

void option_path(struct argp_state *state, struct tracer_options *tracer, const char *text)
{
	struct lat_glob glob;

	if (!(tracer->target->dims & 1U << LAT_DIM_FILE))
		option_error(state, "--path: %s has no files", tracer->target->name);
	tracer->path = filter_values_negation(&tracer->config, LAT_NOT_PATH, text);
	if (!glob_compile(&glob, tracer->path))
		option_error(state, "--path: %s is no pattern of 1 to %d parts", text, LAT_GLOB_MAX_PARTS);
	tracer->config.has_path = 1;
}

void option_arg(struct argp_state *state, struct parsing *parse, const char *text)
{
	if (!parse->target->has_arguments)
		option_error(state, "--arg: %s has no functions with arguments", parse->target->name);
	parse->options->tracer.config.arg = (uint8_t)(option_number(state, "--arg", text, 5) - 1);
	parse->options->tracer.dims |= 1U << LAT_DIM_ARG;
	parse->has_by = true;
}

void option_ret(struct argp_state *state, const struct parsing *parse, const char *text)
{
	static const struct {
		const char *sign;
		enum lat_test test;
	} tests[] = {
		{ "==", LAT_TEST_EQUAL }, { "!=", LAT_TEST_NOT_EQUAL }, { "<", LAT_TEST_LESS }, { ">", LAT_TEST_GREATER },
	};
	struct lat_config *config = &parse->options->tracer.config;
	const char *number;
	char *end;
	size_t i;

	if (!parse->target->has_arguments)
		option_error(state, "--ret: %s has no functions with results of their own", parse->target->name);
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
	option_error(state, "--ret: %s is no test such as '<0', '==0' or '!=-11'", text);
}

void option_buckets(struct argp_state *state, struct lat_config *config, const char *text)
{
	char *copy = strdup(text), *rest = copy, *bound;

	config->n_buckets = 1;
	while (copy && (bound = strsep(&rest, ","))) {
		uint64_t ns = option_time(state, "--buckets", bound);

		if (config->n_buckets == LAT_MAX_BUCKETS)
			option_error(state, "--buckets: %d bounds at most", LAT_MAX_BUCKETS - 1);
		if (ns <= config->bucket_low_ns[config->n_buckets - 1])
			option_error(state, "--buckets: %s is not above what is before it", bound);
		config->bucket_low_ns[config->n_buckets++] = ns;
	}
	free(copy);
}

void option_pending(struct argp_state *state, const struct target *target, struct lat_config *config,
			  const char *text)
{
	if (!target->has_depth)
		option_error(state, "--pending: %s has no requests", target->name);
	config->pending_ns = option_time(state, "--pending", text);
	if (!config->pending_ns)
		config->pending_ns = 1;
}

void option_stacks(struct argp_state *state, struct lat_config *config, const char *text)
{
	if (text && strcmp(text, "user") && strcmp(text, "kernel"))
		option_error(state, "--stacks: %s is none of kernel, user", text);
	config->stacks = text && *text == 'u' ? LAT_STACKS_USER : LAT_STACKS_KERNEL;
}

void option_key(struct argp_state *state, const struct parsing *parse, const char *text)
{
	const char *number = strncmp(text, "arg", 3) ? text : text + 3;

	if (!parse->target->has_keys)
		option_error(state, "--key: %s has no pairs of probes", parse->target->name);
	if (number[0] < '0' || number[0] > '9' || number[1])
		option_error(state, "--key: %s is none of arg0 to arg9", text);
	parse->options->tracer.key_arg = number[0] - '0';
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

void option_socket(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
			 const char *text)
{
	if (!(target->dims & 1U << LAT_DIM_CONN))
		option_error(state, "--port, --addr, -4, -6: %s has no connections", target->name);
	config->filter_socket = 1;
	if (key == OPTION_PORT)
		config->port = (uint16_t)option_number(state, "--port", filter_values_negation(config, LAT_NOT_PORT, text), 65535);
	else if (key != OPTION_ADDR)
		config->family = (uint8_t)(key - '0');
	else if (!parse_cidr(config, filter_values_negation(config, LAT_NOT_ADDR, text)))
		option_error(state, "--addr: %s is no address such as 10.1.2.3, 10.0.0.0/8 or fe80::/10", text);
}

enum attach_kind option_attach(struct argp_state *state, const char *text)
{
	static const char *const names[] = {
		[ATTACH_AUTO] = "auto", [ATTACH_FENTRY] = "fentry", [ATTACH_KPROBE] = "kprobe",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], text))
			return (enum attach_kind)i;
	option_error(state, "--attach: %s is none of auto, fentry, kprobe", text);
}

/* Whether a series has this label where there are none of phases, sites and dimensions. */
static bool is_own_label(const struct target *target, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		if (strlen(target->ops[i].name) == length && !strncmp(target->ops[i].name, text, length))
			return true;
	return target->splits_files && strlen(LABEL_SPECIAL) == length && !strncmp(LABEL_SPECIAL, text, length);
}

void option_check_alerts(struct argp_state *state, const struct run_options *options, const struct target *target)
{
	const struct alert *alert;
	size_t at, length;

	if (target->site_name || (target->n_ops && target->ops->phase) || options->tracer.dims & ~(1U << LAT_DIM_OP))
		return;
	for (alert = options->alerts; alert < options->alerts + options->n_alerts; alert++)
		for (at = 0; at < alert->n_where; at += length + 1) {
			length = alert_value_length(alert, at);
			if (!is_own_label(target, alert->text + at, length))
				option_error(state, "--alert: %s has no operation %.*s", target->name, (int)length,
					     alert->text + at);
		}
}

uint32_t option_ring_size(struct argp_state *state, const char *text)
{
	static const char units[] = "KMG";
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
		option_error(state, "--ring-size: %s is no power of two from a page, %ld bytes, to 1G", text,
			    sysconf(_SC_PAGESIZE));
	return (uint32_t)bytes;
}
