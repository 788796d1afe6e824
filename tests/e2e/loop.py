# SPDX-License-Identifier: MIT
"""Loop devices: disks in files."""

import os
import subprocess

from harness import Folder


class LoopDisk:
    """A disk for a `with` block, in a file of that name in a folder of its own."""

    def __init__(self, file_name="disk", n_bytes=16 << 20):
        self.file_name, self.n_bytes = file_name, n_bytes
        self.folder = Folder()

    def __enter__(self):
        self.file = self.folder.__enter__() / self.file_name
        self.file.write_bytes(bytes(self.n_bytes))
        done = subprocess.run(["losetup", "--find", "--show", self.file], check=True, capture_output=True, text=True)
        self.path = done.stdout.strip()
        self.name = os.path.basename(self.path)
        self.label = f"{self.name} ({self.file})"
        return self

    def __exit__(self, *_):
        subprocess.run(["losetup", "--detach", self.path], check=True)
        self.folder.__exit__()
