/* SPDX-License-Identifier: MIT */
/* Tracing: the event loop between start and final report. */
#ifndef TRACE_H
#define TRACE_H

struct run_options;

/* Returns the program's exit status; everything has been reported. */
int trace_run(const struct run_options *options);

#endif
