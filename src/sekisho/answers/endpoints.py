"""Endpoints as the user writes them, and where a packet from or to one starts or goes.

ADDRESS  PREFIX  internet  host  host:NAME  container:NAME  network:NAME  netns:NAME  iface:NAME
each with :PORT; of several hosts NAME may be HOST/NAME
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.answers.facing import called_by_others, first_address, front_of, internet_interface, towards
from sekisho.answers.naming import container_of, host_of, on_host, with_bridge_for
from sekisho.errors import Said, UsageError, said
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.journey import Lean
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.numbers import integer, is_number

# What stands for "somebody on the Internet": RFC 5737 and RFC 3849 documentation addresses.
INTERNET: dict[int, Address] = {4: Address.parse("203.0.113.9"), 6: Address.parse("2001:db8:ffff::9")}

KINDS = ("container", "network", "netns", "iface", "host")
# Places in AWS: they have names too, and other verbs know them.
ELSEWHERE = ("instance", "eni")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``kind``: address, internet, or one of KINDS with a ``name`` ("host" alone has none); ``port`` None
    where not given."""

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
        return (head, _port(tail, text)) if head == "host" and meant_as_port(tail) else (text, None)
    return head, _port(tail, text)


def meant_as_port(text: str) -> bool:
    """Whether what follows ``host:`` is a port, or ports, and no host's name."""
    return not any(each.isalpha() or each in "._" for each in text)


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
    if endpoint.kind == "host":
        return _host_address(host_of(endpoint.name, endpoint.text, world), wanted, endpoint)
    if endpoint.kind == "iface":
        site, name = on_host(endpoint.name, endpoint.text, world, interfaces(world))
        for item in site.host.addresses[wanted]:
            if item.interface == name:
                return Address(item.family, item.value)
        raise UsageError(
            said("no IPv{0} address is known on interface {1}", wanted, endpoint.name), text=endpoint.text
        )
    node = lives_in(endpoint, world)
    if node in world.sites:
        return _host_address(world.sites[node], wanted, endpoint)
    for attachment in _attachments(endpoint, world):
        for address in sorted(attachment.addresses):
            if address.family == wanted:
                return address
    raise UsageError(said("no IPv{0} address is known for {1}", wanted, endpoint.text), text=endpoint.text)


def meant(endpoint: Endpoint, world: World) -> Site | None:
    """The host of what an endpoint names; None for what is no host's."""
    if endpoint.kind == "host":
        return host_of(endpoint.name, endpoint.text, world)
    if endpoint.kind in ("container", "netns"):
        name = container_of(endpoint.name, endpoint.text, world)
        site = world.sites.of(name) if world.sites.holds(name) else None
        return site if site is not None and (name in site.nodes or site.knows(name)) else None
    return None


def lives_in(endpoint: Endpoint, world: World) -> str:
    """The namespace in which the container of an endpoint lives, as far as one was captured."""
    if endpoint.kind not in ("container", "netns"):
        return ""
    return world.lives_in(container_of(endpoint.name, endpoint.text, world))


def networks(world: World) -> Iterator[tuple[Site, frozenset[str]]]:
    """The Docker networks of each host."""
    for site in world.sites.values():
        yield site, frozenset(network.name for network in site.snapshot.networks or ())


def interfaces(world: World) -> Iterator[tuple[Site, frozenset[str]]]:
    """The interfaces of each host, as far as any text names them."""
    for site in world.sites.values():
        yield site, interfaces_of(site)


def interfaces_of(site: Site) -> frozenset[str]:
    """The same of one host."""
    return site.devices


def _host_address(site: Site, family: Family, endpoint: Endpoint) -> Address:
    found = first_address(site, family)
    if found is not None:
        return found
    outward = internet_interface(site, family)
    if outward is not None and any(called_by_others(site, family)):
        raise UsageError(
            said("no IPv{0} address is known on interface {1}", family, outward), text=endpoint.text
        )
    raise UsageError(said("no IPv{0} address of the host is known", family), text=endpoint.text)


def _attachments(endpoint: Endpoint, world: World) -> tuple[Attachment, ...]:
    if endpoint.kind == "network":
        site, name = on_host(endpoint.name, endpoint.text, world, networks(world))
        bridges: dict[str, str | None] = {n.name: n.bridge for n in site.snapshot.networks or ()}
        if name not in bridges:
            raise UsageError(
                said("no Docker network {0!r} in this snapshot", endpoint.name),
                text=endpoint.text,
                advice=_known_networks(bridges),
            )
        return tuple(a for a in site.attachments if a.bridge == bridges[name])
    found = world.named(container_of(endpoint.name, endpoint.text, world))
    if not found:
        if error := unplaced(endpoint.name, endpoint.text, world):
            raise error
        every = (a for site in world.sites.values() for a in site.attachments)
        names_ = dict.fromkeys(a.name for a in every if a.origin != "rule")
        raise UsageError(
            said("no {0} {1!r} in this snapshot", endpoint.kind, endpoint.name),
            text=endpoint.text,
            advice=_known_containers(names_),
        )
    return found


def unplaced(name: str, text: str, world: World) -> UsageError | None:
    """Why nobody can ask for a container that Docker's short lists show, where nothing tells an address of
    its; None for another name."""
    sites = world.sites.values()
    if not any(item.name == name for site in sites for item in site.snapshot.listed_containers or ()):
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


def origin(
    endpoint: Endpoint,
    world: World,
    family: Family,
    iface: str | None,
    to: Address | None = None,
    near: Site | None = None,
) -> Place:
    """Where a packet from the endpoint starts; ``to`` is where it goes, ``near`` the host that is meant.
    Raises UsageError where that cannot be told."""
    if endpoint.kind == "host":
        return Place(host_of(endpoint.name, endpoint.text, world).id, "process", None)
    if endpoint.kind == "internet":
        site, interface = _arriving(endpoint.text, world, iface, to, near)
        interface = interface or front_of(site, family, to) or internet_interface(site, family)
        if interface is None:
            raise UsageError(
                "no interface faces the Internet: there is no default route",
                text=endpoint.text,
                advice='name one with --in IFACE, or in snapshot.toml: [roles] eth0 = "internet"',
            )
        address = INTERNET[family]
        lean = Lean("internet-address", (str(address), site.shown(interface)))
        return Place(site.id, "interface", address, interface, leans=(lean,))
    if endpoint.kind == "iface":
        raise UsageError(
            said("a packet needs a source address: write FROM as an address and add --in {0}", endpoint.name),
            text=endpoint.text,
        )
    if endpoint.kind == "address":
        assert endpoint.address is not None
        return _from_address(endpoint.address, world, iface, to, near)
    node = lives_in(endpoint, world)
    if node in world.nodes:
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
            return Place(attachment.link.owner, "attachment", address, attachment.bridge, attachment)
    return None


def _arriving(
    text: str, world: World, iface: str | None, to: Address | None, near: Site | None
) -> tuple[Site, str | None]:
    """The host at which somebody outside arrives, and the interface where that is said: with several hosts
    the one of which the destination is."""
    if iface is not None:
        return on_host(iface, iface, world, interfaces(world))
    if near is not None or len(world.sites) == 1:
        return near or world.site, None
    every = () if to is None else world.sites.naming(to, own=False)
    has = [site for site in every if to is not None and site.has(to)]
    if len(has) == 1:
        return has[0], None
    raise UsageError(
        said(
            "there are {0} hosts here, and nothing tells at which of them {1} arrives", len(world.sites), text
        ),
        text=text,
        advice=said("name one with --in HOST/IFACE; the hosts are: {0}", ", ".join(world.sites)),
    )


def _from_address(
    address: Address, world: World, iface: str | None, to: Address | None, near: Site | None
) -> Place:
    if iface is not None:
        site, name = _arriving(str(address), world, iface, to, near)
        return Place(site.id, "interface", address, name)
    every = world.sites.naming(address, own=True)
    owners = [site.id for site in every if site.host.owns(address.family, address.value)]
    holders = world.holders(address)
    if len(owners) + (len(holders) if len(world.sites) > 1 else 0) > 1:
        names = [f"host:{name}" for name in owners] + [f"container:{item.name}" for item in holders]
        raise UsageError(
            said("{0} is the address of {1}", address, ", ".join(names)),
            text=str(address), advice=said("write one of these, for example {0}", names[0]),
        )  # fmt: skip
    if owners:
        return Place(owners[0], "process", address)
    near = with_bridge_for(address, world, holders) or near
    if holders:
        place = _from_attachment(holders[0], address.family)
        assert place is not None
        return place
    site, _ = _arriving(str(address), world, None, to, near)
    if _is_loopback(address):
        return Place(site.id, "process", address)
    interface = towards(address, site)
    if interface is None:
        raise UsageError(
            said("no route tells on which interface packets from {0} arrive", address),
            text=str(address),
            advice="name it with --in IFACE",
        )
    if interface in site.bridges:
        stranger = site.stranger(address, interface)
        lean = Lean("container-inferred", (str(address), site.shown(interface)))
        return Place(site.id, "attachment", address, interface, stranger, (lean,))
    lean = Lean("arrives-by-route", (str(address), site.shown(interface)))
    return Place(site.id, "interface", address, interface, leans=(lean,))


def _is_loopback(address: Address) -> bool:
    return address.value >> 24 == 127 if address.family == 4 else address.value == 1
