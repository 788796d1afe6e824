/* SPDX-License-Identifier: MIT */
/* Target usdt: from one static probe of a program to another. */
#include "registry/target.h"

#include <errno.h>
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
#include "usdt.skel.h"

static const struct op ops[] = { { .name = "usdt", .help = "from the first probe of a pair to the second" } };

/* The file of the last configure(); points borrow its path until the program ends. */
static struct elf_file *binary;

struct search {
	const char *wanted; /* PROVIDER:PROBE */
	int n_args;         /* fewest of its points; -1: not found */
	struct suggestion nearest;
	char names[64][128]; /* what nearest borrows */
	size_t n_names;
};

static int consider(void *context, const char *provider, const char *probe, int n_args)
{
	struct search *search = context;
	char *name = search->names[search->n_names % 64];

	snprintf(name, sizeof(search->names[0]), "%s:%s", provider, probe);
	if (!strcmp(name, search->wanted)) {
		if (search->n_args < 0 || n_args < search->n_args)
			search->n_args = n_args;
	} else if (search->n_names < 64) {
		suggestion_consider(&search->nearest, name);
		search->n_names++;
	}
	return 0;
}

/* Cuts WORD up at its colon; an exit status. */
static int parse_probe(const struct setup *setup, char *word, const char **provider, const char **probe)
{
	struct search search = { .wanted = word, .n_args = -1, .nearest.wanted = word };
	char *colon = strchr(word, ':'), meant[512];

	if (!colon) {
		fail(0, "%s: a probe is named PROVIDER:PROBE", word);
		return EXIT_USAGE;
	}
	elf_file_each_usdt(binary, consider, &search);
	if (search.n_args < 0) {
		fail(0, "%s has no USDT probe %s%s", elf_file_path(binary), word, search.n_names ?
		     suggestion_text(&search.nearest, meant, sizeof(meant)) : ", and no other");
		return EXIT_USAGE;
	}
	if (setup->options->key_arg >= search.n_args) {
		fail(0, "%s cannot be paired by arg%d: it has %d argument%s", word, setup->options->key_arg, search.n_args,
		     search.n_args == 1 ? "" : "s");
		return EXIT_USAGE;
	}
	*colon = '\0';
	*provider = word;
	*probe = colon + 1;
	return 0;
}

/* An exit status. The words are cut up, and borrowed. */
static int add_pair(struct setup *setup, char *begin, char *end)
{
	struct attach_point point = {
		.kind = ATTACH_POINT_USDT,
		.entry = bpf_object__find_program_by_name(setup->object, "usdt__entry"),
		.exit = bpf_object__find_program_by_name(setup->object, "usdt__exit"),
		.binary = elf_file_path(binary),
		.pid = attach_process(setup->config),
		.cookie = setup->n_sites,
	};
	char **site = &setup->sites[setup->n_sites];
	int status;

	if (asprintf(site, "%s - %s", begin, end) < 0) {
		fail(-ENOMEM, "probes");
		return EXIT_FAILED;
	}
	setup->n_sites++;
	point.function = *site;
	status = parse_probe(setup, begin, &point.provider[0], &point.probe[0]);
	if (!status)
		status = parse_probe(setup, end, &point.provider[1], &point.probe[1]);
	if (status)
		return status;
	bpf_program__set_autoload(point.entry, true);
	bpf_program__set_autoload(point.exit, true);
	return attach_points_append(setup->points, point) ? EXIT_FAILED : 0;
}

static int print(void *has_some, const char *provider, const char *probe, int n_args)
{
	*(bool *)has_some = true;
	printf("%s:%s  %d argument%s\n", provider, probe, n_args, n_args == 1 ? "" : "s");
	return 0;
}

/* The probes of a file, one line for each point. */
static int list(char *const *words, size_t n_words)
{
	bool has_some = false;

	if (n_words > 1) {
		fail(0, "list usdt takes BINARY alone");
		return EXIT_USAGE;
	}
	if (elf_file_open(&binary, words[0]))
		return EXIT_USAGE;
	elf_file_each_usdt(binary, print, &has_some);
	if (!has_some)
		fail(0, "%s has no USDT probes", elf_file_path(binary));
	elf_file_close(binary);
	return has_some ? 0 : EXIT_USAGE;
}

static int configure(struct setup *setup)
{
	char *const *words = setup->options->words;
	size_t n_words = setup->options->n_words, i;
	int status = 0;

	if (n_words % 2 != 1) {
		fail(0, "usdt takes BINARY and pairs of probes: %s has no second one", words[n_words - 1]);
		return EXIT_USAGE;
	}
	/* libbpf then has to know where the file is mapped. */
	if (!attach_has_cookies() && attach_process(setup->config) < 0) {
		fail(0, "before 5.15 a kernel has USDT probes only in a process that -p names");
		return EXIT_CANNOT;
	}
	if (elf_file_open(&binary, words[0]))
		return EXIT_USAGE;
	setup->sites = calloc(n_words, sizeof(*setup->sites));
	if (!setup->sites) {
		fail(-ENOMEM, "probes");
		return EXIT_FAILED;
	}
	*(int32_t *)bpf_global_constant(setup->object, "usdt_key") = setup->options->key_arg;
	for (i = 1; i + 1 < n_words && !status; i += 2)
		status = add_pair(setup, words[i], words[i + 1]);
	return status;
}

static const struct target usdt = {
	.name = "usdt",
	.summary = "from one USDT probe of a program to another, paired by an argument or the thread",
	.covers =
		"  From each time that the first probe of a pair is passed to the next time that the second is, with the same\n"
		"  argument (--key arg0: of both, in the same process, whatever the thread) or by the same thread.\n"
		"  In all processes that run or map the file, or in one (-p). Several pairs of one file may be named.\n",
	.cannot_see =
		"  Beginnings without an end: after 60 s their room may be used again (lost exit). A beginning that comes\n"
		"  again before its end counts anew, and the first as lost.\n"
		"  Probes behind a semaphore in a program that was started before, unless -p names it or the kernel is 4.20.\n",
	.ops = ops,
	.n_ops = 1,
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU | 1U << LAT_DIM_CGROUP,
	.words = "BINARY PROVIDER:BEGIN PROVIDER:END",
	.min_words = 3,
	.site_name = "pair",
	.has_keys = true,
	.list = list,
	.elf_bytes = usdt_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(usdt);
