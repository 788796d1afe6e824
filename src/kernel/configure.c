/* SPDX-License-Identifier: MIT */
/* From what is asked for to the constants of the kernel side. */
#include "kernel/configure.h"

#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "model/label.h"
#include "base/log.h"
#include "kernel/tracer.h"
#include "registry/target.h"

#define MAX_DIRECT_SERIES 256

/* What dimensions need to be told. */
#define OF_FILE \
	(1U << LAT_DIM_FTYPE | 1U << LAT_DIM_FS | 1U << LAT_DIM_FILE | 1U << LAT_DIM_PATTERN | 1U << LAT_DIM_DEVICE)
#define OF_WHO (1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM)
/* What is known of a request only before it ends. */
#define OF_REQUEST (1U << LAT_DIM_CGROUP | 1U << LAT_DIM_FLAGS | 1U << LAT_DIM_PATTERN)
#define OF_ENDS (1U << LAT_DIM_CONN | 1U << LAT_DIM_PEER | 1U << LAT_DIM_LPORT | 1U << LAT_DIM_RPORT | 1U << LAT_DIM_FAMILY)

static enum lat_filter filter_kind(const struct lat_config *config)
{
	if (!config->has_filter)
		return LAT_FILTER_NONE;
	if (config->pidns_ino || config->filter_comm || config->filter_cgroup || config->filter_follow ||
	    config->filter_socket || config->filter_uid || config->negated || config->sample_below || config->needs_file)
		return LAT_FILTER_ANY;
	/* New in 5.11 (3ca1032ab7ab). */
	return config->pid && kernel_btf_function_id("bpf_get_current_task_btf") >= 0 ? LAT_FILTER_PID : LAT_FILTER_ANY;
}

static void set_filters(struct lat_config *config, const struct target *target, uint32_t n_attached)
{
	if (config->sample_rate > 1)
		config->sample_below = (__u32)((1ULL << 32) / config->sample_rate);
	config->has_filter = config->pid || config->device || config->filter_comm || config->filter_cgroup ||
			     config->filter_follow || config->filter_socket || config->filter_uid || config->sample_below;
	config->has_filter |= config->needs_file; /* so that without, nothing has to be asked where a call begins */
	/* Where operations are functions, those not asked for are not attached. */
	if (!target->needs_kprobes)
		config->has_filter |= (~config->op_mask & ((1U << n_attached) - 1)) != 0;
	config->passes_late = config->ftypes || config->has_fs || config->has_path || config->min_ns;
	if (host_pid_namespace(&config->pidns_dev, &config->pidns_ino))
		debug("cannot tell this process's PID namespace: taken as the initial one");
	config->filter = (uint8_t)filter_kind(config);
}

/* Where each is in a key; false when there is no room for all. */
static bool place_dimensions(struct lat_config *config, uint32_t dims)
{
	uint32_t words = 1;
	int dim;

	for (dim = LAT_DIM_OP + 1; dim < LAT_N_DIMS; dim++) {
		if (!(dims & 1U << dim))
			continue;
		config->key_at[dim] = (uint8_t)words;
		words += dimensions[dim].n_words;
	}
	config->n_key_words = (uint8_t)words;
	return words <= LAT_KEY_WORDS;
}

/* Which facts are looked at. */
static void set_needs(struct lat_config *config, const struct target *target, uint32_t dims)
{
	config->splits_files = target->splits_files && !config->ftypes && !(dims & 1U << LAT_DIM_FTYPE);
	config->needs_file = config->ftypes || config->has_fs || config->has_path ||
			     (dims & OF_FILE && target->dims & 1U << LAT_DIM_FILE);
	config->names_files = config->outlier_ns && target->dims & 1U << LAT_DIM_FILE;
	config->keeps_paths = config->names_files || dims & 1U << LAT_DIM_FILE;
	config->key_has_who = !!(dims & OF_WHO);
	config->needs_who = config->key_has_who || config->outlier_ns || config->pending_ns;
	config->needs_extra = target->has_requests && (config->stacks || config->pending_ns || dims & OF_REQUEST);
	config->keys_ends = !!(dims & OF_ENDS);
	config->needs_socket = config->keys_ends || dims & 1U << LAT_DIM_ROLE ||
			       (config->outlier_ns && target->dims & 1U << LAT_DIM_CONN);
}

int configure(struct setup *setup, const struct target *target, uint32_t op_mask, uint32_t *n_series)
{
	const uint32_t derived_offset = target_derived_offset(target), dims = setup->options->dims;
	struct lat_config *config = setup->config;
	int status;

	*config = setup->options->config;
	config->op_mask = op_mask;
	set_needs(config, target, dims);
	set_filters(config, target, derived_offset ? derived_offset : (uint32_t)target->n_ops);
	if (!place_dimensions(config, dims)) {
		fail(0, "too many dimensions at once in --by");
		return EXIT_USAGE;
	}
	status = target->configure ? target->configure(setup) : 0;
	if (status)
		return status;
	config->n_file_kinds = target->splits_files ? 2 : 1;
	*n_series = (uint32_t)(setup->n_sites ? setup->n_sites : lat_log2(config->op_mask) + 1) * config->n_file_kinds *
		    LAT_N_RETS;
	config->is_direct = config->n_key_words == 1 && (!setup->n_sites || *n_series <= MAX_DIRECT_SERIES);
	config->n_banks = (uint8_t)(derived_offset ? lat_log2(config->op_mask) / derived_offset + 1 : 1);
	config->is_plain = config->is_direct && !config->stacks && !config->n_buckets && !config->needs_extra &&
			   config->n_banks <= 2 && !config->passes_late && !config->sample_below;
	if (config->is_plain)
		config->notable_ns = config->outlier_ns && config->outlier_ns <= config->max_ns ? config->outlier_ns :
												  config->max_ns + 1;
	return 0;
}
