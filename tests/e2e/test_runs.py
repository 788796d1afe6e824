# SPDX-License-Identifier: MIT
"""The course of a run: intervals, ends, signals, and what is left of it in the kernel."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess
from pathlib import Path

from harness import (SURE_ATTACH, TIMEOUT_S, Folder, Process, Report, Tracing, parse_objects, probe_argv, require,
                     require_equal, run_plain, start_work, wait_until)
from registry import test

VFS = ("vfs", "--attach", SURE_ATTACH, "-c", "lp-work")
OUR_PROGRAMS = ("__fentry", "__fexit", "__kprobe", "__kretprobe", "__ret", "block_rq_", "follow_")


def add_up(reports):
    """(labels, slot) -> count over all reports."""
    sums = {}
    for report in reports:
        for series in report["series"]:
            for slot in series["slots"]:
                key = (json.dumps(series["labels"], sort_keys=True), slot["slot"])
                sums[key] = sums.get(key, 0) + slot["count"]
    return sums


@test("kprobes")
def intervals_add_up():
    """S3-1, S4-14: three intervals and the whole, which is their sum: nothing falls between two readings."""
    with Folder() as folder, Process(*probe_argv([*VFS, "--op", "read,write", "--format", "json", 1, 3])) as process:
        process.wait_for("Tracing")
        with start_work("calls", "read:3000,write:2000", 1, 2, folder / "file") as work:
            work.wait()
        process.wait()
        reports = parse_objects(process.stdout)
    require_equal([report["interval"] for report in reports], [1, 2, 3, 0], "numbers of the reports")
    for report in reports:
        Report(report)
    whole = reports.pop()
    require_equal(sum(s["count"] for s in whole["series"]), 2 * 5000, "recorded")
    require_equal(add_up(reports), add_up([whole]), "sum of the intervals")
    require_equal(sum(r["account"]["total"]["recorded"] for r in reports), 2 * 5000, "recorded by the accounts")
    for before, after in zip(reports, reports[1:]):
        require_equal(after["start_monotonic_ns"], before["end_monotonic_ns"], "start of the next interval")
        require_equal(after["account"]["total"]["in_flight_before"], before["account"]["total"]["in_flight"],
                      "in flight before")


@test("root")
def intervals_as_text():
    """S4-4: three intervals of a fifth of a second."""
    with Folder() as folder:
        status, stdout, stderr = run_plain("block", "--interval", "0.2", "--count", "3", "-o", folder / "report.json")
        report = Report(json.loads((folder / "report.json").read_bytes()))
    require_equal(status, 0, f"exit status ({stderr})")
    for number in (1, 2, 3):
        require(f"interval {number}:" in stdout, f"no interval {number} in {stdout}")
    require(report.json["elapsed_ns"] >= 600_000_000, f"ended after {report.json['elapsed_ns']} ns")


@test("root", each=["SIGINT", "SIGTERM"])
def signals_end_with_a_report(name):
    """S2-4: --duration 0, too, ends at Ctrl-C."""
    with Tracing("block", "--duration", "0") as tracing:
        tracing.process.signal(getattr(signal, name))
        report = tracing.wait()
    require_equal(report.json["interval"], 0, "number of the report")
    require("account:" in report.stdout or "entered" in report.stdout, f"no report on stdout: {report.stdout}")
    require_equal(report.stderr.count("\n"), 1, f"lines on stderr ({report.stderr})")


@test("root", each=[2, 3])
def report_outlives_a_second_signal(n_signals):
    """While whoever reads the report takes its time: the second one is answered, the third ends it without the rest."""
    with Folder() as folder:
        output = folder / "report.json"
        os.mkfifo(output)
        with open(os.open(output, os.O_RDWR | os.O_NONBLOCK), "rb", 0) as reader, Process(
                *probe_argv(["block"], output)) as process:
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
            process.wait_for("Tracing")
            process.signal(signal.SIGINT)
            select.select([reader], [], [], TIMEOUT_S)
            process.signal(signal.SIGINT)
            process.wait_for("once more ends without it")
            require_equal(process.status, None, "status while nobody reads")
            if n_signals == 3:
                process.signal(signal.SIGINT)
                process.wait(status=-signal.SIGINT)
                return
            written = b""
            while select.select([reader], [], [], 0.1)[0] or process.status is None:
                written += reader.read(4096) or b""
            process.wait()
    Report(json.loads(written))


@test("root")
def duration():
    """S2-4: it ends by itself, and not before."""
    with Tracing("block", "--duration", "0.5") as tracing:
        report = tracing.wait()
    require(report.json["elapsed_ns"] >= 0.5e9, f"it took {report.json['elapsed_ns']} ns")


@test("root")
def quiet_says_nothing():
    with Folder() as folder:
        status, stdout, stderr = run_plain("block", "-q", "--duration", "0.1", "-o", folder / "report.json")
        Report(json.loads((folder / "report.json").read_bytes()))
    require_equal((status, stdout, stderr), (0, "", ""), "status, stdout, stderr")


def our_programs():
    done = subprocess.run(["bpftool", "--json", "prog", "list"], capture_output=True, check=True)
    names = [program.get("name", "") for program in json.loads(done.stdout)]
    return [name for name in names if any(part in name for part in OUR_PROGRAMS)]


def kprobes_in_kernel():
    return [line for line in Path("/sys/kernel/debug/kprobes/list").read_text().splitlines() if "vfs_read" in line]


@test("kprobes", "bpftool", each=["fentry", "kprobe"])
def nothing_is_left_after_sigkill(attach):
    """S0-25: neither programs nor kprobes."""
    with Tracing("vfs", "--op", "read,open", "--attach", attach) as tracing:
        require(our_programs(), "no program of ours to be seen while tracing")
        if attach == "kprobe":
            require(kprobes_in_kernel(), "no kprobe to be seen while tracing")
        tracing.process.signal(signal.SIGKILL)
        tracing.process.wait(status=-signal.SIGKILL)
    wait_until(lambda: not our_programs() and not kprobes_in_kernel(), "end of our programs and kprobes", 10)


@test("root", "bpftool", each=["fine", "failed"])
def nothing_is_left_of_a_run(how):
    """S0-25: neither of one that ends well nor of one that fails when all is attached."""
    command = ["--", "/nowhere/command"] if how == "failed" else []
    require_equal(run_plain("block", "--duration", "0.1", *command)[0], 1 if command else 0, "exit status")
    wait_until(lambda: not our_programs(), "end of our programs", 10)


@test("root")
def closed_stdout():
    """Whoever reads goes away: an end, and no fault."""
    read_end, write_end = os.pipe()
    with Process(*probe_argv(["block", "0.2"]), stdout=write_end) as process:
        os.close(write_end)
        require(os.read(read_end, 100), "nothing on stdout")
        os.close(read_end)
        process.wait()
        require_equal(process.stderr.count("\n"), 1, f"lines on stderr ({process.stderr})")


@test("root")
def status_of_the_command_is_told():
    with Process(*probe_argv(["block"], command=["sh", "-c", "exit 7"])) as process:
        process.wait()
        require("status 7" in process.stderr, f"no status in {process.stderr}")


@test("root")
def ends_with_its_process():
    with start_work("syscalls", 10, held=True) as work, Tracing("syscall", "-p", work.pid) as tracing:
        work.go_on()
        report = tracing.wait()
        work.wait()
    require_equal(report.count(syscall="getppid"), 10, "calls of the process")
    require(f"process {work.pid} has ended" in report.stderr, f"not said: {report.stderr}")


@test("root")
def says_that_its_command_goes_on():
    """Whose end nobody then waits for."""
    with Process(*probe_argv(["syscall", "--duration", "0.3"], command=["sleep", "60"])) as process:
        process.wait()
        said = re.search(r"the command goes on, as process (\d+)\n", process.stderr)
        require(said, f"not said: {process.stderr}")
    os.kill(int(said[1]), signal.SIGKILL)
