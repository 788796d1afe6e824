/* SPDX-License-Identifier: MIT */
/* The functions that ftrace can trace. */
#ifndef FTRACE_FUNCTIONS_H
#define FTRACE_FUNCTIONS_H

#include <stdbool.h>

#include "base/name_table.h"

/* All zero to begin with. */
struct ftrace_functions {
	bool is_known; /* false when tracefs is mounted nowhere; mounting it is not ours to do */
	char *text;    /* the names, cut apart */
	struct name_table names;
};

void ftrace_functions_read(struct ftrace_functions *traceable);

/* Only where it is known. */
bool ftrace_functions_has(const struct ftrace_functions *traceable, const char *function);

void ftrace_functions_free(struct ftrace_functions *traceable); /* what it holds, not the struct itself */

#endif
