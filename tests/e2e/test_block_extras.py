# SPDX-License-Identifier: MIT
"""
Target block: the total of both phases, and requests by flags, by the cgroup of who submitted them, and by whether they
follow one another.
"""

import sys
from pathlib import Path

from harness import MISSES_COMPLETIONS, WORK, DiskFile, Tracing, probe, require, require_equal, run_plain, start_work
from loop import LoopDisk
from null_blk import NullDisk
from registry import test

CGROUP = Path("/sys/fs/cgroup/lp-extras")
READ_BLOCKS = """
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
buffer = mmap.mmap(-1, 4096)
for block in sys.argv[2:]:
    os.preadv(fd, [buffer], int(block) * 4096)
"""


def require_total(report, op):
    """Request by request the total is the sum of both phases; so are the sums."""
    device, queue, total = (report.one(op=op, phase=phase, ret="ok") for phase in ("device", "queue", "total"))
    require_equal((device["count"], queue["count"]), (total["count"], total["count"]), "requests in each phase")
    require_equal(device["sum_ns"] + queue["sum_ns"], total["sum_ns"], "sum of device and queue, and of total")
    require_equal(device["bytes"], total["bytes"], "bytes")
    require(total["max_ns"] >= max(device["max_ns"], queue["max_ns"]), f"max of total: {total['max_ns']}")
    for account in report.json["account"]["operations"]:
        require_equal(account["unaccounted"], 0, f"unaccounted: {account}")


@test("null_blk")
def total():
    """Requests wait for each other: the device takes one at a time."""
    with NullDisk(200_000, hw_queue_depth=1) as disk:
        report = probe("block", "-d", disk.name, "-c", "lp-work", "--total",
                       command=[WORK, "direct", "read", disk.path, 40, 4096])
        plain = probe("block", "-d", disk.name, "-c", "lp-work", command=[WORK, "direct", "read", disk.path, 4, 4096])
    require_total(report, "read")
    require_equal(report.count(op="read", phase="total"), 40, "reads")
    require_equal(plain.series(phase="total"), [], "series that were not asked for")


@test("direct_root")
def total_of_the_root_disk():
    with DiskFile(80 * 4096) as path:
        report = probe("block", "-c", "lp-work", "--total", command=[WORK, "direct", "read", path, 80, 4096])
    require_total(report, "read")
    require(report.one(op="read", phase="total")["count"] >= (40 if MISSES_COMPLETIONS else 80), "reads are missing")


@test("null_blk")
def flags():
    """Direct writes are sync; what the kernel reads ahead says so."""
    with NullDisk(100_000) as disk:
        args = ("block", "-d", disk.name, "--by", "flags")
        writes = probe(*args, "--op", "write", "-c", "lp-work", command=[WORK, "direct", "write", disk.path, 20, 4096])
        reads = probe(*args, "--op", "read", command=["dd", f"if={disk.path}", "of=/dev/null", "bs=64k", "count=64"])
    require_equal(writes.one(op="write", phase="device")["labels"]["flags"], "sync", "flags of direct writes")
    require_equal(writes.count(op="write", phase="device"), 20, "direct writes")
    require(reads.bytes(op="read", phase="device", flags="readahead") > 0, f"{[s['labels'] for s in reads.json['series']]}")


@test("null_blk", "cgroup2")
def cgroup_of_the_submitter():
    """Not of whatever the completion interrupted."""
    CGROUP.mkdir(exist_ok=True)
    try:
        with NullDisk(500_000) as disk, Tracing("block", "-d", disk.name, "--by", "cgroup", "-c", "lp-work") as tracing:
            with start_work("direct", "read", disk.path, 30, 4096, held=True) as work:
                (CGROUP / "cgroup.procs").write_text(str(work.pid))
                work.go_on()
                work.wait()
            report = tracing.finish()
    finally:
        CGROUP.rmdir()
    require_equal(report.count(op="read", phase="device", cgroup="/lp-extras"), 30, "reads of the cgroup")
    require_equal(report.count(op="read", phase="device"), 30, "reads")


@test("loop")
def patterns_of_a_disk():
    """S0-21: a request follows the last one of the disk, or does not."""
    blocks, n_rounds = (0, 1, 2, 10, 11, 5, 4), 40
    with LoopDisk() as disk:
        report = probe("block", "-d", disk.name, "--by", "pattern", "--op", "read",
                       command=[sys.executable, "-c", READ_BLOCKS, disk.path, *blocks * n_rounds])
    # A round begins elsewhere than the last one ended, but for the first.
    expected = {"sequential": 3 * n_rounds + 1, "random": 4 * n_rounds - 1}
    found = {s["labels"]["pattern"]: s["count"] for s in report.series(op="read", phase="device")}
    require_equal(set(found), set(expected), "patterns")
    account = report.account("read")
    n_excused = account["lost_exit"] + account["in_flight"] if MISSES_COMPLETIONS else 0
    for pattern, n in expected.items():
        require(n - n_excused <= found[pattern] <= n, f"{found} by pattern, expected {expected}, {n_excused} lost")


@test("loop")
def rest_of_the_keys_by_phase():
    """Beyond --max-keys the phases still are apart, and their sums those of the account."""
    script = 'for n in 1 2 3; do "$1" named "lp-$n" direct read "$2" 40 4096; done'
    with LoopDisk() as disk:
        report = probe("block", "-d", disk.name, "--by", "comm", "--max-keys", 1, "--op", "read", "--total",
                       command=["sh", "-c", script, "sh", WORK, disk.path])
    recorded, rest = (report.account("read")[count] for count in ("recorded", "other_key"))
    require(rest > 0, "the first key has all")
    for phase in ("queue", "device", "total"):
        require_equal(report.count(op="other", phase=phase), rest, f"the rest in the {phase} phase")
    require_equal(report.json["total_events"], recorded, "total_events")


@test()
def total_without_phases():
    status, _, stderr = run_plain("syscall", "--total")
    require_equal(status, 2, "status")
    require("--total: syscall has no phases" in stderr, stderr)
