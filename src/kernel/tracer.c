/* SPDX-License-Identifier: MIT */
/* A target in the kernel: open, configure, load, attach, gate. */
#include "kernel/attach.h"
#include "kernel/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/configure.h"
#include "base/glob.h"
#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "kernel/map_sizes.h"
#include "kernel/bpf_globals.h"
#include "kernel/bpf_object.h"
#include "model/snapshot.h"
#include "registry/target.h"

#define MAX_SKIPS_SHOWN 10

#define MAP_NAME_LEN 16 /* BPF_OBJ_NAME_LEN */

struct tracer {
	const struct target *target;
	struct bpf_object *object; /* NULL once all that is needed of it is here */
	struct lat_config config;  /* as the kernel has it */
	struct map_fd {
		char name[MAP_NAME_LEN];
		int fd;
	} *maps;
	size_t n_maps;
	struct lat_state *state;   /* .bss, shared with the kernel */
	size_t n_state_bytes;
	uint32_t n_series, op_mask;
	struct attach_points points;
	char **sites;
	size_t n_sites;
	struct links links;
	struct probe_info *infos; /* as many as points; those that could not be attached to are left out */
	size_t n_infos;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *rest, *line;

	if (level == LIBBPF_DEBUG || !log_is_verbose() || vasprintf(&text, format, args) < 0)
		return 0;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line)
			debug("%s", line);
	free(text);
	return 0;
}

static int load_failed(int error)
{
	char missing[64];

	host_missing_capabilities(missing);
	if (*missing && (error == -EPERM || error == -EACCES)) {
		fail(0, "not permitted: missing %s; run as root, or: setcap cap_bpf,cap_perfmon=ep %s", missing,
		     "$(which latencyprobe)");
		return EXIT_FAILED;
	}
	fail(error, "cannot load the BPF programs (-v shows the kernel's reasons, `latencyprobe doctor` what is missing)");
	return EXIT_CANNOT;
}

/* The maps whose content is known before anything runs. */
static int fill_maps(struct tracer *tracer, const struct tracer_options *options)
{
	int free_fd = tracer_map_fd(tracer, "lat_free"), cgroup_fd, error = 0;
	struct lat_glob glob;
	uint32_t i, zero = 0;

	for (i = LAT_N_RETS; !tracer->config.is_direct && i < tracer->n_series && !error; i++)
		error = bpf_map_update_elem(free_fd, NULL, &i, 0);
	if (!error && options->path && glob_compile(&glob, options->path))
		error = bpf_map_update_elem(tracer_map_fd(tracer, "lat_globs"), &zero, &glob, 0);
	if (error) {
		fail(error, "maps");
		return EXIT_FAILED;
	}
	if (!options->cgroup)
		return 0;
	cgroup_fd = open(options->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = cgroup_fd < 0 ? -errno : bpf_map_update_elem(tracer_map_fd(tracer, "lat_cgroup"), &zero, &cgroup_fd, 0);
	if (cgroup_fd >= 0)
		close(cgroup_fd);
	if (error) {
		fail(error == -EBADF ? 0 : error, "%s is no cgroup (a folder of the cgroup2 file system)", options->cgroup);
		return EXIT_USAGE;
	}
	return 0;
}

static bool keep_maps(struct tracer *tracer)
{
	const struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map(map, tracer->object)
		n++;
	tracer->maps = calloc(n + 1, sizeof(*tracer->maps));
	if (!tracer->maps)
		return false;
	bpf_object__for_each_map(map, tracer->object) {
		snprintf(tracer->maps[tracer->n_maps].name, MAP_NAME_LEN, "%s", bpf_map__name(map));
		tracer->maps[tracer->n_maps].fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (tracer->maps[tracer->n_maps++].fd < 0)
			return false;
	}
	return true;
}

static int prepare(struct tracer *tracer, const struct tracer_options *options)
{
	struct setup setup = {
		.object = tracer->object, .options = options, .points = &tracer->points,
		.config = bpf_global_constant(tracer->object, "lat_config"),
	};
	struct bpf_program *program;
	int status, error;

	bpf_object__for_each_program(program, tracer->object)
		bpf_program__set_autoload(program, options->config.filter_follow &&
					  !strncmp(bpf_program__name(program), "follow_", strlen("follow_")));
	status = attach_choose(tracer->object, tracer->target, options->attach, tracer->op_mask, &tracer->points);
	if (!status)
		status = configure(&setup, tracer->target, tracer->op_mask, &tracer->n_series);
	tracer->sites = setup.sites;
	tracer->n_sites = setup.n_sites;
	if (status)
		return status;
	map_sizes(&setup, &tracer->n_series);
	if (options->bpf_object && !object_try_load(tracer->object)) {
		fail(0, "--bpf-object: %s is no BPF object: libbpf cannot load it", options->bpf_object);
		return EXIT_USAGE;
	}
	error = bpf_object__load(tracer->object);
	/* Not before: malloc would then put libbpf's own copy where it does not give it back. */
	kernel_btf_release();
	host_release_symbols();
	malloc_trim(0); /* what lies below later, smaller pieces as well */
	if (error)
		return load_failed(error);
	tracer->config = *setup.config;
	if (!keep_maps(tracer)) {
		fail(-errno, "maps");
		return EXIT_FAILED;
	}
	tracer->state = bpf_global_share(tracer->object, "lat_state", &tracer->n_state_bytes);
	if (tracer->state)
		return fill_maps(tracer, options);
	fail(-errno, "cannot map the state that is shared with the kernel");
	return EXIT_FAILED;
}

int tracer_open(struct tracer **result, const struct tracer_options *options)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int status;

	libbpf_set_print(print_libbpf);
	if (!tracer) {
		fail(-ENOMEM, "tracer");
		return EXIT_FAILED;
	}
	if (!host_has_btf()) {
		free(tracer);
		fail(0, "this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF");
		return EXIT_CANNOT;
	}
	tracer->target = options->target;
	tracer->op_mask = options->config.op_mask;
	status = object_open(&tracer->object, tracer->target, options->bpf_object);
	if (!status)
		status = prepare(tracer, options);
	if (status)
		tracer_close(tracer);
	else
		*result = tracer;
	return status;
}

/* An exit status. */
static int attach_failed(int error, const char *point)
{
	char missing[64];

	host_missing_capabilities(missing);
	if (*missing && (error == -EPERM || error == -EACCES))
		return load_failed(error);
	fail(error, "cannot attach to %s", point);
	return EXIT_CANNOT;
}

static int attach_follow(struct tracer *tracer)
{
	static const char *const follow[] = { "follow_fork", "follow_free" };
	struct bpf_program *program;
	size_t i;
	int error;

	for (i = 0; i < sizeof(follow) / sizeof(follow[0]); i++) {
		program = bpf_object__find_program_by_name(tracer->object, follow[i]);
		if (!bpf_program__autoload(program))
			continue;
		error = links_add(&tracer->links, bpf_program__attach(program));
		if (error)
			return attach_failed(error, follow[i]);
	}
	return 0;
}

/* Of points that share their programs some may be missing: they are named, and left out. */
static int add_infos(struct tracer *tracer)
{
	struct attach_point *point, *end = tracer->points.items + tracer->points.n;
	struct probe_info *info;
	size_t n_skipped = 0;

	tracer->infos = calloc(tracer->points.n + 1, sizeof(*tracer->infos));
	if (!tracer->infos) {
		fail(-ENOMEM, "probes");
		return EXIT_FAILED;
	}
	for (point = tracer->points.items; point < end; point++) {
		if (point->error && !point->is_shared)
			return attach_failed(point->error, point->function);
		if (point->error) {
			if (n_skipped++ < MAX_SKIPS_SHOWN)
				warn("skipped %s: cannot attach to it: %s", point->function, strerror(-point->error));
			continue;
		}
		info = &tracer->infos[tracer->n_infos++];
		info->op = point->is_of_several ? "" : tracer->target->ops[point->op].name;
		info->function = point->function;
		info->attach = (char *)attach_point_kind_names[point->kind];
		debug("attached to %s by %s", info->function, info->attach);
	}
	if (n_skipped > MAX_SKIPS_SHOWN)
		warn("skipped %zu more", n_skipped - MAX_SKIPS_SHOWN);
	return tracer->n_infos || !tracer->points.n ? 0 : attach_failed(end[-1].error, end[-1].function);
}

/*
 * What libbpf still has is of no use, and much where many programs call the same functions, as each has a copy of them
 * (2 MiB for vfs). Not where points share programs, which are few then.
 */
static void release_object(struct tracer *tracer)
{
	struct attach_point *point, *end = tracer->points.items + tracer->points.n;

	for (point = tracer->points.items; point < end; point++)
		if (point->is_shared || point->kind == ATTACH_POINT_USDT)
			return;
	for (point = tracer->points.items; point < end; point++) {
		point->entry_fd = links_keep(&tracer->links, point->entry_fd);
		point->exit_fd = links_keep(&tracer->links, point->exit_fd);
	}
	bpf_object__close(tracer->object);
	tracer->object = NULL;
	malloc_trim(0);
}

int tracer_attach(struct tracer *tracer)
{
	int error = attach_all(&tracer->points, &tracer->links), status;

	if (error)
		return attach_failed(error, tracer->target->name);
	status = add_infos(tracer);
	if (!status)
		status = attach_follow(tracer);
	if (!status)
		release_object(tracer);
	return status;
}

void tracer_gate_open(struct tracer *tracer)
{
	__atomic_store_n(&tracer->state->gate, 1, __ATOMIC_SEQ_CST);
}

void tracer_gate_close(struct tracer *tracer)
{
	__atomic_store_n(&tracer->state->gate, 0, __ATOMIC_SEQ_CST);
	/*
	 * BPF programs run inside RCU read-side sections, and this command of membarrier(2) is synchronize_rcu()
	 * (kernel/sched/membarrier.c): behind it, every program that saw the gate open has ended.
	 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000);
}

void tracer_adopt(struct tracer *tracer, pid_t adopt)
{
	__atomic_store_n(&tracer->state->adopt, (uint32_t)adopt, __ATOMIC_SEQ_CST);
}

static uint64_t recursion_misses(int program_fd)
{
	struct bpf_prog_info info = {};
	uint32_t n_bytes = sizeof(info);

	if (program_fd < 0 || bpf_obj_get_info_by_fd(program_fd, &info, &n_bytes))
		return 0;
	return info.recursion_misses;
}

const struct probe_info *probe_infos(struct tracer *tracer, size_t *n_infos)
{
	const struct attach_point *point, *end = tracer->points.items + tracer->points.n;
	struct probe_info *info = tracer->infos;

	for (point = tracer->points.items; point < end; point++)
		if (!point->error)
			(info++)->n_missed = recursion_misses(point->entry_fd) + recursion_misses(point->exit_fd);
	*n_infos = tracer->n_infos;
	return tracer->infos;
}

struct lat_state *tracer_state(struct tracer *tracer)
{
	return tracer->state;
}

const struct lat_config *tracer_config(const struct tracer *tracer)
{
	return &tracer->config;
}

char *const *tracer_sites(const struct tracer *tracer, size_t *n_sites)
{
	*n_sites = tracer->n_sites;
	return tracer->sites;
}

uint32_t tracer_n_series(const struct tracer *tracer)
{
	return tracer->n_series;
}

uint32_t tracer_derived_offset(const struct tracer *tracer)
{
	return target_derived_offset(tracer->target);
}

bool tracer_has_depth(const struct tracer *tracer)
{
	return tracer->target->has_depth;
}

int tracer_map_fd(const struct tracer *tracer, const char *name)
{
	size_t i;

	for (i = 0; i < tracer->n_maps; i++)
		if (!strcmp(tracer->maps[i].name, name))
			return tracer->maps[i].fd;
	return -ENOENT;
}

void tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return;
	links_free(&tracer->links);
	attach_points_free(&tracer->points);
	while (tracer->n_sites)
		free(tracer->sites[--tracer->n_sites]);
	free(tracer->sites);
	while (tracer->n_maps)
		close(tracer->maps[--tracer->n_maps].fd);
	free(tracer->maps);
	free(tracer->infos);
	if (tracer->state)
		munmap(tracer->state, tracer->n_state_bytes);
	bpf_object__close(tracer->object);
	free(tracer);
}
