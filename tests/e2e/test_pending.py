# SPDX-License-Identifier: MIT
"""--pending: requests are listed before they end."""

import time

from harness import Tracing, require, require_equal, run_plain, start_work, wait_until
from null_blk import NullDisk
from registry import test

COMPLETION_NS = 4_000_000_000


@test("null_blk")
def held_by_the_disk():
    """One at the device for over a second, in an interval's report and in the last; none that is younger."""
    with NullDisk(COMPLETION_NS) as disk:
        work = start_work("direct", "read", disk.path, 1, 8192, held=True)
        with Tracing("block", "-d", disk.name, "-i", "1", "--pending", "500ms") as tracing:
            work.go_on()
            start = time.monotonic()
            wait_until(lambda: "\npending " in tracing.process.stdout, "list of what is pending", 3.5)
            report = tracing.finish()
            elapsed_ns = (time.monotonic() - start) * 1e9
        work.wait()
        pid = work.pid
        work.__exit__()
    pending = report.json["pending"]
    require_equal(len(pending), 1, f"pending: {pending}")
    require_equal(pending[0]["labels"], {"op": "read", "phase": "device", "device": disk.name, "comm": "lp-work"}, "labels")
    require_equal((pending[0]["pid"], pending[0]["bytes"], pending[0]["sector"]), (pid, 8192, 0), "of whom and where")
    require(500_000_000 <= pending[0]["age_ns"] <= elapsed_ns + 500_000_000, f"age {pending[0]}, {elapsed_ns} ns passed")
    require_equal(report.account("read")["in_flight"], 1, "in flight")
    require("  lp-work\n" in report.stdout, report.stdout)


@test("null_blk")
def none_where_all_end():
    with NullDisk(100_000) as disk:
        with Tracing("block", "-d", disk.name, "--pending", "1s") as tracing:
            with start_work("direct", "read", disk.path, 20, 4096) as work:
                work.wait()
            report = tracing.finish()
    require_equal(report.json["pending"], [], "pending")
    require_equal(report.count(op="read", phase="device"), 20, "reads")


@test()
def only_of_requests():
    status, _, stderr = run_plain("syscall", "--pending", "1s")
    require_equal(status, 2, "status")
    require("--pending: syscall has no requests" in stderr, stderr)
