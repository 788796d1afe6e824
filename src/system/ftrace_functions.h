/* SPDX-License-Identifier: MIT */
/* The functions that ftrace can trace. */
#ifndef TRACEABLE_H
#define TRACEABLE_H

#include <stdbool.h>

#include "base/name_table.h"

/* All zero to begin with. */
struct traceable {
	bool is_known; /* false when tracefs is mounted nowhere; mounting it is not ours to do */
	char *text;    /* the names, cut apart */
	struct name_index names;
};

void traceable_read(struct traceable *traceable);

/* Only where it is known. */
bool traceable_has(const struct traceable *traceable, const char *function);

void traceable_free(struct traceable *traceable); /* what it holds, not the struct itself */

#endif
