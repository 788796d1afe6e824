# SPDX-License-Identifier: MIT
"""Outputs: hostile names, JSON that others can read, the same numbers in all."""

import csv
import json
import re
import signal
import subprocess
from pathlib import Path

from harness import SURE_ATTACH, WORK, Folder, Process, Report, probe, probe_argv, require, require_equal, wait_until
from registry import Skip, test

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
    """S2-5: what is in the file is what is on stdout."""
    with Folder() as folder:
        with Process(*probe_argv(["block", "--format", "text", "--duration", "0.1"], folder / "report")) as process:
            process.wait()
            stdout = process.stdout
        text = (folder / "report").read_text()
    require(text.startswith("block ") or "block" in text.splitlines()[0], f"no heading in {text!r}")
    require_equal(text.splitlines(), stdout.splitlines(), "text of file and of stdout")


@test("root")
def device_numbers():
    """S4-5, S4-10: device_id is the kernel's number of the device of that name."""
    with Folder() as folder:
        output, file = folder / "run.jsonl", folder / "file"
        command = ["dd", "if=/dev/zero", f"of={file}", "bs=4k", "count=16", "oflag=dsync", "status=none"]
        with Process(*probe_argv(["block"], output, command)) as process:
            process.wait()
        histograms = json.loads(output.read_text().splitlines()[-1])["latency_histogram"]
    if not histograms:
        raise Skip("files are not on a disk here")
    for histogram in histograms:
        major, minor = map(int, Path(f"/sys/class/block/{histogram['device_name']}/dev").read_text().split(":"))
        require_equal(histogram["device_id"], major << 20 | minor, f"number of {histogram['device_name']}")


def rows_of(path):
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


@test("root")
def csv_of_histograms():
    """S3-2: the slots of all intervals, which are all calls."""
    with Folder() as folder:
        output = folder / "run.csv"
        command = ["sh", "-c", "for i in 1 2 3 4 5; do sleep 0.03; done"]
        with Process(*probe_argv(["syscall", "nanosleep,clock_nanosleep", "-i", "0.1", "--by", "comm"], output,
                                 command)) as process:
            process.wait()
        rows = rows_of(output)
    require_equal(sum(int(row["count"]) for row in rows), 5, f"sleeps in {rows}")
    require(all(row["comm"] == "sleep" and int(row["low_ns"]) > 25_000_000 and "nanosleep" in row["labels"]
                and int(row["interval"]) for row in rows), f"not sleeps of 30 ms in intervals: {rows}")


@test("root")
def csv_of_outliers():
    """S1-4, S3-4: the columns that other tools' scripts look for come first; a name full of separators is one field."""
    name = 'a,"b\n=c'
    with Folder() as folder:
        output = folder / "slow.outliers.csv"
        command = ["bash", "-c", "exec -a x python3 -c 'import time,sys; open(\"/proc/self/comm\",\"w\").write("
                   "sys.argv[1]); [time.sleep(0.03) for _ in range(4)]' \"$1\"", "bash", name]
        options = ["syscall", "nanosleep,clock_nanosleep", "--outlier", "20ms"]
        with Process(*probe_argv(options, output, command)) as process:
            process.wait()
        rows = rows_of(output)
    require_equal(list(rows[0])[:3], ["timestamp_ns", "latency_ns", "event"], "first columns")
    require_equal(len(rows), 4, f"rows in {rows}")
    require(all(int(row["latency_ns"]) >= 30_000_000 and row["comm"] == 'a,"b\\x0a=c' for row in rows), f"{rows}")


@test("root")
def slowest_of_each_interval():
    """No line as they come: with each report the N slowest of its interval, the slowest first."""
    command = ["sh", "-c", "for i in 1 2 3 4 5 6; do sleep 0.0$((i + 2)); done"]
    options = ["syscall", "nanosleep,clock_nanosleep", "-i", "10", "--slowest", "2", "--ring-size", "64K"]
    with Process(*probe_argv(options, command=command)) as process:
        process.wait()
        lines = [line.split() for line in process.stdout.splitlines() if " sleep " in line]
    require_equal(len(lines), 2, f"lines: {lines}")
    latencies = [float(line[6].removesuffix("ms")) for line in lines]
    require(latencies[0] >= latencies[1] >= 70, f"latencies {latencies}")


@test("root", "jq")
def summary_for_scripts():
    """S2-10, S2-12, S2-13: what `jq .percentiles` and `jq .total_events` give, from the same slots as the rest."""
    command = ["sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 0.03; done"]
    with Process(*probe_argv(["syscall", "nanosleep,clock_nanosleep", "--format", "json"], command=command)) as process:
        process.wait()
        text = process.stdout
    done = subprocess.run(["jq", "-c", "[.total_events, .percentiles.p50 > 30, .percentiles.p999 < 1000, .histogram, "
                           ".duration_seconds > 0.2]"], input=text.encode(), check=True, capture_output=True)
    n_events, *bounds, histogram, is_long = json.loads(done.stdout)
    require_equal((n_events, bounds, is_long), (7, [True, True], True), "events, percentiles, duration")
    require_equal((histogram["10-50ms"] + histogram["50-100ms"], sum(histogram.values())), (7, 7), "histogram")
    report = json.loads(text)
    require_equal(sum(report["event_type_breakdown"].values()), 7, "events by type")
    require(report["timestamp"].endswith("Z"), f"timestamp {report['timestamp']}")


@test("kprobes")
def tcp_events_by_function():
    """S2-14, S2-19: under the kernel's names, and all of them are in total_events and the histogram."""
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, command=[WORK, "tcp", "4", 60, 2_000_000])
    events = report.json["event_type_breakdown"]
    require_equal(events, {name: report.count(op=op) for name, op in
                           (("tcp_sendmsg", "send"), ("tcp_recvmsg", "recv"), ("tcp_cleanup_rbuf", "cleanup_rbuf"))},
                  "events by function")
    require_equal(sum(events.values()), report.json["total_events"], "total_events")
    require_equal(sum(report.json["histogram"].values()), report.json["total_events"], "sum of the histogram")
    require(1.9 < report.json["percentiles"]["p999"] < 1000, f"in ms: {report.json['percentiles']}")


@test("root")
def file_is_rotated():
    """S4-13: SIGHUP opens FILE.jsonl anew; no interval is missing, and each file is whole lines."""
    with Folder() as folder:
        output, old = folder / "run.jsonl", folder / "run.jsonl.1"
        with Process(*probe_argv(["block", "-i", "0.1", "--duration", "0.8", "--fsync"], output)) as process:
            wait_until(lambda: output.exists() and output.read_text().count("\n") >= 2, "two intervals")
            output.rename(old)
            process.signal(signal.SIGHUP)
            wait_until(output.exists, "new file")
            process.wait()
        first, second = ([json.loads(line)["interval"] for line in path.read_text().splitlines()]
                         for path in (old, output))
    require_equal(first + second, [*range(1, len(first + second)), 0], "intervals in both files")
    require(len(second) >= 2, f"only {second} in the new file")


@test("root")
def disk_is_full():
    """It is said once, with a number at the end, and tracing goes on."""
    with Process(*probe_argv(["block", "-i", "0.1", "--format", "jsonl", "--count", "5"], "/dev/full")) as process:
        process.wait(status=1)
        said = process.stderr
        require("interval 5:" in process.stdout and "account:" in process.stdout, f"no report: {process.stdout}")
    require_equal(said.count("No space left"), 1, f"times that it was said: {said}")
    require("6 of 6 reports could not be written" in said, f"no number in {said}")


@test("root")
def flushed_together():
    """S4-6: --flush-every: nothing until then, all at the end."""
    with Folder() as folder:
        output = folder / "run.jsonl"
        with Process(*probe_argv(["block", "-i", "0.1", "--flush-every", "100"], output)) as process:
            process.wait_for("interval 3:", in_stdout=True)
            require_equal(output.read_text(), "", "file before the flush")
            process.signal(signal.SIGINT)
            process.wait()
            n_lines = len(re.findall(r"interval \d+:", process.stdout)) + 1
        require_equal(output.read_text().count("\n"), n_lines, "lines at the end")


@test("root")
def no_output_writes_no_file():
    """S4-5: the option that stands for the file is off."""
    with Folder() as folder:
        with Process(*probe_argv(["block", "--no-output", "--duration", "0.1"], folder / "run.jsonl")) as process:
            process.wait()
            require("account:" in process.stdout, f"no report: {process.stdout}")
        require_equal(list(folder.iterdir()), [], "files")


@test("kprobes", each=["fentry", "kprobe"])
def outliers_one_by_one(attach):
    """S0-7, S1-4: those that took long, and only those, each with who it was."""
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
