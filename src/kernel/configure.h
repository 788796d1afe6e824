/* SPDX-License-Identifier: MIT */
/* From what is asked for to the constants of the kernel side. */
#ifndef CONFIGURE_H
#define CONFIGURE_H

#include <stdint.h>

struct setup;
struct target;

/*
 * Fills in SETUP->config, with the target's own constants and sites; OP_MASK is of the operations that can be measured
 * here. N_SERIES is how many there are without dimensions. Returns an exit status; errors have been reported.
 */
int configure(struct setup *setup, const struct target *target, uint32_t op_mask, uint32_t *n_series);

#endif
