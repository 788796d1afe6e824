/* SPDX-License-Identifier: MIT */
/* Target uprobe: calls of functions of programs and libraries. */
#include "registry/target.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "kernel/attach.h"
#include "system/elf_file.h"
#include "base/log.h"
#include "base/suggest.h"
#include "kernel/bpf_globals.h"
#include "kernel/tracer.h"
#include "uprobe.skel.h"
#include "base/word_list.h"

static const struct op ops[] = { { .name = "uprobe", .help = "calls of the functions that are named" } };

/* The file of the last configure(); points borrow its path until the program ends. */
static struct elf_file *binary;

struct search {
	struct setup *setup;
	const char *word;
	struct suggestion nearest;
	bool is_found;
};

static bool is_known(const struct setup *setup, const char *name)
{
	size_t i;

	for (i = 0; i < setup->n_sites; i++)
		if (!strcmp(setup->sites[i], name))
			return true;
	return false;
}

static int add(struct setup *setup, const char *name)
{
	struct attach_point point = {
		.function = (char *)name,
		.kind = ATTACH_POINT_UPROBE,
		.entry = bpf_object__find_program_by_name(setup->object, "uprobe__entry"),
		.exit = bpf_object__find_program_by_name(setup->object, "uprobe__exit"),
		.binary = elf_file_path(binary),
		.pid = attach_process(setup->config),
		.is_shared = true,
		.cookie = setup->n_sites,
	};
	char **more = realloc(setup->sites, (setup->n_sites + 1) * sizeof(*more));

	if (!more)
		return fail(-ENOMEM, "functions");
	setup->sites = more;
	more[setup->n_sites] = strdup(name);
	if (!more[setup->n_sites])
		return fail(-ENOMEM, "functions");
	setup->n_sites++;
	bpf_program__set_autoload(point.entry, true);
	bpf_program__set_autoload(point.exit, true);
	return attach_points_append(setup->points, point);
}

/* Both symbol tables may name a function. */
static int consider(void *context, const char *name)
{
	struct search *search = context;

	suggestion_consider(&search->nearest, name);
	if (fnmatch(search->word, name, 0))
		return 0;
	search->is_found = true;
	return is_known(search->setup, name) ? 0 : add(search->setup, name);
}

/* An exit status. */
static int choose(struct setup *setup, const char *word)
{
	struct search search = { .setup = setup, .word = word, .nearest.wanted = word };
	char meant[256];

	if (elf_file_each_function(binary, consider, &search))
		return EXIT_FAILED;
	if (search.is_found)
		return 0;
	fail(0, "%s has no function %s%s", elf_file_path(binary), word,
	     suggestion_text(&search.nearest, meant, sizeof(meant)));
	return EXIT_USAGE;
}

static int print(void *globs, const char *name)
{
	char *const *glob;

	for (glob = globs; *glob; glob++)
		if (!fnmatch(*glob, name, 0)) {
			puts(name);
			break;
		}
	return 0;
}

/* The functions of a file that match one of the globs; all without a glob. */
static int list(char *const *words, size_t n_words)
{
	static char *const all[] = { "*" };
	struct word_list globs;

	if (elf_file_open(&binary, words[0]))
		return EXIT_USAGE;
	if (word_list_split(&globs, n_words > 1 ? words + 1 : all, n_words > 1 ? n_words - 1 : 1))
		return EXIT_FAILED;
	elf_file_each_function(binary, print, globs.items);
	word_list_free(&globs);
	elf_file_close(binary);
	return 0;
}

static int configure(struct setup *setup)
{
	struct word_list words;
	int status = 0;
	size_t i;

	if (elf_file_open(&binary, setup->options->words[0]))
		return EXIT_USAGE;
	if (elf_file_is_go(binary))
		warn("%s is a Go program, which return probes can crash (golang/go#22008)", elf_file_path(binary));
	if (word_list_split(&words, setup->options->words + 1, setup->options->n_words - 1))
		return EXIT_FAILED;
	for (i = 0; i < words.n && !status; i++)
		status = choose(setup, words.items[i]);
	word_list_free(&words);
	if (!status && !attach_can_take(setup->n_sites))
		return EXIT_USAGE;
	if (!status && !attach_can_share(setup->n_sites))
		return EXIT_CANNOT;
	*(bool *)bpf_global_constant(setup->object, "uprobe_has_cookies") = setup->n_sites > 1;
	setup->max_keys = (uint32_t)setup->n_sites * 2;
	return status;
}

static const struct target uprobe = {
	.name = "uprobe",
	.summary = "functions of a program or a library, from entry to return",
	.covers =
		"  Every call of the named functions (names or globs) of the file, in all processes that run or map it, or in\n"
		"  one (-p). Nested and recursive calls are calls of their own. --ret takes the result as an int.\n",
	.cannot_see =
		"  Functions without a symbol, and calls that the compiler made part of their caller. A function that is left\n"
		"  by longjmp() or an exception has no end: after 60 s its room may be used again (lost exit).\n"
		"  More than 64 calls of one thread inside each other: return probes are that deep, and those beyond stay in flight.\n"
		"  --arg has registers: an int of -1 is 4294967295.\n"
		"  Go programs: their stacks move, and return probes can crash them. Programs of 32 bits are refused.\n",
	.ops = ops,
	.n_ops = 1,
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_CGROUP,
	.words = "BINARY FUNCTION...",
	.min_words = 2,
	.site_name = "func",
	.has_arguments = true,
	.list = list,
	.elf_bytes = uprobe_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(uprobe);
