# SPDX-License-Identifier: MIT
"""Exact times, on the machine whose time counts instructions: within a slot of what the workload measured."""

from harness import WORK, Tracing, probe, require, require_equal, require_in_slot, start_work
from null_blk import NullDisk
from registry import test

N = 60
COMPLETION_NS = 200_000
# Issue to completion, with what timer, interrupt and softirq take.
DEVICE_NS = 201_600
BOTH = ["fentry", "kprobe"]
# Away from bounds of slots.
DELAYS_NS = (700_000, 12_000_000)
VARIANTS = [f"{attach}-{delay}" for attach in BOTH for delay in DELAYS_NS]


@test("icount", "kprobes", each=VARIANTS)
def pipe(variant):
    """S0-2, S0-17: nanoseconds between entry and exit, within a slot of what the reader measured."""
    attach, delay_ns = variant.split("-")
    report = probe("vfs", "-c", "lp-work", "--op", "read", "--attach", attach, command=[WORK, "pipe", N, delay_ns])
    series = report.one(op="read", ret="ok")
    require_equal(series["count"], N, "reads")
    require_in_slot(series, report.work["read"]["p50_ns"], "read")
    require_in_slot(series, report.work["read"]["p90_ns"], "read", percentile="p90")
    require(series["max_ns"] <= report.work["read"]["max_ns"], f"longer than measured around it: {series['max_ns']}")
    require(series["min_ns"] >= int(delay_ns) * 9 // 10, f"shorter than the delay: {series['min_ns']}")


@test("icount", "kprobes", each=[f"{family}-{attach}" for family in (4, 6) for attach in BOTH])
def tcp(variant):
    family, attach = variant.split("-")
    report = probe("tcp", "-c", "lp-work", "--attach", attach, command=[WORK, "tcp", family, N, 1_500_000])
    series = report.one(op="recv", ret="ok")
    require_equal(series["count"], N, "answers")
    require_in_slot(series, report.work["recv"]["p50_ns"], "recv")
    require(report.one(op="send", ret="ok")["percentiles"]["p50"]["ns"] <= report.work["send"]["p50_ns"],
            "a send took longer than measured around it")


@test("icount", "kprobes")
def rejected():
    """S2-17: what takes longer than 60 s is counted apart, and what is shorter is not."""
    with Tracing("vfs", "-c", "lp-work", "--op", "read", "--attach", "fentry") as tracing:
        with start_work("pipe", 1, 59_000_000_000) as shorter, start_work("pipe", 1, 61_000_000_000) as longer:
            shorter.process.wait()
            longer.process.wait()
        report = tracing.finish()
    account = report.account("read")
    require_equal((account["recorded"], account["rejected"]), (1, 1), "recorded and rejected")
    require(59_000_000_000 <= report.one(op="read", ret="ok")["max_ns"] < 60_000_000_000, "not the shorter one")


@test("icount", "kprobes", each=BOTH)
def requests(attach):
    report = probe("tcp", "--op", "request", "--by", "role", "--attach", attach, command=[WORK, "requests", 4, N, 1_500_000])
    for role in ("client", "server"):
        series = report.one(op="request", role=role)
        require_equal(series["count"], N, f"requests of the {role}")
        require_in_slot(series, report.work[role]["p50_ns"], role)
        require_in_slot(series, report.work[role]["p90_ns"], role, percentile="p90")


@test("icount", "null_blk")
def null_blk():
    with NullDisk(COMPLETION_NS) as disk:
        report = probe("block", "-d", disk.name, "-c", "lp-work", command=[WORK, "direct", "read", disk.path, N, 4096])
    series = report.one(op="read", phase="device")
    require_equal(series["count"], N, "reads")
    for percentile in ("p50", "p90"):
        require_in_slot(series, DEVICE_NS, "device", percentile=percentile)
    require(series["mean_ns"] + report.one(op="read", phase="queue")["mean_ns"]
            <= report.work["read"]["sum_ns"] / report.work["read"]["count"], "phases are longer than the calls")
