/* SPDX-License-Identifier: MIT */
/* What is said when tracing begins: that it does, and which operations will have lines of their own. */
#include "trace/banner.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "base/log.h"
#include "registry/target.h"
#include "base/units.h"

#define WHICH_LEN 128

/* " of regular files (open, read)": more than nothing only where outliers are not of all. */
static void name_outliers(const struct tracer_options *tracer, char text[static WHICH_LEN])
{
	const struct target *target = tracer->target;
	const struct lat_config *config = &tracer->config;
	const uint32_t ops = config->op_mask & ((1U << target->n_ops) - 1);
	size_t n, i;

	n = (size_t)snprintf(text, WHICH_LEN, "%s", config->outliers_regular && target->splits_files ? " of regular files" : "");
	if (!(ops & ~config->outlier_ops))
		return;
	for (i = 0; i < target->n_ops && n < WHICH_LEN; i++)
		if (ops & config->outlier_ops & 1U << i && !target->ops[i].derived)
			n += (size_t)snprintf(text + n, WHICH_LEN - n, "%s%s", strchr(text, '(') ? ", " : " (", target->ops[i].name);
	if (n < WHICH_LEN)
		snprintf(text + n, WHICH_LEN - n, ")");
}

void banner_print(const struct run_options *options)
{
	const struct tracer_options *tracer = &options->tracer;
	char threshold[UNITS_LEN], which[WHICH_LEN];

	name_outliers(tracer, which);
	if (tracer->config.outlier_ns)
		note("Tracing %s, outliers from %s on%s... Hit Ctrl-C to end.", tracer->target->name,
		     units_duration(threshold, (double)tracer->config.outlier_ns), which);
	else
		note("Tracing %s... Hit Ctrl-C to end.", tracer->target->name);
}
