"""What the kernel does with an answer of the metadata service: the reason behind ``trap.imds-hop-limit``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe, reply
from sekisho.model.links import Interface
from sekisho.values.names import interface_name as iface
from tests.lab.hosts import namespace, packet, ruleset, snapshot

pytestmark = pytest.mark.kernel

MASQUERADE = """*nat
:POSTROUTING ACCEPT
-A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE
COMMIT
"""


@pytest.mark.parametrize(("hop_limit", "end"), [(1, "ttl_expired"), (2, "exits")])
def test_an_answer_with_one_hop_ends_at_the_host(hop_limit: int, end: str) -> None:
    host = namespace(
        interfaces=(
            Interface(iface("eth0")),
            Interface(iface("br0"), kind="bridge"),
            Interface(iface("veth1"), master=iface("br0")),
        ),
        addresses="eth0 10.0.0.10/24\nbr0 172.18.0.1/16",
        routes="default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n172.18.0.0/16 dev br0",
        rulesets=(ruleset(MASQUERADE),),
    )
    with Oracle(snapshot(host)) as oracle:
        asked = oracle.ask(Probe(packet("172.18.0.2", "169.254.169.254", 80, iif="br0")))
        assert (asked.disposition, asked.packet.oif) == ("exits", "eth0")
        back = reply(asked)
        answered = oracle.ask(replace(back, packet=replace(back.packet, ttl=hop_limit)))
    assert answered.disposition == end
    if end == "exits":
        assert answered.packet.oif == "br0"
