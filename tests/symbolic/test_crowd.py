"""Captured namespaces that share a walk: what becomes of every packet is what it does for each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.extremes import namespaces
from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic import sharing
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.crowd import journeys_of_crowd
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.homes import Climb, Homes
from sekisho.symbolic.journeys import Source, journeys, openers
from sekisho.symbolic.space import Space
from sekisho.values.intset import IntSet
from tests.symbolic.ends import APART, ends_of
from tests.symbolic.worlds import random_crowd


def _compare(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many namespaces' packets were one set, where all ends are the same together and one by one."""
    sizes: list[int] = []

    def groups(homes: Homes, climbs: Sequence[Climb]) -> list[list[Climb]]:
        found = told(homes, climbs)
        sizes.extend(len({climb.mine.node for climb in group}) for group in found)
        return found

    told = Homes.groups
    monkeypatch.setattr(Homes, "groups", groups)
    space = Space(4)
    sources = [Source("process", node, choose_source=True) for node in world.nodes if node != HOST]
    monkeypatch.setattr(sharing, "MANY", APART)
    walk = SymbolicWalk(world, 4, space=space)
    some = openers(walk)
    alone = [ends_of(space, journeys(walk, source, some)) for source in sources]
    monkeypatch.setattr(sharing, "MANY", 1)
    walk = SymbolicWalk(world, 4, space=space)
    together = journeys_of_crowd(walk, [(source, some) for source in sources])
    for source, one, flows in zip(sources, alone, together, strict=True):
        assert ends_of(space, flows) == one, source
        assert all(flow.source == source for flow in flows)
    return max(sizes, default=0)


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_random_hosts(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [_compare(random_crowd(seed), monkeypatch) for seed in range(first, first + 10)]
    assert max(shared) > 1


def test_a_docker_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _compare(World(load(str(namespaces(tmp_path / "h", 10)))), monkeypatch) == 5


def test_namespaces_that_track_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Docker's own DNS has it: the connection of each is found where its packets come back."""
    host = namespaces(tmp_path / "h", 10)
    for inner in (host / "netns").iterdir():
        (inner / "iptables-save.txt").write_text(
            "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
            ":POSTROUTING ACCEPT [0:0]\n-A OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 "
            "-j DNAT --to-destination 127.0.0.11:40000\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n"
            ":FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
            "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
            "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n"
        )
    assert _compare(World(load(str(host))), monkeypatch) == 5


def test_packets_of_two_that_are_the_same_are_not_one_set() -> None:
    """Whose they are could not be told afterwards."""
    space, homes = Space(4), Homes()
    state = at_start(space)
    some = space.member(space.field["dport"], IntSet.of(80))
    climbs = [
        Climb(
            Attachment(name, Link("host", "br-a"), frozenset(), "namespace", name),
            state.ends.dst,
            state,
            each,
        )
        for name, each in (("c1", some), ("c2", some), ("c3", ~some))
    ]
    names = [[climb.mine.name for climb in group] for group in homes.groups(climbs)]
    assert names == [["c1", "c3"], ["c2"]]
