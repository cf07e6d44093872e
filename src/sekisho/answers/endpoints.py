"""Endpoints as the user writes them, and where a packet from or to one starts or goes.

ADDRESS  PREFIX  internet  host  container:NAME  network:NAME  netns:NAME  iface:NAME   each with :PORT
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.errors import Said, UsageError, said
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import HOST, World
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import LOOPBACK
from sekisho.values.numbers import integer, is_number

# What stands for "somebody on the Internet": RFC 5737 and RFC 3849 documentation addresses.
INTERNET: dict[int, Address] = {4: Address.parse("203.0.113.9"), 6: Address.parse("2001:db8:ffff::9")}

KINDS = ("container", "network", "netns", "iface")
# Places in AWS: they have names too, and other verbs know them.
ELSEWHERE = ("instance", "eni")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``kind``: address, internet, host, or one of KINDS with a ``name``; ``port`` None where not given."""

    text: str
    kind: str
    name: str = ""
    address: Address | None = None
    port: int | None = None


def parse_endpoint(text: str) -> Endpoint:
    """Read an endpoint. Raises UsageError naming what is wrong with it."""
    if not text:
        raise UsageError("an endpoint is empty", advice=_ADVICE)
    body, port = _split_port(text)
    if body in ("internet", "host"):
        return Endpoint(text, body, port=port)
    kind, colon, name = body.partition(":")
    if colon and kind in KINDS:
        if not name:
            raise UsageError(said("{0}: needs a name", kind), text=text, advice=_ADVICE)
        return Endpoint(text, kind, name, port=port)
    if kind in ELSEWHERE and colon:
        raise UsageError(said("{0}: is not understood by this verb", kind), text=text, advice=_ADVICE)
    if body == "":
        return Endpoint(text, "host", port=port)
    try:
        if "/" in body:
            prefix = Prefix.parse(body)
            if prefix.length != prefix.bits:
                raise UsageError(
                    said("a trace follows one packet: name one address of {0}", prefix),
                    text=text,
                    advice=_ADVICE,
                )
            return Endpoint(text, "address", address=prefix.address, port=port)
        return Endpoint(text, "address", address=Address.parse(body), port=port)
    except ValueError as error:
        raise UsageError(said("not an endpoint: {0}", error), text=text, advice=_ADVICE) from error


_ADVICE = (
    "write an address, internet, host, container:NAME, network:NAME, netns:NAME or iface:NAME,"
    " each with :PORT where a port is meant ([2001:db8::1]:80 for IPv6)"
)


def split_name(text: str) -> tuple[str, str] | None:
    """``container:[fd00::2]:80`` and ``container:fd00::2`` as the part before the port, and the port: what is
    known by its IPv6 address only is called so. None for all other names."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in KINDS or name.count(":") < 2:
        return None
    inside, bracket, rest = name.removeprefix("[").partition("]")
    if name.startswith("[") and bracket and (not rest or rest.startswith(":")):
        return f"{kind}:{inside}", rest[1:]
    try:
        return f"{kind}:{Address.parse(name)}", ""
    except ValueError:
        return None


def _split_port(text: str) -> tuple[str, int | None]:
    if (named := split_name(text)) is not None:
        return named[0], _port(named[1], text) if named[1] else None
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UsageError("the bracket is not closed", text=text, advice=_ADVICE)
        return inside, _port(rest[1:], text) if rest else None
    head, colon, tail = text.rpartition(":")
    if not colon or (text.count(":") > 1 and head.partition(":")[0] not in (*KINDS, *ELSEWHERE)):
        return text, None  # no port, or a bare IPv6 address
    if head in KINDS or head in ELSEWHERE:
        return text, None
    return head, _port(tail, text)


def _port(text: str, whole: str) -> int:
    if not is_number(text) or not 0 < integer(text) < 65536:
        raise UsageError(said("not a port: {0!r}", text), text=whole, advice=_ADVICE)
    return integer(text)


# ------------------------------------------------------------------------------ places in a world


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet sets out: see ``journeys.Start``; ``src`` None leaves the source to routing."""

    node: str
    how: str
    src: Address | None
    iface: str | None = None
    origin: Attachment | None = None
    leans: tuple[Lean, ...] = ()


def families(endpoint: Endpoint, world: World) -> frozenset[Family]:
    """The IP versions that the endpoint has addresses of, as far as its name tells; else both."""
    if endpoint.kind not in ("container", "netns", "network"):
        return frozenset((4, 6))
    try:
        found = frozenset(a.family for item in _attachments(endpoint, world) for a in item.addresses)
    except UsageError:
        found = frozenset()
    return found or frozenset((4, 6))


def destination(endpoint: Endpoint, world: World, family: Family | None) -> Address:
    """The address a packet to the endpoint carries. Raises UsageError where there is none."""
    wanted: Family = 4 if family is None else family
    if endpoint.address is not None:
        return endpoint.address
    if endpoint.kind == "internet":
        return INTERNET[wanted]
    lives_in = world.shared.get(endpoint.name) if endpoint.kind in ("container", "netns") else None
    if HOST in (endpoint.kind, lives_in):
        return _host_address(world, wanted, endpoint)
    if endpoint.kind == "iface":
        for item in world.host.addresses[wanted]:
            if item.interface == endpoint.name:
                return Address(item.family, item.value)
        raise UsageError(
            said("no IPv{0} address is known on interface {1}", wanted, endpoint.name), text=endpoint.text
        )
    found = _attachments(endpoint, world)
    for attachment in found:
        for address in sorted(attachment.addresses):
            if address.family == wanted:
                return address
    raise UsageError(said("no IPv{0} address is known for {1}", wanted, endpoint.text), text=endpoint.text)


def _host_address(world: World, family: Family, endpoint: Endpoint) -> Address:
    outward = internet_interface(world, family)
    candidates = [item for item in world.host.addresses[family] if item.scope not in ("host", "link")]
    candidates = [item for item in candidates if item.interface != "lo"]
    for item in candidates:
        if item.interface == outward:
            return Address(family, item.value)
    if candidates and outward is not None and world.host.hidden[family].of(outward) is not None:
        raise UsageError(
            said("no IPv{0} address is known on interface {1}", family, outward), text=endpoint.text
        )
    if candidates:
        return Address(family, candidates[0].value)
    raise UsageError(said("no IPv{0} address of the host is known", family), text=endpoint.text)


def _attachments(endpoint: Endpoint, world: World) -> tuple[Attachment, ...]:
    if endpoint.kind == "network":
        bridges: dict[str, str | None] = {n.name: n.bridge for n in world.snapshot.networks or ()}
        if endpoint.name not in bridges:
            raise UsageError(
                said("no Docker network {0!r} in this snapshot", endpoint.name),
                text=endpoint.text,
                advice=_known_networks(bridges),
            )
        return tuple(a for a in world.attachments if a.bridge == bridges[endpoint.name])
    found = world.named(endpoint.name)
    if not found:
        if error := unplaced(endpoint.name, endpoint.text, world):
            raise error
        names = dict.fromkeys(a.name for a in world.attachments if a.origin != "rule")
        raise UsageError(
            said("no {0} {1!r} in this snapshot", endpoint.kind, endpoint.name),
            text=endpoint.text,
            advice=_known_containers(names),
        )
    return found


def unplaced(name: str, text: str, world: World) -> UsageError | None:
    """Why nobody can ask for a container that Docker's short lists show, where nothing tells an address of
    its; None for another name."""
    if not any(item.name == name for item in world.snapshot.listed_containers or ()):
        return None
    return UsageError(
        said("nothing that was captured tells the address of {0}", name),
        text=text,
        advice="docker ps does not show it; docker inspect does",
    )


def _known_containers(names: Iterable[str]) -> Said:
    listed = ", ".join(sorted(names))
    return said("known containers: {0}", listed) if listed else said("no containers are known here")


def _known_networks(names: Iterable[str]) -> Said:
    listed = ", ".join(sorted(names))
    return said("known networks: {0}", listed) if listed else said("no networks are known here")


def internet_interface(world: World, family: Family) -> str | None:
    """The interface that faces the Internet: the role in snapshot.toml, else the default route's."""
    for interface, role in world.snapshot.roles:
        if role == "internet":
            return interface
    return next(iter(default_interfaces(world, family)), None)


# So short is the prefix of a default route, or of a part of one (0.0.0.0/1 and 128.0.0.0/1 of OpenVPN).
_MOST_DEFAULT: dict[Family, int] = {4: 1, 6: 3}


def is_default(prefix: Prefix) -> bool:
    """Whether a route to the prefix stands for the rest of the world."""
    return prefix.length <= _MOST_DEFAULT[prefix.family]


def default_interfaces(world: World, family: Family) -> tuple[str, ...]:
    """The interfaces of default routes. First comes what has the best whole one of table main, last what
    only other tables have one by: policy rules lead there (WireGuard, a second network card)."""
    found: list[tuple[bool, bool, int, str]] = []
    for route in world.host.facts.routes:
        if route.family == family and route.kind == "unicast" and is_default(route.dst):
            rank = (route.table != "main", route.dst.length > 0, route.metric or 0)
            found += ((*rank, hop.dev) for hop in route.nexthops if hop.dev)
    return tuple(dict.fromkeys(name for *_, name in sorted(found, key=lambda each: each[:3])))


def _front_of(world: World, family: Family, to: Address | None) -> str | None:
    """Of several interfaces that face the Internet, the one that has the address."""
    if to is None or world.snapshot.roles:
        return None
    fronts = default_interfaces(world, family)
    own = (item.interface for item in world.host.addresses[family] if item.value == to.value)
    return next((name for name in own if name in fronts), None)


def origin(
    endpoint: Endpoint, world: World, family: Family, iface: str | None, to: Address | None = None
) -> Place:
    """Where a packet from the endpoint starts; ``to`` is where it goes. Raises UsageError where that cannot
    be told."""
    if endpoint.kind == "host":
        return Place(HOST, "process", None)
    if endpoint.kind == "internet":
        interface = iface or _front_of(world, family, to) or internet_interface(world, family)
        if interface is None:
            raise UsageError(
                "no interface faces the Internet: there is no default route",
                text=endpoint.text,
                advice='name one with --in IFACE, or in snapshot.toml: [roles] eth0 = "internet"',
            )
        address = INTERNET[family]
        lean = Lean("internet-address", (str(address), interface))
        return Place(HOST, "interface", address, interface, leans=(lean,))
    if endpoint.kind == "iface":
        raise UsageError(
            said("a packet needs a source address: write FROM as an address and add --in {0}", endpoint.name),
            text=endpoint.text,
        )
    if endpoint.kind == "address":
        assert endpoint.address is not None
        return _from_address(endpoint.address, world, iface)
    node = world.shared.get(endpoint.name, endpoint.name)
    if endpoint.kind in ("container", "netns") and node in world.nodes:
        return Place(node, "process", None)
    for attachment in _attachments(endpoint, world):
        place = _from_attachment(attachment, family)
        if place is not None:
            return place
    raise UsageError(said("no IPv{0} address is known for {1}", family, endpoint.text), text=endpoint.text)


def _from_attachment(attachment: Attachment, family: Family) -> Place | None:
    for address in sorted(attachment.addresses):
        if address.family == family:
            if attachment.node is not None:
                return Place(attachment.node, "process", address)
            return Place(HOST, "attachment", address, attachment.bridge, attachment)
    return None


def _from_address(address: Address, world: World, iface: str | None) -> Place:
    if iface is not None:
        return Place(HOST, "interface", address, iface)
    if world.host.owns(address.family, address.value) or _is_loopback(address):
        return Place(HOST, "process", address)
    attachment = world.holder(address)
    if attachment is not None:
        place = _from_attachment(attachment, address.family)
        assert place is not None
        return place
    interface = _towards(address, world)
    if interface is None:
        raise UsageError(
            said("no route tells on which interface packets from {0} arrive", address),
            text=str(address),
            advice="name it with --in IFACE",
        )
    if interface in world.bridges:
        stranger = world.stranger(address, interface)
        lean = Lean("container-inferred", (str(address), interface))
        return Place(HOST, "attachment", address, interface, stranger, (lean,))
    lean = Lean("arrives-by-route", (str(address), interface))
    return Place(HOST, "interface", address, interface, leans=(lean,))


def _is_loopback(address: Address) -> bool:
    return address.value >> 24 == 127 if address.family == 4 else address.value == 1


def _towards(address: Address, world: World) -> str | None:
    """The interface by which the main table reaches the address: where its packets are expected."""
    best: tuple[int, int, str] | None = None
    for route in world.host.facts.routes:
        if route.family != address.family or route.table != "main" or not route.dst.contains(address):
            continue
        device = route.nexthops[0].dev if route.nexthops else None
        if route.kind != "unicast" or device is None:
            continue
        key = (-route.dst.length, route.metric or 0, device)
        if best is None or key < best:
            best = key
    return best[2] if best else None


def own_address(text: str, namespace: Namespace) -> bool:
    """Whether an end of a question is an address that the namespace itself has."""
    try:
        address = parse_endpoint(text).address
    except UsageError:  # "any", or what the question itself will be refused for
        return False
    if address is None:
        return False
    own = host_addresses(namespace, address.family)
    return any(item.value == address.value for item in own if item.interface != LOOPBACK)
