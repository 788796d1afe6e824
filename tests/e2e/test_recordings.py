# SPDX-License-Identifier: MIT
"""What was recorded: shown again as it was, converted, added up."""

import base64
import json
import os
import re
import struct
import zlib

from harness import WORK, Folder, Process, probe_argv, require, require_equal, run_plain
from registry import test


def record(path, *options):
    """Traces synchronous writes into a recording; what was on stdout."""
    with open("/var/tmp/latencyprobe-e2e", "wb") as file:
        with Process(*probe_argv(["block", *options], path)) as process:
            process.wait_for("Tracing")
            while process.status is None:
                file.write(bytes(4096))
                os.fsync(file.fileno())
            process.wait()
            stdout = process.stdout
    os.unlink(file.name)
    return stdout


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def add_up(lines):
    sums = {}
    for line in lines:
        for series in line["series"]:
            for slot, count in series["slot_counts"].items():
                key = (json.dumps(series["labels"]), slot)
                sums[key] = sums.get(key, 0) + count
    return sums


def say(*args):
    status, stdout, stderr = run_plain(*args)
    require_equal((status, stderr), (0, ""), f"status and stderr of {args}")
    return stdout


def count_of(encoded):
    """The sum of the counts in a V2 compressed HdrHistogram."""
    histogram = zlib.decompress(base64.b64decode(encoded)[8:])
    at, end, total = 40, 40 + struct.unpack_from(">I", histogram, 4)[0], 0
    while at < end:
        number = shift = 0
        while shift < 63:
            byte = histogram[at]
            at += 1
            number |= (byte & 0x7F if shift < 56 else byte) << shift
            shift += 7
            if byte < 0x80:
                break
        total += number >> 1 if not number & 1 else 0
    return total


@test("root")
def replayed_as_shown():
    """S3-12: without a kernel to trace, the same text; and the same file."""
    with Folder() as folder:
        shown = record(folder / "run.jsonl", "-i", "0.3", "--count", "3")
        require_equal(say("replay", folder / "run.jsonl"), shown, "text of the replay")
        say("replay", folder / "run.jsonl", "-o", folder / "again.jsonl")
        require_equal((folder / "again.jsonl").read_bytes(), (folder / "run.jsonl").read_bytes(), "the file, again")


@test("root")
def replayed_with_invalid_names():
    """A name that is no UTF-8, and one that reads as it is shown: two still."""
    script = 'for name; do "$0" named "$name" syscalls 10 >/dev/null; done'
    names = [b"\xc3", b"\\xc3", b"\\\xc3", b"\xc3", b"\\x2d"]
    with Folder() as folder:
        status, shown, _ = run_plain("syscall", "getppid", "--by", "comm", "--outlier", "off", "-o", folder / "run.json", "--",
                                     b"sh", b"-c", script.encode(), os.fsencode(WORK), *names)
        found = {s["labels"]["comm"]: s["count"] for s in json.loads((folder / "run.json").read_text())["series"]
                 if s["labels"]["comm"] != "sh"}
        replayed = say("replay", folder / "run.json")
        say("replay", folder / "run.json", "-o", folder / "again.json")
        require_equal((folder / "again.json").read_bytes(), (folder / "run.json").read_bytes(), "the file, again")
    n = found["\\x2d"]
    require_equal(found, {"\\xc3": 2 * n, "\\\\xc3": n, "\\\\\\xc3": n, "\\x2d": n}, "calls by name, as in JSON")
    require_equal((status, replayed), (0, shown), "status, and text of the replay")


@test("root", each=["cut_short", "to_the_end"])
def intervals_add_up(how):
    """The last interval ends with the run, so that all of them are the whole run."""
    with Folder() as folder:
        record(folder / "run.jsonl", "-i", "0.4", "--duration", {"cut_short": "1", "to_the_end": "1.2"}[how])
        *intervals, whole = read_lines(folder / "run.jsonl")
    require_equal([line["interval"] for line in intervals], [1, 2, 3], "numbers of the intervals")
    require_equal(whole["interval"], 0, "number of the whole run")
    require_equal(add_up(intervals), add_up([whole]), "sum of the intervals")
    require_equal(sum(line["elapsed_ns"] for line in intervals), whole["elapsed_ns"], "time of the intervals")


@test("root")
def interval_log():
    """Each sample once, though the whole run is shown as well."""
    with Folder() as folder:
        shown = record(folder / "run.hlog", "-i", "0.4", "--duration", "1", "--op", "write")
        lines = (folder / "run.hlog").read_text().splitlines()
    require_equal(lines[0], "#[Histogram log format version 1.2]", "first line")
    counts = [count_of(line.split(",")[-1]) for line in lines if line.startswith("Tag=op=write;phase=device")]
    whole = shown[shown.index("block on "):]
    n_recorded = int(re.search(r"([\d,]+) recorded", whole)[1].replace(",", ""))
    require(len(counts) >= 3, f"only {len(counts)} lines")
    require_equal(sum(counts), n_recorded, "counts of all lines")


@test("root")
def merged():
    with Folder() as folder:
        for name in ("one.json", "two.json"):
            record(folder / name, "--duration", "0.3")
        say("merge", folder / "one.json", folder / "two.json", "-o", folder / "sum.json")
        one, two, whole = (json.loads((folder / name).read_bytes()) for name in ("one.json", "two.json", "sum.json"))
    for name, value in whole["account"]["total"].items():
        require_equal(value, one["account"]["total"][name] + two["account"]["total"][name], name)
    require_equal(whole["elapsed_ns"], one["elapsed_ns"] + two["elapsed_ns"], "time, of one behind the other")
    require_equal([source["start"] for source in whole["merged_from"]], [one["start"], two["start"]], "sources")
