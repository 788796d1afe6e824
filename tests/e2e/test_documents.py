# SPDX-License-Identifier: MIT
"""What the documents tell people to do, done as they have it: beside a benchmark, into files, with others' tools."""

import csv
import datetime
import gzip
import io
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import time
from pathlib import Path

from harness import (LATENCYPROBE, MISSES_COMPLETIONS, SURE_ATTACH, WORK, DiskFile, Folder, Process, Tracing, has_missed,
                     probe, probe_argv, require, require_equal, run_plain, run_work, start_work, wait_until, work_result)
from needs import missing_need
from null_blk import NullDisk
from registry import Skip, test

N = 20
DELAY_NS = 3_000_000
READS = ("syscall", "read", "-c", "lp-work")


def require_near(found_ns, work, what):
    """Measured in the kernel, so never longer than around the call, where it takes little more than the delay."""
    require(0.9 * DELAY_NS <= found_ns <= work * 1.032, f"{what}: {found_ns} ns, and {work} around the calls")


@test("root", "jq")
def beside_a_benchmark():
    """S2-9, S2-19: in the background of a shell, ended by itself; then jq reads the file."""
    script = """
        "$PROBE" syscall read -c lp-work --duration 4 --output lat.json 2>log >/dev/null &
        PROBE_PID=$!
        until grep -q Tracing log; do sleep 0.01; done
        "$WORK" pipe "$N" "$DELAY_NS"
        wait $PROBE_PID
        cat lat.json | jq -c '[.total_events, .percentiles.p50, .duration_seconds]'
    """
    with Folder() as folder:
        env = {**os.environ, "PROBE": LATENCYPROBE, "WORK": WORK, "N": str(N), "DELAY_NS": str(DELAY_NS)}
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=folder, env=env, check=True, stdout=subprocess.PIPE,
                              text=True, timeout=60)
    n_events, p50_ms, seconds = json.loads(done.stdout.splitlines()[-1])
    require_equal(n_events, N, "total_events")
    require_near(p50_ms * 1e6, work_result(done.stdout)["read"]["p50_ns"], "p50")
    require(seconds >= 4, f"duration_seconds {seconds}")


@test("root")
def into_a_csv_file():
    """S3-3, S3-4: of a process by its name, each call as a row on stdout, with the time at which it ended."""
    before_ns = time.time_ns()
    with Process(*probe_argv([*READS, "--outlier", "1ns", "--format", "csv-outliers"],
                             command=[WORK, "pipe", N, DELAY_NS])) as process:
        process.wait()
        header, *lines = [line for line in process.stdout.splitlines() if not line.startswith("{")]
        work = work_result(process.stdout)["read"]
    rows = list(csv.DictReader(io.StringIO("\n".join([header, *lines]))))
    require(header.startswith("timestamp_ns,latency_ns,event"), f"header {header}")
    require_equal(len(rows), N, "rows")
    latencies = sorted(int(row["latency_ns"]) for row in rows)
    require_near(latencies[N // 2 - 1], work["p50_ns"], "p50 of the rows")
    require(latencies[-1] <= work["max_ns"], f"the longest, {latencies[-1]}, and {work['max_ns']} around the calls")
    ends = [int(row["timestamp_ns"]) for row in rows]
    require(before_ns <= min(ends) and max(ends) <= time.time_ns(), "a row from another time")


@test("root")
def shown_as_it_ends():
    """
    S1-11, S0-7, S1-4, S1-5, S2-1: the line of a slow call is there while tracing goes on, with who and when; what is
    slow is said at the start.
    """
    with Tracing(*READS, "--outlier", "2ms") as tracing:
        require("outliers from 2.00ms on" in tracing.process.stderr, tracing.process.stderr)
        before_ns = time.time_ns()
        with start_work("pipe", 1, DELAY_NS) as work:
            work.wait()
        after_ns = time.time_ns()
        wait_until(lambda: re.search(r"^[\d:.]+ lp-work .* ok +[\d.]+ms", tracing.process.stdout, re.M),
                   "line of the read")
        report = tracing.finish()
    outlier, = report.json["outliers"]
    require_equal((outlier["pid"], outlier["tid"], outlier["labels"]["comm"]), (work.pid, work.pid, "lp-work"), "who")
    require_equal(outlier["labels"]["syscall"], "read", "what")
    require(before_ns < outlier["end_realtime_ns"] < after_ns, f"when: {outlier}")
    require_equal(outlier["latency_ns"], report.one(syscall="read", ret="ok")["max_ns"], "latency")


@test("root")
def threshold_by_default():
    """S1-5: 10 ms, which stays unless told otherwise."""
    stderr = run_plain("block", "--slowest", "3", "--duration", "0.1")[2]
    require("outliers from 10.0ms on" in stderr, stderr)
    stderr = run_plain("block", "--outlier", "off", "--duration", "0.1")[2]
    require("outliers" not in stderr, stderr)


@test("root", "bpftool", each=["", "64K"])
def ring_that_nobody_reads(size):
    """S0-8: 256 KiB unless told otherwise; what is sent while it is full is counted, and still recorded."""
    option = ["--ring-size", size] if size else []
    with Tracing("syscall", "getppid", "-c", "lp-work", "--outlier", "1ns", *option) as tracing:
        tracing.process.signal(signal.SIGSTOP)
        maps = json.loads(subprocess.run(["bpftool", "--json", "map", "list"], capture_output=True, check=True).stdout)
        run_work("syscalls", 20_000)
        tracing.process.signal(signal.SIGCONT)
        report = tracing.finish()
    n_bytes = 1024 * int(size.rstrip("K") or 256)
    require(n_bytes in [m["max_entries"] for m in maps if m.get("name") == "lat_ring"], f"no ring of {n_bytes} bytes")
    account = report.account()
    require_equal(account["recorded"], 20_000, "recorded")
    require_equal(account["events"] + account["ring_full"], 20_000, "sent or not")
    # An event has a header of 8 bytes and at least time, latency, process and thread.
    require(0 < account["events"] <= n_bytes / (8 + 24), f"{account['events']} events in {n_bytes} bytes")


@test("root")
def by_process():
    """S0-13, S1-10: two processes of one name, each with the calls it made."""
    with Tracing("syscall", "getppid", "-c", "lp-work", "--by", "pid") as tracing:
        expected = {}
        for n in (300, 500):
            with start_work("syscalls", n) as work:
                work.wait()
                expected[str(work.pid)] = n
        report = tracing.finish()
    require_equal({s["labels"]["pid"]: s["count"] for s in report.json["series"]}, expected, "calls by process")


@test("root", "taskset")
def by_cpu():
    """S1-17: calls of a program that may run on one CPU only."""
    for cpu in sorted(os.sched_getaffinity(0))[:2]:
        report = probe("syscall", "getppid", "-c", "lp-work", "--by", "cpu",
                       command=["taskset", "-c", cpu, WORK, "syscalls", 300])
        require_equal({s["labels"]["cpu"]: s["count"] for s in report.json["series"]}, {str(cpu): 300}, "calls by CPU")


@test("root")
def clock():
    """S0-3: from CLOCK_MONOTONIC before to after; and `list` says what that leaves out."""
    before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    report = probe(*READS, "--outlier", "1ns", command=[WORK, "pipe", N, DELAY_NS]).json
    after_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    require(before_ns < report["start_monotonic_ns"] < report["end_monotonic_ns"] < after_ns, "not of that clock")
    ends = [outlier["end_realtime_ns"] for outlier in report["outliers"]]
    require_equal(len(ends), N, "outliers")
    require(report["start_realtime_ns"] < min(ends) and max(ends) < report["end_realtime_ns"], "outliers at other times")
    require("suspended: the clock is CLOCK_MONOTONIC" in run_plain("list", "vfs")[1], "what it leaves out is not said")


def record_block(path, *options):
    """Direct reads of a file on the root disk into PATH, with intervals; the lines of JSONL."""
    with DiskFile(N * 4096) as file:
        argv = ["block", "-c", "lp-work", "--op", "read", "-i", "0.1", *options]
        with Process(*probe_argv(argv, path, [WORK, "direct", "read", file, N, 4096])) as process:
            process.wait()
    return [json.loads(line) for line in path.read_text().splitlines()]


def total_of(lines):
    return sum(histogram["total"] for line in lines for histogram in line["latency_histogram"])


@test("root", "direct_root")
def lines_for_scripts():
    """S4-5, S4-9, S4-10, S4-14: times agree, and buckets, totals and account say the same in each line and in all."""
    with Folder() as folder:
        *intervals, whole = lines = record_block(folder / "run.jsonl")
    for line in lines:
        require(re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.\d{6}\+00:00", line["iso_timestamp"]), f"{line}")
        stamp = datetime.datetime.fromisoformat(line["iso_timestamp"]).timestamp()
        require(abs(stamp - line["timestamp"]) < 0.0001, f"{stamp} and {line['timestamp']}")
        require(abs(line["interval_s"] - line["elapsed_ns"] / 1e9) < 1e-6, f"interval_s {line['interval_s']}")
        require(isinstance(line["inflight"], list), f"inflight {line['inflight']}")
        for histogram in line["latency_histogram"]:
            require_equal(histogram["total"], sum(b["count"] for b in histogram["buckets"]), f"total of {histogram}")
            for bucket in histogram["buckets"]:
                require_equal((bucket["bucket_low"], bucket["bucket_high"]),
                              (2 ** (bucket["slot"] + 3) / 1000, 2 ** (bucket["slot"] + 4) / 1000), "bounds in us")
    require_equal(total_of(intervals), total_of([whole]), "requests of all intervals")
    require_equal(total_of([whole]), whole["account"]["total"]["recorded"], "requests in histograms and recorded")
    require(MISSES_COMPLETIONS or total_of([whole]) >= N, f"{total_of([whole])} requests")


@test("null_blk")
def in_flight_for_scripts():
    """S4-11, S4-3: three requests at a disk that takes its time."""
    with NullDisk(2_000_000_000) as disk, Folder() as folder:
        works = [start_work("direct", "read", disk.path, 1, 4096, held=True) for _ in range(3)]
        with Process(*probe_argv(["block", "-d", disk.name], folder / "run.jsonl")) as process:
            process.wait_for("Tracing")
            for work in works:
                work.go_on()
            wait_until(lambda: sum(map(int, Path(f"/sys/block/{disk.name}/inflight").read_text().split())) == 3,
                       "three requests in flight", 1.9)
            process.signal(signal.SIGINT)
            process.wait()
        for work in works:
            work.wait().__exit__()
        inflight = json.loads((folder / "run.jsonl").read_text().splitlines()[-1])["inflight"]
    require_equal([(one["device_name"], one["count"]) for one in inflight], [(disk.name, 3)], "inflight")


COUNT_BY = {
    "jq": "jq -s 'map(select(.interval > 0).latency_histogram[].total) | add' run.jsonl",
    "csv": """python3 -c 'import csv
print(sum(int(row["count"]) for row in csv.DictReader(open("run.csv")) if row["phase"] == "device"))'""",
    "pandas": """/usr/bin/python3 -c 'import pandas
lines = pandas.read_json("run.jsonl", lines=True).query("interval > 0")
rows = pandas.json_normalize(lines.latency_histogram.explode().dropna())
assert rows.total.sum() == pandas.read_csv("run.csv").query("phase == \\"device\\"")["count"].sum()
print(rows.total.sum())'""",
}


@test("root", "direct_root", each=list(COUNT_BY))
def read_by_others(tool):
    """S4-12: each finds as many requests in the intervals as were recorded."""
    reason = missing_need(tool) if tool != "csv" else None
    if reason:
        raise Skip(reason)
    with Folder() as folder:
        whole = record_block(folder / "run.jsonl")[-1]
        run_plain("replay", folder / "run.jsonl", "-o", folder / "run.csv")
        done = subprocess.run(["bash", "-c", COUNT_BY[tool]], cwd=folder, check=True, capture_output=True, text=True)
    require_equal(int(done.stdout), whole["account"]["total"]["recorded"], "requests")
    require(int(done.stdout) > N // 2, f"only {done.stdout} of {N} reads")


@test("root", "direct_root")
def compressed():
    """S4-13: what was rotated and compressed is read from a pipe, and is what it was."""
    with Folder() as folder:
        record_block(folder / "run.jsonl")
        with gzip.open(folder / "run.jsonl.1.gz", "wb") as file:
            file.write((folder / "run.jsonl").read_bytes())
        plain = run_plain("replay", folder / "run.jsonl")[1]
        piped = subprocess.run(["bash", "-o", "pipefail", "-c", 'zcat "$1" | "$2" replay -', "bash",
                                folder / "run.jsonl.1.gz", LATENCYPROBE], check=True, capture_output=True, text=True)
    require("account:" in plain, plain)
    require_equal(piped.stdout, plain, "replayed from the pipe")


@test("root", each=["", "--fsync"])
def durable(option):
    """S4-6: as many times as the file is written, and never unasked; another run counts the calls."""
    with Folder() as folder, Tracing("syscall", "fsync,fdatasync", "-c", "latencyprobe") as tracing:
        status, _, stderr = run_plain("block", "-i", "0.1", "--count", "5", "-o", folder / "run.jsonl",
                                      "--flush-every", "2", *option.split())
        n_lines = (folder / "run.jsonl").read_text().count("\n")
        report = tracing.finish()
    require_equal((status, n_lines), (0, 6), f"status and lines ({stderr})")
    # After two, four and six lines; once more as it ends, which may come with the last two.
    require(report.count() in ((3, 4) if option else (0,)), f"{report.count()} calls with {option or 'nothing'}")


@test("root", "setcap", "setpriv")
def rights_of_a_file():
    """S2-3, S3-10, S2-18: nobody may trace, is told how, and then may."""
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with Folder() as folder:
        copy = shutil.copy(LATENCYPROBE, folder)
        argv = [*as_nobody, copy, "block", "--duration", "0.1"]
        denied = subprocess.run(argv, capture_output=True, text=True, check=False)
        said = subprocess.run([*as_nobody, copy, "doctor"], capture_output=True, text=True, check=False).stdout
        advice = re.search(r"setcap (\S+=ep)", said)
        require(advice, "doctor does not say what to do")
        subprocess.run(["setcap", advice[1], copy], check=True)
        allowed = subprocess.run(argv, capture_output=True, text=True, check=False)
    require(denied.returncode == 1 and "CAP_BPF" in denied.stderr, f"{denied}")
    require(allowed.returncode == 0 and "account:" in allowed.stdout, f"{allowed}")


@test("root", "bpftool")
def is_it_attached():
    """S2-18, S2-6: by bpftool, and by itself with --verbose; where nothing came, the report says so and why."""
    with Tracing("syscall", "getppid", "-c", "lp-nobody", "--verbose") as tracing:
        listed = {kind: json.loads(subprocess.run(["bpftool", "--json", kind, "list"], capture_output=True,
                                                  check=True).stdout) for kind in ("prog", "map")}
        run_work("syscalls", 50)
        report = tracing.finish()
    attached = re.findall(r"attached to (\S+) by (\S+)", report.stderr)
    require_equal(attached, [(p["function"], p["attach"]) for p in report.json["probes"]], "what --verbose says")
    programs, maps = ({one.get("name") for one in listed[kind]} for kind in ("prog", "map"))
    require(programs & {function for function, _ in attached}, f"none of {attached} in {programs}")
    require(maps & {"lat_hists", "lat_state", "lat_ring"}, f"no map of ours in {maps}")
    require("nothing recorded" in report.stdout, report.stdout)
    require(report.account()["filtered"] >= 50, f"what was left out: {report.account()}")


@test("kprobes")
def connect_send_and_recv():
    """S3-5: apart from each other; each interval has only its own, and all of them are what was done."""
    with Folder() as folder:
        options = ["tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "connect,send,recv", "-i", "0.1"]
        command = ["sh", "-c", '"$1" tcp 4 30 10000000; "$1" connections 4 10 0 10000000', "sh", WORK]
        with Process(*probe_argv(options, folder / "run.jsonl", command)) as process:
            process.wait()
        *intervals, whole = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    require(len(intervals) > 1, f"{len(intervals)} intervals")
    for lines in (intervals, [whole]):
        counts = {op: sum(s["count"] for line in lines for s in line["series"] if s["labels"]["op"] == op)
                  for op in ("connect", "send", "recv")}
        require_equal(counts, {"connect": 10, "send": 30, "recv": 30}, f"calls in {len(lines)} lines")


@test("kprobes")
def connections_of_json():
    """S2-11: events, shortest, longest, mean and deviation of a connection, from its single latencies."""
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "send,recv", "--by", "conn", "--outlier",
                   "1ns", command=[WORK, "tcp", 4, N, DELAY_NS]).json
    (name, found), = report["connections"].items()
    require_equal(name, f"{found['source']} -> {found['destination']}", "name")
    require(re.fullmatch(r"127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+", name), name)
    latencies = [outlier["latency_ns"] / 1000 for outlier in report["outliers"]]
    require_equal((found["events"], len(latencies)), (2 * N, 2 * N), "events, and outliers")
    require_equal((found["min_latency_us"], found["max_latency_us"]), (min(latencies), max(latencies)), "min, max")
    require(abs(found["avg_latency_us"] - statistics.fmean(latencies)) < 0.001, f"mean {found}")
    # Each sample is taken for one that is up to 3.2 % off, so the deviation is off by their root mean square at most.
    allowed = 0.032 * math.sqrt(statistics.fmean(us * us for us in latencies))
    require(abs(found["std_dev_us"] - statistics.pstdev(latencies)) <= allowed, f"deviation {found}, of {latencies}")


@test("kprobes")
def killed_in_a_call():
    """S1-16, S1-14: what was under way ends with its process, and later ones are no continuation of it."""
    n_blocked = 40
    with Folder() as folder, Tracing("vfs", "-c", "lp-work", "--op", "read", "--attach", SURE_ATTACH) as tracing:
        with start_work("blocked", n_blocked, 0) as work:
            work.wait_for("blocked", in_stdout=True)
            work.signal(signal.SIGKILL)
            work.wait(status=-signal.SIGKILL)
        run_work("calls", f"read:{N}", 1, 4, folder / "file")
        report = tracing.finish()
    if has_missed(report, SURE_ATTACH):
        return
    report.require_nothing_lost("read")
    require_equal(report.count(op="read", ret="ok"), 4 * N, "reads of later threads")
    require_equal(report.count(op="read"), 4 * N + n_blocked, f"all reads, of {report.account('read')}")
    # They had been blocked for half a second.
    require_equal(report.count_from(400_000_000), n_blocked, "long reads")
