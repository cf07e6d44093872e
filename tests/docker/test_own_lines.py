"""dockerd's own lines: all that real engines wrote, in iptables' words and in nft's, and no one else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.docker.own_lines import is_kept_free, is_own_line, is_own_rule, is_own_table
from sekisho.semantics.bridges import bridges_of
from sekisho.semantics.host import compile_host
from sekisho.semantics.program import Guarded
from sekisho.sources.iptables_rule import parse_rule, render_rule
from sekisho.symbolic.chain_view import stations
from sekisho.values.address import Family
from tests.truth import loaded, needs_truth, truth_dir

HOSTS = Path(__file__).resolve().parents[1] / "data" / "lint"
FAMILIES: tuple[Family, Family] = (4, 6)
BRIDGES = {"docker0", "br-0a0b0c0d0e0f"}


def _lines(path: Path) -> Iterator[tuple[Family, str, str, Guarded, set[str]]]:
    snapshot = loaded(path)
    bridges = {one.name for one in bridges_of(snapshot).values() if one.docker}
    host = compile_host(snapshot.host)
    for family in FAMILIES:
        for station in stations(host.programs[family]):
            for chain in (station.base, *station.chains.values()):
                for line in chain.lines:
                    yield family, station.table, chain.name, line, bridges


def _strangers(path: Path) -> list[tuple[str, str, str]]:
    """The lines of a host that dockerd is said not to have written."""
    return [
        (table, chain, line.text)
        for family, table, chain, line, bridges in _lines(path)
        if not is_own_line(family, table, chain, line, bridges)
    ]


@pytest.mark.parametrize(
    "host", sorted(HOSTS.glob("*/*")), ids=lambda host: f"{host.parent.name}-{host.name}"
)
def test_all_that_dockerd_wrote(host: Path) -> None:
    assert _strangers(host) == []


@needs_truth
def test_all_that_real_engines_wrote() -> None:
    root = truth_dir()
    assert root is not None
    for host in sorted(path.parent for path in root.glob("docker/*/*/scenario.json")):
        assert _strangers(host) == [], host
        if (host / "nft-ruleset.txt").exists():
            # Of some targets of nat and mangle nft shows nothing (xt_DNAT of 1.0.6, xt_CHECKSUM).
            found = [one for one in _strangers(host / "nft-ruleset.txt") if one[0].endswith("filter")]
            assert found == [], host


@pytest.mark.parametrize(("table", "chain", "text", "own"), [
    ("filter", "FORWARD", "-i docker0 ! -o docker0 -j ACCEPT", True),
    ("filter", "FORWARD", "-i eth0 ! -o eth0 -j ACCEPT", False),
    ("filter", "FORWARD", "-i docker0 -o eth0 -j ACCEPT", False),
    ("filter", "FORWARD", "-i docker0 ! -o docker0 -j DROP", False),
    ("filter", "INPUT", "-i docker0 ! -o docker0 -j ACCEPT", False),
    ("filter", "FORWARD", "-o docker0 -j DOCKER", True),
    ("filter", "FORWARD", "-o docker0 -p tcp -j DOCKER", False),
    ("filter", "DOCKER-USER", "-j RETURN", True),
    ("filter", "DOCKER-USER", "-i docker0 -j DROP", False),
    ("filter", "DOCKER", "-s 9.9.9.9/32 -j DROP", False),
    ("filter", "DOCKER-INGRESS", "-p tcp -m tcp --dport 80 -j ACCEPT", True),
    ("filter", "FORWARD", "-j DOCKER-INGRESS", True),
    ("nat", "POSTROUTING", "-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", True),
    ("nat", "POSTROUTING", "-s 172.17.0.0/16 -o docker0 -j MASQUERADE", False),
    ("nat", "POSTROUTING", "-s 172.17.0.0/16 -o eth0 -j MASQUERADE", False),
    ("nat", "POSTROUTING", "-s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE", True),
    ("nat", "POSTROUTING", "-s 172.17.0.2/32 -d 172.17.0.3/32 -p tcp -m tcp --dport 80 -j MASQUERADE", False),
    ("nat", "OUTPUT", "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER", True),
    ("nat", "PREROUTING", "-p tcp -m multiport --dports 80,443 -j DNAT --to-destination 172.17.0.2", False),
    ("raw", "PREROUTING", "-d 172.17.0.2/32 ! -i docker0 -j DROP", True),
    ("raw", "PREROUTING", "-d 10.0.0.10/32 ! -i eth0 -j DROP", False),
])  # fmt: skip
def test_whose_a_rule_is(table: str, chain: str, text: str, own: bool) -> None:
    rule = parse_rule(text)[0]
    assert render_rule(rule) == text
    assert is_own_rule(4, table, chain, rule, BRIDGES) is own


def test_tables_and_chains() -> None:
    assert is_own_table("ip docker-bridges")
    assert is_own_table("ip6 docker-bridges")
    assert not is_own_table("inet docker-bridges")
    assert is_kept_free("DOCKER", returns=False)
    assert is_kept_free("DOCKER-USER", returns=True)
    assert not is_kept_free("DOCKER-USER", returns=False)
    assert not is_kept_free("MINE", returns=True)
