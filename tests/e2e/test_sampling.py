# SPDX-License-Identifier: MIT
"""--sample-rate: as many as chance says, the account exact, and estimates marked as such."""

import math

from checks import measured
from harness import SURE_ATTACH, WORK, Folder, has_missed, probe, require, require_equal, run_plain
from null_blk import NullDisk
from registry import test

RATE = 4
N = 20_000


def require_sampled(report, n, account_op=None, **labels):
    """Within 10 standard deviations of the binomial distribution: that fails once in 10^23 runs."""
    n_measured = sum(measured(series) for series in report.series(**labels))
    deviation = math.sqrt(n / RATE * (1 - 1 / RATE))
    require(abs(n_measured - n / RATE) <= 10 * deviation, f"{labels}: {n_measured} of {n} measured, 1 of {RATE} wanted")
    require_equal(report.json["sample_rate"], RATE, "rate")
    seconds = report.json["elapsed_ns"] / 1e9
    for series in report.series(**labels):
        require(math.isclose(series["rate_per_s"], series["count"] / seconds, rel_tol=1e-6), "rate of all")
    if account_op:
        account = report.account(account_op)
        require_equal(account["entered"] - account["filtered"] - account["nested"], n, f"all, of {account}")
        require_equal(account["recorded"] + account["sampled_out"], n, f"measured and sampled out, of {account}")
    report.require_nothing_lost()


@test("kprobes", each=["fentry", "kprobe"])
def calls(attach):
    """S0-18, S2-7: stat may have calls of its own kind inside, read may not."""
    with Folder() as folder:
        report = probe("vfs", "--attach", attach, "--sample-rate", RATE, "--op", "read,stat", "-c", "lp-work",
                       command=[WORK, "calls", "read,stat", N // 4, 4, folder / "file"])
    if has_missed(report, attach):
        return
    require_sampled(report, N, "read", op="read")
    require_sampled(report, N, "stat", op="stat")
    require(f"1 of {RATE} was measured" in report.stdout and "about " in report.stdout, "not said to be an estimate")


@test("kprobes")
def nested_calls():
    """Calls inside one that is left out are left out with it."""
    with Folder() as folder:
        report = probe("vfs", "--attach", SURE_ATTACH, "--sample-rate", RATE, "--op", "fsync", "-c", "lp-work",
                       command=[WORK, "calls", "fsync", 2000, 1, folder / "file"])
    require_sampled(report, 2000, "fsync", op="fsync")


@test("root")
def system_calls():
    report = probe("syscall", "getppid", "--sample-rate", RATE, "-c", "lp-work", command=[WORK, "syscalls", N])
    require_sampled(report, N, syscall="getppid")
    account = report.account()
    require_equal(account["recorded"] + account["sampled_out"], N, f"measured and sampled out, of {account}")


@test("kprobes")
def functions():
    with Folder() as folder:
        report = probe("func", "vfs_read", "--attach", SURE_ATTACH, "--sample-rate", RATE, "-c", "lp-work",
                       command=[WORK, "calls", "read", N, 1, folder / "file"])
    require_sampled(report, N, func="vfs_read")


@test("null_blk")
def requests():
    with NullDisk(10_000) as disk:
        report = probe("block", "-d", disk.name, "-c", "lp-work", "--sample-rate", RATE,
                       command=[WORK, "direct", "read", disk.path, 2000, 4096])
    require_sampled(report, 2000, op="read", phase="device")
    require_equal(report.count(op="read", phase="queue"), report.count(op="read", phase="device"), "both phases")


@test("root")
def recording_keeps_the_rate():
    with Folder() as folder:
        recording = folder / "run.json"
        status, _, stderr = run_plain("syscall", "getppid", "--sample-rate", RATE, "-c", "lp-work", "-o", recording, "--",
                                      WORK, "syscalls", N)
        require_equal(status, 0, stderr)
        status, stdout, stderr = run_plain("replay", recording, "--format", "text")
        require_equal(status, 0, stderr)
        require(f"1 of {RATE} was measured" in stdout, "replayed without the rate")
