# SPDX-License-Identifier: MIT
"""--buckets: exact counts between bounds that the user gave."""

from harness import WORK, SURE_ATTACH, probe, require, require_equal, run_plain
from registry import test

DECADES = "1us,10us,100us,1ms,10ms,100ms"
NS = {"us": 1_000, "ms": 1_000_000}
LOWS = [0] + [int(bound[:-2]) * NS[bound[-2:]] for bound in DECADES.split(",")]
RANGES = ["0-1us", "1-10us", "10-100us", "100us-1ms", "1-10ms", "10-100ms", "100ms+"]


def require_brute_force(report, **labels):
    """Each bucket has as many as there are latencies between its bounds; --outlier 1ns lists them all."""
    latencies = [o["latency_ns"] for o in report.json["outliers"]
                 if all(o["labels"].get(name) == value for name, value in labels.items())]
    series = report.one(**labels)
    require_equal(len(latencies), series["count"], f"latencies listed, of {report.account()}")
    for i, bucket in enumerate(series["buckets"]):
        high = LOWS[i + 1] if i + 1 < len(LOWS) else float("inf")
        require_equal((bucket["low_ns"], bucket["range"]), (LOWS[i], RANGES[i]), "bounds")
        require_equal(bucket["count"], sum(LOWS[i] <= ns < high for ns in latencies), f"latencies of {bucket}")
    require_equal(sum(bucket["count"] for bucket in series["buckets"]), series["count"], "sum of buckets and recorded")


@test("root")
def of_system_calls():
    """S0-4, S1-2, S2-12: reads that wait, and the text of every row."""
    report = probe("syscall", "-c", "lp-work", "--buckets", DECADES, "--outlier", "1ns",
                   command=[WORK, "pipe", 20, 3_000_000])
    require_brute_force(report, syscall="read", ret="ok")
    text = run_plain("syscall", "--duration", "0.2", "--buckets", "1ms,5ms,10ms,50ms,100ms")[1]
    for name in ("0-1ms", "1-5ms", "5-10ms", "10-50ms", "50-100ms", "100ms+"):
        require(f" {name} " in text, f"no row {name}: {text[:2000]}")


@test("kprobes")
def of_calls_by_size():
    """With dimensions, where histograms are given out one by one."""
    report = probe("vfs", "--attach", SURE_ATTACH, "--op", "read", "-c", "lp-work", "--by", "comm", "--buckets", DECADES,
                   "--outlier", "1ns", command=[WORK, "pipe", 20, 3_000_000])
    require_brute_force(report, op="read", ret="ok")


@test()
def bad_bounds():
    for bounds, reason in (("1ms,1ms", "1ms is not above what is before it"), ("0", "0 is not above"),
                           ("1ms,x", "x is no time"), (",".join(map(str, range(1, 21))), "19 bounds at most")):
        status, _, stderr = run_plain("block", "--buckets", bounds)
        require_equal(status, 2, f"status of {bounds}")
        require(f"--buckets: {reason}" in stderr, stderr)
