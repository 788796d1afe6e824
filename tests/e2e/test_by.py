# SPDX-License-Identifier: MIT
"""--by: one series for each value, whatever the dimension, and one for the rest when there are too many."""

from pathlib import Path

from harness import SURE_ATTACH, WORK, Folder, Tracing, probe, require, require_equal, start_work, wait_until
from registry import test

VFS = ("vfs", "--attach", SURE_ATTACH, "-c", "lp-work")
N = 25
CGROUPS = Path("/sys/fs/cgroup")


def remove(folder):
    """False while a process of it has not quite ended."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


@test("kprobes")
def all_dimensions():
    """S0-20, S1-13, S1-18: counts and bytes by five dimensions at once."""
    with Folder() as folder:
        report = probe(*VFS, "--by", "comm,pid,tid,cpu,size", "--op", "read,write",
                       command=[WORK, "calls", f"read:{N},write:{2 * N},eof:7", 1, 3, folder / "file"])
    require_equal(report.count(op="read", ret="ok", comm="lp-work", pid=str(report.work["pid"]), size="1B-2B"), 3 * N,
                  "reads of one byte")
    require_equal(report.count(op="read", ret="eof", size="0B"), 3 * 7, "reads of nothing")
    require_equal(report.bytes(op="write", size="1B-2B"), 3 * 2 * N, "bytes written")
    tids = {s["labels"]["tid"] for s in report.json["series"]}
    require_equal(len(tids), 3, "threads")
    for tid in tids:
        require_equal(report.count(op="read", ret="ok", tid=tid), N, f"reads of thread {tid}")
    cpus = {int(s["labels"]["cpu"]) for s in report.json["series"]}
    require(cpus <= set(range(64)), f"CPUs {cpus}")
    require_equal(report.account()["other_key"], 0, "recorded as other")
    report.require_nothing_lost()


def one_dimension(name, value):
    """Alone, since what a dimension needs may come with another."""
    with Folder() as folder:
        report = probe(*VFS, "--by", name, "--op", "read", command=[WORK, "calls", "read", N, 2, folder / "file"])
    require_equal(report.count(op="read", ret="ok"), 2 * N, "reads")
    require(all(name in s["labels"] for s in report.json["series"]), f"a series without {name}")
    if value:
        require_equal(report.count(op="read", ret="ok", **{name: value}), 2 * N, f"reads with {name} {value}")


@test("kprobes")
def size_alone():
    one_dimension("size", "1B-2B")


@test("kprobes")
def cpu_alone():
    one_dimension("cpu", None)


@test("kprobes")
def comm_alone():
    one_dimension("comm", "lp-work")


@test("kprobes")
def too_many_keys():
    """S0-16, S1-14: what has no room for its key is counted, in one series."""
    with Folder() as folder:
        report = probe(*VFS, "--by", "tid", "--max-keys", 2, "--op", "read",
                       command=[WORK, "calls", "read", N, 5, folder / "file"])
    require_equal(len(report.json["series"]), 3, "series")
    require_equal([s["count"] for s in report.series(op="read")], [N, N], "reads of the first two threads")
    require_equal(report.one(op="other")["count"], 3 * N, "reads of the rest")
    account = report.account("read")
    require_equal((account["recorded"], account["other_key"]), (5 * N, 3 * N), "recorded, and as other")
    require_equal(sum(s["bytes"] for s in report.json["series"]), 5 * N, "bytes")
    report.require_nothing_lost()


@test("kprobes")
def too_many_keys_by_result():
    """What failed stays apart, and an alert on it fires."""
    script = 'for n in 1 2 3; do "$1" named "lp-$n" calls read:20,missing:30 1 1 "$2"; done'
    with Folder() as folder:
        report = probe("vfs", "--attach", SURE_ATTACH, "--by", "comm", "--max-keys", 1, "--op", "open,read", "--alert",
                       "other:errors>59",
                       command=["sh", "-c", script, "sh", WORK, folder / "file"])
    rest = {ret: report.count(op="other", ret=ret) for ret in ("ok", "error")}
    n_errors = report.count(ret="error")
    require(rest["error"] >= 60 and n_errors >= 90, f"{rest} of other keys, {n_errors} errors")
    require_equal(sum(report.account(op)["other_key"] for op in ("open", "read")), report.count(op="other"), "other_key")
    require("alert other:errors>59: " in report.stderr, f"no alert: {report.stderr}")


@test("kprobes", "cgroup2")
def cgroups_by_path():
    """Groups of different numbers of reads: one with a hostile name, and one that is named as a container's."""
    container = "0123456789ab" + "cdef" * 13
    counts = {"lp-by": 21, "lp-by/in \"quotes\"": 34, f"lp-by/docker-{container}.scope": 55}
    for name in counts:
        (CGROUPS / name).mkdir()
    try:
        with Folder() as folder, Tracing(*VFS, "--by", "cgroup", "--op", "read") as tracing:
            for name, n in counts.items():
                with start_work("calls", "read", n, 1, folder / "file", held=True) as work:
                    (CGROUPS / name / "cgroup.procs").write_text(str(work.pid))
                    work.go_on()
                    work.wait()
            report = tracing.finish()
    finally:
        for name in reversed(counts):
            wait_until(lambda path=CGROUPS / name: remove(path), "end of the cgroup's processes")
    for name, n in counts.items():
        require_equal(report.count(op="read", ret="ok", cgroup=f"/{name}"), n, f"reads of {name}")
    require_equal(report.count(op="read", ret="ok", container=container), 55, "reads of the container")
    require(f".scope  {container[:12]}: " in report.stdout, f"no short number beside the path: {report.stdout}")


@test("kprobes")
def errno_by_name():
    with Folder() as folder:
        report = probe(*VFS, "--by", "errno", "--op", "open,read",
                       command=[WORK, "calls", "missing:9,again:7,read:5", 1, 1, folder / "file"])
    require_equal(report.count(op="open", errno="ENOENT"), 9, "opens of what is not there")
    require_equal(report.count(op="read", ret="again", errno="EAGAIN"), 7, "reads of what has nothing")
    require(report.count(op="read", errno="none") >= 5, "reads that went well")
