"""Which of a host's interfaces are bridges, and what says so. This is the only place that decides it.

Strongest first; a later one is asked only about interfaces of which no earlier one tells:

    network   ``docker network inspect`` has it as the bridge of a network
    link      ``ip -d link`` (or JSON) says that it is a bridge, or that other interfaces are its ports
    rules     a line that dockerd writes for the bridge of a network only, whatever its name
    name      nothing but its name, where no capture says of what kind the interface is

What hangs on a name alone is said so wherever an answer leans on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sekisho.model.docker import DockerNetwork
from sekisho.model.evidence import Evidence
from sekisho.model.links import Interface
from sekisho.model.netfilter import Rule
from sekisho.model.snapshot import Namespace, Snapshot

# docker0, swarm's gateway bridge, and "br-" with the first 12 digits of a network's id.
_DOCKERS = re.compile(r"docker0|docker_gwbridge|br-[0-9a-f]{12}")
# Those, and what Docker's users, libvirt, LXC, podman and CNI call their bridges.
_USUAL = re.compile(
    r"docker0|docker_gwbridge|br-.+|(virbr|lxcbr|lxdbr|podman)[0-9]{1,20}|cni0|cni-podman[0-9]{1,20}"
)

# Where the rules of internal networks stand, up to 28 and later.
_INTERNAL = ("DOCKER-ISOLATION-STAGE-1", "DOCKER-INTERNAL")

KnownBy = Literal["network", "link", "rules", "name"]


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge of the host. ``docker``: of a Docker network, as far as anything captured tells (its
    ``network``, where that was captured). ``evidence`` is the line that shows it."""

    name: str
    known_by: KnownBy
    docker: bool
    network: DockerNetwork | None = None
    evidence: Evidence | None = None


def bridges_of(snapshot: Snapshot) -> dict[str, Bridge]:
    """All bridges of the host by name."""
    host = snapshot.host
    found: dict[str, Bridge] = {}
    for network in snapshot.networks or ():
        if network.bridge:
            found[network.bridge] = Bridge(network.bridge, "network", True, network, network.evidence)
    # Where Docker's networks were captured, a bridge that none of them has is none of Docker's.
    unlisted = snapshot.networks is None
    written = dict(_written_about(host))
    for name, evidence in _shown_by_links(host):
        docker = unlisted and (name in written or _DOCKERS.fullmatch(name) is not None)
        found.setdefault(name, Bridge(name, "link", docker, None, evidence))
    known = {item.name for item in host.interfaces or () if _tells(item)}
    for name, evidence in written.items():
        if name not in known:
            found.setdefault(name, Bridge(name, "rules", unlisted, None, evidence))
    for name in _devices(host):
        if name not in known and named_like_a_bridge(name):
            found.setdefault(name, Bridge(name, "name", unlisted and _DOCKERS.fullmatch(name) is not None))
    return found


def bridges_in(namespace: Namespace) -> frozenset[str]:
    """The bridges of a namespace that is not the host's, as its links show them."""
    return frozenset(name for name, _ in _shown_by_links(namespace))


def is_bridge(interface: Interface) -> bool:
    """The same of an interface of any namespace, as far as its own line and its name tell."""
    return interface.kind == "bridge" if _tells(interface) else named_like_a_bridge(interface.name)


def named_like_a_bridge(name: str) -> bool:
    """Whether an interface of unknown kind has a name that is usual for bridges."""
    return _USUAL.fullmatch(name) is not None


def _tells(interface: Interface) -> bool:
    """Whether the listing says of what kind an interface is. Bonds and VRFs have the flag MASTER."""
    return interface.kind is not None or "MASTER" in interface.flags


def _shown_by_links(host: Namespace) -> Iterator[tuple[str, Evidence | None]]:
    """What ``ip -d link`` calls a bridge, and what has ports; bonds, teams and VRFs have such too."""
    interfaces: dict[str, Interface] = {item.name: item for item in host.interfaces or ()}
    for item in interfaces.values():
        if item.kind == "bridge":
            yield item.name, item.evidence
        master = interfaces.get(item.master or "")
        unclear = master is None or not _tells(master)
        if item.master and unclear and "SLAVE" not in item.flags:
            yield item.master, item.evidence


def _devices(host: Namespace) -> Iterator[str]:
    for item in host.interfaces or ():
        yield item.name
    for route in host.routes:
        for hop in route.nexthops:
            if hop.dev:
                yield hop.dev
    for address in host.addresses or ():
        yield address.interface


def _written_about(host: Namespace) -> Iterator[tuple[str, Evidence | None]]:
    """The bridges that rules in dockerd's own form name, with the rule; the first rule of each last."""
    for ruleset in host.rulesets:
        for table in ruleset.tables:
            for chain in reversed(table.chains):
                for rule in reversed(chain.rules):
                    name = bridge_in(table.name, chain.name, _shape_of(rule))
                    if name is not None:
                        yield name, rule.evidence
    if host.nft is not None:
        from sekisho.semantics.bridges_nft import written_in_nft  # nftables' words, only where there are some

        yield from written_in_nft(host.nft)


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a rule tells whose it is: the interfaces that it names (None: none; ``not_``: with a ``!``),
    whether it asks for a ``port`` or for anything ``else_``, and what it does (``to``: a chain, RETURN,
    DNAT...)."""

    to: str
    iif: str | None = None
    not_iif: str | None = None
    oif: str | None = None
    not_oif: str | None = None
    port: bool = False
    else_: bool = False


def bridge_in(table: str, chain: str, shape: Shape) -> str | None:
    """The interface of a rule that dockerd writes for bridges alone (moby, libnetwork's bridge driver):

    filter  ``-o BR -j DOCKER``                               in FORWARD, from 28.0.1 on in DOCKER-BRIDGE
    filter  ``-i BR ! -o BR -j DOCKER-ISOLATION-STAGE-2``     up to 28
    filter  ``! -s NET -o BR -j DROP``, ``! -d NET -i BR``    of an internal network, in the chains of those
    nat     ``-i BR -j RETURN`` in DOCKER                     up to 28
    nat     ``! -i BR -p ... --dport N -j DNAT`` in DOCKER    a published port, with docker-proxy
    """
    found: str | None = None
    if table == "filter" and chain in _INTERNAL and shape.to == "DROP":
        found = shape.oif or shape.iif
    elif table == "filter" and not shape.else_ and not shape.port:
        if shape == Shape("DOCKER", oif=shape.oif):
            found = shape.oif
        elif shape == Shape("DOCKER-ISOLATION-STAGE-2", iif=shape.iif, not_oif=shape.iif):
            found = shape.iif
    elif (table, chain) == ("nat", "DOCKER"):
        if shape == Shape("RETURN", iif=shape.iif):
            found = shape.iif
        elif shape.to == "DNAT" and shape.port and shape.iif is shape.oif is None:
            found = shape.not_iif
    return None if found in ("lo", None) or (found or "").endswith("+") else found


_INTERFACES = {
    ("in-interface", False): "iif", ("in-interface", True): "not_iif",
    ("out-interface", False): "oif", ("out-interface", True): "not_oif",
}  # fmt: skip


def _shape_of(rule: Rule) -> Shape:
    named: dict[str, str] = {}
    asked = {option.name for option in rule.matches}
    for option in rule.matches:
        side = _INTERFACES.get((option.name, option.negated))
        if side is not None and len(option.values) == 1:
            named[side] = option.values[0]
    port = "dport" in asked
    asked -= {"in-interface", "out-interface", "dport"} | ({"protocol"} if port else set())
    return Shape(rule.target.name if rule.target is not None else "", port=port, else_=bool(asked), **named)
