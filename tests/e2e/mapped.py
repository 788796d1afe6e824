# SPDX-License-Identifier: MIT
"""Devices of the device mapper."""

import os
import subprocess

from checks import require_equal
from registry import Skip

NO_UDEV = {**os.environ, "DM_DISABLE_UDEV": "1"}  # no test waits for a daemon that is not there


class Mapped:
    """A device-mapper device of one target, which is given what it maps, for a `with` block."""

    def __init__(self, name, table):
        self.name, self.table = name, table
        self.path = f"/dev/mapper/{name}"

    def __enter__(self):
        done = subprocess.run(["dmsetup", "create", self.name, "--table", self.table], capture_output=True, text=True,
                              check=False, env=NO_UDEV)
        if "unknown target type" in done.stderr or "Invalid argument" in done.stderr:
            raise Skip(f"this kernel takes no table {self.table}")
        require_equal(done.returncode, 0, done.stderr)
        self.kernel_name = f"dm-{os.minor(os.stat(self.path).st_rdev)}"
        return self

    def __exit__(self, *_):
        subprocess.run(["dmsetup", "remove", "--retry", self.name], check=True, env=NO_UDEV)
