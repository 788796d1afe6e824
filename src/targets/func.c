/* SPDX-License-Identifier: MIT */
/* Target func: calls of any functions of the kernel, by name or glob. */
#include "registry/target.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "kernel/attach.h"
#include "func.skel.h"
#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "base/suggest.h"
#include "kernel/bpf_globals.h"
#include "kernel/tracer.h"
#include "system/ftrace_functions.h"
#include "base/word_list.h"

/* Attaching a trampoline takes some 10 ms each: beyond this many, kprobes are attached faster. */
#define MAX_TRAMPOLINES 32
#define MAX_SKIPS_SHOWN 20

static const struct op ops[] = { { .name = "func", .help = "calls of the functions that are named" } };

/* A function that a word names. */
struct choice {
	const char *function, *module;
	unsigned int n_same; /* functions of that name */
	enum attach_point_kind kind;
	const char *skip;    /* why it is not to be attached to; NULL: it is */
};

struct choices {
	struct word_list words;
	bool *is_used;            /* [word] */
	struct suggestion nearest;   /* of the first word that is used by none */
	struct choice *items;
	size_t n;
	size_t n_skipped;
	struct ftrace_functions traceable;
};

static bool is_glob(const char *word)
{
	return strpbrk(word, "*?[");
}

/* "vfs_read", "vfs_*", "MODULE:NAME", "MODULE:*". */
static bool is_named(const char *word, const char *function, const char *module)
{
	const char *colon = strchr(word, ':');
	char wanted[64];

	if (colon) {
		snprintf(wanted, sizeof(wanted), "%.*s", (int)(colon - word), word);
		if (strcmp(wanted, module ? module : "vmlinux"))
			return false;
		word = colon + 1;
	}
	if (!is_glob(word))
		return !strcmp(word, function);
	/* What compilers and kernels add beside functions is no function to trace. */
	return strncmp(function, "__pfx_", 6) && strncmp(function, "__cfi_", 6) && !strstr(function, ".cold") &&
	       !fnmatch(word, function, 0);
}

static int compare_functions(const void *left, const void *right)
{
	return strcmp(((const struct choice *)left)->function, ((const struct choice *)right)->function);
}

static int consider(void *context, const char *function, const char *module)
{
	struct choices *choices = context;
	struct choice *more;
	bool is_wanted = false;
	size_t i;

	for (i = 0; i < choices->words.n; i++)
		if (is_named(choices->words.items[i], function, module))
			is_wanted = choices->is_used[i] = true;
	if (!is_wanted)
		return 0;
	if (!(choices->n & (choices->n - 1))) {
		more = realloc(choices->items, (choices->n ? 2 * choices->n : 1) * sizeof(*more));
		if (!more)
			return fail(-ENOMEM, "functions");
		choices->items = more;
	}
	choices->items[choices->n++] = (struct choice){ .function = function, .module = module, .n_same = 1 };
	return 0;
}

static int consider_nearest(void *context, const char *function, const char *module)
{
	(void)module;
	suggestion_consider(&((struct choices *)context)->nearest, function);
	return 0;
}

static void merge_same(struct choices *choices)
{
	size_t i, n = 0;

	qsort(choices->items, choices->n, sizeof(*choices->items), compare_functions);
	for (i = 0; i < choices->n; i++) {
		if (n && !strcmp(choices->items[n - 1].function, choices->items[i].function))
			choices->items[n - 1].n_same++;
		else
			choices->items[n++] = choices->items[i];
	}
	choices->n = n;
}

/* An exit status. */
static int find(struct choices *choices)
{
	char meant[256];
	size_t i;

	if (host_each_function(consider, choices))
		return EXIT_FAILED;
	merge_same(choices);
	for (i = 0; i < choices->words.n && choices->is_used[i]; i++)
		;
	if (i < choices->words.n) {
		choices->nearest.wanted = choices->words.items[i];
		if (!is_glob(choices->words.items[i]))
			host_each_function(consider_nearest, choices);
		fail(0, "this kernel has no function %s%s", choices->words.items[i],
		     suggestion_text(&choices->nearest, meant, sizeof(meant)));
		return EXIT_USAGE;
	}
	return attach_can_take(choices->n) ? 0 : EXIT_USAGE;
}

/* An exit status; free_choices() whatever it is. */
static int make_choices(struct choices *choices, char *const *words, size_t n_words)
{
	*choices = (struct choices){ 0 };
	if (word_list_split(&choices->words, words, n_words))
		return EXIT_FAILED;
	choices->is_used = calloc(choices->words.n + 1, sizeof(bool));
	if (choices->is_used)
		return 0;
	fail(-ENOMEM, "functions");
	return EXIT_FAILED;
}

static void free_choices(struct choices *choices)
{
	word_list_free(&choices->words);
	ftrace_functions_free(&choices->traceable);
	free(choices->is_used);
	free(choices->items);
}

/* Chooses how to attach to one function, or says why not. */
static void choose_kind(const struct choices *choices, struct choice *choice, enum attach_kind attach, bool may_fentry,
			bool may_multi)
{
	if (choice->n_same > 1) {
		choice->skip = "several functions have this name";
	} else if (may_fentry && !choice->module && kernel_btf_can_fentry(choice->function)) {
		choice->kind = ATTACH_POINT_FENTRY;
	} else if (attach == ATTACH_FENTRY) {
		choice->skip = may_fentry ? "fentry cannot be attached to it" :
					    "by fentry this kernel measures one function at a time";
	} else if (!host_has_kprobes()) {
		choice->skip = "this kernel has no kprobes";
	} else if (may_multi && ftrace_functions_has(&choices->traceable, choice->function)) {
		choice->kind = ATTACH_POINT_MULTI;
	} else {
		choice->kind = ATTACH_POINT_KPROBE;
	}
}

/* The kernel's BTF knows of the attach type whether CONFIG_FPROBE is set or not, which the functions do not. */
static bool has_multi(void)
{
	return host_has_symbol("bpf_kprobe_multi_link_attach") && host_has_symbol("register_fprobe_ips");
}

static void choose_kinds(struct choices *choices, enum attach_kind attach)
{
	bool may_multi = choices->n > 1 && choices->traceable.is_known && has_multi();
	bool may_fentry = attach == ATTACH_FENTRY || (attach == ATTACH_AUTO && choices->n <= MAX_TRAMPOLINES);
	size_t i;

	if (choices->n > 1 && !kernel_btf_has_cookies("vfs_read"))
		may_fentry = false;
	for (i = 0; i < choices->n; i++) {
		choose_kind(choices, &choices->items[i], attach, may_fentry, may_multi);
		if (!choices->items[i].skip)
			continue;
		choices->n_skipped++;
		if (choices->n_skipped <= MAX_SKIPS_SHOWN)
			note("skipped %s: %s", choices->items[i].function, choices->items[i].skip);
	}
	if (choices->n_skipped > MAX_SKIPS_SHOWN)
		note("skipped %zu more", choices->n_skipped - MAX_SKIPS_SHOWN);
}

/* How one can be attached to, in a line. */
static void print_choice(const struct choices *choices, const struct choice *choice, bool may_multi)
{
	struct choice trampoline = *choice, breakpoint = *choice;

	choose_kind(choices, &trampoline, ATTACH_FENTRY, true, false);
	choose_kind(choices, &breakpoint, ATTACH_KPROBE, false, may_multi);
	printf("%-40s %s%s%s%s%s\n", choice->function, trampoline.skip ? "" : "fentry",
	       trampoline.skip || breakpoint.skip ? "" : ", ",
	       breakpoint.skip ? "" : attach_point_kind_names[breakpoint.kind],
	       trampoline.skip && breakpoint.skip ? "no: " : "",
	       trampoline.skip && breakpoint.skip ? breakpoint.skip : "");
}

static int list(char *const *words, size_t n_words)
{
	struct choices choices;
	bool may_multi;
	int status;
	size_t i;

	status = make_choices(&choices, words, n_words);
	if (!status)
		status = find(&choices);
	if (!status)
		ftrace_functions_read(&choices.traceable);
	may_multi = choices.traceable.is_known && has_multi();
	for (i = 0; !status && i < choices.n; i++)
		print_choice(&choices, &choices.items[i], may_multi);
	free_choices(&choices);
	return status;
}

static struct bpf_program *program(const struct setup *setup, enum attach_point_kind kind, bool is_exit)
{
	static const char *const names[][2] = {
		[ATTACH_POINT_FENTRY] = { "func__fentry", "func__fexit" },
		[ATTACH_POINT_KPROBE] = { "func__kprobe", "func__kretprobe" },
		[ATTACH_POINT_MULTI] = { "func__multi", "func__retmulti" },
	};
	struct bpf_program *found = bpf_object__find_program_by_name(setup->object, names[kind][is_exit]);

	bpf_program__set_autoload(found, true);
	return found;
}

static int add_place(struct setup *setup, const struct choice *choice, bool is_shared)
{
	struct attach_point point = {
		.function = (char *)choice->function,
		.kind = choice->kind,
		.entry = program(setup, choice->kind, false),
		.exit = program(setup, choice->kind, true),
		.is_shared = is_shared,
		.cookie = (uint64_t)kernel_btf_returns(choice->function) << 32 | setup->n_sites,
	};

	/* Of several functions the last: attach_all() makes a copy for each. */
	if (point.kind == ATTACH_POINT_FENTRY) {
		bpf_program__set_attach_target(point.entry, 0, point.function);
		bpf_program__set_attach_target(point.exit, 0, point.function);
	}
	setup->sites[setup->n_sites] = strdup(choice->function);
	if (!setup->sites[setup->n_sites])
		return fail(-ENOMEM, "functions");
	setup->n_sites++;
	return attach_points_append(setup->points, point);
}

static int add_places(struct setup *setup, const struct choices *choices)
{
	size_t n = choices->n - choices->n_skipped, i;
	const struct choice *choice;
	int n_args;

	setup->sites = calloc(n + 1, sizeof(*setup->sites));
	if (!setup->sites)
		return fail(-ENOMEM, "functions");
	for (i = 0; i < choices->n; i++) {
		choice = &choices->items[i];
		if (!choice->skip && add_place(setup, choice, n > 1))
			return -ENOMEM;
	}
	*(bool *)bpf_global_constant(setup->object, "func_has_cookies") = n > 1;
	if (n == 1) {
		n_args = kernel_btf_n_args(setup->sites[0]);
		*(uint64_t *)bpf_global_constant(setup->object, "func_cookie") = setup->points->items[0].cookie;
		*(uint8_t *)bpf_global_constant(setup->object, "func__n_args") = (uint8_t)(n_args < 0 ? 0 : n_args);
	}
	setup->max_keys = (uint32_t)n * 2;
	return 0;
}

static int attach_to(struct setup *setup, struct choices *choices)
{
	int status = find(choices);

	if (status)
		return status;
	if (choices->n > 1)
		ftrace_functions_read(&choices->traceable);
	choose_kinds(choices, setup->options->attach);
	if (choices->n_skipped == choices->n) {
		fail(0, "none of these functions can be attached to here%s",
		     host_has_kprobes() ? "" : "; without kprobes and fentry these targets work: block, syscall, uprobe, usdt");
		return EXIT_CANNOT;
	}
	if (!attach_can_share(choices->n - choices->n_skipped))
		return EXIT_CANNOT;
	return add_places(setup, choices) ? EXIT_FAILED : 0;
}

static int configure(struct setup *setup)
{
	struct choices choices;
	int status = make_choices(&choices, setup->options->words, setup->options->n_words);

	if (!status)
		status = attach_to(setup, &choices);
	free_choices(&choices);
	return status;
}

static const struct target func = {
	.name = "func",
	.summary = "any functions of the kernel, by name or glob",
	.covers =
		"  Every call of the named functions from entry to return, at every depth: a nested or recursive call is one\n"
		"  of its own, and also part of its caller's time. NAME, 'NAME*' or MODULE:NAME; several with commas or\n"
		"  spaces. One or a few are attached by fentry, many by kprobe.multi or kprobe (--attach forces).\n"
		"  ret=error: what the kernel takes as an error, -1 to -4095, of a function that returns an int or a pointer.\n",
	.cannot_see =
		"  Calls that the compiler made part of their caller. Of several functions with one name, any.\n"
		"  Functions that probes themselves depend on. More than 16 calls of one thread at a time (lost span).\n",
	.ops = ops,
	.n_ops = 1,
	.dims = 1U << LAT_DIM_PID | 1U << LAT_DIM_TID | 1U << LAT_DIM_COMM | 1U << LAT_DIM_CPU |
		1U << LAT_DIM_CGROUP | 1U << LAT_DIM_ERRNO,
	.words = "NAME[,NAME]...",
	.min_words = 1,
	.site_name = "func",
	.has_arguments = true,
	.needs_kprobes = true,
	.list = list,
	.elf_bytes = func_bpf__elf_bytes,
	.configure = configure,
};
TARGET_REGISTER(func);
