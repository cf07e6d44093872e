"""Operations as the plain commands that a person would type for the same.

Every value is one argument, quoted as a shell wants it: the lines can be run as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.lab.operations import (
    AddRoute,
    AddRule,
    BehindPort,
    Bridge,
    DropRule,
    Enslave,
    KnowNeighbour,
    Link,
    OnLink,
    Setting,
    Wire,
)
from sekisho.sources import ip_route, ip_rule
from sekisho.values.address import Family
from sekisho.views.commands import shell_words


def link_words(link: Link | None) -> str:
    """The first command of a link; None is the loopback's, which is there and only switched on."""
    return "ip link set lo up" if link is None else next(link_commands(link))


def link_commands(link: Link) -> Iterator[str]:
    """All commands of a link."""
    yield from _bridge(link) if isinstance(link, Bridge) else _wire(link)


def ip_command(node: str, *words: str, family: Family = 4) -> str:
    """``ip -n NODE ...``."""
    return shell_words(("ip", *(("-6",) if family == 6 else ()), "-n", netns(node), *words))


def netns(node: str) -> str:
    """What ``ip netns`` calls a node, as a file's name: HOST:NAME for HOST/NAME."""
    return node.replace("/", ":")


def _bridge(bridge: Bridge) -> Iterator[str]:
    more = [*_pair("address", bridge.mac)]
    own = [word for option in bridge.options for word in option]
    yield ip_command(bridge.node, "link", "add", bridge.name, *more, "type", "bridge", *own)
    if bridge.up:
        yield ip_command(bridge.node, "link", "set", bridge.name, "up")


def _wire(wire: Wire) -> Iterator[str]:
    """The veth pair, its bridges, both ends up."""
    mtu = _pair("mtu", wire.mtu)
    yield ip_command(
        wire.node, "link", "add", wire.name, *_pair("address", wire.mac), *mtu, "type", "veth", "peer",
        "name", wire.far_name, *_pair("address", wire.far_mac), *mtu, "netns", netns(wire.far_node),
    )  # fmt: skip
    if wire.bridge:
        yield ip_command(wire.node, "link", "set", wire.name, "master", wire.bridge)
    for switch, on in (("hairpin", wire.hairpin), ("isolated", wire.isolated)):
        if on:
            yield ip_command(wire.node, "link", "set", wire.name, "type", "bridge_slave", switch, "on")
    if wire.up:
        yield ip_command(wire.node, "link", "set", wire.name, "up")
    if wire.far_up:
        yield ip_command(wire.far_node, "link", "set", wire.far_name, "up")


def _pair(name: str, value: object) -> tuple[str, ...]:
    return () if not value else (name, str(value))


def setting_words(item: Setting) -> str:
    """The command of an address, a route, a rule..."""
    match item:
        case OnLink():
            return ip_command(item.node, "address", "add", *_address(item))
        case AddRoute(node, route):
            shown = ip_route.render([replace(route, kind_printed=False)], table="main").split()
            return ip_command(node, "route", "append", *shown, family=route.family)
        case AddRule(node, rule):
            priority, _, words = ip_rule.render([rule]).strip().partition(":\t")
            more = ("priority", priority)
            return ip_command(node, "rule", "add", *words.split(), *more, family=rule.family)
        case DropRule(node, family, priority):
            return ip_command(node, "rule", "del", "priority", str(priority), family=family)
        case KnowNeighbour(node, interface, address, mac):
            known = ("lladdr", mac, "dev", interface, "nud", "permanent")
            return ip_command(node, "neigh", "replace", str(address), *known)
        case BehindPort(node, port, mac):
            entry = ("fdb", "replace", mac, "dev", port, "master", "static")
            return shell_words(("ip", "netns", "exec", netns(node), "bridge", *entry))
        case Enslave(node, interface, bridge):
            return ip_command(node, "link", "set", interface, "master", bridge)


def _address(item: OnLink) -> Iterator[str]:
    if item.peer is not None:
        yield from (str(item.address), "peer", f"{item.peer}/{item.length}")
    else:
        yield f"{item.address}/{item.length}"
    yield from _pair("broadcast", item.broadcast)
    yield from _pair("scope", item.scope)
    yield from ("dev", item.interface)
    if not item.connected:
        yield "noprefixroute"
    if item.deprecated:
        yield from ("preferred_lft", "0")
    if item.address.family == 6:
        yield "nodad"
