# SPDX-License-Identifier: MIT
"""--by size as text: a table of latency by size, whose counts are those that the workload made."""

import re

from harness import MISSES_COMPLETIONS, Tracing, require, require_equal, run_plain, run_work
from loop import LoopDisk
from null_blk import NullDisk
from registry import test

REQUESTS = {512: 70, 4096: 40, 16384: 25}
COLUMNS = {512: ("512B", "-1KiB"), 4096: ("4KiB", "-8KiB"), 16384: ("16KiB", "-32KiB")}


def table_of(text, heading):
    """The table under the heading: the columns' names, the sum of each, and the row `count`."""
    lines = text[text.index(heading):].splitlines()[1:]
    lines = lines[:next(n for n, line in enumerate(lines) if line.startswith("             mean"))]
    names = list(zip(lines[0].split()[1:], lines[1].split()))
    cells = [line[17:].split() for line in lines[2:] if re.match(r" *[\d.]+[mun]?s - ", line)]
    sums = [sum(int(cell.replace(",", "")) for cell in column if cell != ".") for column in zip(*cells)]
    counts = next(line.split()[1:] for line in lines if line.split()[0] == "count")
    return names, sums, [int(count.replace(",", "")) for count in counts]


def require_table(disk, by):
    with Tracing("block", "-d", disk.name, "-c", "lp-work", "--by", by) as tracing:
        for n_bytes, n in REQUESTS.items():
            run_work("direct", "read", disk.path, n, n_bytes)
        report = tracing.finish()
        status, replayed, stderr = run_plain("replay", tracing.output, "--format", "text")
        require_equal(status, 0, stderr)
    for n_bytes, n in REQUESTS.items():
        found = report.count(op="read", phase="device", size="".join(COLUMNS[n_bytes]))
        n_excused = report.account("read")["lost_exit"] if MISSES_COMPLETIONS else 0
        require(n - n_excused <= found <= n, f"{found} reads of {n_bytes} bytes, not {n}: {report.account('read')}")
    expected = [report.one(op="read", phase="device", size=f"{low}{high}")["count"] for low, high in COLUMNS.values()]
    heading = f"read  device  {disk.label}: " if "device" in by else "read  device: "
    for text in report.stdout, replayed:
        names, sums, counts = table_of(text, heading)
        require_equal(names, list(COLUMNS.values()), "columns")
        require_equal((sums, counts), (expected, expected), "requests of each size, by cells and by the last row")
        require(f"{heading}{sum(expected)} ops" in text, f"not {sum(expected)} in all: {text}")


@test("null_blk", each=["size", "device,size"])
def requests_of_known_sizes(by):
    """S1-12, S0-20: requests of three sizes, by the cells and by the last row."""
    with NullDisk(10_000, blocksize=512) as disk:
        require_table(disk, by)


@test("loop", each=["size", "device,size"])
def requests_of_a_loop_device(by):
    """S1-12, S0-20: where null_blk is not to be had."""
    with LoopDisk() as disk:
        require_table(disk, by)
