#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the end-to-end tests on this machine, as root: run.py [OPTION]... [NAME or glob]..., see run.py --help."""

import argparse
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import registry  # noqa: E402 # found by the path above


def main():
    parser = argparse.ArgumentParser(description="End-to-end tests of latencyprobe on this machine, as root.",
                                     fromfile_prefix_chars="@")
    parser.add_argument("--list", action="store_true", help="print the tests' names and end")
    parser.add_argument("--skipped", type=Path, metavar="FILE", help="write the names of skipped tests, to be given as @FILE")
    parser.add_argument("--first", type=Path, metavar="FILE",
                        help="the tests named in there as well; of those of several values only the first")
    parser.add_argument("--without", type=Path, metavar="FILE", help="not the tests named in there, which have passed")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a module, a test, or a glob of either")
    options = parser.parse_args()
    for file in sorted(HERE.glob("test_*.py")):
        importlib.import_module(file.stem)
    names = registry.select(options.names) if options.names or not options.first else []
    if options.first:
        also = registry.select(options.first.read_text(encoding="utf-8").splitlines())
        first = registry.first_of_each(also)
        names = [name for name in registry.TESTS if name in {*names, *first}]
        print(f"{len(set(also) - set(names))} tests are of further values and left out: make test-kernels runs them")
    passed = []
    if options.without:
        passed = options.without.read_text(encoding="utf-8").splitlines()
        names = [name for name in names if name not in passed]
        print(f"{len(passed)} tests have passed before, {len(names)} are left")
    if options.list:
        print("\n".join(names))
        return 0
    ended = registry.run_all(names)
    if options.skipped:
        options.skipped.write_text("".join(f"{name}\n" for name in ended["skipped"]), encoding="utf-8")
    return 1 if ended["failed"] or not (ended["passed"] or passed) else 0


if __name__ == "__main__":
    sys.exit(main())
