# SPDX-License-Identifier: MIT
"""Disks of the module null_blk, whose latency is chosen when they are made."""

import os
from pathlib import Path

from checks import require

CONFIG = Path("/sys/kernel/config/nullb")


class NullDisk:
    """A disk for a `with` block; requests complete COMPLETION_NS after they were issued, by a timer."""

    n_made = 0

    def __init__(self, completion_ns, **settings):
        NullDisk.n_made += 1
        self.config = CONFIG / f"lp{NullDisk.n_made}"
        self.settings = {"completion_nsec": completion_ns, "irqmode": 2, "size": 64, "submit_queues": 1, **settings}

    def __enter__(self):
        before = set(os.listdir("/sys/block"))
        self.config.mkdir()
        for name, value in {**self.settings, "power": 1}.items():
            (self.config / name).write_text(str(value))
        # Its name is that of the folder since 5.19, and a number before.
        made = set(os.listdir("/sys/block")) - before
        require(len(made) == 1, f"null_blk made {sorted(made)}")
        self.name = self.label = made.pop()
        self.path = f"/dev/{self.name}"
        return self

    def set_scheduler(self, name, n_requests):
        """N_REQUESTS may wait in it, however many the device takes at once."""
        queue = Path(f"/sys/block/{self.name}/queue")
        (queue / "scheduler").write_text(name)
        (queue / "nr_requests").write_text(str(n_requests))

    def __exit__(self, *_):
        (self.config / "power").write_text("0")
        self.config.rmdir()
