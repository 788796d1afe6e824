/* SPDX-License-Identifier: MIT */
/* Where and how a target is attached to this kernel. */
#include "attach.h"

#include <stdio.h>

#include <bpf/libbpf.h>

#include "host.h"
#include "kernel_btf.h"
#include "log.h"
#include "object.h"
#include "targets/target.h"

static struct bpf_program *stem_program(struct bpf_object *object, const struct stem *stem, const char *kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", stem->name, *kind ? "__" : "", kind);
	return bpf_object__find_program_by_name(object, name);
}

static void set_n_args(struct bpf_object *object, const struct stem *stem, int n_args)
{
	char name[64];
	uint8_t *place;

	snprintf(name, sizeof(name), "%s__n_args", stem->name);
	place = object_constant(object, name);
	if (place)
		*place = (uint8_t)n_args;
}

/* Chooses function and way for one stem; false when this kernel has none. */
static bool choose_call(struct bpf_object *object, struct place *place, enum attach_kind attach)
{
	const struct stem *stem = place->stem;
	size_t i;

	for (i = 0; i < TARGET_MAX_FUNCTIONS && stem->functions[i] && !place->function; i++) {
		if (attach != ATTACH_KPROBE && kernel_btf_can_fentry(stem->functions[i])) {
			place->function = stem->functions[i];
			place->is_fentry = true;
		} else if (attach != ATTACH_FENTRY && host_has_kprobes() && host_has_symbol(stem->functions[i])) {
			place->function = stem->functions[i];
		}
	}
	if (!place->function)
		return false;
	place->entry = stem_program(object, stem, place->is_fentry ? "fentry" : "kprobe");
	place->exit = stem_program(object, stem, place->is_fentry ? "fexit" : "kretprobe");
	if (place->is_fentry) {
		set_n_args(object, stem, kernel_btf_n_args(place->function));
		bpf_program__set_attach_target(place->entry, 0, place->function);
		bpf_program__set_attach_target(place->exit, 0, place->function);
	}
	return true;
}

static bool choose_tracepoint(struct bpf_object *object, struct place *place)
{
	const struct stem *stem = place->stem;

	if (kernel_btf_tracepoint_n_args(stem->tracepoint) < 0)
		return false;
	place->function = stem->tracepoint;
	place->entry = stem_program(object, stem, "");
	return true;
}

/* Says why an operation cannot be measured, and what can. An exit status. */
static int fail_uncovered(const struct target *target, const struct op *op, uint32_t covered, enum attach_kind attach)
{
	const struct target *other;
	char others[128] = "";
	size_t i, n = 0;

	if (host_has_kprobes() || covered) {
		fail(0, "%s %s: no function of this kernel to attach to%s", target->name, op->name,
		     attach == ATTACH_AUTO ? "" : " this way; try --attach auto");
		return EXIT_CANNOT;
	}
	for (i = 0; (other = target_at(i)); i++)
		if (!other->needs_kprobes && n < sizeof(others))
			n += (size_t)snprintf(others + n, sizeof(others) - n, "%s%s", n ? ", " : "", other->name);
	fail(0, "this kernel has neither kprobes nor fentry, which %s needs; without them these work: %s", target->name,
	     others);
	return EXIT_CANNOT;
}

int attach_choose(struct bpf_object *object, const struct target *target, enum attach_kind attach, uint32_t op_mask,
		  struct place places[static ATTACH_MAX_PLACES], size_t *n_places)
{
	struct place *place = places;
	uint32_t covered = 0;
	size_t i;

	for (i = 0; i < target->n_stems; i++) {
		const struct stem *stem = &target->stems[i];

		if (!stem->tracepoint && !(op_mask & 1U << stem->op))
			continue;
		*place = (struct place){ .stem = stem };
		if (stem->tracepoint ? choose_tracepoint(object, place) : choose_call(object, place, attach)) {
			bpf_program__set_autoload(place->entry, true);
			if (place->exit)
				bpf_program__set_autoload(place->exit, true);
			covered |= 1U << stem->op;
			place++;
		} else if (stem->tracepoint && !stem->optional) {
			fail(0, "this kernel has no tracepoint %s with BTF; `latencyprobe doctor` says more", stem->tracepoint);
			return EXIT_CANNOT;
		}
	}
	*n_places = (size_t)(place - places);
	for (i = 0; target->needs_kprobes && i < target->n_ops; i++)
		if (op_mask & ~covered & 1U << i)
			return fail_uncovered(target, &target->ops[i], covered, attach);
	return 0;
}

struct bpf_link *attach_program(const struct place *place, struct bpf_program *program)
{
	if (place->is_fentry || place->stem->tracepoint)
		return bpf_program__attach(program);
	return bpf_program__attach_kprobe(program, program == place->exit, place->function);
}
