# SPDX-License-Identifier: MIT
"""The tests there are, what each needs of the machine, and the loop that runs them."""

import fnmatch
import sys
import time
import traceback

from needs import missing_need

TESTS = {}


class Failure(AssertionError):
    """A test found that something is not as it has to be."""


class Skip(Exception):
    """A test cannot run here, for the given reason."""


def test(*needs, each=None):
    """Registers a test. NEEDS are names in needs.NEEDS; EACH makes one test of each value, its only argument."""

    def register(function):
        name = f"{function.__module__.removeprefix('test_')}.{function.__name__}"
        for value in each or [None]:
            TESTS[name if value is None else f"{name}[{value}]"] = (function, needs, value)
        return function

    return register


def matches(name, pattern):
    plain = name.replace("[", ".").replace("]", "")
    module, test_name = name.split("[")[0].split(".")
    return any(pattern == n or fnmatch.fnmatchcase(n, pattern) for n in (name, plain, module, f"{module}.{test_name}"))


def select(patterns):
    """The names that match one of the patterns: a module, a test, a glob of either; all without a pattern."""
    for pattern in patterns:
        if not any(matches(name, pattern) for name in TESTS):
            sys.exit(f"no test is called {pattern}")
    return [name for name in TESTS if not patterns or any(matches(name, pattern) for pattern in patterns)]


def first_of_each(names):
    """Of tests of several values only that of the first one."""
    firsts = {}
    for name in names:
        firsts.setdefault(name.split("[")[0], name)
    return list(firsts.values())


def details_of(error):
    """Where it happened, and all but the first line of what it says."""
    places = [f"at {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.line}"
              for frame in traceback.extract_tb(error.__traceback__)[1:]]
    return "\n".join("    " + line for line in places + str(error).splitlines()[1:])


def run_one(name):
    """'passed', 'failed' or 'skipped', after saying so."""
    function, needs, value = TESTS[name]
    start = time.monotonic()
    try:
        for need in needs:
            reason = missing_need(need)
            if reason:
                raise Skip(reason)
        function() if value is None else function(value)
    except Skip as skip:
        print(f"skip {name}: {skip}", flush=True)
        return "skipped"
    except Exception as error:  # pylint: disable=broad-except # one test must not end the others
        first_line = (str(error) or repr(error)).splitlines()[0]
        print(f"FAIL {name}: {first_line}\n{details_of(error)}", flush=True)
        return "failed"
    print(f"ok {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return "passed"


def run_all(names):
    """The names by what became of them."""
    ended = {"passed": [], "failed": [], "skipped": []}
    for name in names:
        ended[run_one(name)].append(name)
    print(", ".join(f"{len(which)} {what}" for what, which in ended.items()), flush=True)
    return ended
