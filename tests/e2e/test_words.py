# SPDX-License-Identifier: MIT
"""The commands that trace nothing: doctor, list, help, version."""

import os
import subprocess

from harness import LATENCYPROBE, require, require_equal, run_plain
from registry import test

TARGETS = ("vfs", "tcp", "block")
OPERATIONS = {
    "vfs": ("open", "read", "write", "fsync", "close", "stat", "vfs_read", "vfs_write"),
    "tcp": ("send", "recv", "cleanup_rbuf", "tcp_sendmsg", "tcp_recvmsg"),
    "block": ("read", "write", "flush", "discard", "block_rq_issue", "block_rq_complete", "device"),
}


def say(*args):
    status, stdout, stderr = run_plain(*args)
    require_equal((status, stderr), (0, ""), f"status and stderr of {args}")
    return stdout


def require_words(text, words):
    missing = [word for word in words if word not in text]
    require(not missing, f"{missing} missing in:\n{text}")


@test("root")
def doctor():
    """S2-18, S3-11: kernel, rights, BTF, and what can be attached to."""
    text = say("doctor")
    require_words(text, [os.uname().release, "capabilities", "BTF", "kprobes", "fentry", "lockdown"])
    works, *needs = text.splitlines()[-2:] if "These need" in text else text.splitlines()[-1:]
    require(works.startswith("All targets") or works.endswith(": bio block syscall uprobe usdt"), f"no conclusion:\n{text}")
    require(not needs or needs[0].endswith(": func tcp vfs"), f"no conclusion:\n{text}")


@test("root", "kprobes")
def doctor_finds_everything():
    text = say("doctor")
    require("missing" not in text, f"something is missing:\n{text}")


@test("root", "setpriv")
def doctor_without_rights():
    """S2-18, S3-10: what to do about missing rights."""
    prefix = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--ambient-caps=-all"]
    status, stdout, _ = run_plain("doctor", prefix=prefix)
    require_equal(status, 3, f"status of {LATENCYPROBE} doctor")
    require_words(stdout, ["CAP_BPF", "setcap"])


@test(each=[*TARGETS, "replay", "merge", "compare", "report", "list", "doctor", "man"])
def help_both_ways(word):
    require_equal(say("help", word), say(word, "--help"), f"help {word}, and {word} --help")
    require_words(say("help", word), ["Usage:"])


COMPLETED = {("blo",): "block", ("block", "--outp"): "--output", ("block", "--op", "disc"): "discard",
             ("vfs", "--by", "patt"): "pattern", ("list", "tc"): "tcp", ("block", "--attach", "fen"): "fentry",
             ("compare", "--threshold-r"): "--threshold-rate", ("report", "--outp"): "--output",
             ("report", "--dur"): ""}


@test("bash", each=[" ".join(words) for words in COMPLETED])
def completed(words):
    script = ('source <("$0" completion); COMP_WORDS=(latencyprobe "$@"); COMP_CWORD=$#; _latencyprobe; '
              'echo "${COMPREPLY[*]}"')
    done = subprocess.run(["bash", "-euc", script, LATENCYPROBE, *words.split()], check=True, capture_output=True, text=True)
    require_equal(done.stdout.strip(), COMPLETED[tuple(words.split())], f"what {words} is completed to")


@test()
def list_names_targets():
    require_words(say("list"), TARGETS)


@test("root", each=TARGETS)
def list_of(target):
    require_words(say("list", target), (*OPERATIONS[target], "--op", "--by"))


@test()
def help_names_targets():
    require_words(say("--help"), ("Usage:", *TARGETS, "list", "doctor", "replay", "merge", "hlog", "hgrm"))


@test(each=["replay", "merge"])
def help_of_files(word):
    require_words(say(word, "--help"), ("FILE", "--format", "--output", "Examples:"))


@test(each=["man", "completion"])
def manual(word):
    require_words(say(word), (*TARGETS, "replay", "merge", "hlog", "outlier"))


@test(each=TARGETS)
def help_of(target):
    require_words(say(target, "--help"), ("--duration", "--interval", "--output", "--pid", "--by"))


@test()
def version():
    text = say("--version")
    require(text.startswith("latencyprobe ") and text.split()[1][0].isdigit(), f"no version in {text!r}")
