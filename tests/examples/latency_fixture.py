# SPDX-License-Identifier: MIT
"""Latencies as something a test can assert: traces the kernel with latencyprobe while a `with` block runs.

    with Latency("block") as latency:
        work()
    assert latency.stats.select(op="write", phase="device").p99_ms < 100

Needs what latencyprobe needs (root, or CAP_BPF and CAP_PERFMON), and nothing but Python's standard library. Copy it
beside your tests. Where pytest is installed, it has the fixture `latency`, too, which keeps recordings in tmp_path.
"""

import json
import math
import os
import signal
import subprocess
import tempfile
import time

LATENCYPROBE = os.environ.get("LATENCYPROBE", "latencyprobe")
START_TIMEOUT_S = 60
END_TIMEOUT_S = 60
MIN_ABOVE = 10  # samples above a percentile, for it to say anything


class LatencyError(Exception):
    """latencyprobe did not run, or what was recorded does not tell what is asked."""


class Stats:
    """Samples of one or more series. p50_ms, p99_ms, p99_9_ms: percentiles in ms; at most 3.2 % off."""

    def __init__(self, series):
        self._series = series
        self.count = sum(one["count"] for one in series)
        self.mean_ms = sum(one["sum_ns"] for one in series) / self.count / 1e6 if self.count else math.nan
        self.max_ms = max((one["max_ns"] for one in series), default=math.nan) / 1e6

    def select(self, **labels):
        """Only the series that have these labels, such as op="write", device="sda", ret="error"."""
        return Stats([one for one in self._series if all(one["labels"].get(k) == v for k, v in labels.items())])

    def percentile_ms(self, percent):
        """The sample that PERCENT of all are not above. LatencyError when too few are for that."""
        place = max(1, math.ceil(round(percent * self.count * 1e6) / 1e8))
        if self.count - place < MIN_ABOVE:
            raise LatencyError(f"p{percent:g} of {self.count} samples: at least "
                               f"{math.ceil(round(MIN_ABOVE / (1 - percent / 100), 3))} are needed")
        counts = {}
        for one in self._series:
            for slot in one["slots"]:
                low, high = slot["low_ns"], slot["high_ns"]
                bounds = (low, one["max_ns"] if high is None else high)
                counts[bounds] = counts.get(bounds, 0) + slot["count"]
        n_so_far = 0
        for (low, high), count in sorted(counts.items()):
            n_so_far += count
            if n_so_far >= place:
                break
        return (low + high) / 2 / 1e6

    def __getattr__(self, name):
        if name.startswith("p") and name.endswith("_ms"):
            try:
                return self.percentile_ms(float(name[1:-3].replace("_", ".")))
            except ValueError:
                pass
        raise AttributeError(name)


class Latency:
    """Records TARGET with OPTIONS from the begin of the `with` block to its end, to output_path (default: nowhere)."""

    def __init__(self, target, *options, output_path=None):
        self._argv = [LATENCYPROBE, target, *options]
        self.output_path = output_path
        self.report = None  # all that latencyprobe wrote, once the block has ended

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="latency.")
        self._said_path = os.path.join(self._folder.name, "stderr")
        if self.output_path is None:
            self._path = os.path.join(self._folder.name, "recording.json")
        else:
            self._path = os.fspath(self.output_path)
        try:
            with open(self._said_path, "wb") as said:
                self._process = subprocess.Popen([*self._argv, "--format", "json", "-o", self._path],
                                                 stdout=subprocess.DEVNULL, stderr=said)
        except OSError as error:
            self._folder.cleanup()
            raise LatencyError(f"{LATENCYPROBE}: {error}") from error
        try:
            self._wait_until_tracing()
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            self._process.send_signal(signal.SIGINT)
            try:
                status = self._process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise LatencyError(f"{self._argv} did not end") from None
            if status and kind is None:
                raise LatencyError(f"{self._argv} ended with status {status}: {self._said()}")
            if not status:
                with open(self._path, encoding="utf-8") as file:
                    self.report = json.load(file)
        finally:
            self._folder.cleanup()

    def _said(self):
        with open(self._said_path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    def _wait_until_tracing(self):
        end = time.monotonic() + START_TIMEOUT_S
        while "Tracing" not in self._said():
            if self._process.poll() is not None:
                raise LatencyError(f"{self._argv} ended with status {self._process.returncode}: {self._said()}")
            if time.monotonic() > end:
                raise LatencyError(f"{self._argv} does not begin: {self._said()}")
            time.sleep(0.01)

    @property
    def stats(self):
        """All operations that ended ok, together; select() narrows that down."""
        return Stats(self.report["series"]).select(ret="ok")

    @property
    def errors(self):
        """Those that failed."""
        return Stats(self.report["series"]).select(ret="error")


try:
    import pytest
except ImportError:
    pytest = None

if pytest:

    @pytest.fixture
    def latency(tmp_path):
        """Called like Latency; recordings go to tmp_path, which pytest keeps of the last runs."""
        n = 0

        def start(target, *options, output_path=None):
            nonlocal n
            n += 1
            return Latency(target, *options, output_path=output_path or tmp_path / f"latency-{n}.json")

        return start
