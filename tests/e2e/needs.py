# SPDX-License-Identifier: MIT
"""What tests can need of the machine, and how to find out whether it is there."""

import functools
import glob
import os
import shutil
import subprocess
import time


def _need_root():
    return None if os.geteuid() == 0 else "needs root"


def _need_kprobes():
    if os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        return None
    return "this kernel has no kprobes"


def _need_icount():
    if os.environ.get("LATENCYPROBE_ICOUNT"):
        return None
    return "exact times need the machine of `vm --icount`"


def _need_disk():
    return None if os.environ.get("LATENCYPROBE_DISKS") else "no disk to write to in LATENCYPROBE_DISKS"


def _module_is_there(module):
    if os.path.isdir(f"/sys/module/{module}"):
        return True
    done = subprocess.run(["modprobe", module], capture_output=True, check=False)
    return done.returncode == 0


def _need_null_blk():
    if not shutil.which("modprobe"):
        return "modprobe is not installed"
    if not os.path.isdir("/sys/module/null_blk"):
        done = subprocess.run(["modprobe", "null_blk", "nr_devices=0"], capture_output=True, check=False)
        if done.returncode:
            return "no module null_blk for this kernel"
    if not os.path.isdir("/sys/kernel/config/nullb"):
        subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], capture_output=True, check=False)
    return None if os.path.isdir("/sys/kernel/config/nullb") else "null_blk has no configfs folder"


def _need_loop():
    if os.geteuid() or not shutil.which("losetup"):
        return "no root, or losetup is not installed"
    if os.path.exists("/dev/loop-control") or _module_is_there("loop"):
        return None
    return "no loop devices in this kernel"


def _need_dm():
    if os.geteuid() or not shutil.which("dmsetup"):
        return "no root, or dmsetup is not installed"
    return None if _module_is_there("dm_mod") else "no module dm_mod for this kernel"


def _need_md():
    return None if _module_is_there("raid1") else "no module raid1 for this kernel"


def _need_zram():
    if os.geteuid():
        return "needs root"
    if os.path.exists("/sys/class/zram-control/hot_add") or _module_is_there("zram"):
        return None
    return "no module zram for this kernel"


def _need_multipath():
    """One NVMe disk with two paths, as the emulated machine has it; its driver takes a moment."""
    if not _module_is_there("nvme"):
        return "no module nvme for this kernel"
    for _ in range(50):
        if len(glob.glob("/sys/class/block/nvme*c*n*")) == 2:
            return None
        time.sleep(0.1)
    return "no NVMe disk with two paths"


def _need_netem():
    if not shutil.which("tc"):
        return "tc is not installed"
    return None if _module_is_there("sch_netem") else "no module sch_netem for this kernel"


def _need_cgroup2():
    """Mounted where systemd has it, or there by this."""
    if not os.path.exists("/sys/fs/cgroup/cgroup.procs"):
        subprocess.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], capture_output=True, check=False)
    if os.path.exists("/sys/fs/cgroup/cgroup.procs") and os.access("/sys/fs/cgroup", os.W_OK):
        return None
    return "no cgroup2 file system to make a group in"


def _need_direct_root():
    """A file on a disk that can be read without the page cache, for machines without null_blk."""
    if os.path.exists("/sys/class/block/vda/dev") and os.path.exists("/var/tmp"):
        return None
    return "the root file system is not on vda"


def _need_chromium():
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else None


def _need_pandas():
    """Where distributions put it, whichever Python runs the tests."""
    done = subprocess.run(["/usr/bin/python3", "-c", "import pandas"], capture_output=True, check=False)
    return f"no pandas: {done.stderr.decode().splitlines()[-1]}" if done.returncode else None


def _need_program(name):
    return None if shutil.which(name) else f"{name} is not installed"


NEEDS = {
    "root": _need_root,
    "kprobes": _need_kprobes,
    "icount": _need_icount,
    "disk": _need_disk,
    "null_blk": _need_null_blk,
    "loop": _need_loop,
    "dm": _need_dm,
    "md": _need_md,
    "zram": _need_zram,
    "multipath": _need_multipath,
    "netem": _need_netem,
    "cgroup2": _need_cgroup2,
    "direct_root": _need_direct_root,
    "chromium": _need_chromium,
    "pandas": _need_pandas,
}


@functools.cache
def missing_need(need):
    """Why NEED, one of NEEDS or a program's name, is not met; None when it is."""
    return NEEDS[need]() if need in NEEDS else _need_program(need)
