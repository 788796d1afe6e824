/* SPDX-License-Identifier: MIT */
/* Tracing: the event loop between start and final report. */
#ifndef RUN_H
#define RUN_H

struct run_options;

/* Returns the program's exit status; everything has been reported. */
int run(const struct run_options *options);

#endif
