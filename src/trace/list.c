/* SPDX-License-Identifier: MIT */
/* `latencyprobe list`: what targets measure, where, and what they cannot see. */
#include "trace/list.h"

#include <stdio.h>

#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "model/label.h"
#include "registry/target.h"

void list_targets(void)
{
	const struct target *target;
	size_t i;

	for (i = 0; (target = target_at(i)); i++)
		printf("%-9s %s\n", target->name, target->summary);
}

static void list_hook(const struct hook_def *hook)
{
	const char *how = NULL;
	size_t i;

	if (hook->tracepoint) {
		how = kernel_btf_tracepoint_n_args(hook->tracepoint) >= 0 ? "tp_btf" : NULL;
		printf("  %-22s %s\n", hook->tracepoint, how ? how : hook->optional ? "not in this kernel (not needed)" :
		       "not in this kernel");
		return;
	}
	for (i = 0; i < TARGET_MAX_FUNCTIONS && hook->functions[i] && !how; i++) {
		if (kernel_btf_can_fentry(hook->functions[i]))
			how = "fentry, kprobe";
		else if (host_has_kprobes() && host_has_symbol(hook->functions[i]))
			how = "kprobe";
		if (how)
			printf("  %-22s %s\n", hook->functions[i], how);
	}
	if (!how)
		printf("  %-22s not to be attached to in this kernel\n", hook->functions[0]);
}

void list_target(const struct target *target)
{
	size_t i;
	int dim;

	printf("%s: %s\n\nOperations (--op):\n", target->name, target->summary);
	for (i = 0; i < target->n_ops; i++)
		if (!target->ops[i].derived)
			printf("  %-14s %s%s\n", target->ops[i].name, target->ops[i].help,
			       target->ops[i].is_extra ? " (only where --op names it)" : "");
	printf("\nMeasured at, in this kernel:\n");
	for (i = 0; i < target->n_hooks; i++)
		list_hook(&target->hooks[i]);
	printf("\nDimensions (--by):\n");
	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if (target->dims & 1U << dim)
			printf("  %-14s %s%s\n", dimensions[dim].name, dimensions[dim].help,
			       target->default_dims & 1U << dim ? " (default)" : "");
	printf("\nCovers:\n%s\nCannot see:\n%s", target->covers, target->cannot_see);
}
