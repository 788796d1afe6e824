/* SPDX-License-Identifier: MIT */
/* Facts about this machine that do not need libbpf: capabilities, namespaces, files of the kernel, cgroups. */
#include "system/host.h"

#include <errno.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "model/label.h"

/* First line of a file, without its newline. 0 or -errno. */
static int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return -errno;
	if (!fgets(line, (int)size, file))
		error = -EIO;
	else
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return error;
}

static uint64_t effective_capabilities(void)
{
	unsigned long long caps = 0;
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	fclose(file);
	return caps;
}

bool host_has_capability(int capability)
{
	uint64_t caps = effective_capabilities();

	return caps & (1ULL << capability | 1ULL << HOST_CAP_SYS_ADMIN);
}

const char *host_missing_capabilities(char buffer[static 64])
{
	bool bpf = host_has_capability(HOST_CAP_BPF), perfmon = host_has_capability(HOST_CAP_PERFMON);

	snprintf(buffer, 64, "%s%s%s", bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : ", ", perfmon ? "" : "CAP_PERFMON");
	return buffer;
}

bool host_has_btf(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

bool host_has_kprobes(void)
{
	return !access("/sys/bus/event_source/devices/kprobe/type", R_OK);
}

static char *symbols;
static char *cut_symbols; /* what host_each_function() hands out pieces of */

/* The whole file; kept, since it takes long to read. NULL when it cannot be read. */
static const char *kallsyms(void)
{
	size_t size = 0;
	FILE *file;

	if (symbols)
		return symbols;
	file = fopen("/proc/kallsyms", "re");
	/* No line holds a NUL, so one "line" up to it is everything. */
	if (file && getdelim(&symbols, &size, '\0', file) < 0)
		host_release_symbols();
	if (file)
		fclose(file);
	return symbols;
}

void host_release_symbols(void)
{
	free(symbols);
	free(cut_symbols);
	symbols = cut_symbols = NULL;
}

/* "ADDRESS TYPE NAME[\t[MODULE]]", which is cut up. T and t are functions, W and w such that others may replace. */
static int consider_line(char *line, int (*consider)(void *context, const char *function, const char *module),
			 void *context)
{
	char *type = strchr(line, ' '), *name = type ? type + 3 : NULL, *module = name ? strchr(name, '\t') : NULL;

	if (!name || !strchr("tTwW", type[1]))
		return 0;
	if (module) {
		*module = '\0';
		module += 2;
		module[strcspn(module, "]")] = '\0';
	}
	return consider(context, name, module);
}

int host_each_function(int (*consider)(void *context, const char *function, const char *module), void *context)
{
	char *rest, *line;
	int status = 0;

	free(cut_symbols);
	cut_symbols = kallsyms() ? strdup(kallsyms()) : NULL;
	for (rest = cut_symbols; !status && (line = strsep(&rest, "\n"));)
		status = consider_line(line, consider, context);
	return status;
}

bool host_has_symbol(const char *function)
{
	const char *text = kallsyms(), *found = text;
	size_t length = strlen(function);

	while (found && (found = strstr(found, function))) {
		/* "ADDRESS TYPE NAME[\tMODULE]\n"; t and T are code. */
		if (found - text > 3 && found[-1] == ' ' && (found[-2] | 0x20) == 't' &&
		    (found[length] == '\n' || found[length] == '\t'))
			return true;
		found += length;
	}
	return false;
}

const char *host_lockdown(char buffer[static 32])
{
	char line[128], *mode;

	strcpy(buffer, "none");
	if (read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		return buffer;
	mode = strchr(line, '[');
	if (mode) {
		mode[strcspn(mode, "]")] = '\0';
		snprintf(buffer, 32, "%s", mode + 1);
	}
	return buffer;
}

bool host_has_pid(pid_t pid)
{
	return !kill(pid, 0) || errno == EPERM;
}

int host_pid_namespace(__u64 *dev, __u64 *ino)
{
	/* PROC_PID_INIT_INO, include/linux/proc_ns.h */
	const uint64_t initial = 0xEFFFFFFC;
	struct stat st;

	*dev = *ino = 0;
	if (stat("/proc/self/ns/pid", &st))
		return -errno;
	if (st.st_ino == initial)
		return 0;
	*dev = (__u64)major(st.st_dev) << 20 | minor(st.st_dev);
	*ino = st.st_ino;
	return 0;
}

/* Where cgroup v2 is mounted; false when it is not. */
static bool find_cgroups(char root[static 512])
{
	FILE *file = fopen("/proc/self/mounts", "re");
	char line[1024], type[32];
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file))
		is_found = sscanf(line, "%*s %511s %31s", root, type) == 2 && !strcmp(type, "cgroup2");
	if (file)
		fclose(file);
	return is_found;
}

char *host_cgroup_folder(const char *name)
{
	char root[512], *folder;

	return find_cgroups(root) && asprintf(&folder, "%s%s", root, name) >= 0 ? folder : NULL;
}

static int add_cgroup(struct label_names *names, size_t n_known, uint64_t id, const char *path)
{
	const struct cgroup_name wanted = { .id = id };
	struct cgroup_name *grown;

	if (n_known && bsearch(&wanted, names->cgroups, n_known, sizeof(wanted), label_compare_cgroups))
		return 0;
	grown = realloc(names->cgroups, (names->n_cgroups + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	names->cgroups = grown;
	grown[names->n_cgroups] = (struct cgroup_name){ .id = id, .path = strdup(*path ? path : "/") };
	if (!grown[names->n_cgroups].path)
		return -ENOMEM;
	names->n_cgroups++;
	return 0;
}

int host_read_cgroups(struct label_names *names)
{
	char root[512], *roots[] = { root, NULL };
	size_t n_known = names->n_cgroups;
	FTS *tree = find_cgroups(root) ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *entry;
	int error = tree ? 0 : -ENOENT;

	/* A cgroup's number is that of its folder (kernfs, since 5.5: 67c0496e87d1). */
	while (tree && !error && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_D)
			error = add_cgroup(names, n_known, entry->fts_statp->st_ino, entry->fts_path + strlen(root));
	if (tree)
		fts_close(tree);
	if (names->n_cgroups)
		qsort(names->cgroups, names->n_cgroups, sizeof(*names->cgroups), label_compare_cgroups);
	return error;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t host_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t host_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
