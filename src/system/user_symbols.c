/* SPDX-License-Identifier: MIT */
/* The functions of processes by address. */
#include "system/user_symbols.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/host.h"

/* Each holds the symbol tables of all files that the process has mapped. */
#define MAX_PROCESSES 16
/* How often a process is looked at anew: whether it is still the same, and what it has mapped (which takes milliseconds). */
#define CHECK_NS 100000000
#define REPORT_NS 1000000000

struct user_symbols {
	struct process {
		pid_t pid;
		uint64_t start_time; /* tells it from others that have had its number */
		uint64_t last_use;
		uint64_t checked_ns, reported_ns; /* CLOCK_MONOTONIC */
		Dwfl *dwfl;
	} processes[MAX_PROCESSES];
	uint64_t n_uses;
};

/* As the process sees it: in a container the same path is another file here. */
static int find_elf(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base, char **path, Elf **elf)
{
	struct process *const *process = (void *)user_data;
	char real[4200];
	int fd = -1;

	if (*process && name && name[0] == '/') {
		snprintf(real, sizeof(real), "/proc/%d/root%.4096s", (*process)->pid, name);
		fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	return fd >= 0 ? fd : dwfl_linux_proc_find_elf(module, user_data, name, base, path, elf);
}

/* Only what the files themselves have: others may be anywhere, even on a server. */
static int find_debuginfo(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base, const char *file,
			  const char *link, GElf_Word crc, char **path)
{
	(void)module, (void)user_data, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)path;
	return -1;
}

static const Dwfl_Callbacks callbacks = { .find_elf = find_elf, .find_debuginfo = find_debuginfo };

/* 0 when the process is no more. */
static uint64_t read_start_time(pid_t pid)
{
	char path[64], text[1024], *behind_comm;
	uint64_t start_time = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	/* The 22nd field; the second may hold anything, brackets too. */
	behind_comm = strrchr(text, ')');
	if (!behind_comm || sscanf(behind_comm, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
				   " %*d %" SCNu64, &start_time) != 1)
		return 0;
	return start_time;
}

static int set_process(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base, void *process)
{
	(void)module, (void)name, (void)base;
	*user_data = process;
	return DWARF_CB_OK;
}

/* Which files it has mapped where, as of now. */
static void report(struct process *process)
{
	dwfl_report_begin(process->dwfl);
	dwfl_linux_proc_report(process->dwfl, process->pid);
	dwfl_report_end(process->dwfl, NULL, NULL);
	dwfl_getmodules(process->dwfl, set_process, process, 0);
	process->reported_ns = host_monotonic_ns();
}

static struct process *find_process(struct user_symbols *symbols, pid_t pid)
{
	struct process *process, *oldest = symbols->processes, *end = symbols->processes + MAX_PROCESSES;
	uint64_t start_time, now = host_monotonic_ns();

	for (process = symbols->processes; process < end && process->pid != pid; process++)
		if (process->last_use < oldest->last_use)
			oldest = process;
	if (process == end)
		process = oldest;
	process->last_use = ++symbols->n_uses;
	if (process->pid == pid && now - process->checked_ns < CHECK_NS)
		return process;
	process->checked_ns = now;
	start_time = read_start_time(pid);
	if (process->pid == pid && (!start_time || process->start_time == start_time))
		return process;
	dwfl_end(process->dwfl);
	process->pid = pid;
	process->start_time = start_time;
	process->dwfl = start_time ? dwfl_begin(&callbacks) : NULL;
	if (process->dwfl)
		report(process);
	return process;
}

struct user_symbols *user_symbols_new(void)
{
	return calloc(1, sizeof(struct user_symbols));
}

const char *user_symbols_find(struct user_symbols *symbols, pid_t pid, uint64_t address,
			      char buffer[static USER_SYMBOL_LEN])
{
	struct process *process = find_process(symbols, pid);
	Dwfl_Module *module = process->dwfl ? dwfl_addrmodule(process->dwfl, address) : NULL;
	const char *name, *path, *slash;
	Dwarf_Addr start;

	if (process->dwfl && !module && host_monotonic_ns() - process->reported_ns >= REPORT_NS &&
	    read_start_time(pid) == process->start_time) {
		report(process); /* it may have been loaded since */
		module = dwfl_addrmodule(process->dwfl, address);
	}
	snprintf(buffer, USER_SYMBOL_LEN, "[unknown]");
	if (!module)
		return buffer;
	name = dwfl_module_addrname(module, address);
	if (name) {
		snprintf(buffer, USER_SYMBOL_LEN, "%s", name);
		return buffer;
	}
	path = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	slash = path ? strrchr(path, '/') : NULL;
	if (path)
		snprintf(buffer, USER_SYMBOL_LEN, "%.200s+0x%" PRIx64, slash ? slash + 1 : path, address - start);
	return buffer;
}

void user_symbols_free(struct user_symbols *symbols)
{
	size_t i;

	for (i = 0; symbols && i < MAX_PROCESSES; i++)
		dwfl_end(symbols->processes[i].dwfl);
	free(symbols);
}
