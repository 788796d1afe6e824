/* SPDX-License-Identifier: MIT */
/* Format folded: call stacks of outliers with the time that they took, as flame graph programs read them. */
#include "registry/format.h"

#include <inttypes.h>

#include "base/out.h"
#include "model/snapshot.h"

static void write_folded(struct out *out, const struct snapshot *snapshot, const struct format_options *options)
{
	const struct stack *stack, *end = snapshot->stacks + snapshot->n_stacks;

	(void)options;
	for (stack = snapshot->stacks; stack < end; stack++) {
		out_escaped(out, stack->folded, 0);
		out_printf(out, " %" PRIu64 "\n", stack->sum_ns);
	}
}

static const struct format folded_format = {
	.name = "folded",
	.help = "call stacks of outliers (--stacks) and their time in ns, for flame graph programs",
	.suffix = ".folded",
	.write = write_folded,
};
FORMAT_REGISTER(folded_format);
