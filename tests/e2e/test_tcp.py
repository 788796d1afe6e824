# SPDX-License-Identifier: MIT
"""Target tcp: exact counts and bytes of sends and receives, over IPv4 and IPv6."""

from harness import WORK, has_missed, probe, require, require_count, require_equal
from registry import test

N = 60
REQUEST_BYTES = 100
DELAY_NS = 2_000_000


@test("kprobes", each=["4-fentry", "4-kprobe", "6-fentry", "6-kprobe"])
def counts(variant):
    family, attach = variant.split("-")
    report = probe("tcp", "-c", "lp-work", "--attach", attach, command=[WORK, "tcp", family, N, DELAY_NS])
    for op in ("send", "recv"):
        require_count(report, N, attach, op=op, ret="ok")
    require_count(report, N, attach, op="cleanup_rbuf", ret="ok")
    # A receive that waits gives back what it has read so far before it does: nothing.
    require(report.count(op="cleanup_rbuf", ret="eof") <= N, "more calls that gave nothing back than waits")
    require_equal({s["labels"]["ret"] for s in report.series(op="recv")}, {"ok"}, "return classes of recv")
    if has_missed(report, attach):
        return
    report.require_nothing_lost()
    for op in ("send", "recv"):
        require_equal(report.bytes(op=op), N * REQUEST_BYTES, f"bytes of {op}")
