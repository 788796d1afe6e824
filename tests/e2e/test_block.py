# SPDX-License-Identifier: MIT
"""Target block: counts, bytes, phases, merges, flushes and depth, on disks of known latency."""

import json
import os
import subprocess
import time

from harness import (MISSES_COMPLETIONS, WORK, DiskFile, Folder, Tracing, probe, require, require_equal, run_work,
                     start_work, wait_until)
from null_blk import NullDisk
from registry import test

N = 80
BYTES = 16384
COMPLETION_NS = 200_000


def require_requests(report, op, n, n_bytes):
    """Both phases recorded N requests, and nothing was lost."""
    require_equal(report.bytes(op=op, phase="device"), n_bytes, f"bytes of {op}")
    for phase in ("device", "queue"):
        require_equal(report.count(op=op, phase=phase, ret="ok"), n, f"{op} requests, {phase} phase")
    report.require_nothing_lost(op)


def require_tracepoints(report):
    require_equal({p["attach"] for p in report.json["probes"]}, {"tp_btf"}, "attached by")
    found = {p["function"] for p in report.json["probes"]}
    require({"block_rq_issue", "block_rq_complete"} <= found, f"attached to {found}")


@test("null_blk", each=["read", "write"])
def direct(op):
    """S0-22, S4-1: requests and bytes at the disk, by tracepoints; no shorter than the disk was told to take."""
    with NullDisk(COMPLETION_NS) as disk:
        report = probe("block", "-d", disk.name, "-c", "lp-work", command=[WORK, "direct", op, disk.path, N, BYTES])
        require_requests(report, op, N, N * BYTES)
        require_tracepoints(report)
        series = report.one(op=op, phase="device", ret="ok")
        require_equal(series["labels"]["device"], disk.name, "device")
    low = series["percentiles"]["p50"]["high_ns"]
    require(low >= COMPLETION_NS, f"p50 at the device is {low} ns, below {COMPLETION_NS}")
    require(low <= report.work[op]["p99_ns"], f"p50 at the device is {low} ns, above the calls': {report.work}")


@test("null_blk", "fio")
def fio_agrees():
    """Queue and device together are part of what fio measures around the call."""
    with NullDisk(COMPLETION_NS) as disk:
        fio = ["fio", "--name=lp", f"--filename={disk.path}", "--rw=randread", "--bs=4k", "--direct=1", "--thread",
               "--ioengine=psync", f"--number_ios={N}", "--size=4m", "--output-format=json"]
        report = probe("block", "-d", disk.name, command=fio)
    job = json.loads(report.stdout[report.stdout.index("{\n"):report.stdout.rindex("}\n") + 1])["jobs"][0]["read"]
    n, clat_ns = job["total_ios"], job["clat_ns"]
    require_equal(report.count(op="read", phase="device", ret="ok"), n, "requests, and what fio counts")
    require_equal(report.bytes(op="read", phase="device"), n * 4096, "bytes")
    device, queue = (report.one(op="read", phase=phase)["mean_ns"] for phase in ("device", "queue"))
    require(COMPLETION_NS <= device, f"mean at the device is {device} ns")
    require(device + queue <= clat_ns["mean"], f"queue {queue} + device {device} ns is above fio's {clat_ns['mean']}")
    p50 = report.one(op="read", phase="device")["percentiles"]["p50"]["low_ns"]
    require(p50 <= clat_ns["percentile"]["50.000000"], f"p50 {p50} ns is above fio's {clat_ns['percentile']}")


@test("null_blk")
def disk_filter():
    """S4-14: another disk's requests are filtered."""
    with NullDisk(COMPLETION_NS) as disk, NullDisk(COMPLETION_NS) as other:
        with Tracing("block", "-d", disk.name) as tracing:
            for target, n in ((disk, 7), (other, 13)):
                with start_work("direct", "read", target.path, n, 4096) as work:
                    work.wait()
            report = tracing.finish()
    require_equal({s["labels"]["device"] for s in report.json["series"]}, {disk.name}, "devices")
    require(report.account("read")["filtered"] >= 13, f"the other disk's reads are not filtered: {report.account()}")
    require(report.count(op="read", phase="device") >= 7, "reads are missing")


@test("null_blk")
def disks_are_kept_apart():
    """S4-3: a histogram for each disk."""
    with NullDisk(COMPLETION_NS) as disk, NullDisk(2 * COMPLETION_NS) as other:
        with Tracing("block", "-c", "lp-work") as tracing:
            for target, n in ((disk, 7), (other, 13)):
                with start_work("direct", "read", target.path, n, 4096) as work:
                    work.wait()
            report = tracing.finish()
        for target, n in ((disk, 7), (other, 13)):
            require_equal(report.count(op="read", phase="device", device=target.name), n, f"reads of {target.name}")


@test("null_blk")
def merged_requests():
    """S4-2: reads that close the gaps between waiting ones make one request of several; the bytes stay."""
    with NullDisk(100_000_000, hw_queue_depth=1) as disk:
        disk.set_scheduler("mq-deadline", 64)
        report = probe("block", "-d", disk.name, "-c", "lp-work", command=[WORK, "merge", disk.path, 8])
    account = report.account("read")
    require(account["merged"] > 0, f"nothing was merged: {account}")
    require_equal(account["entered"] - account["filtered"], account["recorded"] + account["merged"], "reads begun")
    require_equal(report.bytes(op="read", phase="device"), report.work["bytes"], "bytes")
    report.require_nothing_lost("read")


@test("null_blk")
def requests_in_flight():
    """S4-3: the run ends while three requests are at a slow device."""
    with NullDisk(2_000_000_000) as disk:
        works = [start_work("direct", "read", disk.path, 1, 4096, held=True) for _ in range(3)]
        with Tracing("block", "-d", disk.name) as tracing:
            for work in works:
                work.go_on()
            wait_until(lambda: sum(map(int, open(f"/sys/block/{disk.name}/inflight").read().split())) == 3,
                       "three requests in flight", 1.9)
            report = tracing.finish()
        for work in works:
            work.wait()
            work.__exit__()
    found = [(depth["device"], depth["queued"], depth["issued"]) for depth in report.json["in_flight"]]
    require_equal(found, [(disk.name, 0, 3)], "in flight")
    require_equal(report.account("read")["in_flight"], 3, "in flight by the account")
    require_equal(report.count(op="read"), 0, "reads recorded")


def make_ext4(disk, folder):
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard", disk], check=True)
    subprocess.run(["mount", disk, folder], check=True)


@test("disk")
def flushes_of_a_disk():
    """S4-2: fsync of a disk is one flush each. No filter by name: whoever comes along issues them for the kernel."""
    disk = os.environ["LATENCYPROBE_DISKS"].split()[0]
    with Tracing("block", "-d", os.path.basename(disk)) as tracing:
        run_work("calls", "fsync", 20, 1, disk)
        report = tracing.finish()
    account = report.account("flush")
    require_equal(report.count(op="flush", phase="device", ret="ok"), 20, f"flushes, of {account}")
    require_equal(account["lost_exit"] + account["in_flight"] + account["lost_span"], 0, f"lost, of {account}")


@test("disk", "mkfs.ext4")
def flushes_of_ext4():
    """A write and a flush or more for each fsync of something new; jbd2 and kworkers issue them."""
    disk = os.environ["LATENCYPROBE_DISKS"].split()[0]
    with Folder() as folder:
        make_ext4(disk, folder)
        try:
            with Tracing("block", "-d", os.path.basename(disk)) as tracing:
                for n in range(5):
                    with open(folder / f"file{n}", "wb") as file:
                        file.write(b"x" * 5000)
                        file.flush()
                        os.fsync(file.fileno())
                time.sleep(0.2)
                report = tracing.finish()
        finally:
            subprocess.run(["umount", folder], check=True)
    require(report.count(op="flush", phase="device", ret="ok") >= 5, f"flushes are missing: {report.account('flush')}")
    require(report.bytes(op="write", phase="device") >= 5 * 5000, "bytes written are missing")
    require_equal(report.account()["lost_exit"] + report.account()["in_flight"], 0, f"lost, of {report.account()}")


@test("direct_root")
def reads_of_the_root_disk():
    """S4-1: where no disk can be made: one file on the disk that is there. The kernel may keep some completions back."""
    with DiskFile(N * BYTES) as path:
        report = probe("block", "-d", "vda", "-c", "lp-work", command=[WORK, "direct", "read", path, N, BYTES])
    require_tracepoints(report)
    account = report.account("read")
    n_recorded = report.count(op="read", phase="device", ret="ok")
    n_excused = account["lost_exit"] + account["in_flight"] if MISSES_COMPLETIONS else 0
    # One call may be several requests, where the file is in several pieces.
    require(n_recorded + n_excused >= N, f"{n_recorded} reads of {N} recorded: {account}")
    require_equal(account["entered"] - account["filtered"], n_recorded + n_excused, "reads begun")
    require(n_excused or report.bytes(op="read", phase="device") == N * BYTES, "bytes are missing")
    require(n_recorded > N // 2, f"only {n_recorded} reads of {N} recorded: {account}")
