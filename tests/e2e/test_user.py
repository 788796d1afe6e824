# SPDX-License-Identifier: MIT
"""Functions of programs and pairs of static probes: exact counts, known delays, recursion, errors."""

import os
import subprocess
import tempfile

from harness import KERNEL, WORK, Folder, probe, require, require_equal, run_plain
from registry import Skip, test

N = 20
DELAY_NS = 3_000_000
PYTHON = os.path.realpath("/usr/bin/python3")


def fibonacci_calls(depth):
    return 1 if depth < 2 else 1 + fibonacci_calls(depth - 1) + fibonacci_calls(depth - 2)


def skip_unless_uprobes():
    with open("/proc/kallsyms", encoding="ascii") as file:
        if " uprobe_register" not in file.read():
            raise Skip("this kernel has no uprobes")


def skip_unless_usdt():
    """Where there are no cookies, of a process that runs already only."""
    skip_unless_uprobes()
    if KERNEL < (5, 15):
        status, _, stderr = run_plain("usdt", WORK, "lp_work:step_start", "lp_work:step_end", "--duration", "1")
        require(status == 3 and "-p names" in stderr, f"status {status}: {stderr}")
        raise Skip("USDT of processes to come needs 5.15")


def require_longer(series, ns):
    p50 = series["percentiles"]["p50"]
    require(p50["high_ns"] >= ns, f"p50 in [{p50['low_ns']}, {p50['high_ns']}], at least {ns} ns slept")
    require(series["min_ns"] >= ns, f"min {series['min_ns']}, at least {ns} ns slept")


@test("root")
def recursion_counts_every_call():
    skip_unless_uprobes()
    if KERNEL < (5, 15):
        status, _, stderr = run_plain("uprobe", WORK, "work_recursive", "work_waiting", "--duration", "1")
        require(status == 3 and "one function at a time" in stderr, f"status {status}: {stderr}")
        return
    report = probe("uprobe", WORK, "work_recursive", "work_waiting", command=[WORK, "user", N, DELAY_NS, 12])
    require_equal(report.count(func="work_recursive"), fibonacci_calls(12), "recursive calls")
    require_equal(report.count(func="work_waiting"), N + 2, "waits")
    require_longer(report.one(func="work_waiting"), DELAY_NS)
    outermost = report.one(func="work_recursive")["max_ns"]
    require(outermost >= report.one(func="work_recursive")["percentiles"]["p50"]["ns"], "the outermost is no maximum")
    report.require_nothing_lost()


@test("root")
def one_function_alone():
    skip_unless_uprobes()
    report = probe("uprobe", WORK, "work_recursive", "-c", "lp-work", command=[WORK, "user", 1, 1000, 10])
    require_equal(report.count(func="work_recursive"), fibonacci_calls(10), "recursive calls")


@test("root")
def of_all_others():
    """-p with ! is a filter, and no process to attach to."""
    skip_unless_uprobes()
    report = probe("uprobe", "-p", "!1", WORK, "work_recursive", "-c", "lp-work", command=[WORK, "user", 1, 1000, 10])
    require_equal(report.count(func="work_recursive"), fibonacci_calls(10), "calls in another process")
    report.require_nothing_lost()


@test("root")
def by_result_and_argument():
    skip_unless_uprobes()
    report = probe("uprobe", WORK, "work_waiting", "--ret", "<0", "--arg", 1, command=[WORK, "user", N, 1000, 1])
    require_equal({s["labels"]["arg"] for s in report.json["series"]}, {str(i) for i in range(1, N + 2, 2)}, "arguments")
    require_equal(report.account()["recorded"], (N + 2) // 2, "calls that gave -1")
    require_equal(report.account()["filtered"], (N + 2) // 2, "calls that did not")


@test("root")
def usdt_by_argument():
    """S3-6: requests overlap, and the last is ended by another thread."""
    skip_unless_usdt()
    report = probe("usdt", WORK, "lp_work:request_start", "lp_work:request_end", "--key", "arg0",
                   command=[WORK, "user", N, DELAY_NS, 1])
    series = report.one(pair="lp_work:request_start - lp_work:request_end")
    require_equal(series["count"], N, "requests")
    require_longer(series, 3 * DELAY_NS)
    report.require_nothing_lost()


@test("root")
def usdt_by_thread():
    skip_unless_usdt()
    report = probe("usdt", WORK, "lp_work:step_start", "lp_work:step_end", command=[WORK, "user", N, DELAY_NS, 1])
    require_equal(report.count(), N + 2, "steps")
    require_longer(report.json["series"][0], DELAY_NS)


@test("root")
def beginnings_without_an_end_are_lost():
    """By thread, requests that overlap look like beginnings that come again."""
    skip_unless_usdt()
    report = probe("usdt", WORK, "lp_work:request_start", "lp_work:request_end", command=[WORK, "user", N, 1000, 1])
    account = report.account()
    require(account["lost_exit"] > 0, f"nothing lost: {account}")
    require_equal(account["entered"], N, "beginnings")


@test("root")
def usdt_of_a_packaged_program():
    """Garbage collections of Python, which has these probes in Debian."""
    skip_unless_usdt()
    with open(PYTHON, "rb") as file:
        notes = file.read()
    if b"gc__start" not in notes:
        raise Skip("this Python was built without probes")
    reports = [probe("usdt", PYTHON, "python:gc__start", "python:gc__done",
                     command=[PYTHON, "-c", f"import gc\ngc.disable()\nfor _ in range({n}): gc.collect()"])
               for n in (0, 33)]
    # Python makes some itself when it starts and ends.
    require_equal(reports[1].count() - reports[0].count(), 33, "collections")
    reports[1].require_nothing_lost()


@test("root", each=["function", "probe", "binary", "no_elf", "of_32_bits", "arguments", "half", "colon"])
def errors(kind):
    if kind in ("probe", "arguments", "half", "colon"):
        skip_unless_usdt()
    skip_unless_uprobes()
    args, expected = {
        "function": (["uprobe", WORK, "work_recursiv"], "did you mean work_recursive"),
        "probe": (["usdt", WORK, "lp_work:request_start", "lp_work:request_emd"], "did you mean lp_work:request_end"),
        "binary": (["uprobe", "/nowhere/at/all", "main"], "/nowhere/at/all"),
        "no_elf": (["uprobe", "/etc/passwd", "main"], "no ELF file"),
        "of_32_bits": (["uprobe", "/dev/fd/0", "main"], "of 32 bits"),
        "arguments": (["usdt", WORK, "lp_work:request_start", "lp_work:request_end", "--key", "arg1"],
                      "cannot be paired by arg1"),
        "half": (["usdt", WORK, "lp_work:request_start", "lp_work:request_end", "lp_work:step_start"], "no second one"),
        "colon": (["usdt", WORK, "request_start", "lp_work:request_end"], "PROVIDER:PROBE"),
    }[kind]
    with tempfile.TemporaryFile() as file:
        file.write(b"\x7fELF\x01\x01\x01" + bytes(45))
        file.flush()
        status, _, stderr = run_plain(*args, "--duration", "1", stdin=file)
    require_equal(status, 2, f"exit status: {stderr}")
    require(expected in stderr and len(stderr.splitlines()) == 1, stderr)


@test("root", "objcopy")
def warns_of_go():
    """Go's own section is what tells; the functions are still there."""
    skip_unless_uprobes()
    with Folder() as folder:
        subprocess.run(["objcopy", "--add-section", f".gopclntab={__file__}", WORK, folder / "go"], check=True)
        status, _, stderr = run_plain("uprobe", folder / "go", "work_recursive", "--duration", "0.1")
    require_equal(status, 0, f"exit status: {stderr}")
    require("is a Go program" in stderr, stderr)


@test("root")
def lists_functions_and_probes():
    status, stdout, _ = run_plain("list", "uprobe", WORK, "work_rec*")
    require_equal((status, stdout), (0, "work_recursive\n"), "functions")
    status, stdout, _ = run_plain("list", "usdt", WORK)
    require(status == 0 and "lp_work:request_start  1 argument\n" in stdout, f"probes: {stdout}")
    status, _, stderr = run_plain("list", "usdt", "sleep")
    require(status == 2 and "no USDT probes" in stderr, f"status {status}: {stderr}")
