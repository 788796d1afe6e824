/* SPDX-License-Identifier: MIT */
/* Files in tests/golden that hold what an output has to be. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>

/*
 * Whether the file NAME SUFFIX has just these bytes; where it has not, says where. With UPDATE_GOLDEN=1 the file is
 * rewritten, and the answer is false all the same: nothing passes by being updated.
 */
bool is_golden(const char *name, const char *suffix, const char *text);

#endif
