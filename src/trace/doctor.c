/* SPDX-License-Identifier: MIT */
/* `latencyprobe doctor`: what this kernel and these permissions allow, and what to do about the rest. */
#include "trace/doctor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "system/host.h"
#include "kernel/kernel_btf.h"
#include "base/log.h"
#include "registry/target.h"

static void check(const char *name, bool is_ok, const char *found, const char *advice)
{
	printf("%-14s %-8s %s%s%s\n", name, is_ok ? "ok" : "missing", found, is_ok || !*advice ? "" : ": ",
	       is_ok ? "" : advice);
}

static bool check_capabilities(void)
{
	char missing[64];

	host_missing_capabilities(missing);
	check("capabilities", !*missing, *missing ? missing : "CAP_BPF, CAP_PERFMON",
	      "run as root, or: setcap cap_bpf,cap_perfmon=ep $(which latencyprobe)");
	return !*missing;
}

static void check_memlock(void)
{
	bool is_charged = kernel_btf_maps_need_memlock();
	struct rlimit limit;
	char found[96];

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(found, sizeof(found), "no limit");
	else
		snprintf(found, sizeof(found), "%" PRIu64 " KiB%s", (uint64_t)limit.rlim_cur / 1024,
			 is_charged ? ", raised when tracing starts" : ", not used by this kernel");
	check("memlock", true, found, "");
}

static void print_targets(bool need_kprobes)
{
	const struct target *target;
	size_t i;

	for (i = 0; (target = target_at(i)); i++)
		if (target->needs_kprobes == need_kprobes)
			printf(" %s", target->name);
}

static void conclude(bool has_functions, bool has_tracepoints)
{
	if (has_functions) {
		printf("\nAll targets%s can work here.\n", has_tracepoints ? "" : " but block");
		return;
	}
	printf("\nThese targets can work here:");
	print_targets(false);
	printf("\nThese need kprobes or fentry:");
	print_targets(true);
	puts("");
}

int command_doctor(void)
{
	bool has_btf = host_has_btf(), has_kprobes = host_has_kprobes(), has_fentry, has_tracepoints, is_permitted;
	char mode[32];
	struct utsname host;

	uname(&host);
	host_lockdown(mode);
	printf("%-14s %-8s %s %s\n", "kernel", "", host.release, host.machine);
	is_permitted = check_capabilities();
	check("BTF", has_btf, "/sys/kernel/btf/vmlinux", "the kernel needs CONFIG_DEBUG_INFO_BTF; without, nothing works");
	check("lockdown", strcmp(mode, "confidentiality"), mode,
	      "BPF may not read kernel memory; boot with lockdown=integrity");
	check_memlock();
	has_tracepoints = has_btf && kernel_btf_tracepoint_n_args("block_rq_issue") > 0;
	check("tracepoints", has_tracepoints, "block tracepoints with BTF (targets block and bio)", "");
	check("kprobes", has_kprobes, "kprobe event source (targets vfs, tcp and func)",
	      "the kernel needs CONFIG_KPROBES and CONFIG_KPROBE_EVENTS, unless it has fentry");
	has_fentry = has_btf && kernel_btf_can_fentry("vfs_read");
	check("fentry", has_fentry, "fentry on vfs_read (targets vfs, tcp and func, at half the cost)",
	      is_permitted ? "kprobes are used instead, where there are any" : "cannot be tried without the capabilities");
	if (!has_btf || !is_permitted || !(has_tracepoints || has_kprobes || has_fentry))
		return EXIT_CANNOT;
	conclude(has_kprobes || has_fentry, has_tracepoints);
	return EXIT_FINE;
}
