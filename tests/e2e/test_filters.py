# SPDX-License-Identifier: MIT
"""Whose operations count: processes, names, cgroups, commands with their children, PID namespaces."""

import os
import subprocess
from pathlib import Path

from harness import (LATENCYPROBE, SURE_ATTACH, WORK, Folder, Process, Tracing, probe, require, require_count,
                     require_equal, start_work)
from registry import test

VFS = ("vfs", "--attach", SURE_ATTACH)
CGROUPS = Path("/sys/fs/cgroup")


@test("kprobes")
def name():
    with Folder() as folder, Tracing(*VFS, "--op", "read", "-c", "lp-mine") as tracing:
        for comm, n in (("lp-mine", 31), ("lp-mine2", 17), ("lp-min", 13)):
            with start_work("named", comm, "calls", "read", n, 1, folder / "file") as work:
                work.wait()
        report = tracing.finish()
    require_equal(report.count(op="read", ret="ok"), 31, "reads")
    require(report.account("read")["filtered"] >= 17 + 13, f"others are not filtered: {report.account('read')}")


@test("kprobes")
def operations():
    with Folder() as folder:
        report = probe(*VFS, "--op", "read,fsync", "-c", "lp-work",
                       command=[WORK, "calls", "read:9,write:8,fsync:7,stat:6", 1, 1, folder / "file"])
    require_equal({s["labels"]["op"]: s["count"] for s in report.json["series"]}, {"read": 9, "fsync": 7}, "counts")
    require_equal({a["op"] for a in report.json["account"]["operations"]}, {"read", "fsync"}, "accounts")


@test("kprobes")
def command_and_its_children():
    """A shell's two children count; the same program beside them does not."""
    with Folder() as folder, start_work("calls", "read", 500, 1, folder / "other", held=True) as other:
        script = 'echo >"$1"; "$2" calls read:21 1 1 "$3"; "$2" calls read:34 1 2 "$3"'
        fifo = folder / "go"
        subprocess.run(["mkfifo", fifo], check=True)
        # The command's first act lets the other one go, when tracing has begun.
        with Process("sh", "-c", 'read line <"$1"; echo >"/proc/$2/fd/0"', "sh", fifo, other.pid) as starter:
            report = probe(*VFS, "--op", "read", "-c", "lp-work",
                           command=["sh", "-c", script, "sh", fifo, WORK, folder / "file"])
            starter.wait()
        other.wait()
    require(report.account("read")["filtered"] >= 500, "the other one did not run meanwhile")
    require_equal(report.count(op="read", ret="ok"), 21 + 2 * 34, "reads")
    report.require_nothing_lost()


@test("kprobes")
def command_is_counted_from_its_start():
    """Not filtered by name: exec and what the dynamic loader opens belong to it."""
    with Folder() as folder:
        report = probe(*VFS, "--op", "open", command=[WORK, "calls", "missing:200", 1, 1, folder / "file"])
    require(report.count(op="open", ret="error") >= 200, "opens are missing")
    require(report.count(op="open", ret="ok") >= 2, "the loader's opens are missing")


def make_cgroup(path):
    path.mkdir()
    return path


@test("kprobes", "cgroup2", each=["folder", "name"])
def cgroup_with_a_child(how):
    parent = make_cgroup(CGROUPS / "lp-e2e")
    child = make_cgroup(parent / "child")
    named = parent if how == "folder" else "/lp-e2e"
    try:
        with Folder() as folder, Tracing(*VFS, "--op", "read", "--cgroup", named, "-c", "lp-work") as tracing:
            for group, n in ((parent, 19), (child, 23), (CGROUPS, 400)):
                with start_work("calls", "read", n, 1, folder / "file", held=True) as work:
                    (group / "cgroup.procs").write_text(str(work.pid))
                    work.go_on()
                    work.wait()
            report = tracing.finish()
    finally:
        child.rmdir()
        parent.rmdir()
    require_equal(report.count(op="read", ret="ok"), 19 + 23, "reads")
    report.require_nothing_lost("read")


def child_of(pid):
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@test("kprobes", "unshare", "nsenter")
def pid_namespace():
    """In a namespace of its own, numbers are those of the namespace, in filters as in labels."""
    script = f'"{WORK}" held calls read 29 2 "$1"; read line'
    with Folder() as folder, start_work(prefix=["unshare", "-pf", "--mount-proc", "sh", "-c", script, "sh",
                                                folder / "file"]) as shell:
        shell.wait_for("held", in_stdout=True)
        pid_inside = int(shell.stdout.split(":")[1].split("}")[0])
        require(pid_inside < 10, f"{pid_inside} is no number of a new namespace")
        with Tracing(*VFS, "--op", "read", "-p", pid_inside, "-c", "lp-work", "--by", "pid,tid",
                     prefix=["nsenter", "-t", child_of(shell.pid), "-p", "-m"]) as tracing:
            shell.go_on()
            report = tracing.wait()
        shell.go_on()
        shell.wait()
    require_equal(report.count(op="read", ret="ok"), 2 * 29, "reads")
    require_equal({s["labels"]["pid"] for s in report.json["series"]}, {str(pid_inside)}, "pid labels")
    tids = {int(s["labels"]["tid"]) for s in report.json["series"]}
    require(len(tids) == 2 and max(tids) < 20, f"tid labels {tids} are not those of the namespace")
    require(LATENCYPROBE in report.json["command_line"], "the command line is missing")


@test("kprobes", "setpriv")
def user():
    as_user = ["setpriv", "--reuid=4321", "--clear-groups"]
    with Folder() as folder, Tracing(*VFS, "--uid", 4321, "-c", "lp-work", "--op", "read") as tracing, \
            Tracing(*VFS, "--uid", "!4321", "-c", "lp-work", "--op", "read") as others:
        for prefix, n in ((as_user, 31), ([], 17)):
            with start_work("calls", "read", n, 1, folder / f"file{n}", prefix=prefix) as work:
                work.wait()
        report, report_of_others = tracing.finish(), others.finish()
    require_equal(report.count(op="read", ret="ok"), 31, "reads of the user")
    require_equal(report_of_others.count(op="read", ret="ok"), 17, "reads of all others")


@test("kprobes")
def negated():
    """All but a process; all but a name, too."""
    with Folder() as folder, start_work("calls", "read", 31, 1, folder / "a", held=True) as work:
        with Tracing(*VFS, "-p", f"!{work.pid}", "-c", "lp-work", "--op", "read") as tracing, \
                Tracing(*VFS, "-c", "!lp-work", "--op", "read", "--by", "comm") as others:
            work.go_on()
            work.wait()
            with start_work("calls", "read", 17, 1, folder / "b") as other:
                other.wait()
            with start_work("named", "lp-else", "calls", "read", 13, 1, folder / "b") as other:
                other.wait()
            report, report_of_others = tracing.finish(), others.finish()
    require_equal(report.count(op="read", ret="ok"), 17, "reads of another process")
    require_equal(report_of_others.count(op="read", comm="lp-work"), 0, "reads under the name")
    require_equal(report_of_others.count(op="read", ret="ok", comm="lp-else"), 13, "reads under another name")


@test("kprobes")
def shorter_ones():
    delay_ns = 50_000_000
    args = (*VFS, "--op", "read,write", "-c", "lp-work", "--min-latency")
    report = probe(*args, "40ms", command=[WORK, "pipe", 9, delay_ns])
    others = probe(*args, "!40ms", command=[WORK, "pipe", 9, delay_ns])
    require_equal(report.count(op="read"), 9, "reads that waited")
    account = report.account("write")
    require_equal((report.count(op="write"), account["recorded"], account["entered"]), (0, 0, account["filtered"]),
                  "writes that did not")
    require(min(s["min_ns"] for s in report.json["series"]) >= 40_000_000, "something shorter was recorded")
    require_equal((others.count(op="read"), others.count(op="write") >= 9), (0, True), "the others")
    others.require_nothing_lost()
    report.require_nothing_lost()


@test("kprobes", each=["fentry", "kprobe"])
def all_at_once(attach):
    """Programs are longest with all that may be asked for: each kernel takes them, and nothing is left out."""
    common = ("-c", "lp-work", "--attach", attach, "--uid", os.getuid(), "--min-latency", "1ns",
              "--outlier", "1ns", "--stacks", "--buckets", "1us,1ms", "--op")
    files = ("--ftype", "regular", "--fs", "!xfs", "--path", "!/nowhere/*")
    with Folder() as folder:
        for dims in ("comm,fs,file,pattern", "device,pattern,size,errno,cgroup,cpu,tid"):
            report = probe("vfs", *common, "read", *files, "--by", dims, command=[WORK, "calls", "read:5", 1, 1, folder / "f"])
            require_count(report, 5, attach, op="read", ret="ok")
    for dims in ("conn,role", "peer,errno,lport,pid,family"):
        report = probe("tcp", *common, "send,recv", "--addr", "127.0.0.0/8", "--port", "!1", "--by", dims,
                       command=[WORK, "tcp", 4, 5, 0])
        for op in ("send", "recv"):
            require_count(report, 5, attach, op=op, ret="ok")
