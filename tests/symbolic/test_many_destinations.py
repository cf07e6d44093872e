"""Destinations that come from many chains, and those that nobody can foretell."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.extremes import kubernetes
from sekisho.semantics.journey import ARRIVED
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys, openers
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from tests.answers import shop
from tests.symbolic.agreement import disagreements

# A service's pods by turns, as kube-proxy has them: in a chain each, or all in one chain.
PODS = tuple(f"10.0.0.{20 + at}" for at in range(4))
IN_ONE_CHAIN = "".join(
    f"-A DOCKER -d 10.96.0.1/32 -p tcp -m tcp --dport 80 {chance}-j DNAT --to-destination {pod}:8080\n"
    for pod, chance in zip(PODS, (*["-m statistic --mode random --probability 0.5 "] * 3, ""), strict=True)
)


def test_packets_of_a_cluster_do_what_their_sets_do(tmp_path: Path) -> None:
    found, compared = disagreements(World(load(str(kubernetes(tmp_path / "k", 6)))), 1, 300)
    assert compared >= 1000
    assert not found, found[0]


@pytest.mark.parametrize("shape", ["a chain each", "one chain"])
def test_whichever_pod_answers_the_service_does(shape: str, tmp_path: Path) -> None:
    """Nobody knows which pod it will be (xt_statistic draws a number); that it is one is certain."""
    if shape == "one chain":
        nat = "-A OUTPUT -j DOCKER\n" + IN_ONE_CHAIN
        host, service = shop.world(tmp_path, nat=nat), "10.96.0.1"
    else:
        host, service = World(load(str(kubernetes(tmp_path / "k", 4)))), "10.96.0.3"
    walk = SymbolicWalk(host, 4)
    field = walk.space.field
    called = walk.space.member(field["dst"], IntSet.of(Address.parse(service).value))
    called &= walk.space.member(field["dport"], IntSet.of(80)) & walk.guards.tcp & openers(walk)
    flows = journeys(walk, Source("process", choose_source=True), called)
    arrived = walk.space.union([flow.some for flow in flows if flow.forward.disposition in ARRIVED])
    assert walk.space.certainly(arrived) == called
    pods = IntSet.from_intervals(
        span for flow in flows for span in walk.space.values(flow.some, flow.state.ends.dst)
    )
    assert pods.size() == (4 if shape == "one chain" else 2)
