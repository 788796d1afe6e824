/* SPDX-License-Identifier: MIT */
/* The man page and the bash completion, printed from the targets and the table of options. */
#include "help/manual.h"

#include <argp.h>
#include <stdio.h>

#include "cli/options.h"
#include "compare/command.h"
#include "model/label.h"
#include "registry/format.h"
#include "registry/target.h"
#include "base/version.h"

/* Words of an option's list that each target has its own of. */
static void print_completed(const char *option, void (*print_words)(const struct target *target))
{
	const struct target *target;
	size_t i;

	printf("\t--%s)\n\t\tcase ${COMP_WORDS[1]} in\n", option);
	for (i = 0; (target = target_at(i)); i++) {
		printf("\t\t%s) words=\"", target->name);
		print_words(target);
		puts("\" ;;");
	}
	puts("\t\tesac ;;");
}

static void print_ops(const struct target *target)
{
	size_t i;

	for (i = 0; i < target->n_ops; i++)
		if (!target->ops[i].derived)
			printf("%s ", target->ops[i].name);
}

static void print_dims(const struct target *target)
{
	int dim;

	for (dim = 0; dim < LAT_N_DIMS; dim++)
		if (target->dims & 1U << dim)
			printf("%s ", dimensions[dim].name);
}

static bool is_end(const struct argp_option *option)
{
	return !option->name && !option->doc;
}

/* Backslashes and hyphens are troff's, and so is a line's first dot or quote, which \& hides. */
static void print_troff(const char *text)
{
	const char *at;

	for (at = text; *at; at++) {
		if ((at == text || at[-1] == '\n') && (*at == '.' || *at == '\''))
			fputs("\\&", stdout);
		if (*at == '\\' || *at == '-')
			putchar('\\');
		putchar(*at);
	}
}

static void print_man_option(const struct argp_option *option)
{
	if (!option->name) {
		printf(".SS ");
		print_troff(option->doc);
		puts("");
		return;
	}
	printf(".TP\n.B ");
	if (option->key > ' ' && option->key < 127)
		printf("\\-%c, ", option->key);
	fputs("\\-\\-", stdout);
	print_troff(option->name);
	if (option->arg)
		printf("=\\fI%s\\fR", option->arg);
	puts("");
	print_troff(option->doc);
	puts("");
}

static void print_man_target(const struct target *target)
{
	size_t i;

	printf(".SS %s\n", target->name);
	print_troff(target->summary);
	puts(".\n.PP\nOperations:");
	for (i = 0; i < target->n_ops; i++)
		if (!target->ops[i].derived) {
			printf(".TP\n.B %s\n", target->ops[i].name);
			print_troff(target->ops[i].help);
			puts("");
		}
	puts(".PP\nDimensions:");
	print_dims(target);
	puts("\n.PP\nCovers:\n.nf");
	print_troff(target->covers);
	puts(".fi\n.PP\nCannot see:\n.nf");
	print_troff(target->cannot_see);
	puts(".fi");
}

void manual_print_man(void)
{
	const struct argp_option *option;
	const struct target *target;
	const struct format *format;
	size_t i;

	puts(".TH LATENCYPROBE 8 \"\" \"latencyprobe " LATENCYPROBE_VERSION "\"\n.SH NAME\n"
	     "latencyprobe \\- shows where time goes in a Linux kernel\n.SH SYNOPSIS\n"
	     ".B latencyprobe\n.I TARGET\n[\\fIOPTIONS\\fR] [\\fIINTERVAL\\fR [\\fICOUNT\\fR]]"
	     " [\\-\\- \\fICOMMAND ARGS\\fR...]\n.br\n.B latencyprobe list\n[\\fITARGET\\fR [\\fINAME\\fR]...]\n"
	     ".br\n.B latencyprobe doctor\n.br\n.B latencyprobe help\n[\\fITARGET\\fR]\n"
	     ".br\n.B latencyprobe replay\n\\fIFILE\\fR"
	     " [\\fB\\-\\-format\\fR \\fINAME\\fR] [\\fB\\-o\\fR \\fIFILE\\fR]\n"
	     ".br\n.B latencyprobe merge\n\\fIFILE FILE\\fR..."
	     " [\\fB\\-\\-format\\fR \\fINAME\\fR] [\\fB\\-o\\fR \\fIFILE\\fR]\n"
	     ".br\n.B latencyprobe compare\n[\\fIOPTIONS\\fR] \\fIBASE NEW\\fR\n"
	     ".br\n.B latencyprobe report\n\\fIFILE\\fR [\\fIFILE2\\fR] [\\fB\\-o\\fR \\fIPAGE\\fR]\n"
	     ".SH DESCRIPTION\nPairs the entry and the exit of each operation inside the kernel, keeps histograms of the\n"
	     "time between there, and prints percentiles with an account of every operation that was seen.\n.SH OPTIONS");
	for (option = cli_options(); !is_end(option); option++)
		print_man_option(option);
	puts(".SH OPTIONS OF COMPARE");
	for (option = compare_options(); !is_end(option); option++)
		print_man_option(option);
	puts(".SH TARGETS");
	for (i = 0; (target = target_at(i)); i++)
		print_man_target(target);
	puts(".SH RECORDINGS\nWhat \\-o wrote to FILE.json or FILE.jsonl,\n.B replay\nshows again, or in another format,\n"
	     "and\n.B merge\nadds up, of several hosts or one after the other. Both read \\- as stdin.");
	puts(".SH FORMATS");
	for (i = 0; (format = format_at(i)); i++)
		printf(".TP\n.B %s\n%s\n", format->name, format->help);
	puts(".SH RECORDED RUNS\n.TP\n.B report\nmakes one page for a browser of what \\-o FILE.jsonl or \\-o FILE.json wrote,"
	     " or of two such files\nbeside each other: latency over time, percentiles, histograms, outliers, stacks, the account");
	puts(".SH EXIT STATUS\n.TP\n.B 0\nfine\n.TP\n.B 1\nfailed\n.TP\n.B 2\nbad usage\n.TP\n.B 3\nthis kernel cannot\n"
	     ".TP\n.B 4\na threshold of compare was passed, or with \\-\\-strict an alert fired or something was lost\n"
	     ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours on a terminal\n"
	     ".TP\n.BR TERM \", \" COLORTERM \", \" LANG\nwhat the screen of \\-\\-live is drawn with\n.SH SEE ALSO\n"
	     ".BR bpftrace (8),\n.BR fio (1),\n.BR perf (1)");
}

void manual_print_completion(void)
{
	const struct argp_option *option;
	const struct target *target;
	const struct format *format;
	size_t i;

	printf("# bash completion of latencyprobe\n_latencyprobe() {\n\tlocal words targets=\"");
	for (i = 0; (target = target_at(i)); i++)
		printf(i ? " %s" : "%s", target->name);
	printf("\" options=\"");
	for (option = cli_options(); !is_end(option); option++)
		if (option->name)
			printf("--%s ", option->name);
	printf("--help\"\n\tcase ${COMP_WORDS[1]} in\n\treplay|merge) options=\"--output --format --help\" ;;\n"
	       "\tcompare) options=\"");
	for (option = compare_options(); !is_end(option); option++)
		if (option->name)
			printf("--%s ", option->name);
	printf("--help\" ;;\n\treport) options=\"--output --help\" ;;\n\tdoctor) options=--help ;;\n\tesac\n"
	       "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n"
	       "\t-o|--output|--folded|--cgroup|--baseline|--current) COMPREPLY=(); return ;;\n"
	       "\t--attach) words=\"auto fentry kprobe\" ;;\n\t--format) words=\"");
	for (i = 0; (format = format_at(i)); i++)
		printf("%s ", format->name);
	puts("\" ;;");
	print_completed("op", print_ops);
	print_completed("by", print_dims);
	printf("\tlist|help) words=$targets ;;\n\t*)\n\t\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	       "\t\t\twords=\"$targets");
	puts(" list doctor replay merge compare report help --help --version\"\n"
	     "\t\telif [[ ${COMP_WORDS[1]} = @(replay|merge|compare|report) && ${COMP_WORDS[COMP_CWORD]} != -* ]]; then\n"
	     "\t\t\tCOMPREPLY=(); return\n\t\telse\n\t\t\twords=$options\n\t\tfi ;;\n\tesac\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n}\n"
	     "complete -o default -F _latencyprobe latencyprobe");
}
