# SPDX-License-Identifier: MIT
"""What a run says and does when a figure passes a limit, and what --strict makes of it."""

from harness import Folder, Process, probe_argv, require, require_equal, wait_until
from registry import test

SLEEP_MS = 60
SLEEPER = ["sh", "-c", f"for i in 1 2 3 4 5 6; do sleep 0.0{SLEEP_MS // 10}; done"]
SLEEPS = ["syscall", "nanosleep,clock_nanosleep"]


def traced(*options, status=0, command=SLEEPER):
    with Process(*probe_argv([*SLEEPS, *options], command=command)) as process:
        process.wait(status=status)
        return process.stderr.splitlines()


@test("root")
def alert_on_the_whole_run():
    """S0-23: without intervals: once, of what is beyond, and nothing of what is not."""
    lines = traced("--alert", "p50>50ms", "--alert", "max>10s", "--strict", status=4)
    fired = [line for line in lines if "alert" in line]
    require_equal(len(fired), 1, f"lines of alerts in {lines}")
    require("alert p50>50ms: " in fired[0] and " of 6 ops" in fired[0], f"not what fired: {fired[0]}")


@test("root")
def alert_of_a_hostile_name():
    """Escaped, and once."""
    command = ["python3", "-c", "import time; open('/proc/self/comm', 'wb').write(b'a\\x1b[1m b'); time.sleep(0.06)"]
    lines = traced("--by", "comm", "--alert", "p50>50ms", command=command)
    require([line for line in lines if "comm=a\\x1b[1m b: p50 is " in line], f"no such line in {lines}")


@test("root")
def no_alert_is_fine():
    lines = traced("--alert", "p50>5s", "--alert", "clock_nanosleep:errors>0", "--strict")
    require(not [line for line in lines if "alert" in line], f"an alert in {lines}")


@test("root")
def alert_about_nothing():
    """A slip in a name is said, as it would never fire; where there is something, or nothing is what it is about, not."""
    lines = traced("--alert", "nanosleeep:p50>1s", "--alert", "max>10s", "--alert", "nanosleeep:count<1")
    said = [line for line in lines if "nothing that it is about was measured" in line]
    require([line for line in said if "alert nanosleeep:p50>1s: " in line] and len(said) == 1, f"not said once: {lines}")


@test("root")
def alert_runs_a_command_in_each_interval():
    """S0-23, S1-11: with its facts, once for both alerts, and without waiting for it."""
    with Folder() as folder:
        log = folder / "log"
        command = f'echo "$LATENCYPROBE_INTERVAL $LATENCYPROBE_FIRED $LATENCYPROBE_FIGURE $LATENCYPROBE_VALUE_NS ' \
                  f'$LATENCYPROBE_LIMIT_NS $LATENCYPROBE_LABELS" >> {log}; sleep 1'
        traced("-i", "0.2", "--alert", "max>50ms", "--alert", "count>0", "--on-alert", command)
        lines = [line.split() for line in wait_until(log.read_text, "line of the command").splitlines()]
    require_equal([line[0] for line in lines][:1], ["1"], "interval of the first command")
    require_equal(len({line[0] for line in lines}), len(lines), f"commands a interval: {lines}")
    for _, n_fired, figure, value, limit, *labels in lines:
        require_equal((n_fired, figure, int(limit)), ("2", "max", 50_000_000), "alerts, figure, limit")
        require(SLEEP_MS * 1_000_000 <= int(value) < 1_000_000_000, f"value {value}")
        require(any(label.endswith("nanosleep") for label in labels), f"labels {labels}")


@test("root")
def alert_on_a_standstill():
    """Nothing at all is below a limit, too."""
    lines = traced("-i", "0.1", "--alert", "rate<1", command=["sh", "-c", "read x < /dev/zero & sleep 0.4; kill $!"])
    require([line for line in lines if "alert rate<1: " in line], f"no alert in {lines}")
