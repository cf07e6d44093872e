"""What a routing decision asks of a packet besides the route: martians, source, forwarding.

These are chains like the others, so that every reading passes them. Order and reasons:
net/ipv4/route.c (ip_route_input_slow), net/ipv4/fib_frontend.c (fib_validate_source),
net/ipv6/ip6_input.c; the drop reasons are those of include/net/dropreason-core.h.
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.fib import DEFAULT_RULES
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    Action,
    All,
    AnyOf,
    ChainCode,
    Guard,
    Guarded,
    In,
    Interface,
    Not,
    NotUnderstood,
    ReversePath,
    RouteTo,
    Stop,
    Way,
)
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet

_KINDS = ("unicast", "local", "broadcast", "multicast", "anycast")
_MULTICAST = IntSet.prefix(Prefix(4, 0xE0 << 24, 4))
_EVERYBODY = IntSet.of((1 << 32) - 1)
_ZERO = IntSet.of(0)
_LOOPBACK = IntSet.prefix(Prefix(4, 127 << 24, 8))
_MULTICAST6 = IntSet.prefix(Prefix(6, 0xFF << 120, 8))
_LOOPBACK6 = IntSet.of(1)
_LINK_LOCAL6 = IntSet.prefix(Prefix(6, 0xFE80 << 112, 10))


def interfaces_of(namespace: Namespace) -> tuple[str, ...]:
    """Every interface that any fact names, lo left out."""
    names: dict[str, None] = {}
    for item in namespace.interfaces or ():
        names[item.name] = None
    for route in namespace.routes:
        for hop in route.nexthops:
            if hop.dev:
                names[hop.dev] = None
    for address in namespace.addresses or ():
        names[address.interface] = None
    names.pop("lo", None)
    return tuple(names)


def conf(namespace: Namespace, interface: str, key: str, family: Family = 4) -> int | None:
    """A per-interface sysctl; None where not captured."""
    name = interface.replace(".", "/")
    value = namespace.sysctl(f"net.ipv{family}.conf.{name}.{key}")
    return int(value) if value is not None and _is_number(value) else None


def _because(guard: Guard, action: Action, namespace: Namespace, *keys: str) -> Guarded:
    """A line whose evidence is the sysctl that asks for it: the first of the keys that was captured."""
    fact = next((found for key in keys if (found := namespace.sysctl_fact(key)) is not None), None)
    text = f"{fact.key} = {fact.value}" if fact else ""
    return Guarded(guard, action, 0, text, "", fact.evidence if fact else None)


def _unreadable(namespace: Namespace, interface: str, *keys: str) -> NotUnderstood | None:
    """What to say where one of the interface's settings, or of all interfaces', is no number."""
    names = ("all", interface.replace(".", "/"))
    return _no_number(namespace, *(f"net.ipv4.conf.{name}.{key}" for key in keys for name in names))


def _no_number(namespace: Namespace, *keys: str) -> NotUnderstood | None:
    """Settings are known and their value is not: a line that was cut or damaged."""
    for fact in namespace.sysctls or ():
        if fact.key in keys and not _is_number(fact.value):
            return NotUnderstood(Doubt("sysctl-not-understood", (fact.key, fact.value), fact.evidence))
    return None


def _is_number(value: str) -> bool:
    return value.isascii() and value.removeprefix("-").isdigit()


def _either(namespace: Namespace, interface: str, key: str) -> bool:
    """Switches that are on when ``all`` or the interface has them on (IN_DEV_ORCONF)."""
    return bool(conf(namespace, "all", key)) or bool(conf(namespace, interface, key))


def entrance_checks(family: Family) -> ChainCode:
    """Addresses that no IPv6 packet may carry: it is gone before any hook (ip6_rcv_core)."""
    if family == 4:
        return ChainCode("entrance", (), Accept())
    outside = Not(Interface("iif", "lo"))
    refused = (
        In("src", _MULTICAST6),
        All((In("src", _LOOPBACK6), outside)),
        All((In("dst", _LOOPBACK6), outside)),
    )
    stop = Stop("martian", "IP_INHDR")
    return ChainCode("entrance", tuple(Guarded(guard, stop) for guard in refused), Accept())


def arrival_checks(namespace: Namespace, family: Family) -> ChainCode:
    """Martian addresses and the special destinations, before any route is looked up."""
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
    allowed = [name for name in interfaces_of(namespace) if _either(namespace, name, "route_localnet")]
    for name in ("lo", *interfaces_of(namespace)):
        if strange := _unreadable(namespace, name, "route_localnet"):
            loopback = AnyOf((In("src", _LOOPBACK), In("dst", _LOOPBACK)))
            lines.append(Guarded(All((Interface("iif", name), loopback)), strange))
    exempt: tuple[Guard, ...] = tuple(Not(Interface("iif", name)) for name in ("lo", *allowed))
    if not conf(namespace, "all", "route_localnet"):
        for side in ("dst", "src"):
            lines.append(Guarded(All((In(side, _LOOPBACK), *exempt)), Stop("martian", "IP_LOCALNET")))
    lines.append(
        Guarded(In("dst", _MULTICAST), NotUnderstood(Doubt("multicast-membership"))),
    )
    return ChainCode("martians", tuple(lines), Accept())


def departure_checks(namespace: Namespace, family: Family) -> ChainCode:
    """From 127.0.0.1 nothing leaves this host: no output route takes it (__mkroute_output)."""
    if family == 6:
        return ChainCode("departure", (), Accept())
    lines: list[Guarded] = []
    stop = Stop("martian")
    for name in interfaces_of(namespace):
        leaving = All((In("src", _LOOPBACK), Interface("oif", name)))
        if strange := _unreadable(namespace, name, "route_localnet"):
            lines.append(Guarded(leaving, strange))
        elif not _either(namespace, name, "route_localnet"):
            lines.append(Guarded(leaving, stop))
    return ChainCode("departure", tuple(lines), Accept())


def forwarding_check(namespace: Namespace, family: Family) -> ChainCode:
    """Whether a packet that came in by an interface may be forwarded at all."""
    stop = Stop("not_forwarding", "IP_INADDRERRORS" if family == 4 else None)
    if family == 6:
        key = "net.ipv6.conf.all.forwarding"
        if strange := _no_number(namespace, key):
            return ChainCode("forwarding", (_because(ALWAYS, strange, namespace, key),), Accept())
        off = conf(namespace, "all", "forwarding", 6) == 0
        line = _because(ALWAYS, stop, namespace, "net.ipv6.conf.all.forwarding")
        return ChainCode("forwarding", (line,) if off else (), Accept())
    main = namespace.sysctl("net.ipv4.ip_forward") or namespace.sysctl("net.ipv4.conf.all.forwarding")
    lines: list[Guarded] = []
    for name in interfaces_of(namespace):
        own = conf(namespace, name, "forwarding")
        key = f"net.ipv4.conf.{name.replace('.', '/')}.forwarding"
        if strange := _no_number(namespace, key):
            lines.append(_because(Interface("iif", name), strange, namespace, key))
        elif own is not None:
            action = stop if own == 0 else Accept()
            lines.append(_because(Interface("iif", name), action, namespace, key))
    keys = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")
    if strange := _no_number(namespace, *keys):
        lines.append(_because(ALWAYS, strange, namespace, *keys))
    elif main == "0":
        lines.append(_because(ALWAYS, stop, namespace, *keys))
    return ChainCode("forwarding", tuple(lines), Accept())


def source_check(namespace: Namespace, family: Family, addresses: Iterable[HostAddress]) -> ChainCode:
    """Whether the source address is believable on the interface it came in by.

    IPv4: rp_filter is the greater of ``all`` and the interface. A source that is one of the host's own
    addresses is refused unless accept_local; with rp_filter, policy rules or local routes of one's own
    the kernel looks the way back up, and then refuses every source that is not a unicast destination.
    """
    if family == 6:
        return _source_check6(namespace)
    own = IntSet.of(*(address.value for address in addresses))
    custom = _custom_rules(namespace) or _custom_local_routes(namespace)
    lines: list[Guarded] = []
    # Over lo comes only what was translated again on its way in: the rest still has its route.
    for name in ("lo", *interfaces_of(namespace)):
        here = Interface("iif", name)
        if strange := _unreadable(namespace, name, "rp_filter", "accept_local", "src_valid_mark"):
            lines.append(Guarded(here, strange))
            continue
        rp_filter = max(conf(namespace, "all", "rp_filter") or 0, conf(namespace, name, "rp_filter") or 0)
        accepts_local = _either(namespace, name, "accept_local")
        marked = _either(namespace, name, "src_valid_mark")
        martian = Stop("martian", "IP_LOCAL_SOURCE")
        if not rp_filter and accepts_local:
            continue
        if rp_filter or custom:
            believed = ("unicast", "local") if accepts_local else ("unicast",)
            others = tuple(kind for kind in _KINDS if kind not in believed)
            unbelieved = ReversePath(False, marked, others)
            lines.append(Guarded(All((here, unbelieved)), martian))
        elif own:
            lines.append(Guarded(All((here, In("src", own))), martian))
        if rp_filter and name != "lo":  # over lo every address of one's own is right (fib_validate_source)
            back = ReversePath(rp_filter == 1, marked, believed)
            keys = [f"net.ipv4.conf.{name.replace('.', '/')}.rp_filter", "net.ipv4.conf.all.rp_filter"]
            if (conf(namespace, "all", "rp_filter") or 0) == rp_filter:
                keys.reverse()
            stop = Stop("rpfilter", "IP_RPFILTER")
            lines.append(_because(All((here, Not(back))), stop, namespace, *keys))
    return ChainCode("source", tuple(lines), Accept())


def _source_check6(namespace: Namespace) -> ChainCode:
    """Unspecified and link-local sources do not get from one interface to another (ip6_forward)."""
    names = interfaces_of(namespace)
    crossing = AnyOf(tuple(All((Interface("oif", name), Not(Interface("iif", name)))) for name in names))
    nobody = Stop("martian", "IP_INADDRERRORS")
    beyond = Stop("martian", "IP_INADDRERRORS", "icmp6-beyond-scope")
    lines = (
        Guarded(All((In("src", _ZERO), crossing)), nobody),
        Guarded(All((In("src", _LINK_LOCAL6), crossing)), beyond),
    )
    return ChainCode("source", lines, Accept())


def _custom_local_routes(namespace: Namespace) -> bool:
    """Whether anybody but the kernel added a route of type local (inet_rtm_newroute)."""
    return any(
        route.family == 4 and route.kind == "local" and route.proto not in ("kernel", None)
        for route in namespace.routes
    )


def _custom_rules(namespace: Namespace) -> bool:
    mine = {(rule.priority, rule.table) for rule in namespace.rules or () if rule.family == 4}
    return bool(mine) and mine != set(DEFAULT_RULES[4])
