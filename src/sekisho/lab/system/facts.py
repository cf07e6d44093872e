"""A standing lab as snapshots: the usual commands' output, read inside each node.

Every node that is no container becomes the host of a snapshot of its own; a Docker host's has its
containers' namespaces beside it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sekisho.errors import said
from sekisho.lab.namespaces import LabError, tool
from sekisho.lab.operations import Wire
from sekisho.lab.system.control import Client
from sekisho.lab.system.look import apart
from sekisho.lab.system.outside import WORLD
from sekisho.lab.system.plan import Plan, Server
from sekisho.lab.system.settled import await_settled
from sekisho.lab.tools import complaint
from sekisho.model.docker import DockerContainer, DockerEndpoint, DockerNetwork, PublishedPort
from sekisho.model.host import Socket
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.proxy import PROCESS
from sekisho.sources.load import load
from sekisho.values.address import Address
from sekisho.values.names import ContainerName, InterfaceName, namespace_name, network_name
from sekisho.values.numbers import integer, is_number

_LINKS = ("ip", "-j", "-d", "link")
_COMMANDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ip-addr.json", ("ip", "-j", "addr")),
    ("ip-route.json", ("ip", "-j", "route", "show", "table", "all")),
    ("ip-rule.json", ("ip", "-j", "rule")),
    ("ip-neigh.json", ("ip", "-j", "neigh")),
    ("iptables-save.txt", ("iptables-save",)),
    ("nft-ruleset.json", ("nft", "-j", "list", "ruleset")),
    ("ss.txt", ("ss", "-H", "-n", "-l", "-t", "-u", "-p")),
)
_SIX: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ip6-route.json", ("ip", "-6", "-j", "route", "show", "table", "all")),
    ("ip6-rule.json", ("ip", "-6", "-j", "rule")),
    ("ip6tables-save.txt", ("ip6tables-save",)),
)
_BRIDGE = ("link", "fdb")
_SYSCTLS = ("net/ipv4", "net/ipv6", "net/bridge", "net/netfilter")
# Per-interface neighbour timers and route caches decide nothing about a packet's way.
_LEFT_OUT = ("/neigh/", "/route/")


@dataclass(frozen=True, slots=True)
class LabFacts:
    """``snapshots`` by the node that is the host of each; ``home``: whose snapshot a node is in."""

    plan: Plan
    snapshots: dict[str, Snapshot]
    home: dict[str, str]


def capture(client: Client, plan: Plan, nodes: Sequence[str] | None = None) -> LabFacts:
    """Read the nodes (all of them where None). Raises LabError where a command fails."""
    wanted = list(nodes) if nodes is not None else [node.name for node in plan.nodes]
    doors = client.doors(wanted)
    try:
        texts = apart(doors, wanted, lambda name: _read(name in plan.ipv6))
    finally:
        doors.close()
    home = {name: (node.host or name) for name in wanted if (node := plan.node(name)) is not None}
    snapshots = {}
    for host in dict.fromkeys(home.values()):
        inside = [name for name in wanted if home[name] == host and name != host]
        snapshots[host] = _snapshot(plan, host, inside, texts)
    return LabFacts(plan, snapshots, home)


def _read(six: bool) -> dict[str, str]:
    """Every file of one namespace's part of a snapshot."""
    found = {"ip-link.json": await_settled(lambda: _output(_LINKS))}
    for name, argv in (*_COMMANDS, *(_SIX if six else ())):
        found[name] = _output(argv)
    links, entries = (
        _output(("bridge", "-j", *(("-d", "link") if what == "link" else ("fdb",)))) for what in _BRIDGE
    )
    found["bridge.json"] = f"{links}\n{entries}"
    found["sysctl.txt"] = "".join(_sysctl_lines())
    return found


def _output(argv: tuple[str, ...]) -> str:
    path = tool(argv[0])
    if path is None:
        raise LabError(said("the command {0!r} is not installed", argv[0]), advice="see: sekisho lab doctor")
    done = subprocess.run([path, *argv[1:]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(said("{0} failed: {1}", " ".join(argv), complaint(done.stderr)))
    return done.stdout


def _sysctl_lines() -> list[str]:
    lines = []
    for top in _SYSCTLS:
        for folder, _, names in os.walk(f"/proc/sys/{top}"):
            if any(part in f"{folder}/" for part in _LEFT_OUT):
                continue
            for name in names:
                try:
                    value = Path(folder, name).read_text().strip().replace("\t", " ")
                except (OSError, UnicodeDecodeError):
                    continue
                key = f"{folder}/{name}".removeprefix("/proc/sys/").translate(str.maketrans("/.", "./"))
                lines.append(f"{key} = {' '.join(value.split())}\n")
    return lines


def _snapshot(plan: Plan, host: str, inside: list[str], texts: dict[str, dict[str, str]]) -> Snapshot:
    with tempfile.TemporaryDirectory(prefix="sekisho-lab-") as place:
        for name in (host, *inside):
            folder = Path(place) if name == host else Path(place, "netns", _inside(host, name))
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in texts[name].items():
                (folder / file).write_text(text, encoding="utf-8")
        loaded = load(place)
    mine = [server for server in plan.servers if server.node == host and server.kind == "proxy"]
    names = [_inside(host, name) for name in inside]
    networks, containers = _docker(names, loaded, mine)
    found = replace(
        loaded, path=host, name=host, host=_with_proxies(loaded.host, mine), networks=networks,
        containers=containers,
    )  # fmt: skip
    if host == WORLD:
        return _with_lans_for_cards(found)
    return _of_several(plan, host, found) if host in plan.sites else found


def _inside(host: str, node: str) -> str:
    """What a host itself calls a node: of several hosts, each one's containers are called HOST/NAME."""
    return node.removeprefix(f"{host}/")


def _with_lans_for_cards(found: Snapshot) -> Snapshot:
    """The outside's bridges stand for wires: who is there is told by the other ends, and no rule is asked."""
    interfaces = tuple(
        replace(item, kind=None) if item.kind == "bridge" else item
        for item in found.host.interfaces or ()
        if item.master is None
    )
    return replace(found, host=replace(found.host, interfaces=interfaces, bridge_entries=()))


def _of_several(plan: Plan, host: str, found: Snapshot) -> Snapshot:
    """As one of the hosts of one world. What has its far end outside plays a network card."""
    cards = {link.name for link in plan.links
             if isinstance(link, Wire) and (link.node, link.far_node) == (host, WORLD)}  # fmt: skip
    interfaces = tuple(
        replace(item, kind=None, peer=None) if item.name in cards else item
        for item in found.host.interfaces or ()
    )
    own = replace(found.host, site=host, interfaces=interfaces)
    return replace(
        found, host=own, namespaces=tuple(replace(item, site=host) for item in found.namespaces),
        wires=plan.wires,
    )  # fmt: skip


def _with_proxies(host: Namespace, proxies: list[Server]) -> Namespace:
    """The owner's sockets that play docker-proxy's role are docker-proxy's to whoever reads the snapshot."""
    ports = {(server.proto, server.port) for server in proxies}

    def named(item: Socket) -> Socket:
        return (
            replace(item, process=f'users:(("{PROCESS}",pid=1,fd=4))')
            if (item.proto, item.port) in ports
            else item
        )

    return replace(host, sockets=None if host.sockets is None else tuple(map(named, host.sockets)))


def _docker(
    inside: list[str], loaded: Snapshot, proxies: list[Server]
) -> tuple[tuple[DockerNetwork, ...] | None, tuple[DockerContainer, ...] | None]:
    """What Docker would say of the containers. A host that has none says nothing."""
    if not inside:
        return None, None
    bridges = [item.name for item in loaded.host.interfaces or () if item.kind == "bridge"]
    ports = {item.name: item.master for item in loaded.host.interfaces or () if item.master}
    indexes: dict[int | None, InterfaceName] = {
        item.index: item.name for item in loaded.host.interfaces or ()
    }
    places: dict[str, list[DockerEndpoint]] = {}
    for namespace in loaded.namespaces:
        for interface in namespace.interfaces or ():
            peer = (interface.peer or "").removeprefix("if")
            port = indexes.get(integer(peer)) if is_number(peer) else None
            bridge = None if port is None else ports.get(port)
            addresses = tuple(
                item.address
                for item in namespace.addresses or ()
                if item.interface == interface.name and item.scope != "link"
            )
            if bridge is not None and addresses:
                places.setdefault(namespace.name, []).append(
                    DockerEndpoint(network_name(bridge), addresses, (), interface.mac)
                )
    holder = {address: name for name, ends in places.items() for end in ends for address in end.addresses}
    published: dict[str, list[PublishedPort]] = {}
    for server in proxies:
        if server.target is not None and server.target[0] in holder:
            published.setdefault(holder[server.target[0]], []).append(
                PublishedPort(server.target[1], server.proto, server.address or Address(4, 0), server.port)
            )
    containers = tuple(
        DockerContainer(
            ContainerName(namespace_name(name)),
            name,
            True,
            "",
            tuple(places.get(name, ())),
            tuple(published.get(name, ())),
        )
        for name in inside
    )
    return tuple(
        DockerNetwork(network_name(name), name, "bridge", bridge=name) for name in bridges
    ), containers
