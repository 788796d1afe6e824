/* SPDX-License-Identifier: MIT */
/* What is said when tracing begins. */
#ifndef BANNER_H
#define BANNER_H

struct run_options;

void banner_print(const struct run_options *options);

#endif
