"""Whose the packets are that a host answers with: whoever listens owns them, and no listing tells who."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe
from sekisho.model.host import Socket
from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Journey
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.symbolic.one_journeys import journey
from sekisho.values.packet import ICMP, SYN, Packet
from tests.lab.hosts import namespace, packet, ruleset

ROOTS = "*filter\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n-A OUTPUT -m owner --uid-owner 0 -j DROP\nCOMMIT\n"
ASKED = replace(packet("10.0.0.77", "10.0.0.10", 80, iif="eth0"), tcp_flags=SYN)


def _host(*rulesets: Ruleset, rules: str | None = None, port: int = 80) -> Snapshot:
    routes = (
        "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n10.1.0.0/24 dev eth1\nblackhole default table 9"
    )
    listening = (Socket("tcp", "LISTEN", None, port),)
    return Snapshot("", namespace(rulesets=rulesets, sockets=listening, rules=rules, routes=routes))


def _told(snapshot: Snapshot, asked: Packet = ASKED) -> Journey:
    return journey(World(snapshot), start_at(asked))


def _ways(told: Journey) -> set[str]:
    assert told.reply is not None
    return {way.disposition for way in told.reply.ways or (told.reply,)}


@pytest.mark.kernel
def test_a_kernel_asks_who_listens() -> None:
    """Here root does."""
    with Oracle(_host(ruleset(ROOTS))) as oracle:
        seen = oracle.ask(Probe(ASKED))
    assert seen.answer == "tcp-syn-ack"
    assert [(step.chain, step.rule, step.verdict) for step in seen.replies[0].steps][-1] == (
        "OUTPUT", 1, "DROP"
    )  # fmt: skip


def test_who_listens_decides() -> None:
    told = _told(_host(ruleset(ROOTS)))
    assert told.forward.disposition == "delivered"
    assert told.reply is not None
    assert told.reply.disposition == "undetermined"
    assert _ways(told) == {"dropped", "exits"}
    assert [(doubt.code, doubt.args) for doubt in told.reply.doubts] == [("field-not-stated", ("uid",))]


@pytest.mark.parametrize(
    ("asked", "port"),
    [
        (ASKED, 81),  # the reset of a host where nobody listens is nobody's
        (packet("10.0.0.77", "10.0.0.10", None, ICMP, iif="eth0"), 80),  # the kernel's own answer
    ],
)
def test_what_the_kernel_answers_is_nobodys(asked: Packet, port: int) -> None:
    told = _told(_host(ruleset(ROOTS), port=port), asked)
    assert told.reply is None or _ways(told) == {"exits"}


def test_sets_of_answers_are_open_as_well() -> None:
    walk = SymbolicWalk(World(_host(ruleset(ROOTS))), 4)
    space = walk.space
    some = space.everything
    for name in ("src", "dst", "proto", "dport", "tcp_flags", "sport"):
        bits = space.field[name]
        some = space.equal(some, bits, space.constant(getattr(ASKED, name), bits.width))
    flows = journeys(walk, Source("interface", iif="eth0"), some)
    ends = {flow.reply.disposition for flow in flows if flow.reply is not None and flow.some.satisfiable()}
    assert {"dropped", "exits"} <= ends


RULE = "0: from all lookup local\n10: from all uidrange 1000-1999 lookup 9\n32766: from all lookup main\n"


@pytest.mark.parametrize(("uid", "wanted"), [(1000, "blackhole"), (2000, "exits"), (None, "undetermined")])
def test_a_policy_rule_by_user(uid: int | None, wanted: str) -> None:
    """Where nobody says whose process sends, such a rule may decide or not."""
    asked = replace(packet("10.0.0.10", "203.0.113.9", 80), uid=uid, tcp_flags=SYN)
    told = journey(World(_host(rules=RULE)), Start(asked, "host", "process"))
    assert told.forward.disposition == wanted


def test_a_policy_rule_by_user_for_answers() -> None:
    told = _told(_host(rules=RULE))
    assert _ways(told) == {"blackhole", "exits"}
