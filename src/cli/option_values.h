/* SPDX-License-Identifier: MIT */
/* What options' arguments mean: each is checked, and what is wrong with it said before the program ends. */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

struct target;

/* Options without a letter. */
enum {
	OPTION_DURATION = 256, OPTION_COUNT, OPTION_CGROUP, OPTION_OP, OPTION_ATTACH, OPTION_FORMAT, OPTION_BY,
	OPTION_MAX_KEYS, OPTION_OUTLIER, OPTION_ARG, OPTION_RET, OPTION_KEY, OPTION_LIVE,
	OPTION_UID, OPTION_FTYPE, OPTION_FS, OPTION_PATH, OPTION_MIN_LATENCY, OPTION_SAMPLE_RATE,
	OPTION_ALERT, OPTION_ON_ALERT, OPTION_STRICT, OPTION_TOP,
	OPTION_FLUSH_EVERY, OPTION_FSYNC, OPTION_NO_OUTPUT, OPTION_SLOWEST, OPTION_RING_SIZE,
	OPTION_STACKS, OPTION_FOLDED, OPTION_BUCKETS, OPTION_PENDING, OPTION_TOTAL,
	OPTION_PORT, OPTION_ADDR, OPTION_BPF_OBJECT,
};

/* Of argp_parse(). */
struct parsing {
	struct run_options *options;
	const struct target *target;
	const char *format;
	bool has_by, has_no_output, has_outlier;
};

/* One line, then the end with EXIT_USAGE. */
void option_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

uint64_t option_time(struct argp_state *state, const char *name, const char *text);
uint64_t option_interval(struct argp_state *state, const char *name, const char *text); /* not 0 */
uint64_t option_outlier(struct argp_state *state, const char *text); /* 0: none */
uint64_t option_number(struct argp_state *state, const char *name, const char *text, uint64_t max);
uint32_t option_list(struct argp_state *state, const char *what, const char *text,
		uint32_t (*find)(const struct target *target, const char *name));
uint32_t option_ops(struct argp_state *state, const char *text); /* or with ! the other ones that are measured by default */
uint32_t option_find_op(const struct target *target, const char *name);
uint32_t option_find_dim(const struct target *target, const char *name);
void option_pid(struct argp_state *state, struct lat_config *config, const char *text);
void option_comm(struct argp_state *state, struct lat_config *config, const char *text);
void option_cgroup(struct argp_state *state, struct tracer_options *tracer, const char *text);
void option_disk(struct argp_state *state, const struct target *target, struct lat_config *config, const char *text);
void option_uid(struct argp_state *state, struct lat_config *config, const char *text);
void option_files(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
		const char *text);
void option_path(struct argp_state *state, struct tracer_options *tracer, const char *text);
void option_arg(struct argp_state *state, struct parsing *parse, const char *text);
void option_ret(struct argp_state *state, const struct parsing *parse, const char *text);
void option_buckets(struct argp_state *state, struct lat_config *config, const char *text);
void option_pending(struct argp_state *state, const struct target *target, struct lat_config *config, const char *text);
void option_stacks(struct argp_state *state, struct lat_config *config, const char *text);
void option_key(struct argp_state *state, const struct parsing *parse, const char *text);
void option_socket(struct argp_state *state, const struct target *target, struct lat_config *config, int key,
		const char *text);
enum attach_kind option_attach(struct argp_state *state, const char *text);
/* What is before the colon of alerts has to be what series of the target can have, where that is known: else it is a slip. */
void option_check_alerts(struct argp_state *state, const struct run_options *options, const struct target *target);
uint32_t option_ring_size(struct argp_state *state, const char *text);

#endif
