"""What is put together of a chain's parts is what walking it packet by packet tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.firewalls import SHAPES
from benchmarks.hosts import firewall
from sekisho.semantics.conjunction import parts
from sekisho.semantics.host import compile_host
from sekisho.semantics.program import FirstOf, Goto, Jump, Program, Return, Station
from sekisho.sources.load import load
from sekisho.symbolic import chain_view
from sekisho.symbolic.chain_view import ChainView, stations
from sekisho.symbolic.composition import changes_nothing
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from tests.conformance.hosts import random_host
from tests.conformance.nft_hosts import Scratch, random_nft_host

MAKERS = {**SHAPES, "firewall": firewall}


def compared(program: Program, family: Family, monkeypatch: pytest.MonkeyPatch) -> set[type]:
    """Ask every station of which chains can be put together both ways; the kinds of lines among them."""
    kinds: set[type] = set()
    for station in stations(program):
        if changes_nothing(station):
            _same(ChainView(station, family), monkeypatch)
            kinds |= _kinds(station)
    return kinds


def _same(view: ChainView, monkeypatch: pytest.MonkeyPatch) -> None:
    space = view.space
    few = space.member(space.field["dport"], IntSet.span(20, 100)) & space.member(
        space.field["proto"], IntSet.of(6)
    )
    for some in (space.everything, few):
        composed = view.verdicts(some)
        with monkeypatch.context() as patch:
            patch.setattr(chain_view, "changes_nothing", lambda station: False)
            walked = view.verdicts(some)
        assert composed == walked, (view.station.hook, view.station.table, view.station.base.name)


def _kinds(station: Station) -> set[type]:
    found: set[type] = set()
    for chain in (station.base, *station.chains.values()):
        for line in chain.lines:
            found |= {type(line.action), *(type(part.action) for part in parts(line))}
    return found


@pytest.mark.parametrize("shape", sorted(MAKERS))
def test_firewalls_of_every_shape(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family: Family = 6 if shape == "six" else 4
    host = compile_host(load(str(MAKERS[shape](tmp_path / shape, 500))).host)
    assert Return in compared(host.programs[family], family, monkeypatch) or shape == "overlapping"


def test_random_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: set[type] = set()
    for seed in range(40):
        host = random_host(seed)
        kinds |= compared(compile_host(host.snapshot.host).programs[host.family], host.family, monkeypatch)
    assert {Jump, Goto, Return} <= kinds


@pytest.mark.kernel
def test_random_hosts_of_nftables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel is needed to have nft read a random rule set and print it back."""
    kinds: set[type] = set()
    scratch = Scratch()
    try:
        for seed in range(12):
            host = random_nft_host(seed, scratch)
            kinds |= compared(
                compile_host(host.snapshot.host).programs[host.family], host.family, monkeypatch
            )
    finally:
        scratch.close()
    assert {Jump, Goto, Return, FirstOf} <= kinds
