/* SPDX-License-Identifier: MIT */
/* The program's version. */
#ifndef VERSION_H
#define VERSION_H

#define LATENCYPROBE_VERSION "0.1.0"

#endif
