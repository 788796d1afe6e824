# SPDX-License-Identifier: MIT
"""Target vfs: reads and writes by aio and io_uring, from submission to completion, each counted once."""

import json
from pathlib import Path

from harness import (KERNEL, SURE_ATTACH, WORK, Folder, Tracing, has_missed, probe, require, require_count, require_equal,
                     start_work)
from registry import Skip, test

BOTH = ["fentry", "kprobe"]
VFS = ("vfs", "-c", "lp-work", "--op", "read,write,aio_read,aio_write,uring_read,uring_write")
DELAY_NS = 3_000_000
# Calls beside them, since a read by aio must not count as a read.
STEPS = {"read": 11, "write": 13, "aio_read": 17, "aio_write": 19, "aio_eof": 23, "uring_read": 31, "uring_readv": 37,
         "uring_write": 41, "uring_apart": 43, "uring_bad": 47, "uring_nop": 53}
EXPECTED = {("read", "ok"): 11, ("write", "ok"): 13, ("aio_read", "ok"): 17, ("aio_write", "ok"): 19,
            ("aio_read", "eof"): 23, ("uring_read", "ok"): 31 + 37 + 43, ("uring_write", "ok"): 41,
            ("uring_read", "error"): 47}


def mix(steps):
    return ",".join(f"{name}:{n}" for name, n in steps.items())


def require_counts(report, expected, attach, n_threads):
    for (op, ret), n in expected.items():
        require_count(report, n * n_threads, attach, op=op, ret=ret)
    require_equal({(s["labels"]["op"], s["labels"]["ret"]) for s in report.series()}, set(expected), "series")


@test("kprobes", each=[(attach, n_threads) for attach in BOTH for n_threads in (1, 4)])
def counts(how):
    attach, n_threads = how
    with Folder() as folder:
        report = probe(*VFS, "--attach", attach, command=[WORK, "calls", mix(STEPS), 1, n_threads, folder / "file"])
    if KERNEL < (5, 19):
        # Its tracepoints do not say which request they are about: the run says how many it did not see. Those without a
        # file are refused before.
        n_uring = {op: EXPECTED[(op, "ok")] for op in ("uring_read", "uring_write")}
        require_counts(report, {key: n for key, n in EXPECTED.items() if key[0] not in n_uring}, attach, n_threads)
        for op, n in n_uring.items():
            require_equal(report.account(op)["unseen"], n * n_threads, f"{op}: not seen")
        return
    require_counts(report, EXPECTED, attach, n_threads)
    if has_missed(report, attach):
        return
    for op in ("aio_read", "uring_read"):
        require_equal(report.bytes(op=op), EXPECTED[(op, "ok")] * n_threads, f"bytes of {op}")
    report.require_nothing_lost()


@test("kprobes")
def refused():
    """What aio refuses where it is submitted fails without a completion."""
    if SURE_ATTACH != "fentry":
        raise Skip("kretprobes do not see which submission failed")
    with Folder() as folder:
        report = probe(*VFS, "--attach", "fentry", "--op", "aio_read", "--by", "errno",
                       command=[WORK, "calls", "aio_refused:7,aio_read:5", 1, 1, folder / "file"])
    require_equal(report.count(op="aio_read", errno="EBADF", ret="error"), 7, "refused reads")
    require_equal(report.count(op="aio_read", ret="ok"), 5, "reads")
    report.require_nothing_lost()


@test("root")
def without_completion():
    if KERNEL < (5, 17):
        raise Skip("this kernel has no requests without completion")
    with Folder() as folder:
        report = probe(*VFS, "--op", "uring_read",
                       command=[WORK, "calls", "uring_silent:9,uring_read:5", 1, 1, folder / "file"])
    require_equal(report.count(op="uring_read"), 5, "reads")
    require_equal(report.account("uring_read")["unseen"], 9, "reads that nothing shows the end of")
    require("9  uring_read  not measured" in report.stdout, f"the text does not say so: {report.stdout}")


@test("kprobes")
def who_and_which_file():
    """Filters and dimensions are those of the submitter, though others complete it."""
    if KERNEL < (5, 19):
        raise Skip("this kernel does not show completions by request")
    with Folder() as folder:
        path = folder / "file"
        command = [WORK, "calls", "aio_read:3,uring_read:5,uring_apart:7,read:11", 1, 2, path]
        report = probe(*VFS, "--attach", SURE_ATTACH, "--op", "aio_read,uring_read", "--by", "comm,file", command=command)
        regular = probe(*VFS, "--attach", SURE_ATTACH, "--op", "uring_read", "--ftype", "!regular", command=command)
        with start_work(*command[1:], held=True) as work, start_work(*command[1:], held=True) as other:
            with Tracing("vfs", "-p", work.pid, "--op", "uring_read", "--attach", SURE_ATTACH) as tracing:
                for process in (other, work):
                    process.go_on()
                    process.wait()
                of_pid = tracing.wait()
    require_equal(report.count(op="aio_read", comm="lp-work", file=str(path)), 6, "reads by aio")
    require_equal(report.count(op="uring_read", comm="lp-work", file=str(path)), 24, "reads by io_uring")
    require_equal(regular.count(), 0, "reads with --ftype !regular")
    require(regular.account("uring_read")["filtered"] >= 24, f"filtered: {regular.account('uring_read')}")
    require_equal(of_pid.count(), 24, "reads of the process")
    for each in (report, regular, of_pid):
        each.require_nothing_lost()


@test("root")
def waits_until_completion():
    """Reads of an empty pipe take as long as it stays empty; each outlier is its submitter's."""
    if KERNEL < (5, 19):
        raise Skip("this kernel does not show completions by request")
    n = 20
    report = probe(*VFS, "--op", "uring_read", "--by", "ftype", "--outlier", "1ms",
                   command=[WORK, "uring_pipe", n, DELAY_NS])
    series = report.one(op="uring_read", ftype="pipe")
    require_equal(series["count"], n, "reads")
    require(report.count_from(DELAY_NS * 0.9) == n, f"some took less than the pipe was empty: {series}")
    require(series["sum_ns"] <= report.work["uring_read"]["sum_ns"], f"{series['sum_ns']} ns, more than {report.work}")
    require_equal(report.account("uring_read")["events"], n, "outliers")
    require_equal({o["labels"]["comm"] for o in report.json["outliers"]}, {"lp-work"}, "who it was")
    report.require_nothing_lost()


@test("kprobes", "direct_root", "fio", each=[("libaio", "aio_read"), ("io_uring", "uring_read")])
def many_at_once(how):
    """Read from the disk, whose interrupts complete them; fio tells how many they were and how long they took."""
    engine, op = how
    if op == "uring_read" and KERNEL < (5, 19):
        raise Skip("this kernel does not show completions by request")
    path = Path("/var/tmp/latencyprobe-fio")
    try:
        report = probe("vfs", "-c", "fio", "--attach", "fentry", "--op", op, "--by", "size,file",
                       command=["fio", "--name=reads", f"--filename={path}", "--size=1M", "--bs=4k", "--rw=randread",
                                "--direct=1", f"--ioengine={engine}", "--iodepth=16", "--output-format=json",
                                f"--output={path}.json"])
        fio = json.loads(Path(f"{path}.json").read_text())["jobs"][0]["read"]
    finally:
        path.unlink(missing_ok=True)
        Path(f"{path}.json").unlink(missing_ok=True)
    series = report.one(op=op, ret="ok", file=str(path), size="4KiB-8KiB")
    require_count(report, fio["total_ios"], "fentry", op=op)
    if has_missed(report, "fentry"):
        return
    require_equal((series["count"], series["bytes"]), (fio["total_ios"], fio["io_bytes"]), "reads and bytes")
    require(0 < series["sum_ns"] <= fio["lat_ns"]["mean"] * fio["total_ios"], f"longer than fio's {fio['lat_ns']}: {series}")
    report.require_nothing_lost()


@test("root")
def files_of_io_uring():
    """The file is known when it completes, whoever does that: in keys, filters by path, and outliers."""
    if KERNEL < (5, 19):
        raise Skip("this kernel does not show completions by request")
    with Folder() as folder:
        path = folder / "file"
        options = [*VFS, "--op", "uring_read,uring_write", "--outlier", "1ns"]
        command = [WORK, "calls", "uring_read:5,uring_apart:7,uring_write:11,uring_bad:13", 1, 1, path]
        only = probe(*options, "--path", f"{folder}/*", "--by", "file", command=command)
        others = probe(*options, "--path", f"!{folder}/*", command=command)
    require_equal((only.count(op="uring_read", file=str(path)), only.count(op="uring_write", file=str(path))), (12, 11), "of it")
    require_equal({o["labels"]["file"] for o in only.json["outliers"]}, {str(path)}, "files of outliers")
    require_equal(only.account()["filtered"], 13, "those without a file")
    require_equal((others.count(op="uring_read", ret="error"), others.count()), (13, 13), "of no file")
    require_equal({o["labels"]["file"] for o in others.json["outliers"]}, {"none"}, "files of other outliers")
    for report in (only, others):
        report.require_nothing_lost()
