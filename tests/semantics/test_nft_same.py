"""iptables-nft's tables, as iptables-save shows them and as nft does: the same for all packets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Hook
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front
from tests.truth import needs_truth, truth_dir

VERSIONS = ("20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2")
HOOKS: tuple[Hook, ...] = ("prerouting", "input", "forward", "output", "postrouting")


def _loaded(version: str, scenario: str) -> Snapshot:
    root = truth_dir()
    assert root is not None
    return load(str(root / "docker" / version / scenario))


def _fronts(world: World, space: Space) -> dict[tuple[object, ...], Front]:
    """What is left of all packets behind each hook, by the interfaces they come and go by."""
    walk = SymbolicWalk(world, space.family, space=space)
    names = [item.name for item in world.site.snapshot.host.interfaces or ()]
    found: dict[tuple[object, ...], Front] = {}
    for hook in HOOKS:
        ins = names if hook in ("prerouting", "input", "forward") else [None]
        outs = names if hook in ("forward", "output", "postrouting") else [None]
        for iif in ins:
            for oif in outs:
                start = replace(at_start(space, iif=iif), oif=oif)
                found[hook, iif, oif] = walk.visit("host").hook(hook, {start: space.everything})
    return found


@needs_truth
@pytest.mark.parametrize("version", VERSIONS)
def test_both_forms_leave_the_same_sets_at_every_hook(version: str) -> None:
    snapshot = _loaded(version, "two-custom-networks")
    saved = World(replace(snapshot, host=replace(snapshot.host, nft=None)))
    listed = World(replace(snapshot, host=replace(snapshot.host, rulesets=())))
    nothing = World(replace(snapshot, host=replace(snapshot.host, nft=None, rulesets=())))
    for family in (4, 6):
        space = Space(4 if family == 4 else 6)
        by_save = _fronts(saved, space)
        assert _fronts(listed, space) == by_save
        if family == 4:
            assert _fronts(nothing, space) != by_save


@needs_truth
def test_a_host_with_both_captures_counts_each_table_once() -> None:
    snapshot = _loaded("28.5.2", "two-custom-networks")
    assert snapshot.host.rulesets
    assert snapshot.host.nft is not None
    both = World(snapshot).site.host.programs[4].stations
    saved = World(replace(snapshot, host=replace(snapshot.host, nft=None))).site.host.programs[4].stations
    assert {hook: [(s.table, s.priority) for s in some] for hook, some in both.items()} == {
        hook: [(s.table, s.priority) for s in some] for hook, some in saved.items()
    }
