/* SPDX-License-Identifier: MIT */
/* What is said when tracing begins. */
#ifndef START_H
#define START_H

struct run_options;

void start_say(const struct run_options *options);

#endif
