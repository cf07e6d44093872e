"""lint on hosts as dockerd made them: nothing to say, whole or in part, but for what their owner did."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.lint import lint
from sekisho.model.snapshot import Snapshot
from sekisho.sources.load import load
from tests.truth import loaded, needs_truth, truth_dir

HOSTS = Path(__file__).resolve().parents[1] / "data" / "lint"
SAVES = ("iptables-save.txt", "ip6tables-save.txt")
# What the owner of a host did, by scenario: the port of a data store is published on every address; dockerd
# was told to leave forwarding off, after which no container reaches the outside (the probes of these captures
# show it). 29 with nftables never switches it on, and was captured on a host where it was on.
DATA_PORT = ("trap.data-port-open", "3306")
PERHAPS = ("trap.data-port-open.maybe", "3306")
GENUINE = {
    "compose-basic": [DATA_PORT],
    "container-network": [DATA_PORT],
    "custom-ports": [DATA_PORT],
    "two-custom-networks": [DATA_PORT],
    "ip-forward-false": [("trap.forwarding-off", "net.ipv4.ip_forward")],
}


def _found(path: Path) -> list[tuple[str, str]]:
    return _findings(load(str(path)))


def _findings(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(finding.id, finding.args[-1]) for finding in lint(snapshot).findings]


def _expected(host: Path) -> list[tuple[str, str]]:
    if host.name == "ip-forward-false" and host.parent.name.endswith("-nftables"):
        return []
    return GENUINE.get(host.name, [])


@pytest.mark.parametrize(
    "host", sorted(HOSTS.glob("*/*")), ids=lambda host: f"{host.parent.name}-{host.name}"
)
def test_nothing_is_wrong_with_what_dockerd_wrote(host: Path) -> None:
    assert _found(host) == _expected(host)


@pytest.mark.parametrize(
    "host", sorted(HOSTS.glob("*/*")), ids=lambda host: f"{host.parent.name}-{host.name}"
)
def test_nor_where_only_rules_were_captured(host: Path, tmp_path: Path) -> None:
    """Which addresses are the host's own, Docker's state, routes: none of it is there."""
    for name in SAVES if host.parent.name != "29.7.2-nftables" else ("nft-ruleset.txt",):
        if (host / name).exists():
            (tmp_path / name).write_text((host / name).read_text())
    assert _found(tmp_path) == []


@pytest.mark.parametrize("name", ["iptables-save.txt", "ip6tables-save.txt"])
@pytest.mark.parametrize("beside", [(), ("docker-networks.json", "docker-containers.json", "ss.txt")])
def test_nor_wherever_the_text_is_cut(name: str, beside: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing follows from lines that are not there: with Docker's state, nothing is called missing."""
    for host in (HOSTS / "27.5.1" / "noicc", HOSTS / "29.7.2" / "noproxy"):
        lines = (host / name).read_text().splitlines(keepends=True)
        for other in (*beside, *(("docker-version.json", "sysctl.txt") if beside else ())):
            if (host / other).exists():
                (tmp_path / other).write_text((host / other).read_text())
        for end in range(1, len(lines), 3):
            (tmp_path / name).write_text("".join(lines[:end]))
            assert _found(tmp_path) == [], (host, end)


@needs_truth
def test_nothing_on_any_capture_of_a_real_engine() -> None:
    root = truth_dir()
    assert root is not None
    hosts = sorted(path.parent for path in root.glob("docker/*/*/scenario.json"))
    assert len(hosts) > 150
    for host in hosts[::3]:
        assert _findings(loaded(host)) == _expected(host), host


@needs_truth
def test_nothing_on_any_of_them_by_its_rules_alone(tmp_path: Path) -> None:
    root = truth_dir()
    assert root is not None
    for host in sorted(path.parent for path in root.glob("docker/*/*/scenario.json"))[1::3]:
        for names in (SAVES, ("nft-ruleset.txt",)):
            folder = tmp_path / host.parent.name / host.name / names[0]
            folder.mkdir(parents=True)
            for name in names:
                if (host / name).exists():
                    (folder / name).write_text((host / name).read_text())
            # DNAT rules of chain DOCKER in iptables' words tell what is published.
            told = DATA_PORT in _expected(host) and names == SAVES and host.parent.name != "29.7.2-nftables"
            assert set(_found(folder)) == ({PERHAPS} if told else set()), (host, names)
