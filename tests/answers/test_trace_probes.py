"""Connections that were really tried on hosts of real dockerds, against what trace says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load
from tests.truth import needs_truth, truth_dir

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "docker"
PEER = {4: "10.0.1.1", 6: "fd00:ec2::1"}


def _questions(folder: Path) -> Iterator[tuple[dict[str, object], Question]]:
    """The probes as questions; a target on lo that the peer tried is the peer's own loopback."""
    for probe in json.loads((folder / "probes.json").read_text()):
        source, target = str(probe["src"]), str(probe["dst"])
        if target.endswith(":"):
            continue  # the container has no port to ask for
        proto = "udp" if folder.name == "udp" else None
        if source == "vpc-peer":
            if target.startswith(("127.", "[::1]", "::1")):
                continue
            peer = PEER[6 if target.count(":") > 1 else 4]
            yield probe, Question(peer, target, proto, iface="eth0")
        else:
            yield probe, Question("host" if source == "host" else f"container:{source}", target, proto)


def _both_ways(found: Journey) -> bool:
    if found.onward is not None and not _both_ways(found.onward):
        return False
    reply = found.reply
    return found.forward.disposition == "delivered" and reply is not None and reply.disposition in (
        "delivered", "exits",
    )  # fmt: skip


def _disagreements(folder: Path) -> tuple[list[str], int]:
    world = World(load(str(folder)))
    wrong: list[str] = []
    compared = 0
    for probe, question in _questions(folder):
        found = trace(world, question)
        ok = bool(probe["ok"])
        assumed = any(lean.code == "sockets-not-captured" for lean in found.leans_on)
        if not ok and _both_ways(found) and assumed:
            continue  # the model says so far it gets, and that the listener is an assumption
        compared += 1
        if _both_ways(found) != ok:
            wrong.append(f"{question}: really {ok}, model {found.forward.disposition}")
        elif ok:
            seen = str(probe["seen_src"])
            source = world_source(found)
            if seen != source:
                wrong.append(f"{question}: the server saw {seen}, model {source}")
    return wrong, compared


def world_source(found: Journey) -> str:
    """The source address that the server sees."""
    from sekisho.values.address import format_ip

    packet = found.served.packet
    return format_ip(packet.family, packet.src)


@pytest.mark.parametrize(
    "folder", sorted(SHIPPED.glob("*/*")), ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_shipped_captures_agree(folder: Path) -> None:
    wrong, compared = _disagreements(folder)
    assert compared > 20
    assert wrong == []


def _all_captures() -> list[Path]:
    root = truth_dir()
    if root is None:
        return []
    return sorted(path.parent for path in root.glob("docker/*/*/probes.json"))


@needs_truth
def test_every_capture_agrees() -> None:
    wrong: dict[str, list[str]] = {}
    compared = 0
    for folder in _all_captures():
        bad, here = _disagreements(folder)
        compared += here
        if bad:
            wrong[f"{folder.parent.name}/{folder.name}"] = bad
    assert wrong == {}
    assert compared > 3000
