# SPDX-License-Identifier: MIT
"""Running latencyprobe and workloads, waiting for what they say, and reading what they leave."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from checks import ENDINGS, LOSSES, check_report, require, require_equal, slot_bounds
from registry import Failure

ROOT = Path(__file__).resolve().parents[2]
LATENCYPROBE = os.environ.get("LATENCYPROBE", str(ROOT / ".output" / "latencyprobe"))
WORK = os.environ.get("LATENCYPROBE_WORK", str(ROOT / ".output" / "tests" / "work"))
TIMEOUT_S = 60
KERNEL = tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2])
# What misses nothing: kretprobes have too few instances on older kernels, and fentry see may_miss().
SURE_ATTACH = "fentry" if KERNEL < (7, 0) else "kprobe"
# Without kprobes this is no emulated machine but a build machine, whose kernel keeps BPF programs from running while
# certain processes are interrupted: a completion may be missing, and has to show up as missing.
MISSES_COMPLETIONS = not os.path.exists("/sys/bus/event_source/devices/kprobe/type")


class Folder:
    """A folder that goes away with the `with` block; world-accessible, for tests that drop their rights."""

    def __init__(self, inside=None):
        self.inside = inside

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="latencyprobe-e2e.", dir=self.inside))
        self.path.chmod(0o777)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


DISK = "/var/tmp"  # a folder that is on a disk, where the need direct_root is met


class DiskFile:
    """A file of zeros on the root disk, for a `with` block: its path."""

    def __init__(self, n_bytes=1 << 22):
        self.path, self.n_bytes = f"{DISK}/latencyprobe-e2e.{os.getpid()}", n_bytes

    def __enter__(self):
        with open(self.path, "wb") as file:
            file.write(bytes(self.n_bytes))
            os.fsync(file.fileno())
        return self.path

    def __exit__(self, *_):
        os.unlink(self.path)


def make_deep(folder):
    """A folder below more names than are kept of a path."""
    path = folder.joinpath(*["deep"] * 60)
    path.mkdir(parents=True)
    return path


def wait_until(is_true, what, timeout_s=TIMEOUT_S):
    """Polls, since starting threads or programs to be told takes longer under emulation."""
    end = time.monotonic() + timeout_s
    while True:
        result = is_true()
        if result:
            return result
        require(time.monotonic() < end, f"no {what} after {timeout_s} s")
        time.sleep(0.01)


def parse_objects(text):
    """All JSON objects of TEXT, which has nothing else in it."""
    decoder, objects, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        objects.append(value)
        at = len(text) - len(text[at:].lstrip())
    return objects


class Process:
    """A program whose stdout and stderr go to files, so that nobody has to read while it runs."""

    def __init__(self, *argv, stdin=subprocess.DEVNULL, **options):
        self.argv = [arg if isinstance(arg, bytes) else str(arg) for arg in argv]
        self.files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        self.process = subprocess.Popen(self.argv, stdin=stdin, stdout=options.pop("stdout", self.files[0]),
                                        stderr=self.files[1], **options)
        self.pid = self.process.pid

    def _bytes(self, number):
        return os.pread(self.files[number].fileno(), 1 << 24, 0)

    @property
    def stdout_bytes(self):
        return self._bytes(0)

    @property
    def stdout(self):
        return self._bytes(0).decode(errors="surrogateescape")

    @property
    def stderr(self):
        return self._bytes(1).decode(errors="surrogateescape")

    @property
    def status(self):
        return self.process.poll()

    def describe(self):
        return f"{self.argv}: status {self.status}\nstdout: {self.stdout[-4000:]}\nstderr: {self.stderr[-4000:]}"

    def wait_for(self, what, in_stdout=False):
        """Until it has said WHAT."""

        def has_said():
            is_over = self.status is not None
            if what in (self.stdout if in_stdout else self.stderr):
                return True
            if is_over:
                raise Failure(f"ended without `{what}`: {self.describe()}")
            return False

        wait_until(has_said, f"`{what}` from {self.argv}")

    def go_on(self):
        """A line on its stdin, which the caller made a pipe."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, status=0):
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"no end after {TIMEOUT_S} s: {self.describe()}") from None
        if status is not None:
            require(self.status == status, f"exit status {self.status}, expected {status}: {self.describe()}")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            self.process.kill()
            self.process.wait()
        for file in self.files:
            file.close()


def start_work(*args, held=False, prefix=()):
    """A workload; a held one has said that it is there, and waits for go_on()."""
    words = ["held"] if held else []
    work = Process(*prefix, WORK, *words, *args, stdin=subprocess.PIPE)
    if held:
        work.wait_for("held", in_stdout=True)
    return work


def run_work(*args):
    """Runs a workload to its end: what it says of itself."""
    with start_work(*args) as work:
        work.wait()
        return work_result(work.stdout)


def work_result(stdout):
    """What the last workload that wrote to this stdout said of itself."""
    lines = [line for line in stdout.splitlines() if line.startswith('{"')]
    return json.loads(lines[-1]) if lines else None


class Report:
    """The checked JSON of a run, and questions about it."""

    def __init__(self, snapshot, stdout="", stderr=""):
        check_report(snapshot)
        self.json, self.stdout, self.stderr = snapshot, stdout, stderr
        self.work = work_result(stdout)

    def series(self, **labels):
        """All series that have these labels."""
        return [s for s in self.json["series"] if all(s["labels"].get(k) == v for k, v in labels.items())]

    def one(self, **labels):
        """The only series that has these labels."""
        found = self.series(**labels)
        require(len(found) == 1, f"{len(found)} series with {labels}, of {[s['labels'] for s in self.json['series']]}")
        return found[0]

    def count(self, **labels):
        return sum(s["count"] for s in self.series(**labels))

    def count_from(self, ns):
        """How many took NS or longer, by their slots."""
        return sum(slot["count"] for s in self.json["series"] for slot in s["slots"] if slot["low_ns"] >= ns)

    def bytes(self, **labels):
        return sum(s["bytes"] for s in self.series(**labels))

    def account(self, op=None, phase=None):
        if op is None:
            return self.json["account"]["total"]
        for account in self.json["account"]["operations"]:
            if account["op"] == op and phase in (None, account.get("phase")):
                return account
        raise Failure(f"no account of {op}: {self.json['account']}")

    def missed(self, op=None):
        """Of the places that measure this operation; those of several have no name."""
        return sum(p["missed"] for p in self.json["probes"] if op is None or p["op"] in (op, ""))

    def require_nothing_lost(self, op=None):
        account = self.account(op)
        for name in LOSSES + ("in_flight", "unmatched"):
            require(account[name] == 0, f"{name} of {op or 'all'}: {account}, probes {self.json['probes']}")


def probe_argv(args, output=None, command=(), prefix=()):
    argv = [*prefix, LATENCYPROBE, *args]
    if output:
        argv += ["--output", output]
    return argv + (["--", *command] if command else [])


def probe(*args, command=(), prefix=(), **options):
    """Runs latencyprobe until it ends by itself, with what it traces as COMMAND."""
    with Folder() as folder:
        output = folder / "report.json"
        with Process(*probe_argv(args, output, command, prefix), **options) as process:
            process.wait()
            return Report(json.loads(output.read_bytes()), process.stdout, process.stderr)


class Tracing:
    """latencyprobe under way, from when it counts; finish() ends it with a signal and gives the report."""

    def __init__(self, *args, prefix=(), output=True, **options):
        self.folder = Folder()
        self.output = self.folder.__enter__() / "report.json"
        self.process = Process(*probe_argv(args, self.output if output else None, prefix=prefix), **options)

    def __enter__(self):
        try:
            self.process.wait_for("Tracing")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.__exit__()
        self.folder.__exit__()

    def wait(self):
        """Until it ends by itself."""
        self.process.wait()
        return Report(json.loads(self.output.read_bytes()), self.process.stdout, self.process.stderr)

    def finish(self, number=signal.SIGINT):
        if self.process.status is None:
            self.process.signal(number)
        return self.wait()


def run_plain(*args, prefix=(), **options):
    """latencyprobe without a report to read: (status, stdout, stderr)."""
    with Process(*prefix, LATENCYPROBE, *args, **options) as process:
        process.wait(status=None)
        return process.status, process.stdout, process.stderr


def may_miss(attach):
    """
    With lazy preemption, fentry programs miss what another task does on the CPU of one that was preempted in the same
    program. 5.10 has as many instances of a kretprobe as CPUs: calls beyond go without an exit.
    """
    return KERNEL >= (7, 0) if attach == "fentry" else KERNEL < (5, 11)


def has_missed(report, attach):
    """Some was missed, and on a kernel where this may be: there, what is missing is not the program's fault."""
    account = report.account()
    return may_miss(attach) and bool(report.missed() or account["lost_exit"] or account["in_flight"])


def require_count(report, expected, attach, account_op=None, **labels):
    """EXPECTED calls recorded; where the kernel may miss some, those have to show up as missed or lost."""
    found = report.count(**labels)
    if found == expected:
        return
    op = account_op or labels["op"]
    account = report.account(op)
    excuse = f"account {account}, probes {[p for p in report.json['probes'] if p['missed']]}"
    require(may_miss(attach), f"{labels}: {found} recorded, expected {expected}; {excuse}")
    n_lost = account["lost_exit"] + account["in_flight"] + report.missed(op)
    require(found <= expected <= found + n_lost, f"{labels}: {found} recorded, {n_lost} lost of {expected}; {excuse}")
    # Only kretprobes keep it to themselves, where they are attached through perf before 6.7.
    require(attach == "kprobe" or report.missed(op), f"{labels}: lost, but nothing missed: {excuse}")


def require_in_slot(series, expected_ns, what, n_slots=1, percentile="p50"):
    """The percentile is at most N_SLOTS slots away from EXPECTED_NS."""
    found = series["percentiles"][percentile]
    low, high = slot_bounds(expected_ns)
    width = (high - low + 1) * n_slots
    require(found["low_ns"] <= high + width and found["high_ns"] >= low - width,
            f"{what}: {percentile} is in [{found['low_ns']}, {found['high_ns']}], expected {expected_ns} ns")


__all__ = [
    "DISK", "DiskFile", "ENDINGS", "Failure", "Folder", "KERNEL", "LATENCYPROBE", "MISSES_COMPLETIONS", "Process",
    "ROOT", "Report", "SURE_ATTACH", "Tracing", "WORK", "has_missed", "make_deep", "may_miss", "parse_objects", "probe",
    "probe_argv", "require", "require_count", "require_equal", "require_in_slot", "run_plain", "run_work", "slot_bounds",
    "start_work", "wait_until", "work_result",
]
