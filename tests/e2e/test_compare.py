# SPDX-License-Identifier: MIT
"""compare on recordings of this kernel; the examples of README.md and the fixture for Python tests, run as they are."""

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from harness import (DISK, LATENCYPROBE, ROOT, WORK, DiskFile, Folder, Process, probe_argv, require, require_equal,
                     run_plain)
from registry import test

N = 400
EXAMPLES = ROOT / "tests" / "examples"


def record(path, disk_file, n_bytes, *options):
    """A recording of N writes of so many bytes each."""
    command = [WORK, "direct", "write", disk_file, N, n_bytes]
    argv = probe_argv(["block", "-q", "-c", "lp-work", "--op", "write", *options], path, command)
    with Process(*argv) as process:
        process.wait()


def compare(*args):
    """(status, the JSON object)."""
    status, stdout, stderr = run_plain("compare", "--json", *args)
    require(status in (0, 4), f"compare {args}: status {status}: {stderr}")
    return status, json.loads(stdout)


@test("root", "direct_root")
def finds_larger_writes():
    """
    S1-19, S3-8: writes of 1 MiB take longer than those of 4 KiB by more than noise; the other way round nothing is too
    much.
    """
    with Folder() as folder, DiskFile() as disk_file:
        small, large = folder / "small.json", folder / "large.jsonl"
        record(small, disk_file, 4096)
        record(large, disk_file, 1 << 20, "-i", "30")
        status, found = compare(small, large, "--threshold-p50", 20)
        back = compare("--baseline", large, "--current", small, "--threshold-p50", "0")
        same = compare(small, small, "--threshold-p50", "0")
        text = run_plain("compare", small, large, "--threshold-p50", "20%")
    device = [o for o in found["operations"] if o["labels"].get("phase") == "device"][0]
    require_equal((status, device["figures"]["p50"]["verdict"]), (4, "worse"), "status and verdict of p50")
    require(device["figures"]["p50"]["beyond"] and found["beyond"] >= 1, f"not beyond the threshold: {device}")
    require_equal((back[0], back[1]["beyond"]), (0, 0), "status and what is beyond when it got faster")
    require_equal((same[0], same[1]["differ"]), (0, 0), "status and differences of a run to itself")
    require_equal((text[0], text[2]), (4, ""), "status and stderr of text")
    require(re.search(r"^1 of \d+ beyond the threshold: write  device  vda p50 \+[\d.]+ % \(limit 20 %\)|"
                      r"^[2-9] of \d+ beyond", text[1], re.M), f"no summary:\n{text[1]}")


@test("root", "direct_root")
def refuses_what_is_not_alike():
    with Folder() as folder, DiskFile() as disk_file:
        by_device, by_comm = folder / "device.json", folder / "comm.json"
        record(by_device, disk_file, 4096)
        record(by_comm, disk_file, 4096, "--by", "comm")
        status, stdout, stderr = run_plain("compare", by_device, by_comm)
        require_equal((status, stdout), (2, ""), "status and stdout")
        require("cannot be compared: --by was" in stderr and stderr.count("\n") == 1, f"stderr: {stderr}")
        by_comm.write_text(by_device.read_text()[:1000])
        require_equal(run_plain("compare", by_device, by_comm)[0], 1, "status of a broken file")


def load_fixture():
    spec = importlib.util.spec_from_file_location("latency_fixture", EXAMPLES / "latency_fixture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.LATENCYPROBE = LATENCYPROBE
    return module


def raises(error, function):
    try:
        function()
    except error as raised:
        return str(raised)
    return None


@test("root", "direct_root")
def fixture_without_pytest():
    """S3-9: its figures are those of the report, and what it cannot tell is an error."""
    fixture = load_fixture()
    with Folder() as folder, DiskFile() as disk_file:
        output = folder / "kept.json"
        with fixture.Latency("block", "-c", "lp-work", "--op", "write", output_path=output) as latency:
            subprocess.run([WORK, "direct", "write", disk_file, str(N), "4096"], check=True, capture_output=True)
        require_equal(latency.report, json.loads(output.read_text()), "report and file")
    series = [s for s in latency.report["series"] if s["labels"]["phase"] == "device" and s["labels"]["ret"] == "ok"]
    require_equal(len(series), 1, "series of the device phase")
    stats = latency.stats.select(op="write", phase="device")
    require_equal(stats.count, series[0]["count"], "count")
    require(abs(stats.mean_ms - series[0]["mean_ns"] / 1e6) < 1e-9, f"mean {stats.mean_ms}")
    for name in ("p50", "p95"):
        low, high = (series[0]["percentiles"][name][end] / 1e6 for end in ("low_ns", "high_ns"))
        found = getattr(stats, f"{name}_ms")
        require(low * 0.93 <= found <= high * 1.07, f"{name} is {found}, expected {low} to {high}")
    require("at least 1000 are needed" in (raises(fixture.LatencyError, lambda: stats.p99_ms) or ""), "p99 of 400")
    require_equal(stats.select(op="read").count, 0, "reads")
    require(math.isnan(stats.select(op="read").mean_ms), "mean of nothing")
    require("status 2" in (raises(fixture.LatencyError, lambda: fixture.Latency("nothing").__enter__()) or ""),
            "error of a target that is not there")


def example(what):
    """The block of README.md, without its indent, that has these words in it."""
    blocks = re.findall(r"(?:^ {4}.*\n|^\n(?=\n* {4}))+", (ROOT / "README.md").read_text(), re.M)
    found = [textwrap.dedent(block) for block in blocks if what in block]
    require_equal(len(found), 1, f"blocks of README.md with {what}")
    return found[0]


def environment(folder):
    """latencyprobe and sudo in PATH, and temporary files on a disk."""
    (folder / "bin").mkdir()
    (folder / "bin" / "latencyprobe").symlink_to(LATENCYPROBE)
    sudo = folder / "bin" / "sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TMPDIR": DISK, "PYTHONDONTWRITEBYTECODE": "1"}


def run_shell(script, folder, env, status=0):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, check=False,
                          capture_output=True, text=True)
    require_equal(done.returncode, status, f"status of {script}\n{done.stdout}{done.stderr}")
    return done.stdout


@test("root", "direct_root", "pytest")
def pytest_example():
    """S3-9: the example of README.md passes, and fails with a limit that nothing keeps."""
    with Folder() as folder:
        env = environment(folder)
        (folder / "latency_fixture.py").symlink_to(EXAMPLES / "latency_fixture.py")
        source = example("from latency_fixture import")
        (folder / "test_latency.py").write_text(source)
        out = run_shell("pytest -q -p no:cacheprovider test_latency.py", folder, env)
        require("1 passed" in out, out)
        (folder / "test_latency.py").write_text(source.replace("p99_ms < 100", "p99_ms < 0.000001"))
        out = run_shell("pytest -q -p no:cacheprovider test_latency.py", folder, env, 1)
        require("1 failed" in out and "AssertionError" in out, out)


def steps_of(workflow):
    """Name -> script of the steps that run one."""
    steps = {}
    for step in re.split(r"^ {6}- ", workflow, flags=re.M)[1:]:
        name, script = re.search(r"name: (.*)", step), re.search(r"run: (?:\|\n((?: {10}.*\n)+)|(.*))", step)
        if script:
            steps[name.group(1)] = textwrap.dedent(script.group(1) or script.group(2))
    return steps


@test("root", "direct_root", "git")
def actions_example():
    """S3-8: a pull request that writes larger blocks fails, one that writes smaller ones does not."""
    steps = steps_of(example("runs-on:"))
    record_base, record_new, compare_both = list(steps)[1:]
    require("make -C" in steps["Install latencyprobe"] and compare_both == "Compare", f"steps: {list(steps)}")
    git = "git -c user.name=e2e -c user.email=e2e@localhost"
    with Folder() as folder, DiskFile() as disk_file:
        env = environment(folder)
        (folder / "repository").mkdir()
        for base, new, status in ((4096, 1 << 20, 4), (1 << 20, 4096, 0)):
            bench = folder / "repository" / "benchmark.sh"
            run_shell("rm -rf .git *.jsonl; git init -q -b main", bench.parent, env)
            for n_bytes, message in ((base, "base"), (new, "new")):
                bench.write_text(f"#!/bin/sh\nexec {WORK} direct write {disk_file} 1500 {n_bytes}\n")
                bench.chmod(0o755)
                run_shell(f"git add benchmark.sh; {git} commit -q -m {message}", bench.parent, env)
            run_shell("git checkout -q --detach", bench.parent, env)
            run_shell(steps[record_base], bench.parent, env)
            run_shell(steps[record_new], bench.parent, env)
            require_equal(f" {new}\n" in bench.read_text(), True, "the pull request's own benchmark is run")
            run_shell(steps[compare_both], bench.parent, env, status)
