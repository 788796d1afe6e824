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

const char *const attach_point_kind_names[] = {
	[ATTACH_POINT_TRACEPOINT] = "tp_btf", [ATTACH_POINT_FENTRY] = "fentry", [ATTACH_POINT_KPROBE] = "kprobe",
	[ATTACH_POINT_MULTI] = "kprobe.multi", [ATTACH_POINT_UPROBE] = "uprobe", [ATTACH_POINT_USDT] = "usdt",
};

int attach_points_append(struct attach_points *points, struct attach_point point)
{
	struct attach_point *more = realloc(points->items, (points->n + 1) * sizeof(*more));

	if (!more)
		return fail(-ENOMEM, "list of points");
	points->items = more;
	point.function = strdup(point.function);
	point.entry_fd = point.exit_fd = -1;
	if (!point.function)
		return fail(-ENOMEM, "list of points");
	more[points->n++] = point;
	return 0;
}

void attach_points_free(struct attach_points *points)
{
	while (points->n)
		free(points->items[--points->n].function);
	free(points->items);
	points->items = NULL;
}

static struct bpf_program *hook_program(struct bpf_object *object, const struct hook_def *hook, const char *kind)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", hook->name, *kind ? "__" : "", kind);
	return bpf_object__find_program_by_name(object, name);
}

static void set_n_args(struct bpf_object *object, const struct hook_def *hook, int n_args)
{
	char name[64];
	uint8_t *constant;

	snprintf(name, sizeof(name), "%s__n_args", hook->name);
	constant = bpf_global_constant(object, name);
	if (constant)
		*constant = (uint8_t)n_args;
}

/* Chooses function and way for one hook; false when this kernel has none. */
static bool choose_call(struct bpf_object *object, const struct hook_def *hook, enum attach_kind attach, struct attach_point *point)
{
	size_t i;

	for (i = 0; i < TARGET_MAX_FUNCTIONS && hook->functions[i] && !point->function; i++) {
		if (attach != ATTACH_KPROBE && kernel_btf_can_fentry(hook->functions[i])) {
			point->function = (char *)hook->functions[i];
			point->kind = ATTACH_POINT_FENTRY;
		} else if (attach != ATTACH_FENTRY && host_has_kprobes() && host_has_symbol(hook->functions[i])) {
			point->function = (char *)hook->functions[i];
			point->kind = ATTACH_POINT_KPROBE;
		}
	}
	if (!point->function)
		return false;
	point->entry = hook_program(object, hook, point->kind == ATTACH_POINT_FENTRY ? "fentry" : "kprobe");
	point->exit = hook_program(object, hook, point->kind == ATTACH_POINT_FENTRY ? "fexit" : "kretprobe");
	if (point->kind == ATTACH_POINT_FENTRY) {
		set_n_args(object, hook, kernel_btf_n_args(point->function));
		bpf_program__set_attach_target(point->entry, 0, point->function);
		if (point->exit)
			bpf_program__set_attach_target(point->exit, 0, point->function);
	}
	return true;
}

static bool choose_tracepoint(struct bpf_object *object, const struct hook_def *hook, struct attach_point *point)
{
	if (kernel_btf_tracepoint_n_args(hook->tracepoint) < 0)
		return false;
	point->function = (char *)hook->tracepoint;
	point->entry = hook_program(object, hook, "");
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
		  struct attach_points *points)
{
	uint32_t covered = 0, uncovered = 0;
	size_t i;

	for (i = 0; i < target->n_hooks; i++) {
		const struct hook_def *hook = &target->hooks[i];
		struct attach_point point = { .op = hook->op, .is_of_several = hook->tracepoint || hook->ops & (hook->ops - 1) };
		uint32_t ops = hook->ops ? hook->ops : 1U << hook->op;

		if ((!hook->tracepoint || hook->ops) && !(op_mask & ops))
			continue;
		if (hook->tracepoint ? choose_tracepoint(object, hook, &point) :
		    choose_call(object, hook, attach, &point)) {
			bpf_program__set_autoload(point.entry, true);
			if (point.exit)
				bpf_program__set_autoload(point.exit, true);
			covered |= ops;
			if (attach_points_append(points, point))
				return EXIT_FAILED;
		} else if (hook->ops && !hook->tracepoint) {
			uncovered |= ops;
		} else if (hook->tracepoint && !hook->optional) {
			fail(0, "this kernel has no tracepoint %s with BTF; `latencyprobe doctor` says more", hook->tracepoint);
			return EXIT_CANNOT;
		}
	}
	covered &= ~uncovered;
	for (i = 0; target->needs_kprobes && target->n_hooks && i < target->n_ops; i++) {
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
		note("Detaching from %zu points...", links->n_items + links->n_fds);
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

static int attach_clone(struct links *links, const struct bpf_program *program, const struct attach_point *point, int *fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .tracing.cookie = point->cookie);
	int error;

	*fd = load_clone(program, point->function);
	error = links_add_fd(links, *fd);
	if (error)
		return error;
	return links_add_fd(links, bpf_link_create(*fd, 0, bpf_program__expected_attach_type(program), &options));
}

static struct bpf_link *attach_uprobe(const struct attach_point *point, const struct bpf_program *program, bool is_exit)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = is_exit, .bpf_cookie = point->is_shared ? point->cookie : 0,
		    .func_name = point->function);

	return bpf_program__attach_uprobe_opts(program, point->pid, point->binary, 0, &options);
}

static struct bpf_link *attach_usdt(const struct attach_point *point, const struct bpf_program *program, bool is_exit)
{
	LIBBPF_OPTS(bpf_usdt_opts, options, .usdt_cookie = point->cookie);

	return bpf_program__attach_usdt(program, point->pid, point->binary, point->provider[is_exit],
					point->probe[is_exit], &options);
}

/* One of the point's two programs. */
static int attach_program(struct links *links, const struct attach_point *point, struct bpf_program *program, int *fd)
{
	bool is_exit = program == point->exit;
	LIBBPF_OPTS(bpf_kprobe_opts, options, .retprobe = is_exit, .bpf_cookie = point->is_shared ? point->cookie : 0);

	if (point->kind == ATTACH_POINT_FENTRY && point->is_shared)
		return attach_clone(links, program, point, fd);
	*fd = bpf_program__fd(program);
	if (point->kind == ATTACH_POINT_KPROBE)
		return links_add(links, bpf_program__attach_kprobe_opts(program, point->function, &options));
	if (point->kind == ATTACH_POINT_UPROBE)
		return links_add(links, attach_uprobe(point, program, is_exit));
	if (point->kind == ATTACH_POINT_USDT)
		return links_add(links, attach_usdt(point, program, is_exit));
	return links_add(links, bpf_program__attach(program));
}

/*
 * The entry first: of the kprobes in one point the newest runs first (add_new_kprobe(), kernel/kprobes.c), and the
 * entry's program looks at the return address after the kretprobe has put its own there.
 */
static void attach_place(struct links *links, struct attach_point *point)
{
	point->error = attach_program(links, point, point->entry, &point->entry_fd);
	if (!point->error && point->exit)
		point->error = attach_program(links, point, point->exit, &point->exit_fd);
}

/* All of them with one link each for entries and for exits. */
static int attach_multi(struct attach_points *points, struct links *links)
{
	const char **symbols = calloc(points->n, sizeof(*symbols));
	__u64 *cookies = calloc(points->n, sizeof(*cookies));
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = symbols, .cookies = cookies);
	const struct attach_point *point = NULL;
	int error = symbols && cookies ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < points->n && !error; i++)
		if (points->items[i].kind == ATTACH_POINT_MULTI) {
			point = &points->items[i];
			symbols[options.cnt] = point->function;
			cookies[options.cnt++] = point->cookie;
		}
	if (!error && point)
		error = links_add(links, bpf_program__attach_kprobe_multi_opts(point->entry, NULL, &options));
	options.retprobe = true;
	if (!error && point)
		error = links_add(links, bpf_program__attach_kprobe_multi_opts(point->exit, NULL, &options));
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

int attach_all(struct attach_points *points, struct links *links)
{
	uint64_t next_ns = host_monotonic_ns() + PROGRESS_NS;
	size_t i;

	if (points->n > MANY_LINKS)
		allow_open_files();
	for (i = 0; i < points->n; i++) {
		if (points->items[i].kind == ATTACH_POINT_MULTI)
			continue;
		attach_place(links, &points->items[i]);
		if (host_monotonic_ns() < next_ns)
			continue;
		note("Attached to %zu of %zu...", i + 1, points->n);
		next_ns = host_monotonic_ns() + PROGRESS_NS;
	}
	return attach_multi(points, links);
}
