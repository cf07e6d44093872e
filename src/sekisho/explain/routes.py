"""What each route and each policy rule does on this host."""

from __future__ import annotations

from sekisho.explain.context import PLAIN, HostContext
from sekisho.explain.matches import Phrase, subject
from sekisho.explain.message import Message, join, m
from sekisho.model.routing import PolicyRule, Route
from sekisho.values.address import Address, Prefix
from sekisho.values.packet import protocol_name

_REJECTING = {"blackhole", "unreachable", "prohibit", "throw"}
_MOST = 6
_KNOWN_PROTOCOLS = {"kernel", "dhcp", "static", "boot", "ra", "redirect"}


def explain_route(route: Route, context: HostContext) -> tuple[Message, ...]:
    """The route in words: where packets go, why the route is there, what its attributes change."""
    return (
        *_way(route),
        *_place(route, context),
        *_bridge(route, context),
        *_provenance(route, context),
        *_flags(route, context),
        *_attributes(route),
    )


def destination(route: Route) -> Message | str:
    """The destination as ``ip route`` names it: one address, a prefix, or everything."""
    if route.dst.length == 0:
        return m("routes.everything")
    return str(route.dst.address) if route.dst.length == route.dst.bits else str(route.dst)


def _way(route: Route) -> list[Message]:
    target = destination(route)
    device = route.nexthops[0].dev or "?" if route.nexthops else "?"
    if route.kind in _REJECTING:
        return [m(f"routes.{route.kind}", target)]
    if route.kind == "local":
        single = route.dst.length == route.dst.bits
        return [m("routes.local.host", target) if single else m("routes.local.prefix", target, device)]
    if route.kind in ("broadcast", "multicast", "anycast"):
        return [m(f"routes.{route.kind}", target, device)]
    if route.kind != "unicast":
        return [m("routes.other_kind", route.kind, target)]
    named = [m("routes.nhid", route.nhid)] if route.nhid is not None else []
    if not route.nexthops:
        return named or [m("routes.nowhere", target)]
    return [_unicast(route, target, device), *named]


def _unicast(route: Route, target: Message | str, device: str) -> Message:
    if len(route.nexthops) > 1:
        ways = [
            m("routes.way.link", way.dev, way.weight)
            if way.via is None
            else m("routes.way.via", way.via, way.dev, way.weight)
            for way in route.nexthops
        ]
        return m("routes.many", target, len(ways), join("and", ways))
    via = route.nexthops[0].via
    if hidden := route.nexthops[0].hidden:
        return m("routes.hidden", target, hidden, device)
    if route.dst.length == 0:
        return m("routes.default.link", device) if via is None else m("routes.default.via", via, device)
    if via is not None:
        return m("routes.prefix.via", target, via, device)
    single = route.dst.length == route.dst.bits
    return m("routes.host.link" if single else "routes.prefix.link", target, device)


def _place(route: Route, context: HostContext) -> list[Message]:
    """The table, the longer and shorter routes around this one, and what a VPC makes of it."""
    said: list[Message] = []
    if route.table == "local":
        return [m("routes.table_local")]
    if route.table != "main":
        said.append(m("routes.table", route.table))
    if route.kind == "unicast" and route.dst.length:
        longer = [str(p.address) if p.length == p.bits else str(p) for p in context.routes.inside(route)]
        if len(longer) > _MOST:
            said.append(m("routes.except.many", ", ".join(longer[:_MOST]), len(longer) - _MOST))
        elif longer:
            said.append(m("routes.except", join("and", longer)))
        shorter = context.routes.around(route)
        if shorter is not None and _hop(route) != _hop(shorter):
            said.append(m("routes.longer", shorter.dst))
    return said + _cloud(route, context)


def _hop(route: Route) -> tuple[str | None, Address | None] | None:
    return (route.nexthops[0].dev, route.nexthops[0].via) if route.nexthops else None


def _cloud(route: Route, context: HostContext) -> list[Message]:
    if route.family != 4 or len(route.nexthops) != 1:
        return []
    via = route.nexthops[0].via
    said: list[Message] = []
    if not context.is_host:
        device = context.host_interface_of(via) if via is not None else None
        return [m("routes.container_gateway", via, device)] if device else []
    if route.dst.length == 0 and via is not None and is_network_plus(via, 1, context):
        said.append(m("routes.vpc_router", via))
    if route.dst.length == 32 and route.kind == "unicast":
        default = context.default_route
        gateway = default.nexthops[0].via if default is not None and default.nexthops else None
        if route.dst.address == gateway:
            said.append(m("routes.gateway_route"))
            if is_network_plus(route.dst.address, 1, context):
                said.append(m("routes.vpc_router_again"))
        elif route.proto == "dhcp" and is_network_plus(route.dst.address, 2, context):
            said.append(m("routes.resolver", route.dst.address))
    return said


def is_network_plus(address: Address, offset: int, context: HostContext) -> bool:
    """Whether a directly connected network starts ``offset`` below the address, as in every VPC subnet."""
    return any(
        prefix.family == address.family
        and 16 <= prefix.length <= 28
        and prefix.first + offset == address.value
        for prefix, _device in context.connected
    )


def _bridge(route: Route, context: HostContext) -> list[Message]:
    if route.kind != "unicast" or len(route.nexthops) != 1 or route.nexthops[0].via is not None:
        return []
    name = route.nexthops[0].dev or ""
    said = describe_bridge(name, context)
    if not said:
        return []
    bridge = context.bridge(name)
    if route.src is not None and bridge is not None and bridge.kind not in PLAIN:
        said.append(m("routes.bridge.own", route.src))
    known = [context.name_of(holder.address) for holder in context.holders_in(route.dst)]
    if known:
        said.append(m("routes.bridge.containers", join("and", known)))
    return said


def describe_bridge(name: str, context: HostContext) -> list[Message]:
    """Which bridge this is, where it is one at all."""
    bridge = context.bridge(name)
    if bridge is None:
        return []
    if bridge.kind == "docker":
        if bridge.network:
            return [m("routes.bridge.docker", name, bridge.network)]
        return [m("routes.bridge.docker_id", name, bridge.network_id)]
    return [m(f"routes.bridge.{bridge.kind}", name, bridge.network)]


def _provenance(route: Route, context: HostContext) -> list[Message]:
    said: list[Message] = []
    if route.src is not None and route.kind == "unicast":
        said.append(m("routes.src", route.src))
    if route.proto in _KNOWN_PROTOCOLS:
        said.append(m(f"routes.proto.{route.proto}"))
    elif route.proto is not None:
        said.append(m("routes.proto.other", route.proto))
    if route.scope == "host":
        said.append(m("routes.scope.host"))
    if route.metric is not None and route.kind == "unicast":
        said.append(_metric(route, context))
    if route.tos:
        said.append(m("routes.tos", f"0x{route.tos:02x}"))
    return said


def _metric(route: Route, context: HostContext) -> Message:
    rivals = [other.metric or 0 for other in context.routes.same(route) if other.tos == route.tos]
    mine = route.metric or 0
    if not rivals:
        # The default route is where people look the metric up: there the general rule is worth saying.
        return m("routes.metric" if route.dst.length == 0 else "routes.metric.alone", mine)
    if mine < min(rivals):
        return m("routes.metric.wins", mine)
    if mine > min(rivals):
        return m("routes.metric.loses", mine, min(rivals))
    return m("routes.metric", mine)


def _flags(route: Route, context: HostContext) -> list[Message]:
    said: list[Message] = []
    for way in route.nexthops:
        for flag in way.flags:
            if flag == "linkdown":
                kind = "linkdown_bridge" if context.bridge(way.dev or "") else "linkdown"
                said.append(m(f"routes.flag.{kind}", way.dev))
            elif flag == "dead":
                said.append(m("routes.flag.dead", way.dev))
            elif flag == "onlink":
                said.append(m("routes.flag.onlink", way.via, way.dev))
            else:
                said.append(m("routes.flag.other", flag))
    return said


def _attributes(route: Route) -> list[Message]:
    said: list[Message] = []
    for name, value in route.attributes:
        if name == "mtu":
            said.append(m("routes.mtu", value.removeprefix("lock ")))
        else:
            said.append(m("routes.attribute", f"{name} {value}".strip()))
    return said


def explain_policy_rule(rule: PolicyRule, context: HostContext) -> tuple[Message, ...]:
    """One line of ``ip rule`` in words."""
    who = subject(_conditions(rule), excepted=rule.negated)
    if rule.negated:
        who = m("policy.not", who)
    if rule.action == "lookup":
        said = [m("policy.lookup", who, rule.table)]
    elif rule.action == "goto":
        said = [m("policy.goto", who, rule.goto)]
    elif rule.action in ("nop", "blackhole", "unreachable", "prohibit"):
        said = [m(f"policy.{rule.action}", who)]
    else:
        said = [m("policy.other", who, rule.action)]
    standard = {(0, "local"), (32766, "main"), (32767, "default")}
    if rule.action == "lookup" and (rule.priority, rule.table) in standard:
        said.append(m(f"policy.{rule.table}"))
    said.append(m("policy.priority", rule.priority))
    if rule.suppress_prefixlength is not None:
        said.append(m("policy.suppress", rule.suppress_prefixlength))
    if rule.suppress_ifgroup is not None:
        said.append(m("policy.suppress_group", rule.suppress_ifgroup))
    captured = any(route.table == rule.table for route in context.namespace.routes)
    if rule.action == "lookup" and not captured and rule.table not in ("local", "default"):
        said.append(m("policy.empty_table", rule.table))
    if rule.proto is not None and rule.proto != "kernel":
        said.append(m("policy.proto", rule.proto))
    return tuple(said)


def _conditions(rule: PolicyRule) -> Phrase:
    phrase = Phrase(protocol=None if rule.ipproto is None else protocol_name(rule.ipproto).upper())
    prefixes: tuple[tuple[str, Prefix | None], ...] = (("source", rule.src), ("destination", rule.dst))
    for name, prefix in prefixes:
        if prefix is not None and prefix.length:
            phrase.near.append(m(f"match.{name}", _short(prefix)))
    for name, ports in (("sport", rule.sport), ("dport", rule.dport)):
        if ports is not None:
            text = str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
            phrase.near.append(m(f"match.{name}", text))
    if rule.uidrange is not None:
        phrase.near.append(m("policy.uid", f"{rule.uidrange[0]}-{rule.uidrange[1]}"))
    if rule.iif is not None:
        phrase.that.append(m("match.iif.lo") if rule.iif == "lo" else m("match.in-interface", rule.iif))
    if rule.oif is not None:
        phrase.that.append(m("match.oif", rule.oif))
    if rule.fwmark is not None:
        value, mask = rule.fwmark
        phrase.that.append(m("match.mark", f"0x{value:x}" + (f"/0x{mask:x}" if mask != 0xFFFFFFFF else "")))
    if rule.tos:
        phrase.that.append(m("match.tos", f"0x{rule.tos:02x}"))
    if rule.l3mdev:
        phrase.near.append(m("policy.l3mdev"))
    return phrase


def _short(prefix: Prefix) -> str:
    return str(prefix.address) if prefix.length == prefix.bits else str(prefix)
