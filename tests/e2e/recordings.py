# SPDX-License-Identifier: MIT
"""Recorded runs that nobody has recorded: as long, as many series and as hostile as a test needs."""

import json
import math
import random

from checks import slot_bounds, slot_number

START_NS = 1767225600 * 10**9
SECOND = 10**9
# Those that the first recordings had: a reader has to get by without later ones.
COUNTS = ("entered", "recorded", "filtered", "sampled_out", "nested", "merged", "unissued", "rejected", "lost_span",
          "lost_exit", "lost_clock", "unseen", "unmatched", "other_key", "requeued", "events", "ring_full", "in_flight_before",
          "in_flight", "unaccounted")


def make_series(labels, latencies):
    """A series of these latencies in ns, each a (ns, how often)."""
    slots = {}
    counted = [(ns, n) for ns, n in latencies if n]
    for ns, n in counted:
        slots[slot_number(ns)] = slots.get(slot_number(ns), 0) + n
    return {
        "labels": labels, "count": sum(slots.values()), "sum_ns": sum(ns * n for ns, n in counted),
        "min_ns": min(ns for ns, _ in counted), "max_ns": max(ns for ns, _ in counted), "min_max_exact": False,
        "bytes": 4096 * sum(slots.values()), "slot_counts": {str(slot): n for slot, n in sorted(slots.items())},
    }


def add_series(whole, part):
    """WHOLE and what PART has more."""
    if whole is None:
        return json.loads(json.dumps(part))
    for slot, n in part["slot_counts"].items():
        whole["slot_counts"][slot] = whole["slot_counts"].get(slot, 0) + n
    for name in ("count", "sum_ns", "bytes"):
        whole[name] += part[name]
    whole["min_ns"] = min(whole["min_ns"], part["min_ns"])
    whole["max_ns"] = max(whole["max_ns"], part["max_ns"])
    return whole


def make_account(series, op=None, events=0):
    counts = dict.fromkeys(COUNTS, 0)
    counts["entered"] = counts["recorded"] = sum(s["count"] for s in series if op in (None, s["labels"]["op"]))
    counts["events"] = events
    return counts if op is None else {"op": op, **counts}


def make_snapshot(number, start_s, end_s, series, **more):
    """The object of an interval, or of the whole run with NUMBER 0."""
    operations = sorted({s["labels"]["op"] for s in series})
    return {
        "schema": "latencyprobe.snapshot", "schema_version": 1, "tool_version": "0.0.0", "kernel": "6.1.0-test",
        "host": "web-1", "command_line": "latencyprobe block -i 1 -o run.jsonl", "target": "block", "by": "device",
        "start_realtime_ns": START_NS + int(start_s * SECOND), "end_realtime_ns": START_NS + int(end_s * SECOND),
        "start_monotonic_ns": 10**12 + int(start_s * SECOND), "end_monotonic_ns": 10**12 + int(end_s * SECOND),
        "interval": number, "max_latency_ns": 60 * SECOND, "outlier_ns": 0,
        "probes": [{"op": "read", "function": "block_rq_issue", "attach": "tp_btf", "missed": 0}],
        "series": series,
        "account": {"total": make_account(series, events=len(more.get("outliers", []))),
                    "operations": [make_account(series, op) for op in operations]},
        **more,
    }


def make_outlier(at_s, ns, labels, **more):
    return {"end_realtime_ns": START_NS + int(at_s * SECOND), "latency_ns": ns, "bytes": 4096, "sector": 2048,
            "pid": 4711, "tid": 4712, "labels": labels, **more}


def spread(rng, base_ns, n_slots, n):
    """About N operations over N_SLOTS neighbouring slots, most of them in the lower half, few at the upper end."""
    latencies, low = [], slot_bounds(int(base_ns))[0]
    for place in range(n_slots):
        share = math.exp(-((place - n_slots / 4) / (n_slots / 8)) ** 2) * 4.5 / n_slots + 0.01 * 0.93 ** place
        expected = n * share * rng.uniform(0.7, 1.3)
        latencies.append((low, int(expected + rng.random()) if place else 1))
        low = slot_bounds(low)[1] + 1
    return latencies


def hour_of_block(path, n_intervals=3600, slowdown=1.0, seed=1, with_more=True):
    """
    An hour at intervals of 1 s: reads and writes of four devices, with a load that comes and goes, a slow spell in the
    middle, 1,000 outliers and stacks.
    """
    rng = random.Random(seed)
    kinds = [(op, f"nvme{disk}n1") for op in ("read", "write") for disk in range(4)]
    whole, outliers = {}, []
    with open(path, "w", encoding="utf-8") as file:
        for number in range(1, n_intervals + 1):
            series, share = [], number / n_intervals
            for place, (op, device) in enumerate(kinds):
                is_slow = 0.45 < share < 0.55 and place % 4 < 2
                base = (60_000 if op == "read" else 140_000) * slowdown * (1 + 0.3 * (place % 4))
                load = 900 * (1.2 + math.sin(12 * share + place))
                latencies = spread(rng, 3 * base if is_slow else base, 96, load)
                series.append(make_series({"op": op, "ret": "ok", "device": device}, latencies))
                whole[op, device] = add_series(whole.get((op, device)), series[-1])
            while with_more and len(outliers) < 1000 * share:
                op, device = rng.choice(kinds)
                labels = {"op": op, "ret": "ok", "comm": f"worker/{rng.randrange(8)}", "device": device}
                outliers.append(make_outlier(number - rng.random(), int(rng.uniform(2e6, 2e7)), labels))
            file.write(json.dumps(make_snapshot(number, number - 1, number, series)) + "\n")
        stacks = [{"folded": f"main;run_job_{i % 7};do_{call};vfs_{call}", "count": 10 + i, "sum_ns": 10**7 * (i + 1)}
                  for i in range(12) for call in ("read", "write", "fsync")]
        more = {"outliers": outliers, "outlier_ns": 2_000_000, "stacks": stacks} if with_more else {}
        file.write(json.dumps(make_snapshot(0, 0, n_intervals, list(whole.values()), **more)) + "\n")


def steady_run(path, n_intervals):
    """Reads and writes with the same latencies all the time: quickly made."""
    def make_all(n):
        latencies = [((16 + step) * 2**power, n) for power in range(6, 14) for step in range(16)]
        return [make_series({"op": op, "ret": "ok"}, latencies) for op in ("read", "write")]

    series = make_all(5)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(1, n_intervals + 1):
            file.write(json.dumps(make_snapshot(number, number - 1, number, series)) + "\n")
        file.write(json.dumps(make_snapshot(0, 0, n_intervals, make_all(5 * n_intervals))) + "\n")


def run_by_size(path):
    """Reads and writes of seven sizes, over 40 intervals of 0.5 s."""
    rng, whole = random.Random(3), {}
    with open(path, "w", encoding="utf-8") as file:
        for number in range(1, 41):
            series = []
            for op in ("read", "write"):
                for log2 in range(12, 19):
                    labels = {"op": op, "ret": "ok", "size": f"{2**(log2 - 10)}KiB-{2**(log2 - 9)}KiB"}
                    base = 2**log2 * (9 if op == "read" else 14)
                    series.append(make_series(labels, spread(rng, base, 80, 4000 / log2)))
                    whole[op, log2] = add_series(whole.get((op, log2)), series[-1])
            file.write(json.dumps(make_snapshot(number, (number - 1) / 2, number / 2, series)) + "\n")
        file.write(json.dumps(make_snapshot(0, 0, 20, list(whole.values()))) + "\n")
