# SPDX-License-Identifier: MIT
"""The highest rate that the machine can make: all of it is counted, and nothing is lost."""

import json
import os
import subprocess

from checks import LOSSES
from harness import (MISSES_COMPLETIONS, SURE_ATTACH, Folder, Tracing, may_miss, require, require_equal,
                     start_work)
from loop import LoopDisk
from null_blk import NullDisk
from registry import test

# make bench asks for more.
SCALE = int(os.environ.get("LATENCYPROBE_LOAD", "1"))
N_PROCESSES = 4
N_READS = 20_000 * SCALE
N_REQUESTS = 4_000 * SCALE
# The table of calls under way has 4,096 slots for an operation.
N_BLOCKED = 4_500
N_AFTER = 3
BLOCKED_NS = 450_000_000


def require_no_losses(report, n_excused=0):
    """The account adds up, which every Report has been checked for, and has no losses in it."""
    account = report.account()
    n_lost = sum(account[name] for name in LOSSES) + account["ring_full"] + report.missed()
    require(n_lost <= n_excused, f"{n_lost} lost: {account}, {[p for p in report.json['probes'] if p['missed']]}")


def say_rate(what, report):
    account, seconds = report.account(), report.json["elapsed_ns"] / 1e9
    print(f"load: {what}: {account['entered']:,} in {seconds:.1f} s, {account['entered'] / seconds:,.0f} a second; "
          f"{account['recorded']:,} recorded, {sum(account[name] for name in LOSSES)} lost, "
          f"{account['unaccounted']} unaccounted", flush=True)


@test("kprobes")
def reads():
    """Without a filter, so that all calls of all processes count."""
    with Folder() as folder:
        works = [start_work("calls", "read", N_READS, 1, folder / f"file{n}", held=True) for n in range(N_PROCESSES)]
        with Tracing("vfs", "--attach", SURE_ATTACH) as tracing:
            for work in works:
                work.go_on()
            for work in works:
                work.wait().__exit__()
            report = tracing.finish()
    require(report.count(op="read") >= N_PROCESSES * N_READS, f"reads are missing: {report.account('read')}")
    require_no_losses(report)
    say_rate(f"vfs, {N_PROCESSES} processes that read", report)


@test("kprobes")
def more_blocked_reads_than_slots():
    """
    S0-5, S0-16: the table's slots do not suffice: the rest is in the hash map, and still each end finds its own
    beginning.
    """
    with Tracing("vfs", "-c", "lp-work", "--op", "read", "--attach", "fentry") as tracing, \
            start_work("blocked", N_BLOCKED, N_AFTER) as work:
        work.wait_for("blocked", in_stdout=True)
        work.go_on()
        work.wait()
        report = tracing.finish()
    if may_miss("fentry") and report.missed():
        return
    require_equal(report.account("read")["entered"] - report.account("read")["filtered"], N_BLOCKED * (1 + N_AFTER),
                  "reads begun")
    require_equal(report.count(op="read", ret="ok"), N_BLOCKED * (1 + N_AFTER), f"reads of {report.account('read')}")
    # They were blocked for half a second at least.
    require(report.count_from(BLOCKED_NS) >= N_BLOCKED, f"{report.count_from(BLOCKED_NS)} reads took long")
    require_no_losses(report)


def fio_requests(path):
    """Several threads read at random as fast as they can: the number of requests that fio counts."""
    done = subprocess.run(["fio", "--name=lp", f"--filename={path}", "--rw=randread", "--bs=4k", "--direct=1",
                           "--thread", "--ioengine=psync", f"--numjobs={N_PROCESSES}", f"--number_ios={N_REQUESTS}",
                           f"--io_size={4 * N_REQUESTS}k", "--group_reporting", "--output-format=json"],
                          stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)["jobs"][0]["read"]["total_ios"]


def load_disk(disk):
    with Tracing("block") as tracing:
        n = fio_requests(disk.path)
        report = tracing.finish()
    require(n >= N_PROCESSES * N_REQUESTS, f"fio read only {n} times")
    account = report.account()
    n_excused = account["lost_exit"] + account["in_flight"] if MISSES_COMPLETIONS else 0
    found = report.count(op="read", phase="device", device=disk.label)
    require(found <= n <= found + n_excused, f"{found} reads of {disk.name} recorded, fio made {n}: {account}")
    require(n_excused <= n // 1000, f"{n_excused} of {n} lost: {account}")
    require_no_losses(report, n_excused)
    say_rate(f"block, fio on {disk.name}", report)


@test("null_blk", "fio")
def requests():
    with NullDisk(0, irqmode=0, submit_queues=2) as disk:
        load_disk(disk)


@test("loop", "fio")
def requests_to_a_loop_device():
    with LoopDisk(n_bytes=64 << 20) as disk:
        load_disk(disk)
