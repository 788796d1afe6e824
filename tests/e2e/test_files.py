# SPDX-License-Identifier: MIT
"""Dimensions and filters by file: its type, its file system, itself."""

import os
import subprocess

from harness import DISK, SURE_ATTACH, WORK, Folder, Tracing, make_deep, probe, require, require_equal, start_work
from loop import LoopDisk
from registry import test

BOTH = ["fentry", "kprobe"]
VFS = ("vfs", "-c", "lp-work")
N_FILES = 10_000
# Reads of `work ftypes`, by type.
READS = {"regular": ("eof", 3), "pipe": ("ok", 5), "socket": ("ok", 7), "char": ("ok", 11), "anon": ("ok", 13),
         "directory": ("error", 2)}


@test("kprobes", each=BOTH)
def every_type(attach):
    """S1-18: counts by type of file, and what files without a path are called."""
    with Folder() as folder:
        report = probe(*VFS, "--attach", attach, "--op", "open,read,close", "--by", "ftype,file",
                       command=[WORK, "ftypes", folder])
    for ftype, (ret, n) in READS.items():
        require_equal(report.count(op="read", ftype=ftype, ret=ret), n, f"reads of {ftype}")
    require_equal(report.count(op="read"), sum(n for _, n in READS.values()), "all reads")
    require_equal(report.one(op="read", ftype="regular")["labels"]["file"], f"{folder}/regular (deleted)", "deleted file")
    require_equal(report.one(op="read", ftype="char")["labels"]["file"], "/dev/zero", "device's path")
    require_equal(report.one(op="read", ftype="directory")["labels"]["file"], str(folder), "folder's path")
    require(report.one(op="read", ftype="pipe")["labels"]["file"].startswith("pipe:["), "name of a pipe")
    require(report.one(op="read", ftype="socket")["labels"]["file"].startswith("socket:["), "name of a socket")
    require_equal(report.one(op="read", ftype="anon")["labels"]["file"], "anon_inode:[eventfd]", "name of an eventfd")
    for op in ("open", "close"):
        require_equal(report.count(op=op, ret="ok", ftype="char", file="/dev/zero"), 1, f"{op} of /dev/zero")
        require_equal(report.count(op=op, ret="ok", ftype="directory", file=str(folder)), 1, f"{op} of the folder")
    report.require_nothing_lost()


@test("kprobes", each=BOTH)
def special_files_apart(attach):
    """What is no regular file stands behind those that are, and is in no summary."""
    with Folder() as folder:
        report = probe(*VFS, "--attach", attach, "--op", "open,read,write,close", command=[WORK, "ftypes", folder])
        by_name = probe(*VFS, "--attach", attach, "--op", "read", "--by", "comm", command=[WORK, "ftypes", folder])
        only = probe(*VFS, "--attach", attach, "--op", "read", "--ftype", "pipe,socket", command=[WORK, "ftypes", folder])
    require_equal(report.count(op="read", ret="eof", ftype=None), 3, "reads of the regular file")
    special = {("read", "ok"): 36, ("read", "error"): 2, ("write", "ok"): 2, ("open", "ok"): 2, ("close", "ok"): 7}
    for (op, ret), n in special.items():
        require_equal(report.count(op=op, ret=ret, ftype="special"), n, f"{op} of special files, {ret}")
    require_equal(report.count(op="read", ftype=None), 3, "reads of no special files")
    require_equal(by_name.count(op="read", comm="lp-work", ftype="special"), 38, "reads of special files by name")
    require_equal(by_name.count(op="read", comm="lp-work", ftype=None), 3, "reads of regular ones by name")
    require_equal({s["labels"].get("ftype") for s in only.series()}, {None}, "kinds where --ftype says which")
    for each in (report, by_name):
        kinds = [s["labels"].get("ftype") for s in each.series()]
        require_equal(kinds, sorted(kinds, key=lambda kind: kind == "special"), "order")
        require_equal(each.json["total_events"], each.count(ftype=None), "the total")
        each.require_nothing_lost()
    require("read  special: 36 ops" in report.stdout, report.stdout)


@test("kprobes", "loop", "mke2fs", "fsfreeze", each=BOTH)
def outliers_by_default(attach):
    """S1-5: regular files from 10 ms on, and nothing else; a frozen file system lets nobody write."""
    script = 'exec 3>"$1/file"; { sleep 0.3; fsfreeze --unfreeze "$1"; } & fsfreeze --freeze "$1"; printf y >&3; wait'
    with LoopDisk() as disk, Folder() as folder:
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", disk.path], check=True)
        subprocess.run(["mount", disk.path, folder], check=True)
        try:
            report = probe("vfs", "--attach", attach, "--op", "read,write,close",
                           command=["sh", "-c", script, "sh", folder])
        finally:
            subprocess.run(["umount", folder], check=True)
    require("outliers from 10.0ms on of regular files" in report.stderr, report.stderr)
    found = [o for o in report.json["outliers"] if o["labels"]["op"] == "write"]
    require_equal([(o["labels"]["comm"], o["labels"]["file"], o["bytes"]) for o in found],
                  [("sh", f"{folder}/file", 1)], "writes")
    require(found[0]["latency_ns"] > 50_000_000, f"{found}")
    require(f" {folder}/file\n" in report.stdout, f"no line: {report.stdout[:2000]}")
    # sh waits at a pipe or for a terminal, which is no reason for a line.
    require(all(o["labels"]["file"].startswith("/") for o in report.json["outliers"]), f"{report.json['outliers']}")


@test("kprobes", each=BOTH)
def every_operation_knows_its_file(attach):
    with Folder() as folder:
        path = folder / "file"
        report = probe(*VFS, "--attach", attach, "--by", "file",
                       command=[WORK, "calls", "read:3,readv:5,write:7,writev:9,fsync:2,fstat:11,open:13,missing:17", 1, 1,
                                path])
    expected = {"read": 8, "write": 16, "fsync": 2, "open": 13, "close": 13}
    for op, n in expected.items():
        require_equal(report.count(op=op, ret="ok", file=str(path)), n, f"{op} of the file")
    require_equal(report.count(op="open", ret="error", file="none"), 17, "opens that failed")
    require_equal(report.count(op="stat"), 11, "fstats")
    report.require_nothing_lost()


@test("kprobes")
def file_system_and_mount():
    """A path over two mounts; each file system by its name."""
    with Folder() as folder:
        inner = folder / "outer" / "a" / "inner"
        (folder / "outer").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "lp", folder / "outer"], check=True)
        try:
            inner.mkdir(parents=True)
            subprocess.run(["mount", "-t", "ramfs", "lp", inner], check=True)
            try:
                report = probe(*VFS, "--attach", SURE_ATTACH, "--by", "fs,file", "--op", "read",
                               command=["sh", "-c", '"$1" calls read:5 1 1 "$2"; "$1" calls read:7 1 1 "$3"', "sh", WORK,
                                        inner / "file", folder / "outer" / "a" / "file"])
                only = probe(*VFS, "--attach", SURE_ATTACH, "--fs", "xfs,ramfs", "--op", "read",
                             command=[WORK, "calls", "read:5", 1, 1, inner / "file"])
                others = probe(*VFS, "--attach", SURE_ATTACH, "--fs", "!ramfs", "--op", "read",
                               command=[WORK, "calls", "read:5", 1, 1, inner / "file"])
            finally:
                subprocess.run(["umount", inner], check=True)
        finally:
            subprocess.run(["umount", folder / "outer"], check=True)
    require_equal(report.count(fs="ramfs", file=str(inner / "file")), 5, "reads of ramfs")
    require_equal(report.count(fs="tmpfs", file=str(folder / "outer" / "a" / "file")), 7, "reads of tmpfs")
    require_equal(only.count(op="read"), 5, "reads with --fs")
    require_equal((others.count(op="read"), others.account("read")["filtered"] >= 5), (0, True), "reads with --fs !")
    for each in (report, only, others):
        each.require_nothing_lost()


@test("kprobes", "direct_root")
def device_of_the_file_system():
    """By its name, or by the number of one that has no disk."""
    with Folder() as folder, Folder(inside=DISK) as on_disk:
        subprocess.run(["mount", "-t", "tmpfs", "lp", folder], check=True)
        try:
            number = os.stat(folder).st_dev
            script = '"$1" calls read:5 1 1 "$2"; "$1" calls read:7 1 1 "$3"'
            report = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read", "--by", "device",
                           command=["sh", "-c", script, "sh", WORK, folder / "file", on_disk / "file"])
        finally:
            subprocess.run(["umount", folder], check=True)
    require_equal(report.count(device=f"{os.major(number)}:{os.minor(number)}"), 5, "reads of tmpfs")
    require_equal(report.count(device="vda"), 7, "reads of the root disk")
    require_equal(report.count(), 12, "reads")


@test("kprobes", "setpriv")
def overlay():
    with Folder() as folder:
        for name in ("base", "lower", "upper", "work", "merged"):
            (folder / name).mkdir()
            if name == "base":
                subprocess.run(["mount", "-t", "tmpfs", "lp", folder / name], check=True)
        base, merged = folder / "base", folder / "merged"
        try:
            for name in ("lower", "upper", "work"):
                (base / name).mkdir()
            (base / "lower" / "file").write_bytes(b"x")
            done = subprocess.run(["mount", "-t", "overlay", "lp", "-o",
                                   f"lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work", merged],
                                  capture_output=True, check=False)
            if done.returncode:
                return
            try:
                report = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read,write,fsync", "--by", "fs,file",
                               command=[WORK, "calls", "read:5,write:3,fsync:2", 1, 1, merged / "file"])
                merged.chmod(0o777)
                # A part of the call is done as the user who mounted it.
                users = [probe(*VFS, "--attach", SURE_ATTACH, "--op", "fsync", "--uid", uid,
                               command=["setpriv", "--reuid=4321", "--clear-groups", WORK, "calls", "fsync:2", 1, 1,
                                        merged / "another"]) for uid in (4321, 0)]
            finally:
                subprocess.run(["umount", merged], check=True)
        finally:
            subprocess.run(["umount", base], check=True)
    for op, n in {"read": 5, "write": 3, "fsync": 2}.items():
        require_equal(report.count(op=op, fs="overlay", file=str(merged / "file")), n, f"{op} of overlay")
    require_equal(report.count(fs="tmpfs"), 0, "calls of the file below")
    require_equal([report.count(op="fsync") for report in users], [2, 0], "fsyncs by the user, and by root")
    for report in users:
        report.require_nothing_lost()


@test("kprobes")
def types_filtered():
    with Folder() as folder:
        only = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read", "--ftype", "pipe,socket", command=[WORK, "ftypes", folder])
        others = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read", "--ftype", "!pipe,socket",
                       command=[WORK, "ftypes", folder])
    require_equal(only.count(op="read"), 12, "reads of pipes and sockets")
    require_equal(others.count(op="read"), sum(n for _, n in READS.values()) - 12, "reads of all others")
    require(only.account("read")["filtered"] >= 29, f"filtered: {only.account('read')}")
    for report in (only, others):
        report.require_nothing_lost()


@test("kprobes", each=[1024, 40_000])
def ten_thousand_files(max_keys):
    """S0-19: each file has its reads, and what has no room is in one series."""
    with Folder() as folder:
        report = probe(*VFS, "--attach", SURE_ATTACH, "--by", "file", "--max-keys", max_keys, "--op", "read",
                       command=[WORK, "files", N_FILES, folder])
    n_reads = sum(i % 3 + 1 for i in range(N_FILES))
    require_equal(report.count(), n_reads, "reads")
    if max_keys < N_FILES:
        require_equal(len(report.series(op="read")), max_keys, "series")
        require_equal(report.count(op="other"), report.account("read")["other_key"], "reads of the rest")
    else:
        files = {}
        for series in report.series(op="read"):
            name = series["labels"]["file"]
            files[name] = files.get(name, 0) + series["count"]
        require_equal(files, {f"{folder}/f{i}": i % 3 + 1 for i in range(N_FILES)}, "reads by file")
    report.require_nothing_lost()


@test("kprobes")
def paths_only_of_what_is_shown():
    """Room for paths is not taken by files that a filter leaves out, be it only when a call ends."""
    with Folder() as folder:
        args = (*VFS, "--attach", SURE_ATTACH, "--by", "file")
        regular = probe(*args, "--ftype", "regular", "--max-keys", 2, "--op", "read", command=[
            "sh", "-c", '"$1" ftypes "$2"; "$1" calls read:3 1 1 "$2/late"', "sh", WORK, folder])
        slow = probe(*args, "--min-latency", "100ms", "--max-keys", 8, "--op", "open,read,write,close,stat,fsync", command=[
            "sh", "-c", '"$1" files 100 "$2"; "$1" pipe 3 200000000', "sh", WORK, folder])
    require_equal(regular.one(file=str(folder / "late"))["count"], 3, "reads of the last file")
    for report in (regular, slow):
        names = [s["labels"]["file"] for s in report.series() if s["labels"]["op"] != "other"]
        require(not [name for name in names if name.startswith("inode ")], f"files without a path, of {names}")
    require([s for s in slow.series(op="read") if s["labels"]["file"].startswith("pipe:[")], "no slow read of a pipe")


@test("kprobes")
def hostile_names():
    """S0-6: names of up to 255 bytes, whatever is in them."""
    names = [b'quo"te', b"esc\x1b[31mape", b"new\nline", b"invalid\xff\xfe", b"back\\slash", "größe".encode(), b"x" * 255]
    with Folder() as folder:
        script = b'work=$1; shift; for path; do "$work" calls read:3 1 1 "$path"; done'
        paths = [os.path.join(os.fsencode(folder), name) for name in names]
        for format_name in ("json", "text"):
            report = probe(*VFS, "--attach", SURE_ATTACH, "--by", "file", "--op", "read",
                           command=[b"sh", b"-c", script, b"sh", os.fsencode(WORK), *paths])
            require_equal(len(report.series(op="read")), len(names), f"files ({format_name})")
            require_equal({s["count"] for s in report.series(op="read")}, {3}, "reads of each")
            require("\x1b" not in report.stdout, "the terminal is steered")
    found = {s["labels"]["file"] for s in report.series(op="read")}
    for name in ('quo"te', "back\\slash", "größe", "new\nline", "esc\x1b[31mape", "x" * 255):
        require(f"{folder}/{name}" in found, f"{name!r} is not in {found}")


@test("kprobes")
def deep_path():
    """More names than are kept: the outer ones are missing, and it shows."""
    with Folder() as folder:
        path = make_deep(folder)
        report = probe(*VFS, "--attach", SURE_ATTACH, "--by", "file", "--op", "read",
                       command=[WORK, "calls", "read:3", 1, 1, path / "file"])
    name = report.one(op="read")["labels"]["file"]
    require(name.startswith(".../deep/") and name.endswith("/deep/file"), f"path of a deep file: {name}")


@test("kprobes")
def same_path_again():
    """A file that replaced another is one of its own, and has a name of its own."""
    with Folder() as folder:
        path = folder / "file"
        with Tracing(*VFS, "--attach", SURE_ATTACH, "--by", "file", "--op", "read") as tracing:
            for n in (3, 5):
                with start_work("calls", f"read:{n}", 1, 1, path) as work:
                    work.wait()
                path.rename(folder / f"old{n}")
            report = tracing.finish()
    require_equal(report.count(op="read", file=str(path)), 3, "reads of the first")
    require_equal([s["count"] for s in report.series(op="read") if f"{path} [inode " in s["labels"]["file"]], [5],
                  "reads of the second")


@test("kprobes", each=BOTH)
def patterns(attach):
    """S0-21: of an open file: one that gets the address of a closed one does not go on where that ended."""
    with Folder() as folder:
        report = probe(*VFS, "--attach", attach, "--op", "open,read,write", "--by", "pattern,file",
                       command=[WORK, "pattern", folder / "file"])
    for op, sequential, random in (("read", 17, 5), ("write", 4, 1)):
        found = {s["labels"]["pattern"]: s["count"] for s in report.series(op=op, file=f"{folder}/file")}
        require_equal(found, {"sequential": sequential, "random": random}, f"{op} by pattern")
    require_equal(report.count(op="open", pattern="none"), 2, "opens")
    report.require_nothing_lost()


@test("kprobes", each=BOTH)
def outliers_tell_which_file(attach):
    """S0-14: with filters and dimensions by file, and without, when the file is looked at only then."""
    with Folder() as folder:
        path = folder / "fi\nle"
        command = [WORK, "calls", "read:3,write:5,fsync:2,open:7,missing:11", 1, 1, path]
        every = {"fentry": ((), ("--by", "file"), ("--ftype", "regular,none")), "kprobe": ((), ("--path", f"{folder}/*"))}[attach]
        args = (*VFS, "--attach", attach, "--op", "open,read,write,fsync,close", "--outlier", "1ns")
        runs = [probe(*args, *options, command=command) for options in every]
        pipes = probe(*VFS, "--attach", attach, "--outlier", "1ns", "--op", "read", command=[WORK, "ftypes", folder])
    for options, report in zip(every, runs):
        found = {}
        for outlier in report.json["outliers"]:
            key = (outlier["labels"]["op"], outlier["labels"]["file"])
            found[key] = found.get(key, 0) + 1
        expected = {("read", str(path)): 3, ("write", str(path)): 5, ("fsync", str(path)): 2, ("open", str(path)): 7,
                    ("close", str(path)): 7, ("open", "none"): 11}
        if "--path" in options:
            del expected[("open", "none")]
        require_equal(found, expected, "outliers by operation and file")
        require(f"{folder}/fi\\x0ale" in report.stdout, f"no escaped path in the lines: {report.stdout[:2000]}")
        report.require_nothing_lost()
    names = {o["labels"]["file"] for o in pipes.json["outliers"]}
    require({"/dev/zero", "anon_inode:[eventfd]", str(folder)} <= names, f"names: {names}")
    require(any(name.startswith("pipe:[") for name in names), f"no pipe: {names}")
