/* SPDX-License-Identifier: MIT */
/* From a pattern as it is typed to the form that the kernel side matches with. */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>

#include "latencyprobe/glob.h"

/* TEXT as fnmatch(3) has it without flags, so that "*" takes "/" as well. False when it has too many parts, or none. */
bool glob_compile(struct lat_glob *glob, const char *text);

#endif
