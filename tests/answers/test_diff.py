"""diff: what changed for flows and nothing else; held to what real engines did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.extremes import kubernetes
from sekisho.answers.diff import Change, diff
from sekisho.answers.services import line_of
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.boxes import Box
from sekisho.values.address import Address
from tests.answers.shop import FORWARD, NAT, world, write
from tests.truth import needs_truth, truth_dir

MULTI = "-A FORWARD -i eth0 -d 172.18.0.3/32 -p tcp -m multiport --dports 22,80,443 -j ACCEPT\n"
SINGLE = "".join(
    f"-A FORWARD -i eth0 -d 172.18.0.3/32 -p tcp -m tcp --dport {port} -j ACCEPT\n" for port in (22, 80, 443)
)
# (two spellings of one rule set)
SAME: list[tuple[str, str]] = [
    (MULTI + FORWARD, SINGLE + FORWARD),
    (SINGLE + FORWARD, "".join(reversed(SINGLE.splitlines(keepends=True))) + FORWARD),
    (FORWARD + "-A EXTRA -p tcp -j ACCEPT\n-A EXTRA -j DROP\n-A FORWARD -i eth0 -d 172.18.0.3/32 -g EXTRA\n",
     FORWARD + "-A FORWARD -i eth0 -d 172.18.0.3/32 -p tcp -j ACCEPT\n-A FORWARD -i eth0 -d 172.18.0.3/32 -j DROP\n"),  # noqa: E501
    (FORWARD, FORWARD + "-A FORWARD -i eth0 -d 172.18.0.9/32 -j DROP\n"),
    (FORWARD, FORWARD.replace("-A ISOLATION -o br-shop -j DROP\n-A ISOLATION -o br-back -j DROP\n",
                              "-A ISOLATION -o br-back -j DROP\n-A ISOLATION -o br-shop -j DROP\n")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_rule_set(one: str, other: str, tmp_path: Path) -> None:
    before, after = world(tmp_path / "before", forward=one), world(tmp_path / "after", forward=other)
    assert diff(before, after).changes == ()
    assert diff(after, before).changes == ()


def test_what_opens_and_what_closes(tmp_path: Path) -> None:
    before = world(tmp_path / "before")
    after = world(
        tmp_path / "after", forward=MULTI + FORWARD.replace("--dport 80 -j ACCEPT", "--dport 81 -j ACCEPT")
    )
    found = diff(before, after)
    kinds = {change.kind: change for change in found.changes}
    assert set(kinds) == {"opened", "closed"}
    assert "tcp -> 172.18.0.3:22,80,443" in [line_of(box, 4) for box in kinds["opened"].boxes]
    assert kinds["opened"].before.disposition == "dropped"
    assert kinds["opened"].after.disposition == "delivered"
    assert kinds["opened"].after.lines[0].verdict == "ACCEPT"
    assert kinds["closed"].after.disposition == "dropped"


def test_a_published_port_that_leads_elsewhere(tmp_path: Path) -> None:
    before = world(tmp_path / "before", forward=MULTI + FORWARD)
    moved = NAT.replace("172.18.0.2:80", "172.18.0.3:80")
    (change,) = [c for c in diff(before, world(tmp_path / "after", nat=moved, forward=MULTI + FORWARD)).changes  # noqa: E501
                 if "internet" in c.sources]  # fmt: skip
    assert change.kind == "moved"
    assert (change.before.where, change.after.where) == ("web", "db")


# Not address-pools: the peer of those probes has no route to the pool.
SCENARIOS = (
    "bip", "compose-basic", "custom-ports", "default-bridge", "gw-routed", "internal", "noicc",
    "noproxy", "publish-loopback", "two-custom-networks", "two-nets-one-container",
)  # fmt: skip


@needs_truth
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_upgrade_of_the_engine_against_its_probes(scenario: str) -> None:
    """A probe that went otherwise under the new engine is in the difference, one that did not is not."""
    root = truth_dir()
    assert root is not None
    folders = [root / "docker" / version / scenario for version in ("27.5.1", "28.5.2")]
    before, after = (World(load(str(folder))) for folder in folders)
    found = diff(before, after)
    results = [_probes(folder / "probes.json") for folder in folders]
    compared = 0
    for key in results[0].keys() & results[1].keys():
        told = [
            change for change in found.changes if change.kind in ("opened", "closed") and _tells(change, *key)
        ]
        changed = results[0][key] != results[1][key]
        assert bool(told) == changed, (key, results[0][key], results[1][key])
        compared += 1
    assert compared >= 3
    for change in found.changes:
        assert (change.before.disposition, change.before.where) != (
            change.after.disposition,
            change.after.where,
        )


def _probes(path: Path) -> dict[tuple[str, str, int], bool]:
    """The peer's TCP connections, and whether they were made."""
    found: dict[tuple[str, str, int], bool] = {}
    for probe in json.loads(path.read_text()):
        address, _, port = probe["dst"].rpartition(":")
        usual = probe["src"] == "vpc-peer" and "udp" not in probe["target"] and port.isdigit()
        if usual and "[" not in address and not address.startswith("127."):
            found["vpc", address, int(port)] = probe["ok"]
    return found


def _tells(change: Change, source: str, address: str, port: int) -> bool:
    def inside(box: Box) -> bool:
        fields = dict(box.fields)
        return (
            Address.parse(address).value in fields["dst"]
            and 6 in fields["proto"]
            and ("dport" not in fields or port in fields["dport"])
            and ("src" not in fields or Address.parse("10.0.1.1").value in fields["src"])
        )

    return source in change.sources and any(map(inside, change.boxes))


def test_a_service_whose_backend_is_drawn_is_as_before(tmp_path: Path) -> None:
    """Which one it is nobody knows, on both sides; that is no difference."""
    (tmp_path / "host").mkdir()
    host = str(kubernetes(tmp_path / "host", 3))
    assert diff(World(load(host)), World(load(host))).changes == ()


def test_why_nobody_can_say_is_told_where_the_witness_ends_alike(tmp_path: Path) -> None:
    """Each change that is unsure names the target, whatever becomes of the packet that stands for all."""
    write(tmp_path / "before", forward=FORWARD)
    write(tmp_path / "after", forward=f"-A FORWARD -j ELSEWHERE\n{FORWARD}")
    before, after = (World(load(str(tmp_path / name))) for name in ("before", "after"))
    found = [change for change in diff(before, after).changes if change.kind == "unsure"]
    assert found
    for change in found:
        assert ("target-not-understood", ("ELSEWHERE",)) in [(d.code, d.args) for d in change.after.doubts]
