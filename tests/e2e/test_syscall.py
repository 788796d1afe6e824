# SPDX-License-Identifier: MIT
"""System calls: known numbers of them, by name, error and ABI, and those that never return or are made again."""

import signal

from harness import WORK, Process, probe, require, require_equal, run_plain
from registry import Skip, test

N = 200


@test("root")
def counts_are_exact():
    """S3-2: by name and result."""
    report = probe("syscall", "-c", "lp-work", command=[WORK, "syscalls", N])
    require_equal(report.count(syscall="getppid", ret="ok"), N, "getppid")
    require_equal(report.count(syscall="close", ret="error"), N // 2, "failing close")
    require_equal(report.count(syscall="wait4", ret="ok"), N // 10, "wait4")
    require_equal(report.count(syscall="clone") + report.count(syscall="fork") + report.count(syscall="clone3"),
                  N // 10, "fork, in the parent")
    require_equal(report.account()["no_return"], N // 10, "exit_group of the children")
    report.require_nothing_lost()


@test("root")
def births_are_no_unmatched_ends():
    """A child's first exit is of a call that only its parent began."""
    report = probe("syscall", command=[WORK, "syscalls", N])
    require(report.account()["unmatched"] < N // 10, f"unmatched: {report.account()}")


@test("root")
def by_name():
    report = probe("syscall", "getppid,clo*", "-c", "lp-work", command=[WORK, "syscalls", N])
    found = {s["labels"]["syscall"] for s in report.json["series"]}
    require({"getppid", "close"} <= found and not found & {"wait4", "read", "write"}, f"found {found}")
    require_equal(report.count(syscall="getppid"), N, "getppid")
    require(report.account()["filtered"] > 0, "nothing was left out")


@test("root")
def by_errno():
    report = probe("syscall", "close", "-c", "lp-work", "--by", "errno", command=[WORK, "syscalls", N])
    require_equal(report.count(syscall="close", errno="EBADF"), N // 2, "close with EBADF")


@test("root")
def of_32_bit():
    with Process(WORK, "calls32", 1) as work:
        work.wait(status=None)
        if work.status == -signal.SIGSEGV:
            raise Skip("this kernel has no 32-bit calls")
    report = probe("syscall", "getppid", "-c", "lp-work", command=[WORK, "calls32", N])
    require_equal(report.count(syscall="getppid (32-bit)"), N, "32-bit getppid")
    require_equal(report.count(syscall="getppid"), 0, "64-bit getppid")


@test("root")
def made_again_after_signals():
    n = 5
    report = probe("syscall", "read,rt_sigreturn", "-c", "lp-work", "--by", "errno", command=[WORK, "restart", n])
    again = report.count(syscall="read", ret="again", errno="ERESTARTSYS")
    # A tick may come between two beginnings, and then interrupts nothing.
    require(n - 1 <= again <= n, f"{again} interrupted reads of {n}")
    require_equal(report.count(syscall="read", ret="ok"), 1, "reads that ended")
    require_equal(report.count(syscall="rt_sigreturn", ret="ok"), n, "returns from the handler")


@test("root")
def times_of_sleeping_reads():
    """Against what the workload measured itself: around the call, so never less."""
    delay_ns = 3_000_000
    report = probe("syscall", "read", "-c", "lp-work", command=[WORK, "pipe", 30, delay_ns])
    series = report.one(syscall="read", ret="ok")
    require_equal(series["count"], 30, "reads")
    work = report.work["read"]
    # The median's slot is at most one below that of the truth, which is what the call itself adds outside the kernel.
    require(series["percentiles"]["p50"]["low_ns"] <= work["p50_ns"], f"{series['percentiles']['p50']}, work {work}")
    require(series["percentiles"]["p50"]["high_ns"] >= work["p50_ns"] * 0.9, f"{series['percentiles']['p50']}, work {work}")


@test("root")
def unknown_name():
    status, _, stderr = run_plain("syscall", "raed", "--duration", "1")
    require_equal(status, 2, "exit status")
    require("no system call raed" in stderr and "read" in stderr, stderr)


@test("root")
def by_thread_name():
    report = probe("syscall", "-c", "lp-work", "--by", "comm,pid", command=[WORK, "syscalls", 20])
    require_equal(report.count(syscall="getppid", comm="lp-work"), 20, "getppid")
    # The call that takes the name away ends under another one.
    require_equal({s["labels"]["comm"] for s in report.json["series"]} - {"lp-done"}, {"lp-work"}, "names")
