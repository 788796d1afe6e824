# SPDX-License-Identifier: MIT
"""--bpf-object: the target's own object from its file does what it does inside, and what does not fit is refused."""

import os
import random
import shutil
import struct
import subprocess

from harness import LATENCYPROBE, ROOT, SURE_ATTACH, WORK, Folder, probe, require, require_equal, run_plain
from registry import Failure, Skip, test

OBJECTS = ROOT / ".output" / "bpf"
N = 50


def object_bytes(target):
    return (OBJECTS / f"{target}.bpf.o").read_bytes()


def require_refused(path, *words, target="syscall", prefix=(), status=2):
    """With one line that says why, before anything is traced; and not by a signal."""
    found, stdout, stderr = run_plain(target, "--bpf-object", path, "-q", "--", "true", prefix=prefix)
    require_equal(found, status, f"status for {path}: {stderr}")
    require_equal((stdout, len(stderr.splitlines())), ("", 1), f"lines on stdout, on stderr: {stderr}")
    for word in ("--bpf-object: ", str(path), *words):
        require(word in stderr, f"no {word!r} in {stderr}")


@test("root")
def own_object():
    """S2-8: from its file the object counts what it counts inside."""
    report = probe("syscall", "getppid", "--bpf-object", OBJECTS / "syscall.bpf.o", "-c", "lp-work",
                   command=[WORK, "syscalls", N])
    require_equal(report.count(syscall="getppid"), N, "calls")
    report.require_nothing_lost()


@test("kprobes")
def own_object_with_functions():
    with Folder() as folder:
        report = probe("vfs", "--bpf-object", OBJECTS / "vfs.bpf.o", "--attach", SURE_ATTACH, "--op", "read", "-c", "lp-work",
                       "--by", "size", "--outlier", "1ns", command=[WORK, "calls", "read", N, 2, folder / "file"])
    require_equal(report.count(op="read", ret="ok", size="1B-2B"), 2 * N, "reads")
    require_equal(len([o for o in report.json["outliers"] if o["labels"]["ret"] == "ok"]), 2 * N, "outliers")
    report.require_nothing_lost()


@test("root")
def other_targets():
    for target, other in (("syscall", "block"), ("block", "syscall"), ("block", "vfs"), ("syscall", "func")):
        require_refused(OBJECTS / f"{other}.bpf.o", f"does not fit {target}: it has no program", target=target)


@test("root")
def no_objects():
    with Folder() as folder:
        os.mkfifo(folder / "fifo")
        require_refused(folder / "fifo", "no regular file")
        require_refused(folder, "no regular file")
        require_refused(folder / "missing", "No such file or directory")
        require_refused("/bin/true", "is no BPF object")
        file = folder / "object"
        for content in b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF" + bytes(4096), bytes(1 << 20):
            file.write_bytes(content)
            require_refused(file, "is no BPF object")


@test("root")
def damaged_objects():
    """Cut off anywhere, and with anything else in them."""
    good = object_bytes("syscall")
    chance = random.Random(7)
    with Folder() as folder:
        file = folder / "object"
        for n in [64, 4096, *range(len(good) // 20, len(good) - 1, len(good) // 20), len(good) - 1]:
            file.write_bytes(good[:n])
            require_refused(file)
        for _ in range(20):
            file.write_bytes(chance.randbytes(len(good)))
            require_refused(file, "is no BPF object")
            file.write_bytes(b"\x7fELF\x02\x01\x01" + chance.randbytes(len(good)))
            require_refused(file, "is no BPF object")
        for _ in range(40):
            changed = bytearray(good)
            for _ in range(chance.choice([1, 5, 20])):
                changed[chance.randrange(len(good))] = chance.randrange(256)
            file.write_bytes(changed)
            status, _, stderr = run_plain("syscall", "getppid", "--bpf-object", file, "-q", "--", "true")
            # What was changed may not matter, or only to the verifier; but nothing may take latencyprobe with it.
            require(status in (0, 2, 3) and (status == 0 or stderr), f"status {status}: {stderr}")


def replaced(content, old, new):
    """With one name changed wherever it ends a text; one as long as the old one."""
    found = content.replace(old + b"\0", new + b"\0")
    require(found != content and len(found) == len(content), f"no name {old} to change")
    return found


def place_of(content, name):
    """Where the variable's value is in the file: the symbol's section and value, as ELF has them."""
    table, = struct.unpack_from("<Q", content, 40)
    n_sections, = struct.unpack_from("<H", content, 60)
    sections = [struct.unpack_from("<IIQQQQIIQQ", content, table + 64 * n) for n in range(n_sections)]
    symbols = next(section for section in sections if section[1] == 2)
    names = sections[symbols[6]][4]
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        name_at, _, _, section, value, _ = struct.unpack_from("<IBBHQQ", content, at)
        if content[names + name_at:].startswith(name + b"\0"):
            return sections[section][4] + value
    raise Failure(f"no symbol {name}")


@test("root")
def objects_that_do_not_fit():
    good = object_bytes("syscall")
    with Folder() as folder:
        file = folder / "object"
        for old, new, why in (
                (b"sys_exit", b"sys_exis", "it has no program sys_exit"),
                (b"lat_ring", b"lat_rink", "it has no map lat_ring"),
                (b"max_ns", b"max_nz", "its struct lat_"),
                (b"lat_abi_version", b"lat_abi_versiom", "no object of latencyprobe"),
                (b"tp_btf/sys_enter", b"raw_tp/sys_enter", "its program sys_enter is of section raw_tp/sys_enter")):
            file.write_bytes(replaced(good, old, new))
            require_refused(file, f"{file} does not fit syscall: ", why)


@test("root")
def other_version():
    content = bytearray(object_bytes("syscall"))
    at = place_of(content, b"lat_abi_version")
    version, = struct.unpack_from("<I", content, at)
    require(0 < version < 1000, f"version {version} at {at}")
    struct.pack_into("<I", content, at, version + 1)
    with Folder() as folder:
        file = folder / "object"
        file.write_bytes(content)
        require_refused(file, f"its lat_abi_version is {version + 1}, that of this latencyprobe is {version}")


@test("root", "setcap", "setpriv")
def rights_of_the_file():
    """Who may only run latencyprobe must not get what it has been trusted with into the kernel."""
    with Folder() as folder:
        copy = folder / "latencyprobe"
        shutil.copy(LATENCYPROBE, copy)
        copy.chmod(0o755)
        if subprocess.run(["setcap", "cap_bpf,cap_perfmon=ep", copy], check=False, capture_output=True).returncode:
            raise Skip("no file capabilities here")
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        done = subprocess.run([*as_nobody, copy, "syscall", "-q", "--bpf-object", OBJECTS / "syscall.bpf.o", "--", "true"],
                              capture_output=True, text=True, check=False)
    require_equal(done.returncode, 1, done.stderr)
    require("is not loaded with capabilities that latencyprobe's own file has (setcap)" in done.stderr, done.stderr)
