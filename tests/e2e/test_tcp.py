# SPDX-License-Identifier: MIT
"""Target tcp: exact counts and bytes of sends and receives, over IPv4 and IPv6."""

import sys

from harness import SURE_ATTACH, WORK, has_missed, probe, require, require_count, require_equal, run_plain
from registry import test

N = 60
REQUEST_BYTES = 100
DELAY_NS = 2_000_000


@test("kprobes", each=["4-fentry", "4-kprobe", "6-fentry", "6-kprobe"])
def counts(variant):
    """S2-15, S2-17: calls and bytes of sends and receives, over IPv4 and IPv6."""
    family, attach = variant.split("-")
    report = probe("tcp", "-c", "lp-work", "--attach", attach, command=[WORK, "tcp", family, N, DELAY_NS])
    for op in ("send", "recv"):
        require_count(report, N, attach, op=op, ret="ok")
    require_count(report, N, attach, op="cleanup_rbuf", ret="ok")
    # A receive that waits gives back what it has read so far before it does: nothing.
    require(report.count(op="cleanup_rbuf", ret="eof") <= N, "more calls that gave nothing back than waits")
    require_equal({s["labels"]["ret"] for s in report.series(op="recv")}, {"ok"}, "return classes of recv")
    if has_missed(report, attach):
        return
    report.require_nothing_lost()
    for op in ("send", "recv"):
        require_equal(report.bytes(op=op), N * REQUEST_BYTES, f"bytes of {op}")


# Of IPv4 over an IPv6 socket all is as of IPv4.
ADDRESS = {"4": ("127.0.0.1", "127.0.0.1"), "6": ("::1", "[::1]"), "mapped": ("127.0.0.1", "127.0.0.1")}


# What is not there yet, five pieces sent and received, sends after the end of sending, and what a reset leaves.
RESULTS = """
import socket, struct, sys
n, listener = int(sys.argv[1]), socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
server.setblocking(False)

def refused(error, function, *args):
    try:
        function(*args)
    except error:
        return
    sys.exit(f"no {error}")

for _ in range(n):
    refused(BlockingIOError, server.recv, 100)
for _ in range(5):
    client.send(b"x" * 100)
    assert len(server.recv(200)) == 100
server.shutdown(socket.SHUT_WR)
for _ in range(3):
    refused(BrokenPipeError, server.send, b"x")
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
refused(ConnectionResetError, server.recv, 100)
"""


@test("kprobes", each=["fentry", "kprobe"])
def results(attach):
    """By class and name; what fails has no bytes."""
    report = probe("tcp", "--attach", attach, "--op", "send,recv", "--by", "errno", command=[sys.executable, "-c", RESULTS, N])
    if has_missed(report, attach):
        return
    found = {tuple(s["labels"][name] for name in ("op", "ret", "errno")): (s["count"], s["bytes"]) for s in report.series()}
    require_equal(found, {("send", "ok", "none"): (5, 500), ("recv", "ok", "none"): (5, 500),
                          ("send", "error", "EPIPE"): (3, 0), ("recv", "again", "EAGAIN"): (N, 0),
                          ("recv", "error", "ECONNRESET"): (1, 0)}, "count and bytes by result")
    report.require_nothing_lost()


def probe_connections(*args, family="4", n=20, refused=0, delay_ns=5_000_000):
    return probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, *args,
                 command=[WORK, "connections", family, n, refused, delay_ns])


@test("kprobes", each=["4", "6", "mapped"])
def connections(family):
    """S2-16, S3-1, S3-7: every connection connects, waits for accept and closes at both ends; refused ones fail."""
    n, delay_ns = 20, 5_000_000
    report = probe_connections("--op", "connect,accept,lifetime", "--by", "peer,family,errno", family=family, n=n,
                               refused=7, delay_ns=delay_ns)
    labels = {"peer": ADDRESS[family][0], "family": "6" if family == "6" else "4"}
    require_equal(report.count(op="connect", ret="ok", **labels), n, "connects")
    require_equal(report.count(op="connect", ret="error", errno="ECONNREFUSED", **labels), 7, "refused connects")
    require_equal(report.count(op="accept", ret="ok", **labels), n, "accepts")
    require_equal(report.count(op="lifetime", ret="ok", **labels), 2 * n, "lifetimes of both ends")
    require(report.one(op="accept", ret="ok")["min_ns"] >= delay_ns, "an accept before its time")
    require(report.one(op="lifetime", ret="ok")["min_ns"] >= delay_ns, "a lifetime shorter than it was")
    require(report.one(op="connect", ret="ok")["max_ns"] <= report.work["connect"]["max_ns"],
            "a connect longer than its call")
    require_equal(report.account()["entered"] - report.account()["filtered"], 4 * n + 7, "entered")
    report.require_nothing_lost()


@test("kprobes", each=["4", "6"])
def thousand_connections(family):
    """S2-1, S2-11: each connection has its series, the text of which names both ends."""
    report = probe_connections("--op", "connect,accept", "--by", "conn", "--max-keys", 4000, family=family, n=1000,
                               delay_ns=1000)
    server = f"{ADDRESS[family][1]}:{report.work['port']}"
    connects, accepts = report.series(op="connect", ret="ok"), report.series(op="accept", ret="ok")
    require_equal([s["count"] for s in connects + accepts], [1] * 2000, "counts")
    clients = {s["labels"]["conn"].split(" -> ")[0] for s in connects}
    require_equal(len(clients), 1000, "clients")
    require_equal({s["labels"]["conn"] for s in connects}, {f"{c} -> {server}" for c in clients}, "connections")
    require_equal({s["labels"]["conn"] for s in accepts}, {f"{server} -> {c}" for c in clients}, "accepted ones")
    report.require_nothing_lost()


@test("kprobes", each=["4-fentry", "4-kprobe", "mapped-fentry"])
def calls_by_connection(variant):
    """S2-1, S2-15: sends and receives have their connection."""
    family, attach = variant.split("-")
    report = probe("tcp", "-c", "lp-work", "--attach", attach, "--op", "send,recv,cleanup_rbuf", "--by", "conn,lport",
                   command=[WORK, "tcp", family, N, 0])
    conns = {s["labels"]["conn"] for s in report.json["series"]}
    require_equal(len(conns), 1, f"connections, of {conns}")
    lport = conns.pop().split(" -> ")[0].rpartition(":")[2]
    for op in ("send", "recv", "cleanup_rbuf"):
        require_count(report, N, attach, op=op, ret="ok", lport=lport)


@test("kprobes", each=["--addr=127.0.0.0/8", "--addr=127.0.0.1", "-4", "--addr=10.0.0.0/8", "-6",
                       "--addr=::1", "--port=1"])
def socket_filters(option):
    matches = option in ("--addr=127.0.0.0/8", "--addr=127.0.0.1", "-4")
    report = probe("tcp", "-c", "lp-work", "--attach", SURE_ATTACH, "--op", "send,recv", option,
                   command=[WORK, "tcp", 4, N, 0])
    for op in ("send", "recv"):
        require_equal(report.count(op=op), N if matches else 0, f"{op} with {option}")
    report = probe_connections("--op", "connect,accept,lifetime", option, refused=3)
    require_equal([report.count(op=op) for op in ("connect", "accept", "lifetime")],
                  [23, 20, 40] if matches else [0, 0, 0], f"connections with {option}")
    report.require_nothing_lost()


@test()
def bad_filters():
    for option in ("--addr=127.0.0.1/33", "--addr=::1/129", "--addr=1.2.3", "--addr=::1/", "--port=0", "--port=65536"):
        require_equal(run_plain("tcp", option)[0], 2, f"exit status with {option}")
    require_equal(run_plain("block", "--port=1")[0], 2, "exit status of --port with block")
