# SPDX-License-Identifier: MIT
"""Outputs: hostile names, JSON that others can read, the same numbers in all."""

import json
import subprocess

from harness import SURE_ATTACH, WORK, Folder, Process, Report, probe, probe_argv, require, require_equal
from registry import test

HOSTILE = {
    "escape": b"\x1b[31mred\x07",
    "quotes": b"a\"b'c\\d",
    "newline": b"one\ntwo\rthree",
    "invalid_utf8": b"\xff\xfe\xc3(\x80",
    "c1_control": "\u009b31m".encode(),
}


@test("kprobes", "jq", each=list(HOSTILE))
def hostile_name(kind):
    """Text has no control bytes, JSON is JSON, and the count is right."""
    with Folder() as folder:
        output = folder / "report.json"
        command = [WORK, "named", HOSTILE[kind], "calls", "read:33", 1, 1, folder / "file"]
        options = ["vfs", "--attach", SURE_ATTACH, "--by", "comm", "--op", "read"]
        with Process(*probe_argv(options, output, command)) as process:
            process.wait()
            text = process.stdout_bytes
        report = Report(json.loads(output.read_bytes()))
        subprocess.run(["jq", "-e", ".account.total.unaccounted == 0", output], check=True, capture_output=True)
    text.decode("utf-8")
    bad = [byte for byte in text if byte < 32 and byte != 10 or byte == 127]
    require(not bad and "\u009b".encode() not in text, f"control bytes {bad} in {text!r}")
    counts = sorted(s["count"] for s in report.series(ret="ok"))
    require(33 in counts, f"no series of 33 reads in {[(s['labels'], s['count']) for s in report.json['series']]}")


@test("root", "jq")
def json_on_stdout():
    with Process(*probe_argv(["block", "--format", "json", "--duration", "0.1"])) as process:
        process.wait()
        Report(json.loads(process.stdout))
        done = subprocess.run(["jq", "-e", ".schema"], input=process.stdout.encode(), check=True, capture_output=True)
    require_equal(json.loads(done.stdout), "latencyprobe.snapshot", "schema, by jq")


@test("root")
def dash_is_stdout():
    with Process(*probe_argv(["block", "-o", "-", "--duration", "0.1"])) as process:
        process.wait()
        Report(json.loads(process.stdout))


@test("root")
def text_to_a_file():
    with Folder() as folder:
        with Process(*probe_argv(["block", "--format", "text", "--duration", "0.1"], folder / "report")) as process:
            process.wait()
            stdout = process.stdout
        text = (folder / "report").read_text()
    require(text.startswith("block ") or "block" in text.splitlines()[0], f"no heading in {text!r}")
    require_equal(text.splitlines(), stdout.splitlines(), "text of file and of stdout")


@test("kprobes", each=["fentry", "kprobe"])
def outliers_one_by_one(attach):
    """Those that took long, and only those, each with who it was."""
    n, delay_ns = 10, 12_000_000
    report = probe("vfs", "--attach", attach, "-c", "lp-work", "--op", "read,write", "--outlier", "8ms",
                   command=[WORK, "pipe", n, delay_ns])
    lines = [line.split() for line in report.stdout.splitlines() if " lp-work " in line]
    slow = report.count_from(8_000_000)
    require(slow >= n - 1, f"only {slow} reads took long")
    require_equal(len(lines), slow, "lines of outliers")
    reads = {(line[1], line[4], line[5]) for line in lines if "read" in line}
    require_equal(reads, {("lp-work", "read", "ok")}, "name, operation and return class")
    require_equal(report.account()["events"], slow, "events")
