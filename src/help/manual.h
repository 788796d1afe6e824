/* SPDX-License-Identifier: MIT */
/* The man page and the bash completion, printed from the targets and the table of options. */
#ifndef MANUAL_H
#define MANUAL_H

void manual_print_man(void);        /* troff, to stdout */
void manual_print_completion(void); /* bash, to stdout */

#endif
