"""The bounded form of ``python -m tests.agreement``: the same few hosts for everybody who runs a commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.semantics.world import World
from sekisho.sources.load import load
from tests.agreement.verbs import Agreement, Tally
from tests.answers.shop import world as shop
from tests.conformance.hosts import random_host
from tests.symbolic.worlds import random_world

DATA = Path(__file__).parents[1] / "data" / "docker"
# What each kind of host must have been asked about at least, so that an empty comparison is no agreement.
LEAST = {"exposed", "packet", "packet at", "reach", "reach as matrix", "check"}


def _agrees(found: Tally) -> None:
    assert found.differ == []


@pytest.mark.parametrize("seed", [2, 4])
def test_random_docker_hosts(seed: int) -> None:
    found = Agreement(f"world {seed}", random_world(seed), 4, seed, 10).run()
    _agrees(found)
    assert set(found.compared) >= LEAST - {"exposed", "check"}


@pytest.mark.parametrize("seed", [3, 15, 500022, 500067])
def test_random_firewalls(seed: int) -> None:
    host = random_host(seed)
    _agrees(Agreement(f"host {seed}", World(host.snapshot), host.family, seed, 6).run())


@pytest.mark.parametrize("name", ["28.5.2/two-custom-networks", "29.7.2-nftables/two-custom-networks"])
def test_captures(name: str) -> None:
    found = Agreement(name, World(load(str(DATA / name))), 4, 7, 6).run()
    _agrees(found)
    assert set(found.compared) >= LEAST


def test_a_wrong_answer_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets that forget the replies, as an example: the comparison must see it."""
    from sekisho.answers.arrivals import Arrivals

    no_replies = "-A FORWARD -i eth0 -o br-shop -j ACCEPT\n-A FORWARD -o br-back -j ACCEPT\n"
    host = shop(tmp_path, forward=no_replies + "-A ISOLATION -j DROP\n")
    _agrees(Agreement("shop", host, 4, 1, 10).run())
    monkeypatch.setattr(Arrivals, "both_ways", lambda _self, flow: flow.some)
    found = Agreement("shop", host, 4, 1, 10).run()
    assert any(" packet: " in text or " reach: " in text for text in found.differ)
