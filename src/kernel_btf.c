/* SPDX-License-Identifier: MIT */
/* What the running kernel's own type information says, and what its verifier takes. Loaded on first use. */
#include "kernel_btf.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

static struct btf *loaded;

static const struct btf *kernel_btf(void)
{
	if (!loaded)
		loaded = btf__load_vmlinux_btf();
	return loaded;
}

void kernel_btf_release(void)
{
	btf__free(loaded);
	loaded = NULL;
}

/* A program that does nothing, loaded for this function; a file descriptor or -errno. */
static int load_empty_fentry(const char *function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	const struct bpf_insn return_0[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int id = kernel_btf() ? btf__find_by_name_kind(kernel_btf(), function, BTF_KIND_FUNC) : -ENOENT;

	if (id < 0)
		return -ENOENT;
	options.attach_btf_id = (uint32_t)id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "Dual MIT/GPL", return_0, 2, &options);
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
	int fd = load_empty_fentry(function);
	bool can = fd >= 0 && can_attach(fd);

	if (fd >= 0)
		close(fd);
	return can;
}

int kernel_btf_n_args(const char *function)
{
	const struct btf *btf = kernel_btf();
	const struct btf_type *type;
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -ENOENT;

	if (id < 0)
		return -ENOENT;
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
