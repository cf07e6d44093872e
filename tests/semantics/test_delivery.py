"""Who takes a packet that was let in."""

from __future__ import annotations

from dataclasses import replace

from sekisho.lab.exchange import start_at
from sekisho.model.host import Socket
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.sources import iptables_save
from sekisho.symbolic.one_journeys import journey
from tests.case_files import read

NAT = """\
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.0.2.10:80-81
COMMIT
"""


def _host(*ports: int) -> Snapshot:
    """A host with two wires that listens on ports."""
    snapshot = read("untracked-only-after-notrack").snapshot()
    rulesets = iptables_save.parse(NAT, "iptables-save.txt", 4).facts
    sockets = tuple(Socket("tcp", "LISTEN", None, port) for port in ports)
    shown = frozenset({"tcp", "udp"})
    host = replace(snapshot.host, rulesets=rulesets, sockets=sockets, socket_protocols=shown)
    return replace(snapshot, host=host)


def test_a_port_that_a_translation_picks_may_be_a_sockets() -> None:
    """Which of the ports it is no snapshot tells (nf_nat_core.c, get_unique_tuple)."""
    packet = replace(read("untracked-only-after-notrack").packet, dst=(192 << 24) + 0x020A, dport=8080)
    served, nobody = (journey(World(_host(*ports)), start_at(packet)).forward for ports in ((81,), ()))
    assert served.disposition == "undetermined"
    assert {way.disposition for way in served.ways} == {"delivered", "no_socket"}
    assert [doubt.args for doubt in served.doubts] == [("dport",)]
    assert nobody.disposition == "no_socket"
