/* SPDX-License-Identifier: MIT */
/* Where and how a target is attached to this kernel. */
#include "kernel/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "kernel/bpf_globals.h"
#include "registry/target.h"

#define PROGRESS_NS 1000000000ULL
#define MANY_LINKS 200
#define MAX_FUNCTIONS 4096

const char *const place_kind_names[] = {
	[PLACE_TRACEPOINT] = "tp_btf", [PLACE_FENTRY] = "fentry", [PLACE_KPROBE] = "kprobe",
	[PLACE_MULTI] = "kprobe.multi", [PLACE_UPROBE] = "uprobe", [PLACE_USDT] = "usdt",
};

int places_add(struct places *places, struct place place)
{
	struct place *more = realloc(places->items, (places->n + 1) * sizeof(*more));

	if (!more)
		return fail(-ENOMEM, "list of places");
	places->items = more;
	place.function = strdup(place.function);
	place.entry_fd = place.exit_fd = -1;
	if (!place.function)
		return fail(-ENOMEM, "list of places");
	more[places->n++] = place;
	return 0;
}

void places_free(struct places *places)
{
	while (places->n)
		free(places->items[--places->n].function);
	free(places->items);
	places->items = NULL;
}

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
static bool choose_call(struct bpf_object *object, const struct stem *stem, enum attach_kind attach, struct place *place)
{
	size_t i;

	for (i = 0; i < TARGET_MAX_FUNCTIONS && stem->functions[i] && !place->function; i++) {
		if (attach != ATTACH_KPROBE && kernel_btf_can_fentry(stem->functions[i])) {
			place->function = (char *)stem->functions[i];
			place->kind = PLACE_FENTRY;
		} else if (attach != ATTACH_FENTRY && host_has_kprobes() && host_has_symbol(stem->functions[i])) {
			place->function = (char *)stem->functions[i];
			place->kind = PLACE_KPROBE;
		}
	}
	if (!place->function)
		return false;
	place->entry = stem_program(object, stem, place->kind == PLACE_FENTRY ? "fentry" : "kprobe");
	place->exit = stem_program(object, stem, place->kind == PLACE_FENTRY ? "fexit" : "kretprobe");
	if (place->kind == PLACE_FENTRY) {
		set_n_args(object, stem, kernel_btf_n_args(place->function));
		bpf_program__set_attach_target(place->entry, 0, place->function);
		if (place->exit)
			bpf_program__set_attach_target(place->exit, 0, place->function);
	}
	return true;
}

static bool choose_tracepoint(struct bpf_object *object, const struct stem *stem, struct place *place)
{
	if (kernel_btf_tracepoint_n_args(stem->tracepoint) < 0)
		return false;
	place->function = (char *)stem->tracepoint;
	place->entry = stem_program(object, stem, "");
	return true;
}

/* Says why an operation cannot be measured, and what can. An exit status. */
static int fail_uncovered(const struct target *target, const struct op *op, uint32_t covered, enum attach_kind attach)
{
	const struct target *other;
	char others[128] = "";
	bool has_calls = false;
	size_t i, n = 0;

	for (i = 0; i < target->n_ops && n < sizeof(others); i++)
		if (covered & 1U << i) {
			has_calls |= !target->ops[i].optional;
			n += (size_t)snprintf(others + n, sizeof(others) - n, "%s%s", n ? "," : "; there are for --op ",
					      target->ops[i].name);
		}
	if (host_has_kprobes() || has_calls) {
		fail(0, "%s %s: no function of this kernel to attach to%s", target->name, op->name,
		     attach == ATTACH_AUTO ? others : " this way; try --attach auto");
		return EXIT_CANNOT;
	}
	for (i = 0, n = 0; (other = target_at(i)); i++)
		if (!other->needs_kprobes && n < sizeof(others))
			n += (size_t)snprintf(others + n, sizeof(others) - n, "%s%s", n ? ", " : "", other->name);
	fail(0, "this kernel has neither kprobes nor fentry, which %s needs; without them these work: %s", target->name,
	     others);
	return EXIT_CANNOT;
}

int attach_choose(struct bpf_object *object, const struct target *target, enum attach_kind attach, uint32_t op_mask,
		  struct places *places)
{
	uint32_t covered = 0, uncovered = 0;
	size_t i;

	for (i = 0; i < target->n_stems; i++) {
		const struct stem *stem = &target->stems[i];
		struct place place = { .op = stem->op, .is_of_several = stem->tracepoint || stem->ops & (stem->ops - 1) };
		uint32_t ops = stem->ops ? stem->ops : 1U << stem->op;

		if ((!stem->tracepoint || stem->ops) && !(op_mask & ops))
			continue;
		if (stem->tracepoint ? choose_tracepoint(object, stem, &place) :
		    choose_call(object, stem, attach, &place)) {
			bpf_program__set_autoload(place.entry, true);
			if (place.exit)
				bpf_program__set_autoload(place.exit, true);
			covered |= ops;
			if (places_add(places, place))
				return EXIT_FAILED;
		} else if (stem->ops && !stem->tracepoint) {
			uncovered |= ops;
		} else if (stem->tracepoint && !stem->optional) {
			fail(0, "this kernel has no tracepoint %s with BTF; `latencyprobe doctor` says more", stem->tracepoint);
			return EXIT_CANNOT;
		}
	}
	covered &= ~uncovered;
	for (i = 0; target->needs_kprobes && target->n_stems && i < target->n_ops; i++) {
		if (!(op_mask & ~covered & 1U << i))
			continue;
		if (!target->ops[i].optional || !(op_mask & covered))
			return fail_uncovered(target, &target->ops[i], covered, attach);
		warn("%s %s: no function of this kernel to attach to: not measured", target->name, target->ops[i].name);
	}
	return 0;
}

bool attach_has_cookies(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, NULL) == 1;
}

bool attach_can_take(size_t n)
{
	if (n <= MAX_FUNCTIONS)
		return true;
	fail(0, "%zu functions are too many, %d is the limit: name fewer", n, MAX_FUNCTIONS);
	return false;
}

bool attach_can_share(size_t n)
{
	if (n <= 1 || attach_has_cookies())
		return true;
	fail(0, "kernels before 5.15 measure one function at a time, and these are %zu", n);
	return false;
}

int attach_process(const struct lat_config *config)
{
	return config->pid && !(config->negated & 1U << LAT_NOT_PID) ? (int)config->pid : -1;
}

int links_add(struct links *links, struct bpf_link *link)
{
	struct bpf_link **more = link ? realloc(links->items, (links->n_items + 1) * sizeof(struct bpf_link *)) : NULL;
	int error = errno ? -errno : -EINVAL;

	if (more) {
		links->items = more;
		more[links->n_items++] = link;
		return 0;
	}
	bpf_link__destroy(link);
	return error;
}

/* Takes over the file descriptor, which may be -errno, and then is what is returned. */
static int links_add_fd(struct links *links, int fd)
{
	int *more = fd < 0 ? NULL : realloc(links->fds, (links->n_fds + 1) * sizeof(*more));

	if (more) {
		links->fds = more;
		more[links->n_fds++] = fd;
		return 0;
	}
	if (fd < 0)
		return fd;
	close(fd);
	return -ENOMEM;
}

int links_keep(struct links *links, int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return links_add_fd(links, copy) ? -1 : copy;
}

void links_free(struct links *links)
{
	/* The kernel waits for a grace period after each, with a lock held. */
	if (links->n_items + links->n_fds > MANY_LINKS)
		note("Detaching from %zu places...", links->n_items + links->n_fds);
	while (links->n_items)
		bpf_link__destroy(links->items[--links->n_items]);
	while (links->n_fds)
		close(links->fds[--links->n_fds]);
	free(links->items);
	free(links->fds);
	*links = (struct links){ 0 };
}

/* The program once more, for another function, since a loaded one of this type is for one function only. */
static int load_clone(const struct bpf_program *program, const char *function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = bpf_program__expected_attach_type(program));
	int id = kernel_btf_function_id(function);

	if (id < 0)
		return id;
	options.attach_btf_id = (uint32_t)id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(program), "Dual MIT/GPL",
			     bpf_program__insns(program), bpf_program__insn_cnt(program), &options);
}

static int attach_clone(struct links *links, const struct bpf_program *program, const struct place *place, int *fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .tracing.cookie = place->cookie);
	int error;

	*fd = load_clone(program, place->function);
	error = links_add_fd(links, *fd);
	if (error)
		return error;
	return links_add_fd(links, bpf_link_create(*fd, 0, bpf_program__expected_attach_type(program), &options));
}

static struct bpf_link *attach_uprobe(const struct place *place, const struct bpf_program *program, bool is_exit)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = is_exit, .bpf_cookie = place->is_shared ? place->cookie : 0,
		    .func_name = place->function);

	return bpf_program__attach_uprobe_opts(program, place->pid, place->binary, 0, &options);
}

static struct bpf_link *attach_usdt(const struct place *place, const struct bpf_program *program, bool is_exit)
{
	LIBBPF_OPTS(bpf_usdt_opts, options, .usdt_cookie = place->cookie);

	return bpf_program__attach_usdt(program, place->pid, place->binary, place->provider[is_exit],
					place->probe[is_exit], &options);
}

/* One of the place's two programs. */
static int attach_program(struct links *links, const struct place *place, struct bpf_program *program, int *fd)
{
	bool is_exit = program == place->exit;
	LIBBPF_OPTS(bpf_kprobe_opts, options, .retprobe = is_exit, .bpf_cookie = place->is_shared ? place->cookie : 0);

	if (place->kind == PLACE_FENTRY && place->is_shared)
		return attach_clone(links, program, place, fd);
	*fd = bpf_program__fd(program);
	if (place->kind == PLACE_KPROBE)
		return links_add(links, bpf_program__attach_kprobe_opts(program, place->function, &options));
	if (place->kind == PLACE_UPROBE)
		return links_add(links, attach_uprobe(place, program, is_exit));
	if (place->kind == PLACE_USDT)
		return links_add(links, attach_usdt(place, program, is_exit));
	return links_add(links, bpf_program__attach(program));
}

/*
 * The entry first: of the kprobes in one place the newest runs first (add_new_kprobe(), kernel/kprobes.c), and the
 * entry's program looks at the return address after the kretprobe has put its own there.
 */
static void attach_place(struct links *links, struct place *place)
{
	place->error = attach_program(links, place, place->entry, &place->entry_fd);
	if (!place->error && place->exit)
		place->error = attach_program(links, place, place->exit, &place->exit_fd);
}

/* All of them with one link each for entries and for exits. */
static int attach_multi(struct places *places, struct links *links)
{
	const char **symbols = calloc(places->n, sizeof(*symbols));
	__u64 *cookies = calloc(places->n, sizeof(*cookies));
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = symbols, .cookies = cookies);
	const struct place *place = NULL;
	int error = symbols && cookies ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < places->n && !error; i++)
		if (places->items[i].kind == PLACE_MULTI) {
			place = &places->items[i];
			symbols[options.cnt] = place->function;
			cookies[options.cnt++] = place->cookie;
		}
	if (!error && place)
		error = links_add(links, bpf_program__attach_kprobe_multi_opts(place->entry, NULL, &options));
	options.retprobe = true;
	if (!error && place)
		error = links_add(links, bpf_program__attach_kprobe_multi_opts(place->exit, NULL, &options));
	free(symbols);
	free(cookies);
	return error;
}

/* Links are open files, of which 1,024 are usual. */
static void allow_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int attach_places(struct places *places, struct links *links)
{
	uint64_t next_ns = host_monotonic_ns() + PROGRESS_NS;
	size_t i;

	if (places->n > MANY_LINKS)
		allow_open_files();
	for (i = 0; i < places->n; i++) {
		if (places->items[i].kind == PLACE_MULTI)
			continue;
		attach_place(links, &places->items[i]);
		if (host_monotonic_ns() < next_ns)
			continue;
		note("Attached to %zu of %zu...", i + 1, places->n);
		next_ns = host_monotonic_ns() + PROGRESS_NS;
	}
	return attach_multi(places, links);
}
