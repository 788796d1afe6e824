/* SPDX-License-Identifier: MIT */
/* `latencyprobe doctor`: what this kernel and these permissions allow, and what to do about the rest. */
#ifndef DOCTOR_H
#define DOCTOR_H

/* Prints a line for each check. An exit status: EXIT_CANNOT when no target can work here. */
int command_doctor(void);

#endif
