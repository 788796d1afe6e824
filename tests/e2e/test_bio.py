# SPDX-License-Identifier: MIT
"""Target bio: devices that have no requests: zram, dm, md, and what NVMe multipath gives on."""

import glob
import os
import re
from pathlib import Path

from harness import WORK, Failure, Tracing, probe, require, require_equal, run_plain, run_work, wait_until
from mapped import Mapped
from null_blk import NullDisk
from registry import test

N = 30
BYTES = 16384
DELAY_MS = 40
MD_NUMBER = 77
N_KIB = 32768


class ZramDisk:
    """A disk in memory, for a `with` block."""

    control = Path("/sys/class/zram-control")

    def __enter__(self):
        self.number = (self.control / "hot_add").read_text().strip()
        self.name = f"zram{self.number}"
        self.path = f"/dev/{self.name}"
        Path(f"/sys/block/{self.name}/disksize").write_text("16M")
        return self

    def __exit__(self, *_):
        wait_until(self.remove, f"end of {self.name}")

    def remove(self):
        try:
            (self.control / "hot_remove").write_text(self.number)
        except OSError:
            return False
        return True


class Mirror:
    """An array of two disks without a superblock, made as Documentation/admin-guide/md.rst has it; and its name."""

    def __init__(self, *disks):
        self.disks = disks
        self.kernel_name = f"md{MD_NUMBER}"
        self.folder = Path(f"/sys/block/{self.kernel_name}/md")
        self.link = Path("/dev/md/lp-home")

    def __enter__(self):
        Path("/sys/module/md_mod/parameters/new_array").write_text(self.kernel_name)
        for name, value in {"metadata_version": "none", "level": "raid1", "raid_disks": len(self.disks),
                            "component_size": N_KIB}.items():
            (self.folder / name).write_text(str(value))
        for i, disk in enumerate(self.disks):
            number = os.stat(disk.path).st_rdev
            (self.folder / "new_dev").write_text(f"{os.major(number)}:{os.minor(number)}")
            member = self.folder / f"dev-{disk.name}"
            (member / "slot").write_text(str(i))
            (member / "size").write_text(str(N_KIB))
        (self.folder / "resync_start").write_text("none")
        (self.folder / "array_state").write_text("active")
        self.link.parent.mkdir(exist_ok=True)
        self.link.symlink_to(f"../{self.kernel_name}")  # as udev does
        return self

    def __exit__(self, *_):
        self.link.unlink()
        wait_until(self.stop, "end of the array")

    def stop(self):
        try:
            (self.folder / "array_state").write_text("clear")
        except OSError as error:
            if not self.folder.exists():
                return True
            raise Failure(f"{self.folder}: {error}") from error
        return True


def require_bios(report, op, label, n=N):
    series = report.one(op=op, ret="ok", device=label)
    require_equal((series["count"], series["bytes"]), (n, n * BYTES), f"{op} and their bytes")
    report.require_nothing_lost(op)


@test("zram", each=["read", "write"])
def counts(op):
    """S0-22: and by which dimensions: who submitted it, size, flags."""
    with ZramDisk() as disk:
        command = [WORK, "direct", op, disk.path, N, BYTES]
        report = probe("bio", "-d", disk.name, "-c", "lp-work", command=command)
        by = probe("bio", "-d", disk.path, "--op", op, "--by", "comm,size,flags", command=command)
        others = probe("bio", "-d", f"!{disk.name}", command=command)
        status, _, stderr = run_plain("block", "-d", disk.name)
    require_bios(report, op, disk.name)
    labels = {s["labels"]["comm"]: s["labels"] for s in by.series(op=op)}["lp-work"]
    require_equal(labels["size"], "16KiB-32KiB", "size")
    require(op == "read" or "sync" in labels["flags"], f"flags: {labels}")  # of reads, 5.10 does not say so
    require_equal((others.count(op=op, device=disk.name), others.account(op)["filtered"] >= N), (0, True), "of others")
    require_equal(status, 2, stderr)
    require("`latencyprobe bio` measures" in stderr, stderr)


@test("null_blk", "dm")
def delayed():
    """Each takes as long as the device was told, which is what an outlier says as well; no request does."""
    with NullDisk(10_000) as disk:
        with Mapped("lp-delay", f"0 65536 delay {disk.path} 0 {DELAY_MS}") as mapped:
            label = f"{mapped.kernel_name} (lp-delay)"
            command = [WORK, "direct", "read", mapped.path, N, BYTES]
            report = probe("bio", "-d", mapped.name, "-c", "lp-work", command=command)
            with Tracing("block", "-d", disk.name, "--op", "read") as tracing:
                run_work(*command[1:])
                below = tracing.finish()
        status, _, stderr = run_plain("bio", "-d", disk.name)
    require_bios(report, "read", label)
    series = report.one(op="read", device=label)
    # Its timer counts in ticks of 4 ms, which emulated machines are late to notice.
    require(series["min_ns"] >= DELAY_MS * 500_000, f"min {series['min_ns']}")
    require(series["max_ns"] <= report.work["read"]["max_ns"], f"max {series['max_ns']}, of the calls {report.work}")
    require_equal([(o["labels"]["device"], o["labels"]["comm"], o["sector"]) for o in report.json["outliers"]],
                  [(label, "lp-work", i * BYTES // 512) for i in range(N)], "outliers")
    require_equal(below.count(op="read", phase="device"), N, "requests below")
    p50 = below.one(op="read", phase="device")["percentiles"]["p50"]
    require(p50["low_ns"] < 20_000_000, f"requests took as long: {p50}")
    require_equal(status, 2, stderr)
    require("has requests: latencyprobe block measures them" in stderr, stderr)


@test("null_blk", "md")
def mirror():
    """A write to an array is one, and a request to each of its disks."""
    with NullDisk(10_000) as one, NullDisk(10_000) as other, Mirror(one, other) as array:
        command = [WORK, "direct", "write", f"/dev/{array.kernel_name}", N, BYTES]
        report = probe("bio", "-c", "lp-work", command=command)
        by_name = probe("bio", "-d", "lp-home", "-c", "lp-work", command=command)
        with Tracing("block", "--op", "write") as tracing:
            run_work(*command[1:])
            below = tracing.finish()
    for each in (report, by_name):
        require_bios(each, "write", f"{array.kernel_name} (lp-home)")
    for disk in (one, other):
        require(below.count(op="write", phase="device", device=disk.name) >= N, f"writes to {disk.name}")


@test("multipath")
def given_on():
    """NVMe multipath has no requests, and gives what it gets on as it is: that it ended, nothing shows."""
    path = sorted(os.path.basename(path) for path in glob.glob("/sys/class/block/nvme*c*n*"))[0]
    head = re.sub("c[0-9]+", "", path)
    report = probe("bio", "-c", "lp-work", command=[WORK, "direct", "read", f"/dev/{head}", N, BYTES])
    account = report.account("read")
    require_equal((account["entered"] - account["filtered"], account["unseen"]), (N, N), "begun, and not seen to end")
    require_equal(report.count(), 0, "recorded")
