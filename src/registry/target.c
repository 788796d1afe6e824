/* SPDX-License-Identifier: MIT */
/* The targets that were linked in. */
#include "registry/target.h"

#include <string.h>

/* Set by the linker around the section; weak, so that a program without any target links. */
extern const struct target *const __start_lat_targets[] __attribute__((weak));
extern const struct target *const __stop_lat_targets[] __attribute__((weak));

const struct target *target_find(const char *name)
{
	const struct target *const *target;

	for (target = __start_lat_targets; target < __stop_lat_targets; target++)
		if (!strcmp((*target)->name, name))
			return *target;
	return NULL;
}

const struct target *target_at(size_t index)
{
	const struct target *const *target, *const *other;
	size_t n_before;

	for (target = __start_lat_targets; target < __stop_lat_targets; target++) {
		n_before = 0;
		for (other = __start_lat_targets; other < __stop_lat_targets; other++)
			n_before += strcmp((*other)->name, (*target)->name) < 0;
		if (n_before == index)
			return *target;
	}
	return NULL;
}

uint32_t target_default_ops(const struct target *target)
{
	uint32_t ops = 0;
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		ops |= target->ops[i].is_extra ? 0 : 1U << i;
	return ops;
}

uint32_t target_outlier_ops(const struct target *target)
{
	uint32_t ops = 0;
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		ops |= target->ops[i].waits ? 0 : 1U << i;
	return ops;
}

uint32_t target_derived_offset(const struct target *target)
{
	uint32_t first = 0;

	while (first < target->n_ops && !target->ops[first].derived)
		first++;
	return first < target->n_ops ? first : 0;
}
