/* SPDX-License-Identifier: MIT */
/* Globals of a BPF object by name. */
#include "kernel/bpf_globals.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* The map of a section of globals: called "OBJECT.rodata" or the like. */
static struct bpf_map *section_map(struct bpf_object *object, const char *section)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *dot = strchr(bpf_map__name(map), '.');

		if (dot && !strcmp(dot, section))
			return map;
	}
	return NULL;
}

/* Where a global is in its section; NULL when it is not there. */
static const struct btf_var_secinfo *find_global(const struct bpf_object *object, const char *section, const char *name)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC), i;
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_var_secinfo *info = type ? btf_var_secinfos(type) : NULL;

	for (i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_type *var = btf__type_by_id(btf, info[i].type);
		const char *var_name = var ? btf__name_by_offset(btf, var->name_off) : NULL;

		if (var_name && !strcmp(var_name, name))
			return &info[i];
	}
	return NULL;
}

size_t bpf_global_size(const struct bpf_object *object, const char *section, const char *name)
{
	const struct btf_var_secinfo *info = find_global(object, section, name);

	return info ? info->size : 0;
}

void *bpf_global_constant(struct bpf_object *object, const char *name)
{
	const struct btf_var_secinfo *info = find_global(object, ".rodata", name);
	struct bpf_map *map = section_map(object, ".rodata");
	size_t size = 0;
	char *values = info && map ? (char *)bpf_map__initial_value(map, &size) : NULL;

	/* What a file says of itself need not be so. */
	return values && info->offset <= size && info->size <= size - info->offset ? values + info->offset : NULL;
}

void *bpf_global_share(struct bpf_object *object, const char *name, size_t *n_bytes)
{
	const struct btf_var_secinfo *info = find_global(object, ".bss", name);
	struct bpf_map *map = section_map(object, ".bss");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	if (!map || !info || info->offset || info->size > bpf_map__value_size(map)) {
		errno = EINVAL;
		return NULL;
	}
	*n_bytes = (bpf_map__value_size(map) + page - 1) / page * page;
	memory = mmap(NULL, *n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}
