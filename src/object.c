/* SPDX-License-Identifier: MIT */
/* Globals of a BPF object by name. */
#include "object.h"

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

/* Offset of a global in its section, or -ENOENT. */
static ssize_t global_offset(struct bpf_object *object, const char *section, const char *name)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC), i;
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_var_secinfo *info = type ? btf_var_secinfos(type) : NULL;

	for (i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_type *var = btf__type_by_id(btf, info[i].type);

		if (!strcmp(btf__name_by_offset(btf, var->name_off), name))
			return info[i].offset;
	}
	return -ENOENT;
}

void *object_constant(struct bpf_object *object, const char *name)
{
	ssize_t offset = global_offset(object, ".rodata", name);
	size_t size;

	return offset < 0 ? NULL : (char *)bpf_map__initial_value(section_map(object, ".rodata"), &size) + offset;
}

void *object_share(struct bpf_object *object, const char *name, size_t *n_bytes)
{
	struct bpf_map *map = section_map(object, ".bss");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	if (!map || global_offset(object, ".bss", name)) {
		errno = EINVAL;
		return NULL;
	}
	*n_bytes = (bpf_map__value_size(map) + page - 1) / page * page;
	memory = mmap(NULL, *n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}
