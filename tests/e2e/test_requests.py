# SPDX-License-Identifier: MIT
"""tcp's requests: of each role as many as there were, and as long as the delays in the workload make them."""

import sys

from harness import KERNEL, SURE_ATTACH, WORK, has_missed, probe, require, require_equal
from registry import test

N = 30
DELAY_NS = 3_000_000

# A server's answer that begins with a file's pages: before 6.5, these have a function of their own.
SENDFILE = """
import os, socket, sys, tempfile, threading
n, listener = int(sys.argv[1]), socket.create_server(("127.0.0.1", 0))
file = tempfile.TemporaryFile()
file.write(b"x" * 100)
file.flush()
def serve():
    server = listener.accept()[0]
    while server.recv(100):
        os.sendfile(server.fileno(), file.fileno(), 0, 100)
thread = threading.Thread(target=serve)
thread.start()
client = socket.create_connection(listener.getsockname())
for _ in range(n):
    client.send(b"x" * 100)
    client.recv(100)
client.close()
thread.join()
"""

# What a server reads of a connection that its client has reset meanwhile.
ABORTED = """
import socket, struct, sys, time
listener = socket.create_server(("127.0.0.1", 0))
for _ in range(int(sys.argv[1])):
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    client.send(b"x")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    time.sleep(0.01)
    assert server.recv(1) == b"x"
    server.close()
"""

# A server's answer begins with the first byte of it.
EMPTY_SEND = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
client.send(b"x")
server.recv(1)
server.send(b"")
time.sleep(float(sys.argv[1]))
server.send(b"x")
client.recv(1)
"""


def probe_requests(*args, family=4, attach=SURE_ATTACH):
    return probe("tcp", "--op", "request", "--attach", attach, *args, command=[WORK, "requests", family, N, DELAY_NS])


def misses(report, attach):
    """However sends are attached to, receives are a tracepoint, which the kernel drops as it does fentry."""
    return has_missed(report, attach) or has_missed(report, "fentry")


@test("kprobes", each=["4-fentry", "4-kprobe", "6-fentry", "6-kprobe", "mapped-fentry"])
def both_roles(variant):
    """Each request and each answer is of two sends; the last request is half of one, and stays without an answer."""
    family, attach = variant.split("-")
    report = probe_requests("--by", "role,family,comm", family=family, attach=attach)
    if misses(report, attach):
        return
    family = "6" if family == "6" else "4"
    client = report.one(op="request", ret="ok", role="client", family=family, comm="lp-work")
    server = report.one(op="request", ret="ok", role="server", family=family)
    require_equal([client["count"], server["count"]], [N, N], "requests of client and server")
    require_equal(report.account("request")["unanswered"], 2, "the last one, at both ends")
    require_equal(report.account("request")["entered"], 2 * N + 2, "entered")
    report.require_nothing_lost()
    # From the last send on, not from the first; at the server from the first part on.
    require(client["min_ns"] >= 2 * DELAY_NS, f"an answer before its time: {client['min_ns']}")
    require(client["max_ns"] <= report.work["client"]["max_ns"], f"longer than around it: {client['max_ns']}")
    require(client["sum_ns"] <= report.work["client"]["sum_ns"], f"more than around all: {client['sum_ns']}")
    require(server["min_ns"] >= 2 * DELAY_NS, f"shorter than it took: {server['min_ns']}")
    require(server["sum_ns"] >= report.work["server"]["sum_ns"], f"less than within all: {server['sum_ns']}")


@test("kprobes")
def by_who_and_sampled():
    """Who began one is asked where it begins; the account adds up with what is left out."""
    report = probe_requests("-c", "lp-work")
    require_equal([report.count(op="request"), report.account("request")["filtered"]], [N, N + 1], "the client's only")
    for limit, n in ((f"{2 * DELAY_NS}ns", N), (f"!{2 * DELAY_NS}ns", 0)):
        report = probe_requests("--min-latency", limit, "--by", "role")
        require_equal([report.count(role="client"), report.count(role="server"), report.account("request")["filtered"]],
                      [n, n, 2 * N - 2 * n], f"of each role, and filtered, with --min-latency {limit}")
    report = probe_requests("--sample-rate", 3)
    account = report.account("request")
    require_equal([account["entered"], account["recorded"] + account["unanswered"] + account["sampled_out"]],
                  [2 * N + 2, 2 * N + 2], f"all, of {account}")
    require(0 < account["sampled_out"] < 2 * N, f"none or all were measured: {account}")
    report.require_nothing_lost()


@test("kprobes", each=["fentry", "kprobe"])
def empty_send(attach):
    report = probe("tcp", "--op", "request", "--attach", attach, "--by", "role", command=[sys.executable, "-c", EMPTY_SEND, "0.1"])
    if misses(report, attach):
        return
    require(report.one(role="server")["min_ns"] >= 100_000_000, "an answer of nothing ended it")


@test("kprobes")
def read_when_it_is_over():
    """Nothing ends such a request of the server, so none begins."""
    report = probe("tcp", "--op", "request", "--attach", SURE_ATTACH, command=[sys.executable, "-c", ABORTED, N])
    account = report.account("request")
    require_equal((account["entered"], account["unanswered"]), (N, N), f"requests of the clients, of {account}")
    report.require_nothing_lost()


@test("kprobes")
def with_connections():
    """Beside them, in the same map of sockets."""
    report = probe("tcp", "--op", "connect,accept,lifetime,request,srtt", "--by", "role",
                   command=[WORK, "requests", 4, N, 0])
    require_equal({(s["labels"]["op"], s["labels"]["role"]): s["count"] for s in report.json["series"]},
                  {("connect", "client"): 1, ("accept", "server"): 1, ("lifetime", "client"): 1,
                   ("lifetime", "server"): 1, ("srtt", "client"): 1, ("srtt", "server"): 1, ("request", "client"): N,
                   ("request", "server"): N}, "counts")
    report.require_nothing_lost()


@test("kprobes", each=["fentry", "kprobe"])
def sendfile(attach):
    report = probe("tcp", "--op", "request", "--by", "role", "--attach", attach,
                   command=[sys.executable, "-c", SENDFILE, N])
    if misses(report, attach):
        return
    require_equal([report.count(role="client"), report.count(role="server")], [N, N], "requests")
    require(KERNEL >= (6, 5) or any(p["function"] == "do_tcp_sendpages" for p in report.json["probes"]),
            "before 6.5, sendfile has a function of its own")
    report.require_nothing_lost()
