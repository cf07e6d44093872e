"""Routes and policy rules as messages for the kernel, from the model's facts.

    rtmsg         family, dst length, src length, tos, table, protocol, scope, type: u8 each, flags u32
    rtnexthop     length u16, flags u8, hops u8, index i32, attributes
    fib_rule_hdr  family, dst length, src length, tos, table, res, res, action: u8 each, flags u32

include/uapi/linux/{rtnetlink,fib_rules}.h. What a listing leaves out is taken as ``ip route add`` and
``ip rule add`` take it (iproute2, ip/iproute.c, ip/iprule.c). A word that has no message here raises
CannotSayError: half of a route would be another route.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

from sekisho.errors import said
from sekisho.lab.netlink import attribute, nested
from sekisho.lab.operations import DropRule
from sekisho.lab.rtnetlink import (
    AF,
    APPEND,
    CREATE,
    EXCL,
    Body,
    CannotSayError,
    Index,
    raw,
    scope_number,
    u32,
    zero_ended,
)
from sekisho.model.routing import TABLE_NUMBERS, NextHop, PolicyRule, Route
from sekisho.sources.rule_draft import FULL_MASK
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.numbers import integer, is_number

_NEWROUTE, _NEWRULE, _DELRULE = 24, 32, 33
(_RTA_DST, _RTA_SRC, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC, _RTA_METRICS, _RTA_MULTIPATH,
 _RTA_FLOW, _RTA_TABLE, _RTA_VIA) = (1, 2, 4, 5, 6, 7, 8, 9, 11, 15, 18)  # fmt: skip
(_FRA_DST, _FRA_SRC, _FRA_IIF, _FRA_GOTO, _FRA_PRIORITY, _FRA_FWMARK, _FRA_FLOW, _FRA_TUN_ID,
 _FRA_SUPPRESS_IFGROUP, _FRA_SUPPRESS_PREFIX, _FRA_TABLE, _FRA_FWMASK, _FRA_OIF, _FRA_L3MDEV, _FRA_UIDS,
 _FRA_PROTO, _FRA_SPORT, _FRA_DPORT) = (1, 2, 3, 4, 6, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 22, 23,
                                        24)  # fmt: skip
_RULE_INVERTED = 2
_LOOKUP, _GOTO = 1, 2

PROTOCOLS = {"kernel": 2, "boot": 3, "static": 4, "ra": 9, "dhcp": 16}
KINDS = {
    "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6, "unreachable": 7,
    "prohibit": 8, "throw": 9, "nat": 10,
}  # fmt: skip
_ACTIONS = {"nop": 3, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_HOP_FLAGS = {"pervasive": 2, "onlink": 4}
# RTAX_*: what hangs on a route as a number.
_METRICS = {
    "mtu": 2, "window": 3, "rtt": 4, "rttvar": 5, "ssthresh": 6, "cwnd": 7, "advmss": 8, "reordering": 9,
    "hoplimit": 10, "initcwnd": 11, "features": 12, "rto_min": 13, "initrwnd": 14, "quickack": 15,
}  # fmt: skip
_LOCK, _ECN = 1, 1
# The kernel keeps these in parts of a millisecond.
_PARTS = {"rtt": 8, "rttvar": 4}
_AMOUNT = re.compile(r"([0-9]{1,9})(ms|s)?\Z")


def table_number(name: str) -> int:
    """A routing table's number. Raises CannotSayError for a name that only a host's own rt_tables knows."""
    if name in TABLE_NUMBERS:
        return TABLE_NUMBERS[name]
    if name and not name.strip("0123456789"):
        if not is_number(name) or integer(name) >= 1 << 32:
            raise CannotSayError(said("there is no table {0}", name))
        return integer(name)
    raise CannotSayError(said("nobody knows the number of table {0}", name))


# -------------------------------------------------------------------------------------- routes


def add_route(route: Route, index: Index) -> Body:
    """A route, beside others to the same place. Raises CannotSayError."""
    table = table_number(route.table)
    kind = KINDS.get(route.kind)
    if kind is None:
        raise CannotSayError(said("there is no kind of route {0!r}", route.kind))
    source, metrics, flow = _attributes(route)
    flags = 0
    body = attribute(_RTA_TABLE, u32(table)) + metrics
    if flow:
        body += attribute(_RTA_FLOW, u32(flow))
    if route.dst.length:
        body += attribute(_RTA_DST, raw(route.dst.address))
    if source is not None:
        body += attribute(_RTA_SRC, raw(source.address))
    if route.src is not None:
        body += attribute(_RTA_PREFSRC, raw(route.src))
    if route.metric is not None:
        body += attribute(_RTA_PRIORITY, u32(route.metric))
    hops = route.nexthops
    if len(hops) == 1 and hops[0].weight == 1 and not hops[0].attributes:
        flags = _hop_flags(hops[0])
        body += _way(hops[0], route.family)
        if hops[0].dev is not None:
            body += attribute(_RTA_OIF, u32(_device(hops[0].dev, index)))
    elif hops:
        body += attribute(_RTA_MULTIPATH, b"".join(_hop(hop, route.family, index) for hop in hops))
    protocol = PROTOCOLS.get(route.proto or "boot", PROTOCOLS["boot"])
    if not 0 <= route.tos < 256:
        raise CannotSayError(said("there is no TOS {0}", route.tos))
    head = struct.pack(
        "=BBBBBBBBI", AF[route.family], route.dst.length, source.length if source is not None else 0,
        route.tos, table if table < 256 else 0, protocol, _scope(route), kind, flags,
    )  # fmt: skip
    return _NEWROUTE, CREATE | APPEND, head + body


def _scope(route: Route) -> int:
    """As iproute2 takes it where none is said: a route without a gateway is for the link."""
    if route.scope is not None:
        return scope_number(route.scope)
    if route.family == 6:
        return scope_number("global")
    if route.kind in ("local", "nat"):
        return scope_number("host")
    if route.kind in ("broadcast", "multicast", "anycast"):
        return scope_number("link")
    single = len(route.nexthops) == 1 and route.nexthops[0].weight == 1 and not route.nexthops[0].attributes
    bare = not route.nexthops or (single and route.nexthops[0].via is None)
    return scope_number("link" if route.kind == "unicast" and bare else "global")


def _device(name: str, index: Index) -> int:
    found = index.get(name)
    if found is None:
        raise CannotSayError(said("there is no interface {0!r}", name))
    return found


def _hop_flags(hop: NextHop) -> int:
    found = 0
    for flag in hop.flags:
        if flag not in _HOP_FLAGS:
            raise CannotSayError(said("a next hop cannot be made {0!r}", flag))
        found |= _HOP_FLAGS[flag]
    return found


def _way(hop: NextHop, family: Family) -> bytes:
    if hop.via is None:
        return b""
    if hop.via.family == family:
        return attribute(_RTA_GATEWAY, raw(hop.via))
    return attribute(_RTA_VIA, struct.pack("=H", AF[hop.via.family]) + raw(hop.via))


def _hop(hop: NextHop, family: Family, index: Index) -> bytes:
    body = _way(hop, family)
    for name, value in hop.attributes:
        if name not in ("realm", "realms"):
            raise CannotSayError(said("a next hop's {0} is not built", name))
        body += attribute(_RTA_FLOW, u32(_realms(value)))
    if not 0 < hop.weight <= 256:
        raise CannotSayError(said("there is no weight {0}", hop.weight))
    device = _device(hop.dev, index) if hop.dev is not None else 0
    return struct.pack("=HBBi", 8 + len(body), _hop_flags(hop), hop.weight - 1, device) + body


def _attributes(route: Route) -> tuple[Prefix | None, bytes, int]:
    """(``from``, the metrics, the realms) of a route's further words."""
    source: Prefix | None = None
    flow = locked = 0
    metrics: dict[int, int] = {}
    for name, value in route.attributes:
        if name == "from":
            source = _prefix(value, route.family)
        elif name in ("realm", "realms"):
            flow = _realms(value)
        elif name in _METRICS:
            amount = value.removeprefix("lock ")
            # iproute2 always locks this one.
            locked |= 1 << _METRICS[name] if amount != value or name == "rto_min" else 0
            metrics[_METRICS[name]] = _metric(name, amount)
        else:
            raise CannotSayError(said("a route's {0} is not built", name))
    if locked:
        metrics[_LOCK] = locked
    inner = [attribute(number, u32(amount)) for number, amount in sorted(metrics.items())]
    return source, nested(_RTA_METRICS, *inner) if inner else b"", flow


def _prefix(text: str, family: Family) -> Prefix:
    try:
        found = Prefix.parse(text)
    except ValueError:
        raise CannotSayError(said("not a prefix: {0!r}", text)) from None
    if found.family != family:
        raise CannotSayError(said("of another IP version: {0!r}", text))
    return found


def _realms(text: str) -> int:
    parts = text.split("/")
    if len(parts) > 2 or not all(is_number(part) and len(part) < 6 for part in parts):
        raise CannotSayError(said("realms are built by number only: {0!r}", text))
    numbers = [integer(part) for part in parts]
    return numbers[-1] | (numbers[0] << 16 if len(numbers) == 2 else 0)


def _metric(name: str, text: str) -> int:
    if name == "features":
        if text != "ecn":
            raise CannotSayError(said("not a feature that is built: {0!r}", text))
        return _ECN
    found = _AMOUNT.match(text)
    if found is None or (found[2] and name not in (*_PARTS, "rto_min")):
        raise CannotSayError(said("not a number: {0} {1!r}", name, text))
    return integer(found[1]) * _PARTS.get(name, 1) * (1000 if found[2] == "s" else 1)


# --------------------------------------------------------------------------------------- rules


def add_rule(rule: PolicyRule) -> Body:
    """A policy rule; the interfaces that it names need not be there. Raises CannotSayError."""
    action, more = _action(rule)
    body = b"".join((*_ends(rule), *_conditions(rule), attribute(_FRA_PRIORITY, u32(rule.priority)), *more))
    table = table_number(rule.table) if rule.action == "lookup" and not rule.l3mdev else 0
    if rule.tos is not None and not 0 <= rule.tos < 256:
        raise CannotSayError(said("there is no TOS {0}", rule.tos))
    head = struct.pack(
        "=BBBBBBBBI", AF[rule.family], rule.dst.length if rule.dst is not None else 0,
        rule.src.length if rule.src is not None else 0, rule.tos or 0, table if table < 256 else 0, 0, 0,
        action, _RULE_INVERTED if rule.negated else 0,
    )  # fmt: skip
    return _NEWRULE, CREATE | EXCL, head + body


def drop_rule(rule: DropRule) -> Body:
    """Take away the rule of a priority."""
    head = struct.pack("=BBBBBBBBI", AF[rule.family], 0, 0, 0, 0, 0, 0, 0, 0)
    return _DELRULE, 0, head + attribute(_FRA_PRIORITY, u32(rule.priority))


def _ends(rule: PolicyRule) -> Iterator[bytes]:
    for kind, prefix in ((_FRA_SRC, rule.src), (_FRA_DST, rule.dst)):
        if prefix is not None and prefix.family != rule.family:
            raise CannotSayError(said("of another IP version: {0}", prefix))
        if prefix is not None and prefix.length:
            yield attribute(kind, raw(Address(prefix.family, prefix.value)))
    for kind, name in ((_FRA_IIF, rule.iif), (_FRA_OIF, rule.oif)):
        if name is not None:
            yield attribute(kind, zero_ended(name))


def _conditions(rule: PolicyRule) -> Iterator[bytes]:
    if rule.fwmark is not None:
        yield attribute(_FRA_FWMARK, u32(rule.fwmark[0]))
        if rule.fwmark[1] != FULL_MASK:
            yield attribute(_FRA_FWMASK, u32(rule.fwmark[1]))
    if rule.uidrange is not None:
        yield attribute(_FRA_UIDS, u32(rule.uidrange[0]) + u32(rule.uidrange[1]))
    if rule.ipproto is not None:
        yield attribute(_FRA_PROTO, bytes([rule.ipproto & 0xFF]))
    for kind, ports in ((_FRA_SPORT, rule.sport), (_FRA_DPORT, rule.dport)):
        if ports is not None:
            yield attribute(kind, _ports(ports))
    if rule.suppress_prefixlength is not None:
        yield attribute(_FRA_SUPPRESS_PREFIX, u32(rule.suppress_prefixlength))
    if rule.suppress_ifgroup is not None:
        yield attribute(_FRA_SUPPRESS_IFGROUP, u32(_number(rule.suppress_ifgroup, "default")))
    for name, value in rule.attributes:
        if name == "tun_id":
            yield attribute(_FRA_TUN_ID, _number(value).to_bytes(8, "big"))
        elif name == "realms":
            yield attribute(_FRA_FLOW, u32(_realms(value)))
        elif name not in ("iif_detached", "oif_detached", "unresolved"):
            raise CannotSayError(said("a rule's {0} is not built", name))


def _ports(span: tuple[int, int]) -> bytes:
    if not 0 <= span[0] <= span[1] < 1 << 16:
        raise CannotSayError(said("no range of ports: {0}-{1}", span[0], span[1]))
    return struct.pack("=HH", *span)


def _number(text: str, zero: str = "") -> int:
    if zero and text == zero:
        return 0
    if not (is_number(text) and len(text) < 20):
        raise CannotSayError(said("not a number: {0!r}", text))
    return integer(text)


def _action(rule: PolicyRule) -> tuple[int, Iterable[bytes]]:
    if rule.action == "goto":
        return _GOTO, (attribute(_FRA_GOTO, u32(rule.goto or 0)),)
    if rule.action in _ACTIONS:
        return _ACTIONS[rule.action], ()
    if rule.action != "lookup":
        raise CannotSayError(said("a rule cannot {0!r}", rule.action))
    if rule.l3mdev:
        return _LOOKUP, (attribute(_FRA_L3MDEV, b"\1"),)
    return _LOOKUP, (attribute(_FRA_TABLE, u32(table_number(rule.table))),)
