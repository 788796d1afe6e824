/* SPDX-License-Identifier: MIT */
/* The command report: recorded runs as one page for a browser. */
#ifndef REPORT_COMMAND_H
#define REPORT_COMMAND_H

/* argv[0] is the command's name. The program's exit status; everything has been reported. */
int command_report(int argc, char **argv);

#endif
