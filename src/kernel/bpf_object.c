/* SPDX-License-Identifier: MIT */
/* A target's BPF object: its own, or one from a file that fits in its point. */
#include "kernel/bpf_object.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "kernel/bpf_globals.h"
#include "registry/target.h"

/* Structs that both sides compile begin with it; the kernel's own do not. */
#define SHARED_PREFIX "lat_"

/* What is checked, against what. */
struct fit {
	const char *path;
	const struct target *target;
	struct bpf_object *object, *own;
};

/* Always false. */
__attribute__((format(printf, 2, 3))) static bool misfit(const struct fit *fit, const char *format, ...)
{
	char *reason;
	va_list args;

	va_start(args, format);
	if (vasprintf(&reason, format, args) < 0)
		reason = NULL;
	va_end(args);
	fail(0, "--bpf-object: %s does not fit %s: %s", fit->path, fit->target->name, reason ? reason : "memory is short");
	free(reason);
	return false;
}

static bool fit_version(const struct fit *fit)
{
	const uint32_t *version = bpf_global_constant(fit->object, "lat_abi_version");

	if (!version)
		return misfit(fit, "it has no lat_abi_version, and so is no object of latencyprobe");
	return *version == LAT_ABI_VERSION ||
	       misfit(fit, "its lat_abi_version is %u, that of this latencyprobe is %d", *version, LAT_ABI_VERSION);
}

static bool fit_programs(const struct fit *fit)
{
	struct bpf_program *own, *program;
	const char *name;

	bpf_object__for_each_program(own, fit->own) {
		name = bpf_program__name(own);
		program = bpf_object__find_program_by_name(fit->object, name);
		if (!program)
			return misfit(fit, "it has no program %s", name);
		if (strcmp(bpf_program__section_name(program), bpf_program__section_name(own)))
			return misfit(fit, "its program %s is of section %s, not %s", name, bpf_program__section_name(program),
				      bpf_program__section_name(own));
	}
	return true;
}

static bool fit_maps(const struct fit *fit)
{
	const struct bpf_map *own, *map;
	const char *name;

	bpf_object__for_each_map(own, fit->own) {
		name = bpf_map__name(own);
		map = bpf_object__find_map_by_name(fit->object, name);
		if (!map)
			return misfit(fit, "it has no map %s", name);
		/* Of sections of globals the size may differ; what is in them is looked up by name. */
		if (bpf_map__type(map) != bpf_map__type(own) || bpf_map__map_flags(map) != bpf_map__map_flags(own) ||
		    (!strchr(name, '.') && (bpf_map__key_size(map) != bpf_map__key_size(own) ||
					    bpf_map__value_size(map) != bpf_map__value_size(own))))
			return misfit(fit, "its map %s is of another kind", name);
	}
	return true;
}

static const struct btf_type *find_struct(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
}

static bool is_same_name(const struct btf *btf, uint32_t offset, const struct btf *own_btf, uint32_t own_offset)
{
	const char *name = btf__name_by_offset(btf, offset); /* NULL where there is none */

	return name && !strcmp(name, btf__name_by_offset(own_btf, own_offset));
}

static bool is_same_struct(const struct btf *btf, const struct btf_type *type, const struct btf *own_btf,
			   const struct btf_type *own)
{
	const struct btf_member *member = btf_members(type), *own_member = btf_members(own);
	uint16_t i;

	if (type->size != own->size || btf_vlen(type) != btf_vlen(own))
		return false;
	for (i = 0; i < btf_vlen(own); i++)
		if (member[i].offset != own_member[i].offset ||
		    btf__resolve_size(btf, member[i].type) != btf__resolve_size(own_btf, own_member[i].type) ||
		    !is_same_name(btf, member[i].name_off, own_btf, own_member[i].name_off))
			return false;
	return true;
}

static bool fit_structs(const struct fit *fit)
{
	const struct btf *btf = bpf_object__btf(fit->object), *own_btf = bpf_object__btf(fit->own);
	const struct btf_type *own, *type;
	const char *name;
	uint32_t id;

	for (id = 1; id < btf__type_cnt(own_btf); id++) {
		own = btf__type_by_id(own_btf, id);
		name = btf__name_by_offset(own_btf, own->name_off);
		if (!btf_is_struct(own) || strncmp(name, SHARED_PREFIX, strlen(SHARED_PREFIX)))
			continue;
		type = find_struct(btf, name);
		if (!type || !is_same_struct(btf, type, own_btf, own))
			return misfit(fit, "its struct %s is another", name);
	}
	return true;
}

/* The constants that are set before loading, and the state that is shared. */
static bool fit_globals(const struct fit *fit)
{
	static const char *const sections[] = { ".rodata", ".bss" };
	const struct btf *own_btf = bpf_object__btf(fit->own);
	const struct btf_var_secinfo *info;
	const struct btf_type *section;
	const char *name;
	size_t i;
	int id, n;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		id = btf__find_by_name_kind(own_btf, sections[i], BTF_KIND_DATASEC);
		section = id < 0 ? NULL : btf__type_by_id(own_btf, (uint32_t)id);
		for (n = 0; section && n < btf_vlen(section); n++) {
			info = &btf_var_secinfos(section)[n];
			name = btf__name_by_offset(own_btf, btf__type_by_id(own_btf, info->type)->name_off);
			if (bpf_global_size(fit->object, sections[i], name) != info->size)
				return misfit(fit, "its variable %s is missing or another", name);
		}
	}
	return true;
}

/* Programs with the capabilities of the file that runs are no reason to load any others with them. */
static bool may_load_others(const char *path)
{
	if (!getauxval(AT_SECURE))
		return true;
	fail(0, "--bpf-object: %s is not loaded with capabilities that latencyprobe's own file has (setcap); run as root", path);
	return false;
}

/* Whether libbpf survives it: some damage to a file it follows to its end (1.1.2 does). PID is what fork() gave. */
static bool has_survived(pid_t pid)
{
	int status = 0;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);
}

static bool can_be_opened(const char *path, const struct bpf_object_open_opts *options)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		bpf_object__close(bpf_object__open_file(path, options));
		_exit(0);
	}
	return has_survived(pid);
}

bool object_try_load(struct bpf_object *object)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		libbpf_set_print(NULL); /* the parent comes to say the same */
		bpf_object__load(object);
		_exit(0);
	}
	return has_survived(pid);
}

static struct bpf_object *open_file(const struct target *target, const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = target->name);
	struct bpf_object *object;
	struct stat st;
	char why[128];

	if (stat(path, &st)) {
		fail(-errno, "--bpf-object: %s", path);
		return NULL;
	}
	if (S_ISREG(st.st_mode) && !can_be_opened(path, &options)) {
		fail(0, "--bpf-object: %s is no BPF object: libbpf cannot read it", path);
		return NULL;
	}
	object = S_ISREG(st.st_mode) ? bpf_object__open_file(path, &options) : NULL;
	if (object && bpf_object__btf(object))
		return object;
	libbpf_strerror(errno, why, sizeof(why));
	if (object)
		fail(0, "--bpf-object: %s has no BTF", path);
	else
		fail(0, "--bpf-object: %s is no BPF object: %s", path, S_ISREG(st.st_mode) ? why : "no regular file");
	bpf_object__close(object);
	return NULL;
}

static struct bpf_object *open_own(const struct target *target)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = target->name);
	struct bpf_object *object;
	const void *elf;
	size_t n_bytes;

	elf = target->elf_bytes(&n_bytes);
	object = bpf_object__open_mem(elf, n_bytes, &options);
	if (!object)
		fail(-errno, "cannot open the BPF object of %s", target->name);
	return object;
}

/*
 * Of functions for BPF programs that this kernel does not have (bpf/lib/core_read.bpf.h does without them then), libbpf 1.1.2 looks
 * into its modules as well, which takes CAP_SYS_ADMIN; without, it fails to load. It looks only once: here, where it may fail.
 */
static void look_into_modules(struct bpf_object *object)
{
	if (!kernel_btf_has_struct("bpf_iter_num"))
		bpf_program__set_attach_target(bpf_object__next_program(object, NULL), 0, "no function has this name");
}

int object_open(struct bpf_object **object, const struct target *target, const char *path)
{
	struct fit fit = { .path = path, .target = target };
	struct bpf_object *own, *other;
	bool fits;

	if (path && !may_load_others(path))
		return EXIT_FAILED;
	own = open_own(target);
	if (own)
		look_into_modules(own);
	if (!own || !path) {
		*object = own;
		return own ? 0 : EXIT_FAILED;
	}
	other = open_file(target, path);
	if (other)
		look_into_modules(other);
	fit.own = own;
	fit.object = other;
	fits = other && fit_version(&fit) && fit_programs(&fit) && fit_maps(&fit) && fit_structs(&fit) && fit_globals(&fit);
	bpf_object__close(own);
	if (fits)
		*object = other;
	else
		bpf_object__close(other);
	return fits ? 0 : EXIT_USAGE;
}
