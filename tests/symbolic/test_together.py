"""Networks that share a walk: what becomes of every packet is what it does with each network by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.hosts import docker_host
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic import sharing
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Source, journeys, openers
from sekisho.symbolic.space import Space
from sekisho.symbolic.together import apart
from sekisho.values.intset import IntSet
from tests.symbolic.agreement import disagreements, sources
from tests.symbolic.ends import APART, ends_of
from tests.symbolic.worlds import random_world


def _told(
    world: World, source: Source, space: Space, least: int
) -> tuple[dict[object, tuple[Set, Set]], bool]:
    """The ends where so many networks share a walk, and whether any did."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "MANY", least)
        walk = SymbolicWalk(world, 4, space=space)
        start = openers(walk)
        if source.how == "attachment":
            field = space.field["src"]
            start &= space.union([space.member(field, walk.addresses_of(item)) for item in source.origins])
        flows = journeys(walk, source, start)
        return ends_of(space, flows), bool(walk.together.made)


def _compare(world: World, source: Source, least: int) -> bool:
    space = Space(4)
    one, shared = _told(world, source, space, least)
    other, _ = _told(world, source, space, APART)
    assert one == other
    return shared


@pytest.mark.parametrize("containers", [0, 1, 3])
def test_docker_hosts(containers: int, tmp_path: Path) -> None:
    world = World(load(str(docker_host(tmp_path / "h", 9, 9 * containers, 2))))
    loose = tuple(item for item in world.site.attachments if item.node is None)
    several = [Source("interface", iif="eth0"), Source("process")]
    if loose:
        several.append(Source("attachment", origins=loose))
    for source in several:
        assert _compare(world, source, sharing.MANY)
    _compare(world, Source("process", choose_source=True), sharing.MANY)


@pytest.mark.parametrize("seed", range(6))
def test_random_hosts(seed: int) -> None:
    world = random_world(seed)
    shared = [_compare(world, source, 1) for source in sources(world)]
    assert any(shared)


@pytest.mark.parametrize("seed", range(1, 4))
def test_packets_do_what_their_sets_do(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MANY", 1)
    found, compared = disagreements(random_world(seed), seed, 100)
    assert compared >= 500
    assert not found, found[0]


def test_where_the_destination_does_not_tell_the_interface_nothing_is_shared() -> None:
    """Two tables lead to one prefix by two interfaces, as the sender has it."""
    space = Space(4)
    src, dst = space.field["src"], space.field["dst"]
    near, far = (space.member(dst, IntSet.span(*span)) for span in ((0, 99), (100, 199)))
    mine = space.member(src, IntSet.of(7))
    told = apart(space, [("eth0", near & mine), ("eth1", far)], dst)
    assert told == [("eth0", near), ("eth1", far)]
    assert apart(space, [("eth0", near & mine), ("eth1", near & ~mine)], dst) is None
