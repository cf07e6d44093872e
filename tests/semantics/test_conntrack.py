"""Which connection a packet belongs to: zones of both directions, and what opens one; as kernels do."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.program import DNAT_BIT, ESTABLISHED, INVALID, NEW, SNAT_BIT
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.symbolic.one_fields import READ
from sekisho.symbolic.tracking import rewrite, show
from sekisho.values.packet import ACK, FIN, ICMP, RST, SYN
from sekisho.values.slotted import replace
from tests.semantics.one import track_one
from tests.semantics.rules import packet
from tests.semantics.wired import HOST, wired

# Rules of raw PREROUTING for what comes from the client and from the server, and whether the server's answer
# belongs to the client's connection (measured: Linux 6.18).
ZONES = [
    ("", "", True),
    ("--zone 7", "--zone 7", True),
    ("--zone 7", "", False),
    ("", "--zone 7", False),
    # A direction without a zone of its own is in zone 0, whatever the other one's is.
    ("--zone-orig 7", "", True),
    ("--zone-orig 7", "--zone-orig 7", True),
    ("--zone-orig 7", "--zone-orig 8", True),
    ("--zone-orig 7", "--zone 7", False),
    ("--zone-reply 7", "", False),
    ("--zone-reply 7", "--zone-reply 7", True),
    ("--zone-reply 7", "--zone-reply 8", False),
    ("--zone-reply 7", "--zone-orig 7", False),
    ("--zone 7", "--zone-reply 7", True),
    ("--zone 7", "--zone-orig 7", False),
    ("", "--zone-orig 7", True),
    ("", "--zone-reply 7", False),
]


def zoned(first: str, answer: str) -> str:
    """Answers pass when they belong to a connection."""
    said = (
        f"-A PREROUTING -i {name} -j CT {zone}\n" for name, zone in (("c0", first), ("s0", answer)) if zone
    )
    return (
        f"*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{''.join(said)}COMMIT\n"
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -i c0 -j ACCEPT\n"
        "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n"
    )


@pytest.mark.kernel
def test_the_kernel_looks_in_the_zone_of_the_direction() -> None:
    with wired() as (host, client, server), ExitStack() as held:
        echo = held.enter_context(server.socket(socket.AF_INET, socket.SOCK_DGRAM))
        echo.bind(("10.2.0.2", 53))
        echo.settimeout(2)
        found = []
        for number, (first, answer, _) in enumerate(ZONES):
            host.run(["iptables-restore"], feed=zoned(first, answer))
            asking = held.enter_context(client.socket(socket.AF_INET, socket.SOCK_DGRAM))
            asking.bind(("10.1.0.2", 40000 + number))
            asking.sendto(b"?", ("10.2.0.2", 53))
            echo.sendto(b"!", echo.recvfrom(1)[1])
            asking.settimeout(0.3)
            try:
                found.append((first, answer, asking.recv(1) == b"!"))
            except TimeoutError:
                found.append((first, answer, False))
        assert found == ZONES


@pytest.mark.parametrize(("first", "answer", "belongs"), ZONES)
def test_and_so_does_trace(first: str, answer: str, belongs: bool) -> None:
    world = World(load_text(HOST + zoned(first, answer)))
    found = trace(world, Question("10.1.0.2", "10.2.0.2", "udp", 40000, 53, "c0"))
    assert found.forward.disposition == "exits"
    assert found.reply is not None
    assert found.reply.disposition == ("exits" if belongs else "dropped")


# Row sNO of tcp_conntracks (nf_conntrack_proto_tcp.c), and what xt_conntrack then says.
OPENING = [
    (SYN, NEW), (ACK, NEW), (SYN | ACK, INVALID), (FIN, INVALID), (FIN | ACK, INVALID), (RST, INVALID),
    (RST | ACK, INVALID), (0, INVALID),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "state"), OPENING)
def test_what_opens_a_connection_of_tcp(flags: int, state: int) -> None:
    seen = track_one(packet(sport=40000, dport=80, tcp_flags=flags))
    assert seen.ctstate == state
    assert len(seen.connections) == (state == NEW)
    assert (seen.connection is not None) is (state == NEW)


def test_an_answer_is_the_mirror_image() -> None:
    opened = track_one(packet("10.1.0.2", "10.2.0.2", sport=40000, dport=80, tcp_flags=SYN))
    answer = track_one(packet("10.2.0.2", "10.1.0.2", sport=80, dport=40000, tcp_flags=SYN | ACK), opened)
    assert answer.tracked == opened.tracked == 0
    assert (answer.ctdir, answer.ctstate) == (1, ESTABLISHED)
    # The same from other ports is of no connection.
    stray = track_one(packet("10.2.0.2", "10.1.0.2", sport=40000, dport=80, tcp_flags=SYN | ACK), opened)
    assert stray.connection is None


@pytest.mark.parametrize(("query", "reply"), [(8, 0), (13, 14), (15, 16), (17, 18)])
def test_the_answer_to_a_query_has_another_type(query: int, reply: int) -> None:
    """RFC 792 and 950: echo 8 and 0, timestamp 13 and 14, information 15 and 16, mask 17 and 18. A tuple has
    the type before the code."""
    opened = track_one(packet("10.1.0.2", "10.2.0.2", ICMP, icmp_type=query, icmp_id=7))
    again = replace(packet("10.2.0.2", "10.1.0.2", ICMP, icmp_type=query, icmp_id=7), answered=True)
    answer = track_one(again, opened)
    assert (answer.ctdir, answer.ctstate) == (1, ESTABLISHED)
    told = [READ[name](answer) for name in ("icmp_type", "ctorigdport", "ctrepldport", "ctreplsport")]
    assert told == [reply, query << 8, reply << 8, 7]


@pytest.mark.parametrize(
    ("status", "direction", "side", "changed"),
    [
        # Originals get their new source where sources are translated; answers have theirs restored there
        # when the destination was (nf_nat_core.c, nf_nat_packet).
        (SNAT_BIT, 0, "src", True), (SNAT_BIT, 0, "dst", False),
        (SNAT_BIT, 1, "src", False), (SNAT_BIT, 1, "dst", True),
        (DNAT_BIT, 0, "src", False), (DNAT_BIT, 0, "dst", True),
        (DNAT_BIT, 1, "src", True), (DNAT_BIT, 1, "dst", False),
    ],
)  # fmt: skip
def test_which_side_is_translated_where(status: int, direction: int, side: str, changed: bool) -> None:
    opened = track_one(packet("10.1.0.2", "10.1.0.1", sport=40000, dport=80, tcp_flags=SYN))
    assert opened.connection is not None
    onward = packet("10.1.0.11", "10.1.0.12", sport=13, dport=14).ends
    known = replace(opened.connection, status=opened.connection.status | status, onward=onward)
    seen = replace(
        opened.with_connection(known), ends=packet("192.0.2.1", "192.0.2.2", sport=1, dport=2).ends
    )
    after = rewrite(show(seen, direction), side)
    assert (after.ends != seen.ends) is changed
    untouched = ("dst", "dport") if side == "src" else ("src", "sport")
    assert [getattr(after.ends, name) for name in untouched] == [getattr(seen.ends, n) for n in untouched]
