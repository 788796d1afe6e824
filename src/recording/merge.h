/* SPDX-License-Identifier: MIT */
/* `latencyprobe merge`: the sum of recorded runs. */
#ifndef MERGE_H
#define MERGE_H

/* An exit status. */
int command_merge(int argc, char **argv);

#endif
