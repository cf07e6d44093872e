"""Connections that are older than the rules: what the kernel does with their next packets, and the model.

The host between them publishes the server's 10.2.0.2:8080 as 10.1.0.1:80.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.semantics.wired import HOST, wired

NAT = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 10.1.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.2:8080
COMMIT
"""
FILTER = """*filter
:INPUT ACCEPT [0:0]
:FORWARD {policy} [0:0]
:OUTPUT ACCEPT [0:0]
{rules}COMMIT
"""
# The rules of today, and whether a connection of yesterday still works under them.
TODAY = [
    ("DROP", "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n", True),
    ("ACCEPT", "-A FORWARD -m conntrack --ctstate NEW -j REJECT\n", True),
    ("DROP", "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\n", False),
    ("DROP", "-A FORWARD -i c0 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n", False),
    ("DROP", "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n", True),
    ("DROP", "-A FORWARD -m conntrack --ctorigdstport 80 --ctstate ESTABLISHED -j ACCEPT\n", True),
]


def _echoed(there: socket.socket, here: socket.socket) -> bool:
    """Whether a byte sent from there gets here, and one from here gets there."""
    for sender, receiver in ((there, here), (here, there)):
        sender.sendall(b"x")
        receiver.settimeout(0.5)
        try:
            receiver.recv(1)
        except TimeoutError:
            return False
    return True


@pytest.mark.kernel
@pytest.mark.parametrize(("policy", "rules", "works"), TODAY)
def test_the_kernel_knows_connections_of_yesterday(policy: str, rules: str, works: bool) -> None:
    with wired() as (host, client, server), ExitStack() as held:
        host.run(["iptables-restore"], feed=NAT + FILTER.format(policy="ACCEPT", rules=""))
        listener = held.enter_context(server.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind(("10.2.0.2", 8080))
        listener.listen()
        calling = held.enter_context(client.socket(socket.AF_INET, socket.SOCK_STREAM))
        calling.settimeout(5)
        calling.connect(("10.1.0.1", 80))
        taken = held.enter_context(listener.accept()[0])
        assert _echoed(calling, taken)
        host.run(["iptables-restore"], feed=NAT + FILTER.format(policy=policy, rules=rules))
        assert _echoed(calling, taken) is works


@pytest.mark.parametrize(("policy", "rules", "works"), TODAY)
def test_and_so_does_trace(policy: str, rules: str, works: bool) -> None:
    world = World(load_text(HOST + NAT + FILTER.format(policy=policy, rules=rules)))
    question = Question("10.1.0.2", "10.1.0.1:80", sport=40000, iface="c0", state="established")
    found = trace(world, question)
    assert found.works is works
    opening = trace(world, Question("10.1.0.2", "10.1.0.1:80", sport=40000, iface="c0"))
    assumed = any(lean.code == "connection-assumed" for lean in found.leans_on)
    assert assumed is (opening.works is not True)
