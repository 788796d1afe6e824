# SPDX-License-Identifier: MIT
"""What holds for every report: slots, percentiles, sums, the account. Written from the definitions, not the source."""

import math

from registry import Failure

TOP_NS = 1 << 36
N_SUB = 16
PERCENTILES = {"p50": 50.0, "p75": 75.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99.9": 99.9, "p99.99": 99.99}
ENDINGS = ("recorded", "filtered", "sampled_out", "nested", "merged", "unissued", "no_return", "unanswered", "rejected",
           "lost_span", "lost_exit", "lost_clock", "unseen", "in_flight")
LOSSES = ("lost_span", "lost_exit", "lost_clock", "unseen")


def require(condition, message):
    """Fails the test with MESSAGE unless CONDITION."""
    if not condition:
        raise Failure(message)


def require_equal(found, expected, what):
    require(found == expected, f"{what}: {found}, expected {expected}")


def slot_bounds(ns):
    """[low, high] of the slot that NS falls into; high is None for the overflow slot."""
    if ns >= TOP_NS:
        return TOP_NS, None
    if ns < N_SUB:
        return ns, ns
    width = 1 << (ns.bit_length() - 1) - 4
    low = ns - ns % width
    return low, low + width - 1


def slot_number(ns):
    """16 slots for each power of two from 16 on, behind 16 slots of 1 ns."""
    if ns >= TOP_NS:
        return 33 * N_SUB
    if ns < N_SUB:
        return ns
    row = ns.bit_length() - 4
    return row * N_SUB + (ns - (1 << ns.bit_length() - 1)) * N_SUB // (1 << ns.bit_length() - 1)


def _check_slots(series, what):
    last_low = -1
    for slot in series["slots"]:
        low, high = slot_bounds(slot["low_ns"])
        require_equal((slot["low_ns"], slot["high_ns"]), (low, high), f"{what}: bounds of slot {slot['slot']}")
        require_equal(slot["slot"], slot_number(low), f"{what}: number of the slot from {low} ns")
        require(slot["count"] > 0, f"{what}: slot {slot['slot']} is empty")
        require(low > last_low, f"{what}: slots are not in order")
        last_low = low
    require_equal(series["count"], sum(slot["count"] for slot in series["slots"]), f"{what}: count and sum of slots")


def _slot_of_rank(series, rank):
    place = max(1, math.ceil(round(rank * 10**6) * series["count"] / 10**8))
    for slot in series["slots"]:
        place -= slot["count"]
        if place <= 0:
            return slot
    raise Failure(f"rank {rank} lies outside the slots")


def _check_percentiles(series, what):
    require_equal(list(series["percentiles"]), list(PERCENTILES), f"{what}: percentiles")
    last_ns = 0
    for name, percentile in series["percentiles"].items():
        low, ns, high = percentile["low_ns"], percentile["ns"], percentile["high_ns"]
        require(low <= ns <= high, f"{what}: {name} {ns} is not in [{low}, {high}]")
        require(ns >= last_ns, f"{what}: {name} {ns} is below the one before, {last_ns}")
        slot = _slot_of_rank(series, PERCENTILES[name])
        require(low >= slot["low_ns"] and high <= (slot["high_ns"] or math.inf),
                f"{what}: {name} [{low}, {high}] is not in its slot {slot}")
        last_ns = ns


def _check_sums(series, what):
    low = sum(slot["low_ns"] * slot["count"] for slot in series["slots"])
    high = sum((slot["high_ns"] or math.inf) * slot["count"] for slot in series["slots"])
    # An interval's sum is not read at the very moment its slots are.
    if series["min_max_exact"]:
        require(low <= series["sum_ns"] <= high, f"{what}: sum {series['sum_ns']} is not in [{low}, {high}]")
    require(series["min_ns"] <= series["max_ns"], f"{what}: min {series['min_ns']} above max {series['max_ns']}")
    require(series["slots"][0]["low_ns"] <= series["min_ns"], f"{what}: min {series['min_ns']} is below the slots")
    require(series["max_ns"] <= (series["slots"][-1]["high_ns"] or math.inf),
            f"{what}: max {series['max_ns']} is above the slots")
    mean = series["sum_ns"] / series["count"]
    require(math.isclose(series["mean_ns"], mean, rel_tol=1e-6), f"{what}: mean {series['mean_ns']}, not {mean}")


def _check_account(account, what):
    began = account["in_flight_before"] + account["entered"]
    ended = sum(account[name] for name in ENDINGS)
    require_equal(began, ended, f"{what}: account {account}: in flight before + entered, and all endings")
    require_equal(account["unaccounted"], 0, f"{what}: unaccounted in {account}")


DERIVED = ("queue", "total")  # phases that are recorded along with "device"


def measured(series):
    """With --sample-rate the count is an estimate of all."""
    return series.get("measured", series["count"])


def _check_estimates(report):
    rate = report.get("sample_rate", 1)
    require_equal(report.get("estimated", False), rate > 1, "marked as estimates")
    for series in report["series"]:
        require_equal(series.get("estimated", False), rate > 1, f"{series['labels']}: marked as an estimate")
        require_equal(series["count"], measured(series) * rate, f"{series['labels']}: count, and measured times {rate}")
        require(all(slot["count"] % rate == 0 for slot in series["slots"]), f"{series['labels']}: slots are no estimates")


def _check_recorded(report):
    """What the account calls recorded is what is in the series."""
    in_series = sum(measured(series) for series in report["series"] if series["labels"].get("phase") not in DERIVED)
    require_equal(in_series, report["account"]["total"]["recorded"], "sum of all series, and recorded")


def check_report(report):
    """All that has to hold for the JSON of any snapshot."""
    require_equal((report["schema"], report["schema_version"]), ("latencyprobe.snapshot", 1), "schema")
    for series in report["series"]:
        what = f"series {series['labels']}"
        _check_slots(series, what)
        if series["count"]:
            _check_percentiles(series, what)
            _check_sums(series, what)
    for account in report["account"]["operations"]:
        if account.get("phase") not in DERIVED:
            _check_account(account, account["op"])
        require_equal(account["unaccounted"], 0, f"{account['op']}: unaccounted in {account}")
    _check_account(report["account"]["total"], "total")
    _check_recorded(report)
    _check_estimates(report)
    require_equal(report["elapsed_ns"], report["end_monotonic_ns"] - report["start_monotonic_ns"], "elapsed")
