/* SPDX-License-Identifier: MIT */
/* Target syscall: system calls by name. */
#include "registry/target.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/suggest.h"
#include "kernel/bpf_globals.h"
#include "kernel/tracer.h"
#include "syscall.skel.h"
#include "base/word_list.h"

/* As in bpf/syscall.bpf.c. */
#define N_NUMBERS 1024
enum { ABI_64, ABI_32, ABI_x32, N_ABIS };
#define BEYOND (N_ABIS * N_NUMBERS)
enum { LEFT_OUT, MEASURED, NEVER_RETURNS };

static const struct op ops[] = {
	{ .name = "syscall", .help = "any system call, or those that are named", .waits = true },
};

static const struct hook_def hooks[] = {
	{ .name = "sys_enter", .tracepoint = "sys_enter" },
	{ .name = "sys_exit", .tracepoint = "sys_exit" },
};

static const char *const suffixes[] = { [ABI_64] = "", [ABI_32] = " (32-bit)", [ABI_x32] = " (x32)" };

#define SYSCALL(abi, number, name) [(abi) * N_NUMBERS + (number)] = #name,
static const char *const names[BEYOND] = {
#include "syscalls.inc"
};

/* The name of a system call, or its number where the headers that this was built with have none. */
static char *name_of(size_t site)
{
	const char *suffix = suffixes[site / N_NUMBERS];
	char *name;
	int length;

	length = names[site] ? asprintf(&name, "%s%s", names[site], suffix) :
		 asprintf(&name, "syscall_%zu%s", site % N_NUMBERS, suffix);
	return length < 0 ? NULL : name;
}

static int name_sites(struct setup *setup)
{
	size_t i;

	setup->sites = calloc(BEYOND + 1, sizeof(*setup->sites));
	if (!setup->sites)
		return fail(-ENOMEM, "names of system calls");
	for (i = 0; i <= BEYOND; i++) {
		setup->sites[i] = i < BEYOND ? name_of(i) : strdup("(no such number)");
		setup->n_sites = i + 1;
		if (!setup->sites[i])
			return fail(-ENOMEM, "names of system calls");
	}
	return 0;
}

/* "read" stands for the 32-bit read as well. */
static bool is_named(const char *site, const char *name)
{
	const char *suffix = strchr(site, ' ');
	char plain[64];

	snprintf(plain, sizeof(plain), "%.*s", suffix ? (int)(suffix - site) : (int)strlen(site), site);
	return !fnmatch(name, plain, 0) || !fnmatch(name, site, 0);
}

/* Marks those of the name, which may be a glob; an exit status. */
static int choose(const struct setup *setup, uint8_t *kinds, const char *name)
{
	struct suggestion nearest = { .wanted = name };
	bool is_known = false;
	char meant[256];
	size_t i;

	for (i = 0; i < setup->n_sites; i++)
		if (is_named(setup->sites[i], name)) {
			kinds[i] = MEASURED;
			is_known = true;
		}
	if (is_known)
		return 0;
	for (i = 0; i < N_NUMBERS; i++)
		suggestion_consider(&nearest, setup->sites[i]);
	fail(0, "there is no system call %s%s", name, suggestion_text(&nearest, meant, sizeof(meant)));
	return EXIT_USAGE;
}

/* An exit status. */
static int list_word(const char *word)
{
	bool is_found = false;
	size_t site;
	char *name;

	for (site = 0; site < BEYOND; site++) {
		name = names[site] ? name_of(site) : NULL;
		if (name && is_named(name, word)) {
			puts(name);
			is_found = true;
		}
		free(name);
	}
	if (is_found)
		return 0;
	fail(0, "there is no system call %s", word);
	return EXIT_USAGE;
}

static int list(char *const *joined, size_t n_joined)
{
	struct word_list words;
	int status = 0;
	size_t i;

	if (word_list_split(&words, joined, n_joined))
		return EXIT_FAILED;
	for (i = 0; i < words.n && !status; i++)
		status = list_word(words.items[i]);
	word_list_free(&words);
	return status;
}

static int choose_words(const struct setup *setup, uint8_t *kinds)
{
	struct word_list words;
	int status = 0;
	size_t i;

	if (word_list_split(&words, setup->options->words, setup->options->n_words))
		return EXIT_FAILED;
	for (i = 0; i < words.n && !status; i++)
		status = choose(setup, kinds, words.items[i]);
	word_list_free(&words);
	return status;
}

static int configure(struct setup *setup)
{
	uint8_t *kinds = bpf_global_constant(setup->object, "syscall_kinds");
	int status = 0;
	size_t i;

	if (name_sites(setup))
		return EXIT_FAILED;
	if (setup->options->n_words) {
		status = choose_words(setup, kinds);
		setup->config->has_filter = 1;
	} else {
		memset(kinds, MEASURED, BEYOND + 1);
	}
	for (i = 0; i < setup->n_sites; i++)
		if (kinds[i] == MEASURED && (is_named(setup->sites[i], "exit") || is_named(setup->sites[i], "exit_group")))
			kinds[i] = NEVER_RETURNS;
	return status;
}

static const struct target syscall_target = {
	.name = "syscall",
	.summary = "system calls, all or those that are named: time in the kernel, by call",
	.covers =
		"  Every system call of every process, 32-bit calls apart, from the tracepoint sys_enter to sys_exit.\n"
		"  ret=error are those that failed (--by errno says how); ret=again are EAGAIN and calls that a signal\n"
		"  interrupted, which the kernel makes once more or ends with EINTR. exit and exit_group never return, and\n"
		"  only are in the account. Names may be globs: 'read*', read,write.\n",
	.cannot_see =
		"  What io_uring does, which is no call. Calls that seccomp refuses: only their ends are seen (unmatched).\n"
		"  Time in user space, and what vDSO answers without a call (clock_gettime).\n",
	.ops = ops,
	.n_ops = 1,
	.hooks = hooks,
	.n_hooks = sizeof(hooks) / sizeof(hooks[0]),
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU |
		1U << LAT_DIM_CGROUP | 1U << LAT_DIM_ERRNO,
	.words = "[NAME[,NAME]...]",
	.site_name = "syscall",
	.list = list,
	.elf_bytes = syscall_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(syscall_target);
