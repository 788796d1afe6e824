# SPDX-License-Identifier: MIT
"""tcp's connections: roles, filters, sampling, round-trip times, and what becomes of those that nobody accepts."""

import csv
import re
import socket
import subprocess
import sys
from pathlib import Path

from harness import (KERNEL, SURE_ATTACH, WORK, Tracing, has_missed, probe, require, require_count, require_equal,
                     require_in_slot, run_plain, run_work, start_work, wait_until)
from registry import test
from test_sampling import require_sampled

N = 20
ROUND_TRIP_NS = 100_000_000

# The client has chosen its port and the listening socket has no backlog: neither end tells what it is.
UNTOLD = """
import socket
listener = socket.create_server(("127.0.0.1", 0), backlog=0)
client = socket.socket()
client.bind(("127.0.0.1", 0))
client.connect(listener.getsockname())
server = listener.accept()[0]
client.send(b"x")
server.recv(1)
client.close()
server.close()
"""

# Connects that get no answer, since all that loopback carries is dropped, until their sockets are closed.
UNHEARD = """
import resource, socket, sys
n = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 100, n + 100))
sockets = [socket.socket() for _ in range(n)]
for i, one in enumerate(sockets):
    one.setblocking(False)
    one.connect_ex((f"127.0.0.{1 + i % 8}", 9))  # looking for a free port takes long where few are left
"""


class Netem:
    """Loopback as the words for netem say, while the `with` block lasts."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", *self.words], check=True)

    def __exit__(self, *_):
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)


@test("kprobes", each=["fentry", "kprobe"])
def roles(attach):
    """Of calls told by the sockets, of connections by what was seen."""
    report = probe("tcp", "--attach", attach, "--op", "send,recv,connect,accept,lifetime", "--by", "role",
                   command=[WORK, "connections", 4, N, 3, 1000])
    if has_missed(report, attach):
        return
    found = {tuple(s["labels"][name] for name in ("op", "role", "ret")): s["count"] for s in report.json["series"]}
    require_equal(found, {("connect", "client", "ok"): N, ("connect", "client", "error"): 3,
                          ("accept", "server", "ok"): N, ("lifetime", "client", "ok"): N,
                          ("lifetime", "server", "ok"): N}, "connections by role")
    report = probe("tcp", "--attach", attach, "--op", "send,recv", "--by", "role", command=[WORK, "tcp", 4, N, 0])
    for op in ("send", "recv"):
        for role in ("client", "server"):
            require_count(report, N, attach, op=op, ret="ok", role=role)


@test("kprobes", "cgroup2", "netem")
def cgroups_of_who_began():
    """Not of whatever the interrupts came upon that ended them."""
    cgroup = Path("/sys/fs/cgroup/lp-connections")
    cgroup.mkdir()
    try:
        with Netem("delay", "5ms"), \
                Tracing("tcp", "--op", "connect,accept,lifetime,request", "--by", "cgroup,role") as tracing:
            for workload in (("connections", 4, N, 3, 1000), ("requests", 4, N, 1000)):
                with start_work(*workload, held=True) as work:
                    (cgroup / "cgroup.procs").write_text(str(work.pid))
                    work.go_on()
                    work.wait()
            report = tracing.finish()
    finally:
        wait_until(lambda: not (cgroup / "cgroup.procs").read_text(), "end of the cgroup's processes")
        cgroup.rmdir()
    require_equal({s["labels"]["cgroup"] for s in report.json["series"]}, {"/lp-connections"}, "cgroups")
    found = {op: report.count(op=op, cgroup="/lp-connections") for op in ("connect", "accept", "lifetime", "request")}
    require_equal(found, {"connect": N + 4, "accept": N + 1, "lifetime": 2 * N + 2, "request": 2 * N}, "connections")


@test("kprobes")
def untold_roles():
    report = probe("tcp", "--op", "send,recv,connect,accept,lifetime,srtt", "--by", "role",
                   command=[sys.executable, "-c", UNTOLD])
    found = {(s["labels"]["op"], s["labels"]["role"]): s["count"] for s in report.json["series"]}
    require_equal(found, {("send", "unknown"): 1, ("recv", "unknown"): 1, ("connect", "client"): 1,
                          ("accept", "server"): 1, ("lifetime", "client"): 1, ("lifetime", "server"): 1,
                          ("srtt", "client"): 1, ("srtt", "server"): 1}, "roles")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@test("kprobes", each=["--port={port}", "--port=!{port}", "--port=!1", "--addr=!127.0.0.0/8", "--addr=!10.0.0.0/8",
                       "--addr=!127.0.0.1"])
def filters(option):
    matches = option in ("--port={port}", "--port=!1", "--addr=!10.0.0.0/8")
    port = free_port()
    option = option.format(port=port)
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "send,recv,request", option,
                   command=[WORK, "tcp", f"4:{port}", N, 0])
    for op in ("send", "recv", "request"):
        require_equal(report.count(op=op), N if matches else 0, f"{op} with {option}")
    report = probe("tcp", "--attach", SURE_ATTACH, "--op", "connect,accept,lifetime,srtt", option,
                   command=[WORK, "connections", f"4:{port}", N, 0, 1000])
    require_equal([report.count(op=op) for op in ("connect", "accept", "lifetime", "srtt")],
                  [N, N, 2 * N, 2 * N] if matches else [0] * 4, f"connections with {option}")
    report.require_nothing_lost()


@test("kprobes")
def sampled():
    n = 1000
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "connect,accept,lifetime,srtt",
                   "--sample-rate", 4, command=[WORK, "connections", 4, n, 0, 1000])
    for op, n_all in (("connect", n), ("accept", n), ("lifetime", 2 * n), ("srtt", 2 * n)):
        require_sampled(report, n_all, op, op=op)


@test("kprobes")
def short_ones_are_filtered():
    delay_ns = 50_000_000
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "connect,accept,lifetime",
                   "--min-latency", "50ms", command=[WORK, "connections", 4, N, 0, delay_ns])
    require_equal([report.count(op="accept"), report.count(op="lifetime")], [N, 2 * N], "long enough")
    connect = report.account("connect")
    require_equal(connect["recorded"] + connect["filtered"], N, f"connects, of {connect}")
    require(connect["filtered"] or report.work["connect"]["max_ns"] >= delay_ns, f"short connects: {connect}")
    report.require_nothing_lost()


@test("kprobes", each=["4", "mapped"])
def resets_in_the_queue(family):
    """What is reset before anybody accepts it has an accept that failed, and no lifetime at that end."""
    with Tracing("tcp", "--op", "connect,accept,lifetime", "--by", "role,errno,peer", "--addr", "127.0.0.1") as tracing:
        run_work("resets", family, N)
        report = tracing.finish()
    found = {(s["labels"]["op"], s["labels"]["role"], s["labels"]["errno"]): s["count"] for s in report.json["series"]}
    require_equal({s["labels"]["peer"] for s in report.json["series"]}, {"127.0.0.1"}, "peers")
    lifetimes = {key: count for key, count in found.items() if key[0] == "lifetime"}
    require_equal({key: count for key, count in found.items() if key[0] != "lifetime"},
                  {("connect", "client", "none"): N, ("accept", "server", "ECONNRESET"): N}, "connects and accepts")
    require_equal([(key[1], count) for key, count in lifetimes.items()], [("client", N)], "lifetimes")
    report.require_nothing_lost()


@test("kprobes")
def outliers_name_both_ends():
    report = probe("tcp", "--op", "connect,accept,lifetime,send,request", "--outlier", "1ns", "--by", "conn",
                   command=[WORK, "tcp", 6, 3, 0])
    conns = {s["labels"]["conn"] for s in report.json["series"]}
    require_equal(len(conns), 2, f"ends, of {conns}")
    require_equal({o["labels"]["conn"] for o in report.json["outliers"]}, conns, "connections of outliers")
    require_equal(len(report.json["outliers"]), sum(s["count"] for s in report.json["series"]), "outliers")
    line = next(line for line in report.stdout.splitlines() if " connect " in line)
    require(line.endswith(report.one(op="connect")["labels"]["conn"]) and "[::1]:" in line, f"the line: {line}")
    status, stdout, stderr = run_plain("tcp", "--op", "request", "--outlier", "1ns", "--format", "csv-outliers", "--",
                                       WORK, "tcp", 4, 3, 0)
    require_equal(status, 0, stderr)
    rows = list(csv.DictReader(line for line in stdout.splitlines() if not line.startswith("{")))
    require_equal([re.sub(r":\d+", ":PORT", row["labels"]) for row in rows],
                  ["conn=127.0.0.1:PORT -> 127.0.0.1:PORT"] * 6, f"labels of rows, of {stdout}")


def are_closed(port):
    """Whether TCP has done with all connections of the port: what waits for late packets (06) is no connection."""
    lines = [line.split() for line in open("/proc/net/tcp", encoding="ascii")]
    return all(state == "06" for _, *ends, state in (line[:4] for line in lines[1:])
               if any(end.endswith(f":{port:04X}") for end in ends))


@test("kprobes", "netem", each=["fentry", "kprobe"])
def round_trips(attach):
    """connect takes one, and srtt is what it takes on average, at both ends."""
    with Netem("delay", "50ms"):
        with Tracing("tcp", "-c", "lp-work", "--attach", attach, "--op", "connect,srtt", "--by", "role") as tracing:
            work = run_work("connections", 4, N // 2, 0, 0)
            wait_until(lambda: are_closed(work["port"]), "end of the connections")
            report = tracing.finish()
    connect = report.one(op="connect", ret="ok")
    require_equal(connect["count"], N // 2, "connects")
    require_in_slot(connect, ROUND_TRIP_NS, "connect")
    require(connect["max_ns"] <= work["connect"]["max_ns"], "a connect longer than its call")
    for role in ("client", "server"):
        srtt = report.one(op="srtt", role=role)
        require_equal(srtt["count"], N // 2, f"srtt of the {role}")
        require_in_slot(srtt, ROUND_TRIP_NS, f"srtt of the {role}")
    report.require_nothing_lost()


@test("kprobes", "netem")
def more_connects_than_room():
    n_room = 16384 if KERNEL >= (6, 1) else 8192
    n = n_room + 100
    with Netem("loss", "100%"):
        report = probe("tcp", "--op", "connect,lifetime", "--by", "errno", command=[sys.executable, "-c", UNHEARD, n])
    require_equal(report.count(op="connect", errno="ECONNABORTED"), n_room, "connects that there was room for")
    require_equal([report.account("connect")[name] for name in ("entered", "recorded", "lost_span")],
                  [n, n_room, n - n_room], "the account")
    require_equal([report.account("lifetime")[name] for name in ("entered", "lost_span")], [n - n_room] * 2, "lifetimes")
