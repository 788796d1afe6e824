# SPDX-License-Identifier: MIT
"""Functions of the kernel: exact counts in every way of attaching, nesting, known delays, filters, many at once."""

import subprocess

from harness import KERNEL, WORK, Folder, probe, require, require_count, require_equal, require_in_slot, run_plain
from registry import Skip, test

N = 50
WAYS = ("fentry", "kprobe")


def run_func(*args, steps, threads=1):
    with Folder() as folder:
        return probe("func", *args, "-c", "lp-work", command=[WORK, "calls", steps, 1, threads, folder / "file"])


@test("kprobes", each=WAYS)
def one_function(attach):
    """S1-1: a function by its name, in either way."""
    report = run_func("vfs_read", "--attach", attach, steps=f"read:{N},write:{N}")
    require_equal([p["attach"] for p in report.json["probes"]], [attach], "way of attaching")
    require_count(report, N, attach, account_op="func", func="vfs_read", ret="ok")
    require_equal({s["labels"]["func"] for s in report.json["series"]}, {"vfs_read"}, "functions")


@test("kprobes", each=WAYS)
def several_functions(attach):
    """S1-9: they share their programs, and are told apart by a cookie."""
    if KERNEL < (5, 15):
        status, _, stderr = run_plain("func", "vfs_read,vfs_write", "--attach", attach, "--duration", "1")
        require(status == 3, f"status {status}: {stderr}")
        require(attach == "fentry" or "one function at a time" in stderr, stderr)
        return
    report = run_func("vfs_read,vfs_write", "vfs_statx", "--attach", attach, steps=f"read:{N},write:{2 * N},stat:7")
    kinds = {p["attach"] for p in report.json["probes"]}
    require(kinds <= ({"fentry"} if attach == "fentry" else {"kprobe", "kprobe.multi"}), f"attached by {kinds}")
    for function, n in (("vfs_read", N), ("vfs_write", 2 * N), ("vfs_statx", 7)):
        require_count(report, n, attach, account_op="func", func=function, ret="ok")


@test("kprobes", each=WAYS)
def nested_in_another_function(attach):
    """S0-17: vfs_read is inside ksys_pread64: each is measured, and the outer one takes longer."""
    if KERNEL < (5, 15):
        raise Skip("no cookies before 5.15")
    with Folder() as folder:
        (folder / "file").write_bytes(b"x" * 100)
        report = probe("func", "vfs_read,ksys_read", "--attach", attach, "-c", "lp-work", command=[WORK, "pipe", N, 1500000])
    outer, inner = report.one(func="ksys_read", ret="ok"), report.one(func="vfs_read", ret="ok")
    require(outer["count"] == inner["count"] == N, f"{outer['count']} and {inner['count']} calls, expected {N}")
    require(outer["sum_ns"] > inner["sum_ns"] >= N * 1_500_000, f"sums {outer['sum_ns']} and {inner['sum_ns']}")
    report.require_nothing_lost()


@test("kprobes", each=WAYS)
def inside_itself(attach):
    """S0-17: opening a file of an overlay opens the one below it: two calls each, one inside the other."""
    if subprocess.run(["modprobe", "overlay"], capture_output=True, check=False).returncode:
        raise Skip("no overlayfs here")
    with Folder() as folder:
        for name in ("lower", "upper", "work", "merged"):
            (folder / name).mkdir()
        (folder / "lower" / "file").write_bytes(b"x" * 100)
        options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        if subprocess.run(["mount", "-t", "overlay", "none", "-o", options, folder / "merged"], check=False,
                          capture_output=True).returncode:
            raise Skip("overlayfs cannot be mounted here")
        try:
            # The workload itself opens it once for writing, which copies it up.
            counts = [probe("func", "do_dentry_open", "--attach", attach, "-c", "lp-work",
                            command=[WORK, "calls", f"open:{n}", 1, 1, folder / "merged" / "file"])
                      for n in (N, 2 * N)]
        finally:
            subprocess.run(["umount", folder / "merged"], check=False)
    found = [report.count(func="do_dentry_open", ret="ok") for report in counts]
    require_equal(found[1] - found[0], 2 * N, f"calls for {N} more opens, {found}")
    for report in counts:
        report.require_nothing_lost()


@test("kprobes", each=WAYS)
def by_result(attach):
    report = run_func("vfs_read", "--attach", attach, "--ret", "<0", "--by", "errno", steps=f"read:{N},again:9")
    require_count(report, 9, attach, account_op="func", func="vfs_read", errno="EAGAIN")
    require_equal(report.count(ret="ok"), 0, "calls that went well")
    require(report.account()["filtered"] >= N, f"left out: {report.account()}")


@test("kprobes", each=WAYS)
def by_argument(attach):
    report = run_func("vfs_read", "--attach", attach, "--arg", 3, steps=f"read:{N}")
    require_count(report, N, attach, account_op="func", func="vfs_read", arg="1")


@test("kprobes", "icount", each=WAYS)
def known_delay(attach):
    delay_ns = 700_000
    report = probe("func", "vfs_read", "--attach", attach, "-c", "lp-work", command=[WORK, "pipe", 30, delay_ns])
    require_in_slot(report.one(func="vfs_read", ret="ok"), report.work["read"]["p50_ns"], "reads", n_slots=1)


@test("kprobes")
def a_glob():
    if KERNEL < (5, 15):
        raise Skip("no cookies before 5.15")
    report = run_func("vfs_*", steps=f"read:{N},write:{N}")
    require(len(report.json["probes"]) > 30, f"attached to {len(report.json['probes'])} functions")
    for function in ("vfs_read", "vfs_write"):
        require_count(report, N, "kprobe", account_op="func", func=function, ret="ok")


@test("kprobes", each=["typo", "nothing", "glob", "fentry"])
def errors(kind):
    """S1-14, S3-10: a name that is not there is an error with a name that is."""
    args, status, expected = {
        "typo": (["vfs_raed"], 2, "did you mean vfs_read"),
        "nothing": ([], 2, "NAME"),
        "glob": (["nowhere_at_all_*"], 2, "no function nowhere_at_all_*"),
        "fentry": (["--attach", "fentry", "fentry_cannot"], 2, "no function fentry_cannot"),
    }[kind]
    found, _, stderr = run_plain("func", *args, "--duration", "1")
    require_equal(found, status, f"exit status: {stderr}")
    require(expected in stderr, stderr)


@test("root")
def without_kprobes():
    """What cannot be done is said, with what can."""
    with open("/proc/kallsyms", encoding="ascii") as file:
        if " register_kprobe" in file.read():
            raise Skip("this kernel has kprobes")
    status, _, stderr = run_plain("func", "vfs_read", "--duration", "1")
    require_equal(status, 3, f"exit status: {stderr}")
    require("syscall" in stderr, stderr)


@test("kprobes")
def lists_what_can_be_attached_to():
    status, stdout, stderr = run_plain("list", "func", "vfs_rea*")
    require_equal(status, 0, f"exit status: {stderr}")
    lines = dict(line.split(None, 1) for line in stdout.splitlines())
    require("vfs_read" in lines and "fentry" in lines["vfs_read"] and "kprobe" in lines["vfs_read"], stdout)


@test("kprobes", each=WAYS)
def outliers(attach):
    """S1-4: each slow call has a line with its function."""
    n, delay_ns = 10, 12_000_000
    report = probe("func", "vfs_read", "--attach", attach, "-c", "lp-work", "--outlier", "8ms",
                   command=[WORK, "pipe", n, delay_ns])
    lines = [line for line in report.stdout.splitlines() if " lp-work " in line]
    require_equal(len(lines), report.count_from(8_000_000), "lines of outliers")
    require(len(lines) >= n - 1 and all("vfs_read" in line for line in lines), f"{lines}")
