"""Whom on a bridge packets are for, where very many are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.semantics.attachment import Link
from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.values.address import Address
from tests.case_files import read

DOCKER0 = Link("host", "docker0")


@pytest.mark.parametrize("hairpin", [False, True, None])
@pytest.mark.parametrize(("state", "alone"), [("forwarding", []), ("blocking", ["172.17.0.3"])])
def test_whoever_takes_all_frames_is_not_looked_at_alone(
    hairpin: bool | None, state: str, alone: list[str]
) -> None:
    """`ip -d link` tells of every port that it does not send frames back: a host of very many containers is
    asked about as fast as where it was not captured."""
    snapshot = read("bridge-port-isolated-alone").snapshot()
    ports = tuple(
        replace(item, hairpin=hairpin, port_state=state if item.name == "vethc3" else item.port_state)
        for item in snapshot.host.interfaces or ()
    )
    world = World(replace(snapshot, host=replace(snapshot.host, interfaces=ports)))
    values, special = SymbolicWalk(world, 4)._answering(DOCKER0, False, Address(4, 0))
    assert [str(next(iter(item.addresses))) for item in special] == alone
    assert values.size() == len(world.segment(DOCKER0, 4).attachments) - len(alone)


def test_what_is_known_of_strangers_ports_is_found_once() -> None:
    world = World(read("bridge-port-isolated-alone").snapshot())
    (sender, *_) = world.segment(DOCKER0, 4).attachments
    assert world.strange(DOCKER0) is world.strange(DOCKER0)
    assert world.strange_to(DOCKER0, sender) is world.strange_to(DOCKER0, sender)
    assert world.strange_to(DOCKER0, None) == world.links("host").port("docker0", None)
