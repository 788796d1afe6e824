/* SPDX-License-Identifier: MIT */
/* `latencyprobe replay`: a recording as any format would have shown it live. */
#ifndef REPLAY_H
#define REPLAY_H

struct file_options;
struct recording;
struct snapshot;

/* An exit status. */
int command_replay(int argc, char **argv);

/* Writes the intervals, if RECORDING is not NULL, and the whole run as the options say. An exit status. */
int replay_write(const struct file_options *options, const struct recording *recording, const struct snapshot *whole);

#endif
