# SPDX-License-Identifier: MIT
"""Names of block devices: as the kernel and as people call them, shown and given to --disk."""

import glob
import os
import re
import subprocess
from pathlib import Path

from harness import MISSES_COMPLETIONS, WORK, probe, require, require_equal, run_plain
from loop import LoopDisk
from mapped import Mapped
from null_blk import NullDisk
from registry import test

N = 30
HOSTILE = "a\x1b[2J\"b\\ c"
ESCAPED = "a\\x1b[2J\"b\\\\ c"


def require_reads(report, label, n=N):
    found = report.count(op="read", phase="device", device=label)
    n_excused = report.account("read")["lost_exit"] if MISSES_COMPLETIONS else 0
    devices = {s["labels"].get("device") for s in report.json["series"]}
    require(n - n_excused <= found <= n, f"{found} reads of {label!r}, not {n}, of {devices}: {report.account('read')}")


@test("loop")
def loop_device_by_any_name():
    with LoopDisk(HOSTILE) as disk:
        link = disk.file.parent / "link"
        link.symlink_to(disk.path)
        for name in disk.name, disk.path, str(disk.file), disk.label, str(link):
            report = probe("block", "-d", name, "-c", "lp-work", command=[WORK, "direct", "read", disk.path, N, 4096])
            require_reads(report, disk.label)
            require_equal({s["labels"]["device"] for s in report.json["series"]}, {disk.label}, "devices")
            require(f"read  device  {disk.label.replace(HOSTILE, ESCAPED)}: " in report.stdout, "name in text")
            require("\x1b" not in report.stdout, "the terminal would obey a file's name")


@test("loop")
def detached_device_keeps_its_name():
    """It is gone when the report is made."""
    with LoopDisk() as disk:
        report = probe("block", "-d", disk.name, "-i", 0.2, "-c", "lp-work", command=[
            "sh", "-c", f"{WORK} direct read {disk.path} {N} 4096 && sleep 0.5 && losetup -d {disk.path}"])
        require_reads(report, disk.label)
        subprocess.run(["losetup", disk.path, disk.file], check=True)


@test("loop")
def alert_by_kernel_name():
    with LoopDisk() as disk:
        _, _, stderr = run_plain("block", "-d", disk.name, "--alert", f"read,device,{disk.name}:count>0", "--alert",
                                 "read,device,loop:count>0", "--", WORK, "direct", "read", disk.path, N, 4096)
    require("alert read,device,loop:count>0: nothing that it is about" in stderr, stderr)
    require_equal(stderr.count(" ops, "), 1, stderr)


@test("null_blk", "dm")
def what_dm_passes_on():
    """A bio-based device has no requests of its own: they are those of the disk below it."""
    with NullDisk(10_000) as disk, Mapped("lp-linear", f"0 65536 linear {disk.path} 0") as mapped:
        report = probe("block", "-c", "lp-work", command=[WORK, "direct", "read", mapped.path, N, 4096])
        for name in mapped.name, mapped.path, mapped.kernel_name, f"{mapped.kernel_name} ({mapped.name})":
            status, _, stderr = run_plain("block", "-d", name)
            require_equal(status, 2, stderr)
            require(f"{name} has no requests of its own, those are of {disk.name}; " in stderr, stderr)
    require_reads(report, disk.name)


@test("null_blk", "dm")
def dm_with_requests():
    """Multipath has requests of its own, and each of them is one of a path as well."""
    with NullDisk(10_000) as disk, Mapped("lp-path", "0 65536 multipath 2 queue_mode mq 0 1 1 round-robin 0 1 1 "
                                          f"{disk.path} 1") as mapped:
        label = f"{mapped.kernel_name} ({mapped.name})"
        command = [WORK, "direct", "read", mapped.path, N, 4096]
        for name in None, mapped.name, mapped.path, mapped.kernel_name:
            report = probe("block", *(["-d", name] if name else []), "-c", "lp-work", command=command)
            require_reads(report, label)


@test("multipath")
def paths_of_nvme():
    """Requests are at the paths, which sysfs gives no number; the disk's own name stands for all of them."""
    paths = sorted(os.path.basename(path) for path in glob.glob("/sys/class/block/nvme*c*n*"))
    head = re.sub(r"c\d+", "", paths[0])
    policy = Path(next(glob.iglob("/sys/class/nvme-subsystem/*/iopolicy")))
    policy.write_text("round-robin\n")
    command = [WORK, "direct", "read", f"/dev/{head}", N, 4096]
    for name in None, head, f"/dev/{head}":
        report = probe("block", *(["-d", name] if name else []), "-c", "lp-work", command=command)
        for path in paths:
            require_reads(report, f"{path} ({head})", N // 2)
            require_equal(report.count(op="read", phase="device"), N, "reads by both paths")
    only = probe("block", "-d", paths[0], "-c", "lp-work", command=command)
    others = probe("block", "-d", f"!{head}", "-c", "lp-work", command=command)
    require_equal({s["labels"]["device"] for s in only.json["series"]}, {f"{paths[0]} ({head})"}, "paths")
    require_equal(only.account("read")["filtered"] >= N // 2, True, f"filtered, of {only.account('read')}")
    require_equal(others.count(op="read"), 0, "reads of all other disks")
