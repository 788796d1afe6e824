# SPDX-License-Identifier: MIT
"""--path: files by the glob that their whole path matches."""

import os
import subprocess

from harness import KERNEL, SURE_ATTACH, WORK, Folder, make_deep, probe, require, require_equal
from registry import test

BOTH = ["fentry", "kprobe"]
VFS = ("vfs", "-c", "lp-work")


@test("kprobes", each=BOTH)
def across_mounts(attach):
    """From the first call on a file on, over mounts; what is left out is counted, and no key is wasted on it."""
    with Folder() as folder:
        mount, bound = folder / "a" / "mount", folder / "bound"
        for each in (mount, bound, folder / "b"):
            each.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "lp", mount], check=True)
        try:
            subprocess.run(["mount", "--bind", mount, bound], check=True)
            try:
                (mount / "deep").mkdir()
                reads = {folder / "a" / "x.log": 3, mount / "deep" / "y.log": 5, bound / "deep" / "y.log": 7,
                         folder / "b" / "z.log": 11, folder / "b" / "z.txt": 13}
                script = "".join(f'"$1" calls read:{n} 1 1 {path}; ' for path, n in reads.items())
                for pattern, expected in {
                        f"{folder}/a/*": {folder / "a" / "x.log", mount / "deep" / "y.log"},
                        f"!{folder}/a/*": {bound / "deep" / "y.log", folder / "b" / "z.log", folder / "b" / "z.txt"},
                        f"{folder}/*/[x-z].l?g": set(reads) - {folder / "b" / "z.txt"},
                        f"{bound}/deep/y.log": {bound / "deep" / "y.log"}, "*.txt": {folder / "b" / "z.txt"}}.items():
                    # Either path is that of the same file, which has one series by the path that was seen first.
                    report = probe(*VFS, "--attach", attach, "--op", "read", "--path", pattern, "--by", "file",
                                   "--max-keys", 3, command=["sh", "-c", script, "sh", WORK])
                    n = sum(reads[path] for path in expected)
                    require_equal(report.count(op="read"), n, f"reads with --path {pattern}")
                    require(report.account("read")["filtered"] >= sum(reads.values()) - n, f"filtered: {report.account('read')}")
                    require_equal(report.account("read")["other_key"], 0, "reads of files without a key")
                    report.require_nothing_lost()
            finally:
                subprocess.run(["umount", bound], check=True)
        finally:
            subprocess.run(["umount", mount], check=True)


@test("kprobes", each=["*/file 5", "*/new 3", "*/link 7", "!*/file 10"])
def by_name_now(pattern_and_count):
    """A name that was given later counts, as when a new version takes the place of a file."""
    pattern, n = pattern_and_count.split(" ")
    with Folder() as folder:
        script = ('"$1" calls read:3 1 1 "$2/new"; mv "$2/new" "$2/file"; "$1" calls read:5 1 1 "$2/file"; '
                  'ln "$2/file" "$2/link"; "$1" calls read:7 1 1 "$2/link"')
        report = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read", "--path", pattern,
                       command=["sh", "-c", script, "sh", WORK, folder])
        require_equal(report.count(), int(n), f"reads with --path {pattern}")


@test("kprobes")
def of_all_kinds():
    """Pipes and the like have no path, and match nothing; every operation on a file is asked."""
    with Folder() as folder:
        steps = "read:3,readv:5,write:7,writev:9,fsync:2,fstat:11,open:13,missing:17,stat:19"
        command = [WORK, "calls", steps, 1, 1, folder / "file"]
        args = (*VFS, "--attach", SURE_ATTACH, "--op", "open,read,write,fsync,close,stat")
        only = probe(*args, "--path", f"{folder}/*", command=command)
        others = probe(*args, "--path", f"!{folder}/*", command=command)
        ftypes = probe(*VFS, "--attach", SURE_ATTACH, "--op", "read", "--path", "*", "--by", "ftype",
                       command=[WORK, "ftypes", folder])
    for op, n in {"read": 8, "write": 16, "fsync": 2, "open": 13, "close": 13}.items():
        require_equal((only.count(op=op, ret="ok"), others.count(op=op, ret="ok")), (n, 0), f"{op} of the file, of others")
    require_equal(others.count(op="open", ret="error"), 17, "opens that failed, which have no path")
    require_equal(others.count(op="stat"), 19 if KERNEL >= (6, 4) else others.count(op="stat"), "stats by path")
    require_equal({s["labels"]["ftype"] for s in ftypes.series()}, {"regular", "char", "directory"}, "types that match *")
    for each in (only, others, ftypes):
        each.require_nothing_lost()


HOSTILE_NAMES = {
    "newline": (b"new\nline", b"*new\nl?ne"), "quote": (b'quo"te', b'*/quo"*'), "escape": (b"esc\x1b[31mape", b"*/esc\x1b\\[*"),
    "invalid": (b"invalid\xff\xfe", b"*/invalid[\xf0-\xff]?"), "backslash": (b"back\\slash", b"*\\\\slash"),
    "umlaut": ("größe".encode(), "*/grö*".encode()), "long": (b"x" * 255, b"*x"),
}


@test("kprobes", each=list(HOSTILE_NAMES))
def hostile(which):
    """One of them all matches."""
    name, pattern = HOSTILE_NAMES[which]
    with Folder() as folder:
        script = b'work=$1; shift; for path; do "$work" calls read:3 1 1 "$path"; done'
        paths = [os.path.join(os.fsencode(folder), each) for each, _ in HOSTILE_NAMES.values()]
        report = probe(*VFS, "--attach", SURE_ATTACH, "--path", pattern, "--by", "file", "--op", "read",
                       command=[b"sh", b"-c", script, b"sh", os.fsencode(WORK), *paths])
        require_equal(report.count(), 3, f"reads of {name!r} with {pattern!r}")
        require_equal(len(report.series()), 1, f"files with {pattern!r}")


@test("kprobes")
def deep():
    """Where the outer names are missing, only a * in front can match."""
    with Folder() as folder:
        path = make_deep(folder)
        for pattern, n in {"*/deep/file": 3, f"{folder}/*": 0, "/*": 0, "/deep/*": 0}.items():
            report = probe(*VFS, "--attach", SURE_ATTACH, "--path", pattern, "--op", "read",
                           command=[WORK, "calls", "read:3", 1, 1, path / "file"])
            require_equal(report.count(), n, f"reads with --path {pattern}")
