"""The engine that made a host, told by parts of what was captured of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.docker.detect import detect
from sekisho.sources.load import load
from tests.truth import loaded, needs_truth, truth_dir

HOSTS = Path(__file__).resolve().parents[1] / "data" / "lint"
EVERYTHING = (
    "iptables-save.txt", "ip6tables-save.txt", "nft-ruleset.txt", "docker-networks.json",
    "docker-containers.json", "docker-version.json", "sysctl.txt",
)  # fmt: skip


def _part(host: Path, names: tuple[str, ...], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        if (host / name).exists():
            (folder / name).write_text((host / name).read_text())
    return folder


RULES4, RULES6, KNOWN = "iptables-save.txt", "ip6tables-save.txt", "docker-networks.json"


@pytest.mark.parametrize(("host", "names", "proxy"), [
    ("29.7.2/noproxy", EVERYTHING, False),
    ("29.7.2/noproxy", (RULES4,), False),
    ("29.7.2/noproxy", (RULES6, KNOWN), False),
    ("29.7.2/noproxy", ("sysctl.txt", KNOWN), False),
    ("29.7.2/noproxy", ("sysctl.txt",), None),
    ("27.5.1/noicc", EVERYTHING, True),
    ("27.5.1/noicc", (RULES4,), True),
    ("27.5.1/noicc", (RULES6, KNOWN), None),  # no network has IPv6
    ("28.5.2/ip-forward-false", ("sysctl.txt", KNOWN), True),
])  # fmt: skip
def test_docker_proxy(host: str, names: tuple[str, ...], proxy: bool | None, tmp_path: Path) -> None:
    """By the rules of either IP version, else by what dockerd sets on its bridges; else nobody knows."""
    found = detect(load(str(_part(HOSTS / host, names, tmp_path / "host"))))
    assert found.proxy_known is (proxy is not None)
    assert found.engine.userland_proxy is (proxy is not False)


def test_that_dockerd_writes_no_rules_follows_from_whole_tables_only(tmp_path: Path) -> None:
    """--iptables=false leaves tables without its chains; a text that ends before them tells nothing."""
    whole = (HOSTS / "27.5.1" / "noicc" / "iptables-save.txt").read_text().splitlines(keepends=True)
    chain = next(at for at, line in enumerate(whole) if line.startswith(":DOCKER"))
    (tmp_path / "iptables-save.txt").write_text("".join(whole[:chain]))
    assert detect(load(str(tmp_path))).engine.iptables
    without = [line for line in whole if "DOCKER" not in line]
    (tmp_path / "iptables-save.txt").write_text("".join(without))
    assert not detect(load(str(tmp_path))).engine.iptables
    (tmp_path / "iptables-save.txt").write_text("".join(without).partition("*nat")[0])
    assert detect(load(str(tmp_path))).engine.iptables


@needs_truth
def test_the_flags_of_every_capture() -> None:
    root = truth_dir()
    assert root is not None
    for host in sorted(path.parent for path in root.glob("docker/*/*/docker-containers.json")):
        found = detect(loaded(host))
        proxy = "--userland-proxy=false" not in (host / "scenario.json").read_text()
        assert (found.engine.userland_proxy, found.proxy_known) == (proxy, True), host
