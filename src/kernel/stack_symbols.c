/* SPDX-License-Identifier: MIT */
/* From the numbers of call stacks in the kernel's map to the names of their functions. */
#include "kernel/stack_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "system/kernel_symbols.h"
#include "latencyprobe/abi.h"
#include "base/log.h"
#include "kernel/tracer.h"
#include "system/user_symbols.h"

/* Of stacks of user space, whose frames mean something else in each process; power of two. */
#define N_KEPT 4096
#define LOST "[stack lost]"
#define NONE "[no stack]"

struct stack_symbols {
	int fd;
	struct kernel_symbols kernel_symbols;
	struct user_symbols *user_symbols; /* NULL without stacks of user space */
	char *kernel[LAT_MAX_STACKS];      /* folded, by number: a number's stack never changes */
	struct kept {
		int32_t id;
		uint32_t pid;
		char *folded;
	} user[N_KEPT];
	char *text; /* of the last stack_symbols_fold() */
	uint64_t n_lost;
};

int stack_symbols_open(struct stack_symbols **result, struct tracer *tracer)
{
	struct stack_symbols *frames = calloc(1, sizeof(*frames));
	bool has_user = tracer_config(tracer)->stacks == LAT_STACKS_USER;
	int error;

	if (!frames)
		return fail(-ENOMEM, "call stacks");
	frames->fd = tracer_map_fd(tracer, "lat_stacks");
	error = kernel_symbols_read(&frames->kernel_symbols);
	if (error == -EPERM)
		warn("/proc/kallsyms hides addresses: call stacks have no names (sysctl kernel.kptr_restrict)");
	else if (error)
		warn("/proc/kallsyms: %s: call stacks have no names", strerror(-error));
	frames->user_symbols = has_user ? user_symbols_new() : NULL;
	*result = frames;
	if (!has_user || frames->user_symbols)
		return 0;
	stack_symbols_close(frames);
	return fail(-ENOMEM, "call stacks");
}

/* Names come from outside, and are not to end a frame; the rest is for those who print them. */
static void put_name(FILE *out, const char *name, bool is_first)
{
	if (!is_first)
		fputc(';', out);
	for (; *name; name++)
		fputc(*name == ';' ? ':' : *name, out);
}

/* How the program that took it was called is no part of it. */
static bool is_tracing(const char *name)
{
	static const char *const prefixes[] = {
		"bpf_prog_", "bpf_trampoline_", "bpf_trace_run", "__bpf_trace_", "__traceiter_", "trace_call_bpf",
		"kprobe_", "kretprobe_", "kprobe_multi_", "fprobe_", "ftrace_", "rethook_", "arch_rethook_",
		"__kretprobe_", "trampoline_handler", "aggr_pre_handler", "opt_pre_handler", "optimized_callback",
		"__ftrace_", "function_graph_", "return_to_handler",
		"uprobe_", "uretprobe_", "__uprobe_", "syscall_exit_",
	};
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* The addresses, the innermost first. Their number; 0 when there are none. */
static size_t look_up(const struct stack_symbols *frames, int32_t id, uint64_t addresses[static LAT_STACK_DEPTH])
{
	size_t n = 0;

	if (bpf_map_lookup_elem(frames->fd, &id, addresses))
		return 0;
	while (n < LAT_STACK_DEPTH && addresses[n])
		n++;
	return n;
}

/* All but the innermost are where a call returns to, which may be behind the function that made it. */
static uint64_t call_address(const uint64_t *addresses, size_t i)
{
	return addresses[i] - (i != 0);
}

static char *fold_kernel(const struct stack_symbols *frames, int32_t id)
{
	uint64_t addresses[LAT_STACK_DEPTH];
	size_t n = look_up(frames, id, addresses), first, size, i;
	bool is_known = frames->kernel_symbols.n;
	const char *name;
	char unknown[32], *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (first = 0; is_known && first < n; first++) {
		name = kernel_symbols_find(&frames->kernel_symbols, call_address(addresses, first));
		if (name && !is_tracing(name))
			break;
	}
	for (i = n; i > first; i--) {
		name = kernel_symbols_find(&frames->kernel_symbols, call_address(addresses, i - 1));
		snprintf(unknown, sizeof(unknown), "0x%" PRIx64, addresses[i - 1]);
		put_name(out, name ? name : unknown, i == n);
	}
	if (first == n)
		put_name(out, NONE, true);
	return fclose(out) ? NULL : text;
}

static char *fold_user(const struct stack_symbols *frames, int32_t id, pid_t pid)
{
	uint64_t addresses[LAT_STACK_DEPTH];
	size_t n = look_up(frames, id, addresses), size, i;
	char name[USER_SYMBOL_LEN], *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = n; i > 0; i--)
		put_name(out, user_symbols_find(frames->user_symbols, pid, call_address(addresses, i - 1), name),
			 i == n);
	return fclose(out) ? NULL : text;
}

/* -EEXIST: the map has another one in the only point for it; -ENOMEM: it is full. Kernel threads have none of users. */
static bool is_lost(int32_t id)
{
	return id == -EEXIST || id == -ENOMEM || id >= LAT_MAX_STACKS;
}

static const char *kernel_part(struct stack_symbols *frames, int32_t id)
{
	if (id < 0 || is_lost(id))
		return is_lost(id) ? LOST : NONE;
	if (!frames->kernel[id])
		frames->kernel[id] = fold_kernel(frames, id);
	return frames->kernel[id];
}

static const char *user_part(struct stack_symbols *frames, int32_t id, uint32_t pid)
{
	struct kept *kept = &frames->user[((uint32_t)id * 31 + pid) % N_KEPT];

	if (id < 0 || is_lost(id))
		return is_lost(id) ? LOST : "";
	if (kept->folded && kept->id == id && kept->pid == pid)
		return kept->folded;
	free(kept->folded);
	*kept = (struct kept){ id, pid, fold_user(frames, id, (pid_t)pid) };
	return kept->folded;
}

const char *stack_symbols_fold(struct stack_symbols *frames, const struct lat_event *event)
{
	const char *kernel = kernel_part(frames, event->stacks.kernel), *user;
	char comm[LAT_COMM_LEN + 1] = "";
	size_t size;
	FILE *out;

	frames->n_lost += is_lost(event->stacks.kernel) || is_lost(event->stacks.user);
	if (!frames->user_symbols || !kernel)
		return kernel;
	user = user_part(frames, event->stacks.user, event->pid);
	free(frames->text);
	frames->text = NULL;
	out = user ? open_memstream(&frames->text, &size) : NULL;
	if (!out)
		return NULL;
	memcpy(comm, event->comm, LAT_COMM_LEN);
	put_name(out, comm, true);
	if (*user)
		fprintf(out, ";%s", user);
	if (strcmp(kernel, NONE))
		fprintf(out, ";%s", kernel);
	return fclose(out) ? NULL : frames->text;
}

void stack_symbols_close(struct stack_symbols *frames)
{
	size_t i;

	if (!frames)
		return;
	if (frames->n_lost)
		warn("%" PRIu64 " outliers are without their call stack (%s): no room for it among %d others",
		     frames->n_lost, LOST, LAT_MAX_STACKS);
	for (i = 0; i < LAT_MAX_STACKS; i++)
		free(frames->kernel[i]);
	for (i = 0; i < N_KEPT; i++)
		free(frames->user[i].folded);
	kernel_symbols_free(&frames->kernel_symbols);
	user_symbols_free(frames->user_symbols);
	free(frames->text);
	free(frames);
}
