# SPDX-License-Identifier: MIT
"""Known delays, as lower bounds: machines that emulate are too slow for more; see test_timing.py for exact ones."""

import subprocess

from harness import WORK, probe, require, require_count, require_equal
from registry import test

DELAY_NS = 12_000_000
N = 20
BOTH = ["fentry", "kprobe"]


def require_at_least(report, delay_ns, **labels):
    percentile = report.one(**labels)["percentiles"]["p50"]
    require(percentile["high_ns"] >= delay_ns, f"{labels}: p50 {percentile} is below {delay_ns} ns")


@test("kprobes", each=BOTH)
def pipe(attach):
    """S0-2: the time from entry to exit is no shorter than the writer slept."""
    report = probe("vfs", "-c", "lp-work", "--op", "read", "--attach", attach, command=[WORK, "pipe", N, DELAY_NS])
    require_count(report, N, attach, op="read", ret="ok")
    require_at_least(report, DELAY_NS * 9 // 10, op="read", ret="ok")


@test("kprobes", "netem")
def network():
    """Loopback delayed by 20 ms in each direction."""
    subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "20ms"], check=True)
    try:
        report = probe("tcp", "-c", "lp-work", command=[WORK, "tcp", 4, N, 0])
    finally:
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
    require_count(report, N, report.json["probes"][0]["attach"], op="recv", ret="ok")
    # The request may be on its way already when the answer is waited for.
    require_at_least(report, 30_000_000, op="recv", ret="ok")
    require(report.one(op="send", ret="ok")["percentiles"]["p50"]["low_ns"] < 20_000_000, "send waits for delivery")
    require_equal(report.work["recv"]["count"], N, "answers")
