/* SPDX-License-Identifier: MIT */
/* What the running kernel's own type information says, and what its verifier takes. Loaded on first use. */
#include "kernel/kernel_btf.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/name_table.h"

static struct btf *loaded;

static const struct btf *kernel_btf(void)
{
	if (!loaded)
		loaded = btf__load_vmlinux_btf();
	return loaded;
}

/* Functions by name: libbpf looks through all types for each one. */
static struct name_table functions;

static bool index_functions(const struct btf *btf)
{
	const struct btf_type *type;
	uint32_t n = btf__type_cnt(btf), n_functions = 0, id;

	for (id = 1; id < n; id++)
		n_functions += btf_is_func(btf__type_by_id(btf, id));
	if (!name_table_make(&functions, n_functions))
		return false;
	for (id = 1; id < n; id++) {
		type = btf__type_by_id(btf, id);
		if (btf_is_func(type))
			name_table_add(&functions, btf__name_by_offset(btf, type->name_off), id);
	}
	return true;
}

void kernel_btf_release(void)
{
	name_table_free(&functions);
	btf__free(loaded);
	loaded = NULL;
}

bool kernel_btf_has_struct(const char *name)
{
	const struct btf *btf = kernel_btf();

	return btf && btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) > 0;
}

int kernel_btf_function_id(const char *function)
{
	const struct btf *btf = kernel_btf();
	const struct name_entry *found;

	if (!btf || (!functions.items && !index_functions(btf)))
		return -ENOENT;
	found = name_table_find(&functions, function);
	return found ? (int)found->number : -ENOENT;
}

/* A program that does nothing but call a helper, loaded for this function; a file descriptor or -errno. */
static int load_fentry(const char *function, int helper)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	const struct bpf_insn insns[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int id = kernel_btf_function_id(function);

	if (id < 0)
		return id;
	options.attach_btf_id = (uint32_t)id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "Dual MIT/GPL", insns, 3, &options);
}

/* Loading says nothing of an architecture's trampolines (arm64 before 6.0), so one is attached for a moment. */
static bool can_attach(int program_fd)
{
	static int answer = -1;
	int link_fd;

	if (answer < 0) {
		link_fd = bpf_raw_tracepoint_open(NULL, program_fd);
		answer = link_fd >= 0;
		if (link_fd >= 0)
			close(link_fd);
	}
	return answer;
}

bool kernel_btf_can_fentry(const char *function)
{
	int fd = load_fentry(function, BPF_FUNC_ktime_get_ns);
	bool can = fd >= 0 && can_attach(fd);

	if (fd >= 0)
		close(fd);
	return can;
}

bool kernel_btf_has_cookies(const char *function)
{
	int fd = load_fentry(function, BPF_FUNC_get_attach_cookie);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum kernel_returns kernel_btf_returns(const char *function)
{
	const struct btf *btf = kernel_btf();
	const struct btf_type *type;
	int id = kernel_btf_function_id(function);
	__u32 type_id;

	if (id < 0)
		return RETURNS_WORD;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type);
	type_id = type->type;
	for (type = btf__type_by_id(btf, type_id); btf_is_mod(type) || btf_is_typedef(type);)
		type = btf__type_by_id(btf, type->type);
	if (!type_id || btf_is_void(type) || btf_is_composite(type))
		return RETURNS_NOTHING;
	if (btf_is_ptr(type) || type->size == 8)
		return RETURNS_WORD;
	if (btf_is_int(type))
		return type->size == 4 && btf_int_encoding(type) & BTF_INT_SIGNED ? RETURNS_INT : RETURNS_NOTHING;
	return btf_is_any_enum(type) ? RETURNS_INT : RETURNS_NOTHING;
}

int kernel_btf_n_args(const char *function)
{
	const struct btf *btf = kernel_btf();
	const struct btf_type *type;
	int id = kernel_btf_function_id(function);

	if (id < 0)
		return id;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type);
	return btf_vlen(type);
}

int kernel_btf_tracepoint_n_args(const char *tracepoint)
{
	const struct btf *btf = kernel_btf();
	const struct btf_type *type;
	char name[128];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) : -ENOENT;
	if (id < 0)
		return -ENOENT;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type); /* the pointer to the prototype */
	type = btf__type_by_id(btf, type->type);
	/* The first parameter of every such prototype is the tracer's own data. */
	return btf_vlen(type) - 1;
}

bool kernel_btf_maps_need_memlock(void)
{
	/* Charging to the memory cgroup and this helper's use in tracing programs came with the same release. */
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_task_storage_get, NULL) != 1;
}
