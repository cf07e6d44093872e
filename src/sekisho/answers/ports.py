"""Which ports a host and its containers have, as far as anything captured tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.model.docker import DockerContainer, PublishedPort
from sekisho.semantics.attachment import Link
from sekisho.semantics.conjunction import conjuncts, parts
from sekisho.semantics.journey import Lean
from sekisho.semantics.listed import listed_names
from sekisho.semantics.partial import OF_NFT
from sekisho.semantics.program import Accept, Guard, In, NotUnderstood, Translate
from sekisho.semantics.proxy import PROCESS
from sekisho.semantics.site import Site
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP, UDP, protocol_number


@dataclass(frozen=True, slots=True)
class Port:
    """A container's port in one of its networks."""

    place: str
    network: str
    address: Address
    port: int
    proto: int
    link: Link | None


# What a list of ports leans on where a text is missing that would show more of them.
NOT_LISTED = ("containers-not-listed", "host-ports-not-listed")


def not_listed(site: Site) -> tuple[Lean, ...]:
    """Why there may be containers, or ports of the host, that nothing captured shows."""
    snapshot = site.snapshot
    missing = (snapshot.containers is None and snapshot.networks is None, snapshot.host.sockets is None)
    return tuple(Lean(code) for code, gone in zip(NOT_LISTED, missing, strict=True) if gone)


def not_shown(site: Site) -> tuple[Lean, ...]:
    """Why somebody may be on a bridge whom nothing captured shows."""
    if site.snapshot.containers is not None or site.snapshot.networks is not None:
        return ()
    unheard = site.host.facts.neighbours is None and bool(site.bridges)
    return (Lean(NOT_LISTED[0]), *((Lean("neighbours-not-captured"),) if unheard else ()))


def container_ports(site: Site, family: Family) -> Iterator[Port]:
    """The ports of containers that are published, exposed, listened on or translated to; those of containers
    that are gone among them, where a rule still sends there."""
    networks = site.snapshot.networks or ()
    bridges: dict[str, str] = {network.bridge: network.name for network in networks if network.bridge}
    containers: dict[str, DockerContainer] = {
        site.called(item.name): item for item in site.snapshot.containers or ()
    }
    translated = _translated(site, family)
    for attachment in (*site.attachments, *site.gone):
        for address in sorted(attachment.addresses):
            if address.family != family:
                continue
            wanted = set(translated.get(address.value, ()))
            wanted |= set(_of_docker(containers.get(attachment.name)))
            wanted |= set(_listening(site, attachment.node, address))
            for proto, port in sorted(wanted, key=lambda item: (item[1], item[0])):
                network = bridges.get(attachment.bridge, attachment.bridge)
                yield Port(attachment.name, network, address, port, proto, attachment.link)


def nowhere_known(site: Site, family: Family) -> Iterator[Port]:
    """The ports to which DNAT rules of the host send, at addresses to which no text tells the way: where none
    shows the routes, or a container would be on a bridge that none shows."""
    if site.host.facts.shows_table(family, "main"):
        return
    for value, ports in sorted(_translated(site, family).items()):
        address = Address(family, value)
        if site.holders(address) or address in {item for gone in site.gone for item in gone.addresses}:
            continue
        if not site.host.owns(family, value):
            for proto, port in sorted(set(ports), key=lambda item: (item[1], item[0])):
                yield Port(str(address), "", address, port, proto, None)


def listed_nowhere(site: Site, family: Family) -> Iterator[tuple[str, int, int]]:
    """(container, protocol, port) of what Docker's short lists show of running containers, where nothing
    tells an address of theirs."""
    snapshot = site.snapshot
    placed = {*map(site.called, listed_names(snapshot).values()), *(item.name for item in site.attachments)}
    for item in snapshot.listed_containers or ():
        if item.name is None or site.called(item.name) in placed or item.running is False or item.addresses:
            continue
        shown = [port for port in item.published or () if _is_of(port, family)]
        ports = {(protocol_number(port.proto), port.container_port) for port in shown}
        ports |= {(protocol_number(proto), port) for port, proto in item.exposed}
        for proto, port in sorted(ports, key=lambda one: (one[1], one[0])):
            yield site.called(item.name), proto, port


def _is_of(port: PublishedPort, family: Family) -> bool:
    return port.host_address is None or port.host_address.family == family


def _of_docker(container: DockerContainer | None) -> Iterator[tuple[int, int]]:
    """Ports that Docker knows of: published, and EXPOSEd by the image."""
    if container is None:
        return
    for published in container.published:
        yield protocol_number(published.proto), published.container_port
    for port, proto in container.exposed:
        yield protocol_number(proto), port


def _listening(site: Site, node: str | None, address: Address) -> Iterator[tuple[int, int]]:
    sockets = site.nodes[node].sockets if node is not None else None
    for socket in sockets or ():
        local = socket.address
        if local is None or not local.value or local == address:
            for number_, name in ((TCP, "tcp"), (UDP, "udp")):
                if socket.proto.startswith(name) and socket.state in ("LISTEN", "UNCONN", ""):
                    yield number_, socket.port


def _translated(site: Site, family: Family) -> dict[int, list[tuple[int, int]]]:
    """Ports that DNAT rules of the host send to, by address."""
    found: dict[int, list[tuple[int, int]]] = {}
    for guard, address, port in _translating(site, family):
        for proto in _protocols(guard):
            found.setdefault(address, []).append((proto, port))
    return found


def translations(site: Site, address: Address, proto: int, port: int) -> Iterator[tuple[Address | None, int]]:
    """What DNAT rules of the host translate to a container's port: the address that is called (None: any that
    the rule takes) and the port."""
    family = address.family
    for guard, to, at in _translating(site, family):
        if (to, at) != (address.value, port) or proto not in _protocols(guard):
            continue
        parts = {part.field: part.values for part in conjuncts(guard) if isinstance(part, In)}
        dst = parts.get("dst")
        called = Address(family, dst.intervals[0][0]) if dst is not None and dst.size() == 1 else None
        for first, _ in parts.get("dport", IntSet.of(port)):
            yield called, first


def _translating(site: Site, family: Family) -> Iterator[tuple[Guard, int, int]]:
    """The rules of the host that translate to one address and a port."""
    for stations in site.host.programs[family].stations.values():
        for station in stations:
            for chain in (station.base, *station.chains.values()):
                for line in (part for whole in chain.lines for part in parts(whole)):
                    action = line.action
                    if not isinstance(action, Translate) or action.addresses is None or action.what != "dst":
                        continue
                    if action.ports is not None and action.addresses[0] == action.addresses[1]:
                        yield line.guard, action.addresses[0], action.ports[0]


def may_translate(site: Site, family: Family) -> tuple[Lean, ...]:
    """What may publish ports that nobody can name: rules of nat that are not understood, or not captured."""
    found: dict[Lean, None] = {}
    for stations in site.host.programs[family].stations.values():
        for station in stations:
            if station.kind != "nat" and station.table not in ("nat", OF_NFT):
                continue
            for chain in (station.base, *station.chains.values()):
                for line in (part for whole in chain.lines for part in parts(whole)):
                    if isinstance(line.action, NotUnderstood):
                        found[Lean("ports-not-known", (line.text or station.table,))] = None
    return tuple(found)


def _protocols(guard: Guard) -> tuple[int, ...]:
    for part in conjuncts(guard):
        if isinstance(part, In) and part.field == "proto":
            return tuple(n for n in (TCP, UDP) if n in part.values)
    return ()


def host_ports(site: Site, family: Family) -> Iterator[tuple[int, int, IntSet]]:
    """Ports that processes of the host listen on, with the addresses they do; docker-proxy's left out."""
    own = IntSet.of(*(item.value for item in site.host.addresses[family]))
    found: dict[tuple[int, int], IntSet] = {}
    chain = site.host.programs[family].sockets
    for line in chain.lines if chain is not None else ():
        if not isinstance(line.action, Accept) or PROCESS in line.text:
            continue
        parts = {part.field: part.values for part in conjuncts(line.guard) if isinstance(part, In)}
        key = (parts["proto"].intervals[0][0], parts["dport"].intervals[0][0])
        found[key] = found.get(key, IntSet(())) | parts.get("dst", own)
    for (proto, port), addresses in sorted(found.items(), key=lambda item: item[0][1]):
        yield proto, port, addresses
