"""The whole snapshots that are damaged: captures, and random hosts as a capture would show them.

A capture says many things twice (text and JSON, iptables and nft, one table alone). Where nothing is lost
with a file, nothing can be found out, so each capture comes in several shapes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sekisho.sources.write import snapshot_texts
from tests.conformance.hosts import random_host
from tests.truth import truth_dir

Files = dict[str, bytes]
MANIFEST, NEWLINE = "capture-manifest.txt", b"\n"
# What prints a file, by the beginning of its name.
COMMANDS = {
    "ip-route": "ip route", "ip-route-table-all": "ip route show table all",
    "ip-rule": "ip -j rule", "ip-addr": "ip -j addr", "ip-link": "ip -j -d link",
    "iptables-save": "iptables-save -c", "ip6tables-save": "ip6tables-save -c",
    "nft-ruleset": "nft list ruleset", "ipset-save": "ipset save", "sysctl": "sysctl -a", "ss": "ss",
    "conntrack": "conntrack -L", "docker-networks": "docker network inspect",
    "docker-containers": "docker inspect", "bridge": "bridge -j link", "ip-neigh": "ip -j neigh",
    "ip6-route": "ip -6 -j route show table all",
}  # fmt: skip
OWN = Path(__file__).resolve().parents[1] / "data" / "docker"

# Of each shape, the files of a namespace that stay; ``None``: all.
SHAPES: dict[str, frozenset[str] | None] = {
    "all": None,
    "texts": frozenset({
        "ip-route.txt", "ip-route-table-all.txt", "ip-rule.json", "ip-addr.txt", "ip-link.json",
        "iptables-save.txt", "ip6tables-save.txt", "nft-ruleset.txt", "ss.txt", "sysctl.txt",
        "docker-containers.json", "docker-networks.json", "docker-version.json", "bridge.json",
        "ip-neigh.json", "conntrack.txt",
    }),
    "few": frozenset({
        "ip-route.txt", "ip-addr.txt", "iptables-save.txt", "ss.txt", "sysctl.txt", "docker-containers.json",
        "docker-networks.json",
    }),
    "json": frozenset({
        "ip-route.json", "ip-rule.json", "ip-addr.json", "ip-link.json", "ip6-route.json", "nft-ruleset.json",
        "iptables-save.txt", "ip6tables-save.txt", "ss.txt", "sysctl.txt", "docker-containers.json",
        "docker-networks.json", "bridge.json", "ip-neigh.json", "conntrack.txt",
    }),
    "bare": frozenset({"ip-route.txt", "iptables-save.txt", "iptables-nat.txt", "sysctl.txt"}),
    "lists": frozenset({
        "ip-route.txt", "ip-addr.txt", "iptables-filter.txt", "iptables-nat.txt", "ss.txt", "sysctl.txt",
    }),
}  # fmt: skip
# What no answer about packets reads; they only take long.
_NEVER = ("probes.json", "scenario.json", "compose.yaml", "docker-proxy.txt", "ip-link.txt")
_SYSCTLS = re.compile(
    rb"(forward|rp_filter|accept_local|route_localnet|src_valid_mark|send_redirects|bridge-nf|icmp_echo"
    rb"|disable_ipv6|somaxconn|tcp_fin_timeout|log_martians)"
)


@dataclass(frozen=True, slots=True)
class Whole:
    """``files`` by their path in the snapshot's folder."""

    name: str
    files: Files


def with_manifest(given: Whole) -> Whole:
    """The same as a capture that lists its files."""
    lines: list[str] = []
    for name, data in given.files.items():
        command = COMMANDS.get(name.rpartition("/")[2].rpartition(".")[0], "?")
        lines.append(f"0 {len(data)} {data.count(NEWLINE)} {name}: {command}\n")
    return Whole(f"{given.name}+manifest", {**given.files, MANIFEST: "".join(lines).encode()})


def whole(draw: random.Random, truth: bool, hosts: range = range(400)) -> Whole:
    """One of them all, by chance; ``hosts``: which random ones there are."""
    if draw.random() < 0.2:
        found = _random(draw.choice(hosts))
    else:
        shape = draw.choice(tuple(SHAPES))
        found = shaped(_capture(draw.choice(_folders(truth))), shape)
    return with_manifest(found) if draw.random() < 0.25 else found


def shaped(given: Whole, shape: str) -> Whole:
    """The capture with the files of one shape only."""
    keep = SHAPES[shape]
    if keep is None:
        return replace(given, name=f"{given.name}:{shape}")
    host_only = shape in ("few", "bare", "lists")
    files = {
        name: data
        for name, data in given.files.items()
        if name.rpartition("/")[2] in keep and not (host_only and "/" in name)
    }
    if "ip-route-table-all.txt" in files:
        files.pop("ip-route.txt", None)
    return Whole(f"{given.name}:{shape}", files)


@cache
def _folders(truth: bool) -> tuple[Path, ...]:
    found = sorted(path.parent for path in OWN.glob("*/*/docker-containers.json"))
    root = truth_dir() if truth else None
    if root is not None:
        found += sorted(path.parent for path in root.glob("docker/*/*/docker-containers.json"))
        found += sorted(path.parent for path in root.glob("article/*/ip-route.txt"))
    return tuple(found)


@cache
def _capture(folder: Path) -> Whole:
    return Whole("/".join(folder.parts[-2:]), dict(_files(folder)))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name not in _NEVER and name.count("/") in (0, 2):
            yield name, _shorter(path.name, path.read_bytes())


def _shorter(name: str, data: bytes) -> bytes:
    """Without the settings that nobody asks, but for a few."""
    if name != "sysctl.txt":
        return data
    return b"".join(line for line in data.splitlines(keepends=True) if _SYSCTLS.search(line))


@cache
def _random(seed: int) -> Whole:
    snapshot = random_host(seed).snapshot
    texts = snapshot_texts(snapshot)
    return Whole(f"host-{seed}", {name: text.encode() for name, text in texts.items()})
