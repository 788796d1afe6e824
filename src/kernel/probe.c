/* SPDX-License-Identifier: MIT */
/* A target in the kernel: open, configure, load, attach, gate. */
#include "kernel/probe.h"

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

struct probe {
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
	struct places places;
	char **sites;
	size_t n_sites;
	struct links links;
	struct probe_info *infos; /* as many as places; those that could not be attached to are left out */
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
static int fill_maps(struct probe *probe, const struct probe_options *options)
{
	int free_fd = probe_map_fd(probe, "lat_free"), cgroup_fd, error = 0;
	struct lat_glob glob;
	uint32_t i, zero = 0;

	for (i = LAT_N_RETS; !probe->config.is_direct && i < probe->n_series && !error; i++)
		error = bpf_map_update_elem(free_fd, NULL, &i, 0);
	if (!error && options->path && glob_compile(&glob, options->path))
		error = bpf_map_update_elem(probe_map_fd(probe, "lat_globs"), &zero, &glob, 0);
	if (error) {
		fail(error, "maps");
		return EXIT_FAILED;
	}
	if (!options->cgroup)
		return 0;
	cgroup_fd = open(options->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = cgroup_fd < 0 ? -errno : bpf_map_update_elem(probe_map_fd(probe, "lat_cgroup"), &zero, &cgroup_fd, 0);
	if (cgroup_fd >= 0)
		close(cgroup_fd);
	if (error) {
		fail(error == -EBADF ? 0 : error, "%s is no cgroup (a folder of the cgroup2 file system)", options->cgroup);
		return EXIT_USAGE;
	}
	return 0;
}

static bool keep_maps(struct probe *probe)
{
	const struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map(map, probe->object)
		n++;
	probe->maps = calloc(n + 1, sizeof(*probe->maps));
	if (!probe->maps)
		return false;
	bpf_object__for_each_map(map, probe->object) {
		snprintf(probe->maps[probe->n_maps].name, MAP_NAME_LEN, "%s", bpf_map__name(map));
		probe->maps[probe->n_maps].fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (probe->maps[probe->n_maps++].fd < 0)
			return false;
	}
	return true;
}

static int prepare(struct probe *probe, const struct probe_options *options)
{
	struct setup setup = {
		.object = probe->object, .options = options, .places = &probe->places,
		.config = object_constant(probe->object, "lat_config"),
	};
	struct bpf_program *program;
	int status, error;

	bpf_object__for_each_program(program, probe->object)
		bpf_program__set_autoload(program, options->config.filter_follow &&
					  !strncmp(bpf_program__name(program), "follow_", strlen("follow_")));
	status = attach_choose(probe->object, probe->target, options->attach, probe->op_mask, &probe->places);
	if (!status)
		status = configure(&setup, probe->target, probe->op_mask, &probe->n_series);
	probe->sites = setup.sites;
	probe->n_sites = setup.n_sites;
	if (status)
		return status;
	map_sizes(&setup, &probe->n_series);
	if (options->bpf_object && !object_can_be_loaded(probe->object)) {
		fail(0, "--bpf-object: %s is no BPF object: libbpf cannot load it", options->bpf_object);
		return EXIT_USAGE;
	}
	error = bpf_object__load(probe->object);
	/* Not before: malloc would then put libbpf's own copy where it does not give it back. */
	kernel_btf_release();
	host_release_symbols();
	malloc_trim(0); /* what lies below later, smaller pieces as well */
	if (error)
		return load_failed(error);
	probe->config = *setup.config;
	if (!keep_maps(probe)) {
		fail(-errno, "maps");
		return EXIT_FAILED;
	}
	probe->state = object_share(probe->object, "lat_state", &probe->n_state_bytes);
	if (probe->state)
		return fill_maps(probe, options);
	fail(-errno, "cannot map the state that is shared with the kernel");
	return EXIT_FAILED;
}

int probe_open(struct probe **result, const struct probe_options *options)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int status;

	libbpf_set_print(print_libbpf);
	if (!probe) {
		fail(-ENOMEM, "probe");
		return EXIT_FAILED;
	}
	if (!host_has_btf()) {
		free(probe);
		fail(0, "this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF");
		return EXIT_CANNOT;
	}
	probe->target = options->target;
	probe->op_mask = options->config.op_mask;
	status = object_open(&probe->object, probe->target, options->bpf_object);
	if (!status)
		status = prepare(probe, options);
	if (status)
		probe_close(probe);
	else
		*result = probe;
	return status;
}

/* An exit status. */
static int attach_failed(int error, const char *place)
{
	char missing[64];

	host_missing_capabilities(missing);
	if (*missing && (error == -EPERM || error == -EACCES))
		return load_failed(error);
	fail(error, "cannot attach to %s", place);
	return EXIT_CANNOT;
}

static int attach_follow(struct probe *probe)
{
	static const char *const follow[] = { "follow_fork", "follow_free" };
	struct bpf_program *program;
	size_t i;
	int error;

	for (i = 0; i < sizeof(follow) / sizeof(follow[0]); i++) {
		program = bpf_object__find_program_by_name(probe->object, follow[i]);
		if (!bpf_program__autoload(program))
			continue;
		error = links_add(&probe->links, bpf_program__attach(program));
		if (error)
			return attach_failed(error, follow[i]);
	}
	return 0;
}

/* Of places that share their programs some may be missing: they are named, and left out. */
static int add_infos(struct probe *probe)
{
	struct place *place, *end = probe->places.items + probe->places.n;
	struct probe_info *info;
	size_t n_skipped = 0;

	probe->infos = calloc(probe->places.n + 1, sizeof(*probe->infos));
	if (!probe->infos) {
		fail(-ENOMEM, "probes");
		return EXIT_FAILED;
	}
	for (place = probe->places.items; place < end; place++) {
		if (place->error && !place->is_shared)
			return attach_failed(place->error, place->function);
		if (place->error) {
			if (n_skipped++ < MAX_SKIPS_SHOWN)
				warn("skipped %s: cannot attach to it: %s", place->function, strerror(-place->error));
			continue;
		}
		info = &probe->infos[probe->n_infos++];
		info->op = place->is_of_several ? "" : probe->target->ops[place->op].name;
		info->function = place->function;
		info->attach = (char *)place_kind_names[place->kind];
		debug("attached to %s by %s", info->function, info->attach);
	}
	if (n_skipped > MAX_SKIPS_SHOWN)
		warn("skipped %zu more", n_skipped - MAX_SKIPS_SHOWN);
	return probe->n_infos || !probe->places.n ? 0 : attach_failed(end[-1].error, end[-1].function);
}

/*
 * What libbpf still has is of no use, and much where many programs call the same functions, as each has a copy of them
 * (2 MiB for vfs). Not where places share programs, which are few then.
 */
static void release_object(struct probe *probe)
{
	struct place *place, *end = probe->places.items + probe->places.n;

	for (place = probe->places.items; place < end; place++)
		if (place->is_shared || place->kind == PLACE_USDT)
			return;
	for (place = probe->places.items; place < end; place++) {
		place->entry_fd = links_keep(&probe->links, place->entry_fd);
		place->exit_fd = links_keep(&probe->links, place->exit_fd);
	}
	bpf_object__close(probe->object);
	probe->object = NULL;
	malloc_trim(0);
}

int probe_attach(struct probe *probe)
{
	int error = attach_places(&probe->places, &probe->links), status;

	if (error)
		return attach_failed(error, probe->target->name);
	status = add_infos(probe);
	if (!status)
		status = attach_follow(probe);
	if (!status)
		release_object(probe);
	return status;
}

void probe_gate_open(struct probe *probe)
{
	__atomic_store_n(&probe->state->gate, 1, __ATOMIC_SEQ_CST);
}

void probe_gate_close(struct probe *probe)
{
	__atomic_store_n(&probe->state->gate, 0, __ATOMIC_SEQ_CST);
	/*
	 * BPF programs run inside RCU read-side sections, and this command of membarrier(2) is synchronize_rcu()
	 * (kernel/sched/membarrier.c): behind it, every program that saw the gate open has ended.
	 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000);
}

void probe_adopt(struct probe *probe, pid_t adopt)
{
	__atomic_store_n(&probe->state->adopt, (uint32_t)adopt, __ATOMIC_SEQ_CST);
}

static uint64_t recursion_misses(int program_fd)
{
	struct bpf_prog_info info = {};
	uint32_t n_bytes = sizeof(info);

	if (program_fd < 0 || bpf_obj_get_info_by_fd(program_fd, &info, &n_bytes))
		return 0;
	return info.recursion_misses;
}

const struct probe_info *probe_infos(struct probe *probe, size_t *n_infos)
{
	const struct place *place, *end = probe->places.items + probe->places.n;
	struct probe_info *info = probe->infos;

	for (place = probe->places.items; place < end; place++)
		if (!place->error)
			(info++)->n_missed = recursion_misses(place->entry_fd) + recursion_misses(place->exit_fd);
	*n_infos = probe->n_infos;
	return probe->infos;
}

struct lat_state *probe_state(struct probe *probe)
{
	return probe->state;
}

const struct lat_config *probe_config(const struct probe *probe)
{
	return &probe->config;
}

char *const *probe_sites(const struct probe *probe, size_t *n_sites)
{
	*n_sites = probe->n_sites;
	return probe->sites;
}

uint32_t probe_n_series(const struct probe *probe)
{
	return probe->n_series;
}

uint32_t probe_derived_offset(const struct probe *probe)
{
	return target_derived_offset(probe->target);
}

bool probe_has_depth(const struct probe *probe)
{
	return probe->target->has_depth;
}

int probe_map_fd(const struct probe *probe, const char *name)
{
	size_t i;

	for (i = 0; i < probe->n_maps; i++)
		if (!strcmp(probe->maps[i].name, name))
			return probe->maps[i].fd;
	return -ENOENT;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	links_free(&probe->links);
	places_free(&probe->places);
	while (probe->n_sites)
		free(probe->sites[--probe->n_sites]);
	free(probe->sites);
	while (probe->n_maps)
		close(probe->maps[--probe->n_maps].fd);
	free(probe->maps);
	free(probe->infos);
	if (probe->state)
		munmap(probe->state, probe->n_state_bytes);
	bpf_object__close(probe->object);
	free(probe);
}
