# SPDX-License-Identifier: MIT
"""Target vfs: exact counts, bytes and return classes of file operations, by either way to attach."""

from registry import test
from harness import (Folder, WORK, Tracing, probe, require, require_count, require_equal, may_miss, start_work)

# Numbers that no mix-up of two operations can make equal.
STEPS = {"read": 11, "readv": 23, "write": 37, "writev": 41, "eof": 53, "again": 67, "fsync": 3, "stat": 71,
         "fstat": 83, "open": 97, "missing": 101}
MIX = ",".join(f"{name}:{n}" for name, n in STEPS.items())
# (operation, return class) -> calls
EXPECTED = {("read", "ok"): 11 + 23, ("read", "eof"): 53, ("read", "again"): 67, ("write", "ok"): 37 + 41,
            ("fsync", "ok"): 3, ("stat", "ok"): 71 + 83, ("open", "ok"): 97, ("open", "error"): 101,
            ("close", "ok"): 97}
BYTES = {("read", "ok"): 11 + 23, ("write", "ok"): 37 + 41, ("read", "eof"): 0, ("read", "again"): 0}


def require_mix(report, attach, n_threads):
    for (op, ret), n in EXPECTED.items():
        require_count(report, n * n_threads, attach, op=op, ret=ret)
    found = {(s["labels"]["op"], s["labels"]["ret"]) for s in report.json["series"]}
    require_equal(found, set(EXPECTED), "series")
    require_equal({p["attach"] for p in report.json["probes"]}, {attach}, "attached by")
    if may_miss(attach) and report.missed():
        return
    report.require_nothing_lost()
    require_equal(report.missed(), 0, "missed")
    for (op, ret), n in BYTES.items():
        require_equal(report.one(op=op, ret=ret)["bytes"], n * n_threads, f"bytes of {op} {ret}")


@test("kprobes", each=["fentry", "kprobe"])
def counts_of_one_thread(attach):
    with Folder() as folder:
        report = probe("vfs", "-c", "lp-work", "--attach", attach,
                       command=[WORK, "calls", MIX, 1, 1, folder / "file"])
    require_mix(report, attach, 1)


@test("kprobes", each=["fentry", "kprobe"])
def counts_of_four_threads(attach):
    with Folder() as folder:
        report = probe("vfs", "-c", "lp-work", "--attach", attach,
                       command=[WORK, "calls", MIX, 1, 4, folder / "file"])
    require_mix(report, attach, 4)
