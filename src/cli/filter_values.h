/* SPDX-License-Identifier: MIT */
/* What filters by file and user are given as, and the `!` in front of what is not wanted. */
#ifndef FILTER_VALUES_H
#define FILTER_VALUES_H

#include <stdbool.h>

#include "latencyprobe/abi.h"

/* TEXT behind a leading "!"; the filter's bit in CONFIG says whether there was one. */
const char *filter_values_negation(struct lat_config *config, enum lat_not filter, const char *text);

/* TYPE[,TYPE]..., all others with a leading "!". False when there is no such type. */
bool filter_values_parse_ftypes(struct lat_config *config, const char *text);

/* NAME[,NAME]..., LAT_MAX_FS at most; all others with a leading "!". False for what is none. */
bool filter_values_parse_fs(struct lat_config *config, const char *text);

/* A user's name or number. False when there is no such user. */
bool filter_values_parse_uid(struct lat_config *config, const char *text);

#endif
