"""What a routing decision asks of a packet besides the route: martians, forwarding (``source_check``: the
source).

These are chains like the others, so that every reading passes them. Order and reasons:
net/ipv4/route.c (ip_route_input_slow), net/ipv6/ip6_input.c; the drop reasons are those of
include/net/dropreason-core.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from sekisho.model.routing import Route
from sekisho.model.snapshot import Namespace
from sekisho.semantics import whose
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    All,
    AnyOf,
    ChainCode,
    Continue,
    Guard,
    Guarded,
    In,
    Interface,
    Not,
    NotUnderstood,
    RouteTo,
    Stop,
    Unsure,
    Way,
)
from sekisho.semantics.switches import (
    because,
    conf,
    either,
    interfaces_of,
    key_of,
    no_number,
    unknown_key,
    unreadable,
)
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet

_MULTICAST = IntSet.prefix(Prefix(4, 0xE0 << 24, 4))
_EVERYBODY = IntSet.of((1 << 32) - 1)
_ZERO = IntSet.of(0)
_LOOPBACK = IntSet.prefix(Prefix(4, 127 << 24, 8))
_MULTICAST6 = IntSet.prefix(Prefix(6, 0xFF << 120, 8))
_LOOPBACK6 = IntSet.of(1)
_LOCALNET = "route_localnet"
_DISABLED = "disable_ipv6"


def entrance_checks(namespace: Namespace, family: Family) -> ChainCode:
    """Addresses that no IPv6 packet may carry, and interfaces on which IPv6 is off: it is gone before any
    hook (ip6_rcv_core)."""
    if family == 4:
        return ChainCode("entrance", (), Accept())
    outside = Not(Interface("iif", "lo"))
    refused = (
        In("src", _MULTICAST6),
        All((In("src", _LOOPBACK6), outside)),
        All((In("dst", _LOOPBACK6), outside)),
    )
    stop = Stop("martian", "IP_INHDR")
    lines = (*_switched_off(namespace), *(Guarded(guard, stop) for guard in refused))
    return ChainCode("entrance", lines, Accept())


def _switched_off(namespace: Namespace) -> Iterator[Guarded]:
    """Interfaces without IPv6. The setting of ``all`` is written through to each (addrconf_disable_ipv6)."""
    stop = Stop("dropped", "IPV6DISABLED")
    in_use: set[str | None] = {item.interface for item in namespace.addresses or () if item.family == 6}
    in_use |= {hop.dev for route in namespace.routes if route.family == 6 for hop in route.nexthops}
    of_all = key_of("all", _DISABLED, 6)
    for name in interfaces_of(namespace):
        key = key_of(name, _DISABLED, 6)
        if strange := no_number(namespace, key):
            yield because(Interface("iif", name), strange, namespace, key)
        elif conf(namespace, name, _DISABLED, 6):
            yield because(Interface("iif", name), stop, namespace, key)
        elif namespace.sysctl(key) is None and name not in in_use:
            if conf(namespace, "all", _DISABLED, 6):
                doubt = whose.doubt(namespace, "sysctl-decides", key)
                yield because(All((Interface("iif", name), Unsure(doubt))), stop, namespace, of_all)
            else:
                yield Guarded(
                    Interface("iif", name), Continue(whose.lean(namespace, "sysctl-not-captured", key, "0"))
                )


def arrival_checks(namespace: Namespace, family: Family, local: Iterable[Route]) -> ChainCode:
    """Martian addresses and the special destinations, before any route is looked up. ``local``: the routes of
    table local, which tell the broadcast addresses."""
    if family == 6:
        return ChainCode("martians", (), Accept())
    broadcast = RouteTo("broadcast", (Way(None),), scope="link", table="local", prefix_length=32)
    lines = [
        Guarded(In("src", _MULTICAST | _EVERYBODY), Stop("martian", "IP_INVALID_SOURCE")),
        Guarded(In("dst", _EVERYBODY), broadcast),
        Guarded(All((In("src", _ZERO), In("dst", _ZERO))), broadcast),
        Guarded(In("src", _ZERO), Stop("martian", "IP_INVALID_SOURCE")),
        Guarded(In("dst", _ZERO), Stop("martian", "IP_INVALID_DEST")),
    ]
    # lo as any other: over it comes only what was translated again on its way in (nf_nat_ipv4_pre_routing).
    names = ("lo", *interfaces_of(namespace))
    allowed = [name for name in names if either(namespace, name, _LOCALNET)]
    for name in names:
        if strange := unreadable(namespace, name, _LOCALNET):
            loopback = AnyOf((In("src", _LOOPBACK), In("dst", _LOOPBACK)))
            lines.append(Guarded(All((Interface("iif", name), loopback)), strange))
    exempt: tuple[Guard, ...] = tuple(Not(Interface("iif", name)) for name in allowed)
    if not conf(namespace, "all", _LOCALNET):
        taken, open_ = _unknown_localnet(namespace, "iif", names)
        exempt += tuple(Not(guard) for guard in open_)
        for side in ("dst", "src"):
            lines += (Guarded(All((In(side, _LOOPBACK), guard)), lean) for guard, lean in taken)
            lines.append(Guarded(All((In(side, _LOOPBACK), *exempt)), Stop("martian", "IP_LOCALNET")))
    lines.append(
        Guarded(In("dst", _MULTICAST), NotUnderstood(Doubt("multicast-membership"))),
    )
    lines += _forwarded_broadcasts(namespace, local)
    return ChainCode("martians", tuple(lines), Accept())


# dockerd sets it for the bridge of this name, whatever the daemon's configuration says.
_SET_BY_DOCKER = "docker_gwbridge"


def _unknown_localnet(
    namespace: Namespace, side: Literal["iif", "oif"], names: Iterable[str]
) -> tuple[list[tuple[Guard, Continue]], list[All]]:
    """Packets of the interfaces whose route_localnet was not captured: those for which 0, the usual value, is
    taken, and those for which it is open."""
    taken: list[tuple[Guard, Continue]] = []
    open_: list[All] = []
    for name in names:
        key = None if either(namespace, name, _LOCALNET) else unknown_key(namespace, name, _LOCALNET)
        if key is None:
            continue
        if name == _SET_BY_DOCKER and namespace.sysctl(key_of(name, _LOCALNET)) is None:
            open_.append(All((Interface(side, name), Unsure(whose.doubt(namespace, "sysctl-decides", key)))))
        else:
            taken.append(
                (Interface(side, name), Continue(whose.lean(namespace, "sysctl-not-captured", key, "0")))
            )
    return taken, open_


def _forwarded_broadcasts(namespace: Namespace, local: Iterable[Route]) -> Iterator[Guarded]:
    """With bc_forwarding of ``all`` and the interface a subnet's broadcast is forwarded and delivered both
    (IN_DEV_BFORWARD): two ends at once."""
    if not conf(namespace, "all", "bc_forwarding"):
        return
    everybody = IntSet.of(*(route.dst.value for route in local if route.kind == "broadcast"))
    for name in interfaces_of(namespace):
        if conf(namespace, name, "bc_forwarding"):
            key = key_of(name, "bc_forwarding")
            sent_on = NotUnderstood(Doubt("broadcast-forwarded", (key,)))
            guard = All((Interface("iif", name), In("dst", everybody)))
            yield because(guard, sent_on, namespace, key)


def departure_checks(namespace: Namespace, family: Family) -> ChainCode:
    """From 127.0.0.1 nothing leaves this host: no output route takes it (__mkroute_output)."""
    if family == 6:
        return ChainCode("departure", (), Accept())
    stop = Stop("martian")
    taken, open_ = _unknown_localnet(namespace, "oif", interfaces_of(namespace))
    lines = [Guarded(All((In("src", _LOOPBACK), guard)), lean) for guard, lean in taken]
    for name in interfaces_of(namespace):
        leaving = All((In("src", _LOOPBACK), Interface("oif", name)))
        if strange := unreadable(namespace, name, _LOCALNET):
            lines.append(Guarded(leaving, strange))
        elif not either(namespace, name, _LOCALNET):
            waived = (Not(guard) for guard in open_ if guard.guards[0] == Interface("oif", name))
            lines.append(Guarded(All((leaving, *waived)), stop))
    return ChainCode("departure", tuple(lines), Accept())


def forwarding_check(namespace: Namespace, family: Family) -> ChainCode:
    """Whether a packet that came in by an interface may be forwarded at all."""
    lines = _forwarding6(namespace) if family == 6 else _forwarding4(namespace)
    return ChainCode("forwarding", tuple(lines), Accept())


def _forwarding4(namespace: Namespace) -> Iterator[Guarded]:
    stop = Stop("not_forwarding", "IP_INADDRERRORS")
    for name in interfaces_of(namespace):
        own = conf(namespace, name, "forwarding")
        key = key_of(name, "forwarding")
        if strange := no_number(namespace, key):
            yield because(Interface("iif", name), strange, namespace, key)
        elif own is not None:
            yield because(Interface("iif", name), stop if own == 0 else Accept(), namespace, key)
    keys = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")
    main = namespace.sysctl(keys[0]) or namespace.sysctl(keys[1])
    if strange := no_number(namespace, *keys):
        yield because(ALWAYS, strange, namespace, *keys)
    elif main == "0":
        yield because(ALWAYS, stop, namespace, *keys)
    elif main is None:
        yield _taken_on(namespace, keys[0])


def _forwarding6(namespace: Namespace) -> Iterator[Guarded]:
    """One switch for all, and since Linux 6.17 another that lets one interface forward (ip6_forward)."""
    key = "net.ipv6.conf.all.forwarding"
    if strange := no_number(namespace, key):
        yield because(ALWAYS, strange, namespace, key)
    elif conf(namespace, "all", "forwarding", 6) == 0:
        for name in interfaces_of(namespace):
            forced = key_of(name, "force_forwarding", 6)
            if conf(namespace, name, "force_forwarding", 6):
                yield because(Interface("iif", name), Accept(), namespace, forced)
        yield because(ALWAYS, Stop("not_forwarding"), namespace, key)
    elif namespace.sysctl(key) is None:
        yield _taken_on(namespace, key)


def _taken_on(namespace: Namespace, key: str) -> Guarded:
    """Docker switches forwarding on."""
    return Guarded(ALWAYS, Continue(whose.lean(namespace, "sysctl-not-captured", key, "1")))
