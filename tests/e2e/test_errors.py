# SPDX-License-Identifier: MIT
"""What cannot be done: the exit status, one line that says why, and nothing spoilt."""

import os
import subprocess

from harness import LATENCYPROBE, Folder, require, require_equal, run_plain
from registry import Skip, test

FAILED, USAGE = 1, 2
# Behind the line that says why, argp says where to look, in a sentence that it may break.
HINT = "Try `latencyprobe "


def reasons(stderr):
    lines = stderr.splitlines()
    for at, line in enumerate(lines):
        if line.startswith(HINT):
            return lines[:at]
    return lines


def require_error(status, said, *args, prefix=(), notes=()):
    """STATUS, one line with SAID on stderr beside NOTES, nothing on stdout."""
    found, stdout, stderr = run_plain(*args, prefix=prefix)
    what = f"{args}: status {found}, stdout {stdout!r}, stderr {stderr!r}"
    require(found == status, f"expected status {status}: {what}")
    require(stdout == "", f"something on stdout: {what}")
    lines = [line for line in reasons(stderr) if not any(note in line for note in notes)]
    require(len(lines) == 1, f"not one line: {what}")
    require(lines[0].startswith("latencyprobe"), f"the program's name is missing: {what}")
    require(said in lines[0], f"`{said}` is missing: {what}")


USAGE_ERRORS = {
    "unknown_target": ("vsf", "vsf"),
    "unknown_option": ("--bogus", "block", "--bogus"),
    "bad_time": ("5x", "block", "--duration", "5x"),
    "negative_time": ("-1", "block", "--duration=-1"),
    "bad_count": ("0", "block", "1", "0"),
    "two_intervals": ("given twice", "block", "-i", "1", "2"),
    "stacks_of_bio": ("bio has none", "bio", "--stacks"),
    "large_ring": ("to 1G", "block", "--ring-size", "2G"),
    "bad_max_keys": ("many", "block", "--max-keys", "many"),
    "no_such_pid": ("99999999", "block", "-p", "99999999"),
    "bad_pid": ("1x", "block", "-p", "1x"),
    "long_name": ("15 bytes", "block", "-c", "sixteen-bytes-xx"),
    "no_cgroup": ("/tmp", "block", "--cgroup", "/tmp"),
    "missing_cgroup": ("/nowhere", "block", "--cgroup", "/nowhere"),
    "unknown_disk": ("nodisk", "block", "-d", "nodisk"),
    "disk_of_vfs": ("no disks", "vfs", "-d", "vda"),
    "unknown_operation": ("bogus", "block", "--op", "read,bogus"),
    "empty_operation": ("''", "block", "--op", "read,"),
    "unknown_dimension": ("bogus", "block", "--by", "bogus"),
    "unknown_format": ("bogus", "block", "--format", "bogus"),
    "unknown_attach": ("uprobe", "block", "--attach", "uprobe"),
    "count_without_interval": ("--interval", "block", "--count", "3"),
    "third_number": ("what is 3", "block", "1", "2", "3"),
    "unknown_list": ("bogus", "list", "bogus"),
    "doctor_with_more": ("more", "doctor", "more"),
    "list_with_more": ("more", "list", "vfs", "more"),
    "help_of_nothing": ("bogus", "help", "bogus"),
    "no_interval": ("interval", "block", "0"),
}


@test(each=list(USAGE_ERRORS))
def usage(name):
    said, *args = USAGE_ERRORS[name]
    require_error(USAGE, said, *args)


@test()
def no_words_at_all():
    status, stdout, stderr = run_plain()
    require_equal(status, USAGE, "status")
    require("Usage:" in stdout + stderr, "no usage")


@test("disk", "addpart")
def partition():
    disk = os.environ["LATENCYPROBE_DISKS"].split()[0]
    name = os.path.basename(disk)
    subprocess.run(["addpart", disk, "1", "2048", "4096"], check=True)
    try:
        for given in (f"{name}1", f"{disk}1"):
            require_error(USAGE, f"is a partition; what is measured is its disk, {name}", "block", "-d", given)
    finally:
        subprocess.run(["delpart", disk, "1"], check=True)


@test("root")
def output_in_no_folder():
    require_error(FAILED, "/nowhere/report.json: No such file", "block", "-o", "/nowhere/report.json")


@test("root")
def output_is_full():
    require_error(FAILED, "/dev/full: No space left", "block", "-q", "--duration", "0.1", "-o", "/dev/full")


@test("root")
def stdout_is_full():
    with open("/dev/full", "wb") as full:
        status, _, stderr = run_plain("block", "--duration", "0.1", stdout=full)
    require_equal(status, FAILED, "status")
    require("No space left" in stderr, f"no reason in {stderr}")


@test("root")
def command_that_is_none():
    require_error(FAILED, "cannot run /nowhere/command", "block", "--", "/nowhere/command", notes=("Tracing",))


def require_untouched(*args):
    with Folder() as folder:
        output = folder / "report.json"
        output.write_text("precious")
        status, _, stderr = run_plain("block", "-o", output, *args)
        require(status != 0, f"no failure: {stderr}")
        require_equal(output.read_text(), "precious", "what was there")
        require_equal(os.listdir(folder), ["report.json"], "files left")


@test("root", each=["--duration=x", "--op=bogus", "--cgroup=/tmp"])
def output_stays_after_usage_error(arg):
    require_untouched(arg)


@test("root")
def output_stays_when_the_command_is_none():
    require_untouched("--", "/nowhere/command")


def as_nobody(*words):
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]


def require_reachable(prefix):
    """The copy's folder may be closed to others on machines that are not made for this."""
    if subprocess.run([*prefix, LATENCYPROBE, "--version"], capture_output=True, check=False).returncode:
        raise Skip(f"others may not run {LATENCYPROBE}")


@test("root", "setpriv")
def no_capabilities():
    """S2-18, S3-10: what is missing is named."""
    prefix = as_nobody("--inh-caps=-all", "--bounding-set=-all")
    require_reachable(prefix)
    require_error(FAILED, "CAP_BPF", "block", "--duration", "0.1", prefix=prefix)


@test("kprobes", "setpriv", "prlimit", each=["vfs", "tcp", "block"])
def two_capabilities_are_enough(target):
    """S2-3, S3-11: CAP_BPF and CAP_PERFMON; before 5.11 the limit of locked memory has to be raised by somebody, too."""
    prefix = ["prlimit", "--memlock=unlimited",
              *as_nobody("--inh-caps=-all,+bpf,+perfmon", "--ambient-caps=-all,+bpf,+perfmon")]
    status, stdout, stderr = run_plain(target, "--duration", "0.2", prefix=prefix)
    require_equal(status, 0, f"status ({stderr})")
    require(stdout, "no report")
