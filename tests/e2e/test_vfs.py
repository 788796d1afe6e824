# SPDX-License-Identifier: MIT
"""Target vfs: exact counts, bytes and return classes of file operations, by either way to attach."""

import time

from harness import (SURE_ATTACH, WORK, Folder, Tracing, has_missed, may_miss, probe, require, require_count,
                     require_equal, start_work)
from registry import test

# Numbers that no mix-up of two operations can make equal.
STEPS = {"read": 11, "readv": 23, "write": 37, "writev": 41, "eof": 53, "again": 67, "fsync": 3, "stat": 71,
         "fstat": 83, "open": 97, "missing": 101}
MIX = ",".join(f"{name}:{n}" for name, n in STEPS.items())
# (operation, return class) -> calls
EXPECTED = {("read", "ok"): 11 + 23, ("read", "eof"): 53, ("read", "again"): 67, ("write", "ok"): 37 + 41,
            ("fsync", "ok"): 3, ("stat", "ok"): 71 + 83, ("open", "ok"): 97, ("open", "error"): 101,
            ("close", "ok"): 97}
BYTES = {("read", "ok"): 11 + 23, ("write", "ok"): 37 + 41, ("read", "eof"): 0, ("read", "again"): 0}
N_BLOCKED = 40
N_AFTER = 25
BLOCKED_NS = 400_000_000
BOTH = ["fentry", "kprobe"]


def require_mix(report, attach, n_threads):
    for (op, ret), n in EXPECTED.items():
        require_count(report, n * n_threads, attach, op=op, ret=ret)
    found = {(s["labels"]["op"], s["labels"]["ret"]) for s in report.json["series"]}
    require_equal(found, set(EXPECTED), "series")
    require_equal({p["attach"] for p in report.json["probes"] if p["op"]}, {attach}, "attached by")
    if has_missed(report, attach):
        return
    report.require_nothing_lost()
    require_equal(report.missed(), 0, "missed")
    for (op, ret), n in BYTES.items():
        require_equal(report.one(op=op, ret=ret)["bytes"], n * n_threads, f"bytes of {op} {ret}")


@test("kprobes", each=BOTH)
def counts_of_one_thread(attach):
    """S0-1, S0-12: each operation has the calls that were made, by their results."""
    with Folder() as folder:
        report = probe("vfs", "-c", "lp-work", "--attach", attach,
                       command=[WORK, "calls", MIX, 1, 1, folder / "file"])
    require_mix(report, attach, 1)


@test("kprobes", each=BOTH)
def counts_of_four_threads(attach):
    """S0-5, S0-16: what is under way is kept by thread, not by process."""
    with Folder() as folder:
        report = probe("vfs", "-c", "lp-work", "--attach", attach,
                       command=[WORK, "calls", MIX, 1, 4, folder / "file"])
    require_mix(report, attach, 4)


@test("kprobes", each=BOTH)
def counts_of_a_pid(attach):
    """Beside another process of the same name."""
    with Folder() as folder, start_work("calls", MIX, 1, 2, folder / "file", held=True) as work, \
            start_work("calls", MIX, 1, 2, folder / "other", held=True) as other:
        with Tracing("vfs", "-p", work.pid, "-c", "lp-work", "--attach", attach) as tracing:
            for process in (other, work):
                process.go_on()
                process.wait()
            report = tracing.wait()
    require_mix(report, attach, 2)


@test("kprobes")
def all_of_a_process_is_counted():
    """Without a filter by name: what the threads do before and after counts, too, and nothing is lost."""
    with Folder() as folder, start_work("calls", MIX, 1, 2, folder / "file", held=True) as work:
        with Tracing("vfs", "-p", work.pid, "--attach", SURE_ATTACH) as tracing:
            work.go_on()
            work.wait()
            report = tracing.wait()
    # Each thread opens, writes a byte and closes; the process writes its last line.
    require_equal(report.count(op="open", ret="ok"), 2 * (97 + 1), "opens")
    require_equal(report.count(op="write", ret="ok"), 2 * (37 + 41 + 1) + 1, "writes")
    require(report.count(op="close", ret="ok") >= 2 * (97 + 1), "closes are missing")
    require_equal(report.account()["lost_exit"], 0, "lost exits")


def misses_entries(report, attach):
    """Kretprobes miss exits only."""
    return attach == "fentry" and may_miss(attach) and report.missed() > 0


def require_blocked(report, attach, in_flight):
    account = report.account("read")
    if misses_entries(report, attach):
        require(account["in_flight"] <= in_flight, f"more than {in_flight} in flight: {account}")
        return
    require_equal(account["entered"] - account["filtered"], N_BLOCKED, "reads begun")
    require_equal(account["in_flight"], in_flight, "reads in flight")


@test("kprobes", each=BOTH)
def blocked_reads_are_in_flight(attach):
    """S0-5: the run ends while 40 threads wait: by the spans, all of them are under way."""
    with Tracing("vfs", "-c", "lp-work", "--op", "read", "--attach", attach) as tracing, \
            start_work("blocked", N_BLOCKED, 0) as work:
        work.wait_for("blocked", in_stdout=True)
        report = tracing.finish()
        work.go_on()
        work.wait()
    require_blocked(report, attach, N_BLOCKED)
    require_equal(report.count(), 0, "reads recorded")


@test("kprobes", each=BOTH)
def blocked_reads_end_in_the_account(attach):
    """
    S0-16, S0-17, S1-15: more calls at once than there are kretprobe instances: those without one are lost, and never a
    wrong latency.
    """
    with Tracing("vfs", "-c", "lp-work", "--op", "read", "--attach", attach) as tracing, \
            start_work("blocked", N_BLOCKED, N_AFTER) as work:
        work.wait_for("blocked", in_stdout=True)
        time.sleep(BLOCKED_NS / 1e9)
        work.go_on()
        work.wait()
        report = tracing.finish()
    account = report.account("read")
    n_began = N_BLOCKED * (1 + N_AFTER)
    n_long = report.count_from(BLOCKED_NS / 2)
    require(n_long <= N_BLOCKED, f"{n_long} reads took long, but only {N_BLOCKED} were blocked")
    if misses_entries(report, attach):
        require(account["entered"] - account["filtered"] <= n_began, f"more than {n_began} began: {account}")
        return
    require_equal(account["entered"] - account["filtered"], n_began, "reads begun")
    require_equal(account["recorded"] + account["lost_exit"] + account["in_flight"], n_began,
                  f"recorded, lost, in flight of {account}")
    if attach == "fentry":
        require_equal((n_long, account["recorded"]), (N_BLOCKED, n_began), "long ones and all recorded")
