# SPDX-License-Identifier: MIT
"""Call stacks of outliers (--stacks, --folded): whose they are, and that no time is in them twice or missing."""

import json
from collections import Counter

from harness import (KERNEL, LATENCYPROBE, WORK, DiskFile, Folder, Process, Report, probe_argv, require, require_equal,
                     run_plain)
from null_blk import NullDisk
from registry import test


def run_folded(*args, command):
    """The report, and the lines of --folded as (frames, ns)."""
    with Folder() as folder:
        output, folded = folder / "report.json", folder / "stacks.folded"
        with Process(*probe_argv([*args, "--folded", folded], output, command)) as process:
            process.wait()
            report = Report(json.loads(output.read_bytes()), process.stdout, process.stderr)
        lines = [line.rsplit(" ", 1) for line in folded.read_text().splitlines()]
        require_equal(run_plain("replay", output, "--format", "folded")[1], folded.read_text(), "replayed")
    return report, [(frames.split(";"), int(ns)) for frames, ns in lines]


def require_sums(report, stacks):
    """What --folded and JSON say is what the outliers took together, and each outlier is in one stack."""
    outliers = report.json["outliers"]
    require(0 < len(outliers) < 1000, f"{len(outliers)} outliers, of {report.json['account']['total']}")
    expected = sum(outlier["latency_ns"] for outlier in outliers)
    require_equal(sum(ns for _, ns in stacks), expected, "ns in --folded")
    require_equal(sum(stack["sum_ns"] for stack in report.json["stacks"]), expected, "ns in JSON")
    require_equal(sum(stack["count"] for stack in report.json["stacks"]), len(outliers), "outliers in stacks")
    require("stack lost" not in report.stderr, report.stderr)
    by_stack = Counter()
    for outlier in outliers:
        by_stack[";".join(reversed(outlier["stack"]))] += outlier["latency_ns"]
    require_equal(by_stack, Counter({";".join(frames): ns for frames, ns in stacks}), "ns by the outliers' own stacks")


def require_frame(stacks, *names):
    """All have one of these functions in them."""
    for frames, _ in stacks:
        require(set(names) & set(frames), f"none of {names} in {frames}")


def require_block_layer(stacks):
    """Where requests are queued, or where issued on kernels without block_io_start."""
    for frames, _ in stacks:
        require(any(frame.startswith("blk_mq_") for frame in frames), f"no function of the block layer in {frames}")


@test("kprobes", each=["fentry", "kprobe"])
def of_calls(attach):
    """S1-21: reads of a pipe that is written to only now and then."""
    report, stacks = run_folded("vfs", "--attach", attach, "--op", "read", "-c", "lp-work", "--stacks", "--outlier",
                                "1ms", command=[WORK, "pipe", 20, 3_000_000])
    require_sums(report, stacks)
    if attach == "kprobe" and KERNEL < (5, 16):
        require_frame(stacks, "[no stack]")  # the kernel's unwinder does not get past a kretprobe
        return
    # A kretprobe runs where the function has left its stack already; on 7.2 so do programs behind a function.
    has_function = attach == "fentry" and KERNEL < (7, 0)
    innermost = ["vfs_read"] if has_function else ["ksys_read", "__x64_sys_read", "do_syscall_64"]
    require_frame(stacks, *innermost)
    require(any(f"\n    {name}\n" in report.stdout for name in innermost), f"no frames in {report.stdout[:2000]}")


@test("root")
def of_a_program():
    """Of the program that makes the call, with what the function is called there."""
    report, stacks = run_folded("syscall", "-c", "lp-work", "--stacks=user", "--outlier", "1ms",
                                command=[WORK, "pipe", 20, 3_000_000])
    require_sums(report, stacks)
    for frames, _ in stacks:
        require_equal(frames[0], "lp-work", "first frame")
        require("entry_SYSCALL_64_after_hwframe" in frames, f"no system call in {frames}")
    # Farther out the kernel gets only through code with frame pointers, which the C library has not.
    require(any("read" in frames[1] for frames, _ in stacks), f"no function of the C library: {stacks}")
    require(report.json["outlier_ns"] == 1_000_000, "threshold")


@test("null_blk")
def of_submitters():
    """Not of whatever was interrupted by the completion."""
    with NullDisk(200_000) as disk:
        report, stacks = run_folded("block", "-d", disk.name, "-c", "lp-work", "--outlier", "1us",
                                    command=[WORK, "direct", "read", disk.path, 40, 4096])
    require_sums(report, stacks)
    require_equal(len(report.json["outliers"]), 40, "outliers")
    require_block_layer(stacks)
    require_frame(stacks, "vfs_read", "ksys_pread64", "__x64_sys_pread64")


@test("direct_root")
def of_submitters_to_the_root_disk():
    with DiskFile(40 * 4096) as path:
        report, stacks = run_folded("block", "-c", "lp-work", "--stacks=user", "--outlier", "1us",
                                    command=[WORK, "direct", "read", path, 40, 4096])
    require_sums(report, stacks)
    require_block_layer(stacks)
    require_frame(stacks, "lp-work")


@test()
def bad_stacks():
    status, _, stderr = run_plain("block", "--stacks=all")
    require_equal(status, 2, f"{LATENCYPROBE}: {stderr}")
    require("--stacks: all is none of kernel, user" in stderr, stderr)
