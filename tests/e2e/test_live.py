# SPDX-License-Identifier: MIT
"""The live screen in a real terminal: what it shows, its keys, and that the terminal is given back whatever happens."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import threading
from pathlib import Path

from harness import LATENCYPROBE, WORK, Folder, require, require_equal, wait_until
from registry import test

LIVE = "block --live -i 0.1 -c lp-work --op read"
TIME = re.compile(r"\d\d:\d\d:\d\d UTC")


class Load:
    """Reads from the root disk until the `with` block ends."""

    PATH = "/var/tmp/latencyprobe-e2e-live"

    def __enter__(self):
        Path(self.PATH).write_bytes(os.urandom(1 << 20))
        os.sync()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.is_over.is_set():
            subprocess.run([WORK, "direct", "read", self.PATH, "100", "4096"], capture_output=True, check=False)

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        Path(self.PATH).unlink()


class Screen:
    """A terminal of its own in which a shell runs SCRIPT, between two looks at the terminal's settings."""

    def __init__(self, script, width=80, height=24, shell="sh", **environment):
        self.folder = Folder()
        self.path = self.folder.__enter__()
        environment = {"LANG": "C.UTF-8", "PS1": "$ ", "PROGRAM": LATENCYPROBE, **environment}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
        # Ctrl-C is for the program, and the shell has to outlive it.
        inner = f"trap : INT; ulimit -c 0; stty -a > before; {script}; echo status $?; stty -a > after; exec sleep 1000"
        command = f"unset NO_COLOR COLORTERM LC_ALL LC_CTYPE; export {words}; exec {shell} -c {shlex.quote(inner)}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(self.path),
                  command, ";", "set", "-g", "remain-on-exit", "on")

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.path / "socket", *args], capture_output=True, check=False)
        require(done.returncode == 0, f"tmux {args}: {done.stderr}")
        return done.stdout.decode()

    def text(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def flags(self):
        return self.tmux("display", "-p", "#{alternate_on} #{cursor_flag}").strip()

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait_for(self, pattern, *options):
        """Until the screen shows PATTERN: the whole text."""

        def look():
            self.seen = self.text(*options)
            return re.search(pattern, self.seen, re.MULTILINE)

        try:
            wait_until(look, f"{pattern!r} on the screen", 20)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.seen}") from None
        return self.seen

    def wait_for_map(self):
        """Until intervals with operations have been drawn."""
        return self.wait_for(r"read device vda: [1-9]")

    def pid(self):
        """That of the program, which the pane's shell or a shell of that one has started."""
        waiting, found = [self.tmux("display", "-p", "#{pane_pid}").strip()], []
        while waiting:
            pid = waiting.pop()
            waiting += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if Path(f"/proc/{pid}/comm").read_text().strip() == "latencyprobe":
                found.append(int(pid))
        require(len(found) == 1, f"processes: {found}")
        return found[0]

    def require_given_back(self, status):
        """The shell went on with a terminal as it was before."""
        text = self.wait_for(rf"^status {status}$", "-S", "-", "-J")
        wait_until(lambda: (self.path / "after").exists() and (self.path / "after").read_text(), "stty -a", 20)
        require_equal((self.path / "after").read_text(), (self.path / "before").read_text(), "stty -a")
        require_equal(self.flags(), "0 1", "alternate screen and cursor")
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.path / "socket", "kill-server"], capture_output=True, check=False)
        self.folder.__exit__()


def is_whole(text, width, height):
    """Nothing was wrapped or scrolled: the title is first, the keys are last."""
    lines = text.removesuffix("\n").split("\n")
    return (lines[0].startswith("block on ") and "q quit" in lines[-1] and len(lines) == height and
            max(len(line) for line in lines) <= width)


@test("root", "tmux", "direct_root")
def shows_what_happens():
    """S1-20: map, lines and tables say what the load does, and resizing draws it anew."""
    with Load(), Screen(f"$PROGRAM {LIVE} --outlier 1us") as screen:
        text = screen.wait_for_map()
        require_equal(screen.flags(), "1 0", "alternate screen and cursor")
        for pattern in (r"^p50 +[\d.]+us +[\d.]+us .*[▁▂▃▄▅▆▇█]", r"^max ", r"us - +[\d.]+us",
                        r"\d\d:\d\d:\d\d\|$", r"^> [12] read device vda",
                        r"[mu]s  \S+  read device vda +lp-work/\d+ +4.00KiB$", r"took 1.00us or longer"):
            require(re.search(pattern, text, re.MULTILINE), f"no {pattern} in {text}")
        require(is_whole(text, 80, 24), f"no whole frame: {text}")
        require("\033[48;5;" in screen.text("-e"), "no colours")
        for width, height in ((120, 40), (40, 10), (200, 12), (79, 50)):
            screen.resize(width, height)
            wait_until(lambda: is_whole(screen.text(), width, height), f"frame of {width}x{height}", 20)
        screen.resize(4, 2)
        screen.wait_for("too")
        screen.resize(80, 24)
        screen.wait_for_map()
        screen.press("q")
        text = screen.require_given_back(0)
    require(re.search(r"^account: [\d,]+ entered = ", text, re.MULTILINE), f"no final report in {text}")
    require(text.count("Tracing block") == 1 and "interval" not in text, f"more than the final report in {text}")


def shown_ns(text):
    number, unit = re.fullmatch(r"([\d.]+)(ns|us|ms|s)", text).groups()
    return float(number) * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[unit]


@test("root", "tmux", "direct_root")
def agrees_with_the_file():
    """The newest interval's figures are those of the same interval in the file."""
    with Load(), Screen(f"$PROGRAM {LIVE} -i 1 -o $PWD/run.jsonl") as screen:
        screen.wait_for_map()
        screen.press("Space")
        text = screen.wait_for("PAUSED, [1-9]")
        screen.press("q")
        screen.require_given_back(0)
        intervals = [json.loads(line) for line in (screen.path / "run.jsonl").read_text().splitlines()]
    (interval,) = [i for i in intervals if i["interval"] and f"T{TIME.findall(text)[0].split()[0]}" in i["end"]]
    phase = re.search(r"^\d read (device|queue) vda:", text, re.MULTILINE).group(1)
    (series,) = [s for s in interval["series"] if s["labels"]["phase"] == phase]
    for name, ns in (("p50", series["percentiles"]["p50"]["ns"]), ("p90", series["percentiles"]["p90"]["ns"]),
                     ("p99", series["percentiles"]["p99"]["ns"]), ("max", series["max_ns"])):
        shown = re.search(rf"^{name} +(\S+)", text, re.MULTILINE).group(1)
        require(abs(shown_ns(shown) - ns) <= 0.006 * ns, f"{name}: {shown} on the screen, {ns} ns in the file")


@test("root", "tmux", "direct_root")
def keys():
    with Load(), Screen(f"$PROGRAM {LIVE}") as screen:
        screen.wait_for_map()
        screen.press("Space")
        paused = TIME.findall(screen.wait_for("PAUSED, [1-9]"))
        require_equal(TIME.findall(screen.wait_for("PAUSED, [3-9]")), paused, "time shown while paused")
        screen.press("Space")
        wait_until(lambda: TIME.findall(screen.text()) > paused, "time that goes on")
        screen.press("1")
        screen.wait_for("^1 read ")
        screen.press("Tab")
        screen.wait_for("^2 read ")
        screen.press("BTab")
        screen.wait_for("^1 read ")
        screen.press("Up")
        screen.wait_for("^2 read ")
        screen.press("0")
        screen.press("u")
        screen.wait_for(r"unit \(us\)")
        screen.press("u")
        screen.wait_for(r"unit \(ms\)")
        screen.wait_for(r"0\.0\d\dms - +0\.\d+ms")
        screen.press("?")
        screen.wait_for("next series, previous series")
        screen.press("?")
        screen.wait_for_map()
        screen.press("x", "Escape", "F5", "[200~")
        screen.wait_for_map()
        screen.press("q")
        screen.require_given_back(0)


@test("root", "tmux", "direct_root", each=["C-c", "INT", "TERM", "HUP", "duration", "count"])
def ends_with_the_report(how):
    """However it ends: the terminal as before, then the report, then the shell."""
    options = {"duration": "--duration 1", "count": "--count 10"}.get(how, "")
    with Load(), Screen(f"$PROGRAM {LIVE} {options}") as screen:
        screen.wait_for_map()
        if how == "C-c":
            screen.press(how)
        elif not options:
            os.kill(screen.pid(), getattr(signal, f"SIG{how}"))
        text = screen.require_given_back(0)
    require(re.search(r"^account: [\d,]+ entered = ", text, re.MULTILINE), f"no final report in {text}")


@test("root", "tmux", each=["QUIT", "ABRT", "SEGV", "BUS", "ILL", "FPE", "USR1", "ALRM"])
def dies_tidily(name):
    """A crash, or a signal that nobody expected: the terminal as before, and the signal is what it died of."""
    number = getattr(signal, f"SIG{name}")
    with Screen(f"$PROGRAM {LIVE}") as screen:
        screen.wait_for("q quit")
        os.kill(screen.pid(), number)
        screen.require_given_back(128 + number)


@test("root", "tmux", "bash")
def stops_and_goes_on():
    """Ctrl-Z gives the terminal to the shell, fg takes it back, and so it does after a stop that it was not told of."""
    with Screen("bash --norc -i") as screen:
        screen.wait_for(r"^\$")
        screen.press(f"$PROGRAM {LIVE}", "Enter")
        screen.wait_for("q quit")
        screen.press("C-z")
        screen.wait_for("Stopped")
        require_equal(screen.flags(), "0 1", "alternate screen and cursor")
        screen.press("fg", "Enter")
        screen.wait_for("q quit")
        require_equal(screen.flags(), "1 0", "alternate screen and cursor")
        os.kill(screen.pid(), signal.SIGSTOP)
        screen.wait_for("Stopped")
        screen.press("fg", "Enter")
        wait_until(lambda: is_whole(screen.text(), 80, 24), "frame drawn anew", 20)
        screen.press("q")
        screen.wait_for("^account:")
        screen.press("exit", "Enter")
        screen.require_given_back(0)


@test("root", "tmux")
def terminal_goes_away():
    """Nobody is left to read the report; the program must not stay."""
    with Screen(f"$PROGRAM {LIVE}") as screen:
        screen.wait_for("q quit")
        pid = screen.pid()
        screen.tmux("kill-server")
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "end of the program")


@test("root")
def stuck_terminal():
    """Intervals go on though nobody takes what is drawn, and the terminal is given back when somebody does."""
    with Folder() as folder:
        output, terminal = folder / "run.jsonl", b""
        pid, fd = pty.fork()
        if not pid:
            os.environ["TERM"] = "xterm"
            os.execv(LATENCYPROBE, [LATENCYPROBE, *LIVE.split(), "-i", "0.05", "-o", output])
        wait_until(lambda: output.exists() and output.read_bytes().count(b"\n") > 40, "intervals in the file")
        os.kill(pid, signal.SIGTERM)
        while b"nothing recorded" not in terminal and b"account:" not in terminal:
            terminal += os.read(fd, 1 << 16)
        require_equal(os.waitpid(pid, 0)[1], 0, "status")
        os.close(fd)
    behind = terminal[terminal.rindex(b"\033[?1049l"):]
    require(0 < behind.find(b"\033[?25h") < behind.find(b"block on "), f"not given back: {behind[:100]}")


@test("root", "tmux", each=["NO_COLOR", "vt100", "ascii", "truecolor"])
def looks(kind):
    """Only what the terminal, its language and its user take."""
    environment = {"NO_COLOR": {"NO_COLOR": "1"}, "vt100": {"TERM": "vt100"}, "ascii": {"LANG": "C"},
                   "truecolor": {"COLORTERM": "truecolor"}}[kind]
    with Load(), Screen(f"$PROGRAM {LIVE}", **environment) as screen:
        screen.wait_for_map()
        text = screen.text("-e")
        require(("\033[" in text) == (kind in ("ascii", "truecolor")), f"colours or none in {text!r}")
        require(text.isascii() == (kind == "ascii"), f"ASCII or not: {text!r}")
        require(kind != "truecolor" or "\033[48;2;" in text, f"no true colours in {text!r}")


@test("root", "tmux", each=["dumb", "unset", "pipe"])
def falls_back_to_lines(kind):
    script = {"dumb": "TERM=dumb $PROGRAM", "unset": "env -u TERM $PROGRAM", "pipe": "$PROGRAM"}[kind]
    end = " | cat" if kind == "pipe" else ""
    with Screen(f"{script} {LIVE} --count 2{end}", height=60) as screen:
        text = screen.require_given_back(0)
    require("reporting each interval instead" in text, f"no note in {text}")
    require_equal(re.findall(r"^block interval (\d+)", text, re.MULTILINE), ["1", "2"], "intervals")


@test("root", "tmux", "direct_root")
def messages_wait():
    """What is said meanwhile is not drawn over: it comes when the screen is given back."""
    with Load(), Screen(f"$PROGRAM {LIVE} -o /dev/full --format jsonl") as screen:
        screen.wait_for_map()
        require("No space left" not in screen.text(), "a message in the midst of the screen")
        require(is_whole(screen.text(), 80, 24), "no whole frame")
        screen.press("q")
        text = screen.require_given_back(1)
    require(re.search("latencyprobe: /dev/full: .*No space left on device", text), f"no message in {text}")
    require("account: " in text, f"no final report in {text}")


@test("root", each=["--quiet", "-o -"])
def needs_stdout(option):
    done = subprocess.run([LATENCYPROBE, "block", "--live", *option.split()], capture_output=True, check=False)
    require_equal(done.returncode, 2, "exit status")
    require_equal(done.stderr.count(b"\n"), 1, "lines on stderr")
