"""Proposed changes, typed: iptables takes them, and the rules that it then prints do what was said."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.flip import Flips, Proposal
from sekisho.answers.reach import Cell, Question, reach
from sekisho.lab.namespaces import tool
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.sources import iptables_save
from sekisho.sources.load import load
from tests.answers.shop import world as shop

pytestmark = pytest.mark.kernel
DATA = Path(__file__).parents[1] / "data" / "docker"


def _typed(rules: str, proposal: Proposal) -> str:
    """What iptables-save prints in a namespace of its own after the commands; every one must be taken."""
    commands = " && ".join(str(change) for change in proposal.changes if "iptables" in str(change))
    script = f"iptables-restore && {commands} && iptables-save"
    unshare = tool("unshare")
    assert unshare is not None
    done = subprocess.run(
        [unshare, "-n", "sh", "-c", script], input=rules, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (commands, done.stderr)
    printed: str = done.stdout
    return printed


def _with(snapshot: Snapshot, text: str) -> World:
    """The host with the rules as printed."""
    parsed = iptables_save.parse(text, "iptables-save.txt", 4)
    assert not parsed.unread, parsed.unread
    others = tuple(each for each in snapshot.host.rulesets if each.family != 4)
    return World(replace(snapshot, host=replace(snapshot.host, rulesets=(*parsed.facts, *others), nft=None)))


def _proposals(world: World) -> Iterator[tuple[Question, Cell, Proposal]]:
    """For every pair of the matrix, what stops it or lets it through."""
    for source in reach(world, Question()).sources:
        question = Question(_end(source), "any")
        flips = Flips(world, question, 4)
        for cell in reach(world, question).cells:
            if cell.source != source or cell.target == source:
                continue
            if cell.status == "yes":
                proposal = flips.stop(cell)
            else:
                proposal = flips.let_through(cell, cell.refusals[0].witness) if cell.refusals else None
            if proposal is not None:
                yield replace(question, target=_end(cell.target)), cell, proposal


def _end(place: str) -> str:
    return place if place in ("internet", "vpc", "host") else f"container:{place}"


@pytest.mark.parametrize("name", ["shop", "28.5.2/two-custom-networks"])
def test_iptables_takes_what_is_proposed_and_it_works(name: str, tmp_path: Path) -> None:
    folder = tmp_path if name == "shop" else DATA / name
    world = shop(tmp_path) if name == "shop" else World(load(str(folder)))
    rules = (folder / "iptables-save.txt").read_text()
    stopped = opened = 0
    for question, cell, proposal in _proposals(world):
        then = _with(world.site.snapshot, _typed(rules, proposal))
        if cell.status == "yes":
            stopped += 1
            (after,) = reach(then, question).cells
            assert after.status == "no", (cell.source, cell.target, proposal)
        else:
            opened += 1
            port = "" if proposal.port is None else f":{proposal.port}"
            (after,) = reach(then, replace(question, target=question.target + port)).cells
            assert after.status == "yes", (cell.source, cell.target, proposal)
    assert stopped >= 5
    assert opened >= 1
