"""Policy rules and routing tables as chains of guarded actions.

A routing decision is a walk through chains like any other: the policy rules are the base chain, each
``lookup`` a jump to a table, a table a chain of routes with the longest prefix first. A ``throw`` route
is a RETURN, no match falls back to the next rule, and the end of all rules is ``no_route``.
Source: net/core/fib_rules.c, net/ipv4/fib_trie.c (fib_table_lookup), net/ipv6/ip6_fib.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sekisho.model.routing import PolicyRule, Route
from sekisho.semantics.fields import Field
from sekisho.semantics.hidden_gateways import unseen
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    Action,
    All,
    AnyOf,
    ChainCode,
    Continue,
    Goto,
    Guard,
    Guarded,
    In,
    Interface,
    Jump,
    Masked,
    Not,
    NotUnderstood,
    Return,
    RouteTo,
    Stop,
    Unsure,
    Way,
)
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer, is_number

DEFAULT_RULES: dict[int, tuple[tuple[int, str], ...]] = {
    4: ((0, "local"), (32766, "main"), (32767, "default")),
    6: ((0, "local"), (32766, "main")),
}

# Route kinds that answer the sender (net/ipv4/fib_semantics.c, fib_props; ICMP by ip_error()).
_REFUSING: dict[int, dict[str, Stop]] = {
    4: {
        "blackhole": Stop("blackhole"),
        "unreachable": Stop("unreachable", answer="icmp-host-unreachable"),
        "prohibit": Stop("prohibited", answer="icmp-admin-prohibited"),
    },
    6: {
        "blackhole": Stop("blackhole"),
        "unreachable": Stop("unreachable", answer="icmp6-no-route"),
        "prohibit": Stop("prohibited", answer="icmp6-adm-prohibited"),
    },
}
NO_ROUTE: dict[int, Stop] = {
    4: Stop("no_route", "IP_INNOROUTES", "icmp-net-unreachable"),
    6: Stop("no_route", "IP_INNOROUTES", "icmp6-no-route"),
}
# Attributes of a policy rule that do not narrow what it matches.
_DECIDES_NOTHING = frozenset({"realms", "unresolved", "iif_detached", "oif_detached", "detached"})

_LINK_LOCAL = Prefix(6, 0xFE80 << 112, 10)
DEFAULT_METRIC: dict[int, int] = {4: 0, 6: 1024}


def is_default(rule: PolicyRule) -> bool:
    """Whether the kernel itself put the rule there when it made the namespace (fib4_rules_init)."""
    table = dict(DEFAULT_RULES[rule.family]).get(rule.priority)
    if table is None or rule.proto not in (None, "kernel"):
        return False
    return rule == PolicyRule(rule.family, rule.priority, table=table, proto=rule.proto)


def has_custom_rules(rules: Sequence[PolicyRule] | None, family: Family) -> bool:
    """Whether somebody added a policy rule or took one of the kernel's away; not where none is captured."""
    mine = [rule for rule in rules or () if rule.family == family]
    usual = sorted(rule.priority for rule in mine if is_default(rule))
    return bool(mine) and (len(mine) > len(usual) or usual != [number for number, _ in DEFAULT_RULES[family]])


def asks_before_local(rules: Sequence[PolicyRule] | None, family: Family) -> bool:
    """Whether IPv6 asks something else before table local, or that not at all."""
    if family == 4 or not has_custom_rules(rules, 6) or lacks_default(rules or (), 6):
        return False
    mine = sorted((rule for rule in rules or () if rule.family == 6), key=lambda rule: rule.priority)
    return not (is_default(mine[0]) and mine[0].table == "local")


def lacks_default(rules: Sequence[PolicyRule], family: Family) -> bool:
    """Whether one of IPv6's own rules is away and is asked all the same: while nobody added another, IPv6
    asks tables local and main without looking at the rules (fib6_rule_lookup, fib6_has_custom_rules)."""
    mine = [rule for rule in rules if rule.family == family]
    return family == 6 and 0 < len(mine) < len(DEFAULT_RULES[6]) and all(is_default(rule) for rule in mine)


def table_chains(
    routes: Iterable[Route],
    family: Family,
    ignores_linkdown: frozenset[str],
    one_trie: bool = False,
    unknowable: frozenset[str] = frozenset(),
) -> dict[str, ChainCode]:
    """One chain for each table that has routes of the family.

    ``ignores_linkdown`` are the interfaces whose sysctl ignore_routes_with_linkdown is 1. ``one_trie``:
    tables local and main are one, as IPv4 keeps them until the first policy rule comes (fib_unmerge): what
    main has a longer prefix for is not local's. ``unknowable``: see ``hidden_gateways.deciding``.
    """
    by_table: dict[str, list[Route]] = {}
    for route in routes:
        if route.family == family:
            by_table.setdefault(route.table, []).append(route)
    longer = longer_in_main(by_table.get("local", ()), by_table.get("main", ())) if one_trie else {}
    return {
        name: _table(name, found, ignores_linkdown, longer if name == "local" else {}, unknowable)
        for name, found in by_table.items()
    }


def longer_in_main(local: Iterable[Route], main: Sequence[Route]) -> dict[Prefix, list[Route]]:
    """The routes of main inside a destination of table local."""
    wide = {route.dst for route in local if route.dst.length < BITS[route.family]}
    found: dict[Prefix, list[Route]] = {}
    for dst in wide:
        first, last, length = dst.first, dst.last, dst.length
        inside = [r for r in main if first <= r.dst.value <= last and r.dst.length > length]
        if inside:
            found[dst] = inside
    return found


def _table(
    name: str,
    routes: Sequence[Route],
    ignores_linkdown: frozenset[str],
    longer: dict[Prefix, list[Route]],
    unknowable: frozenset[str],
) -> ChainCode:
    default = DEFAULT_METRIC[routes[0].family]
    ordered = sorted(
        enumerate(routes),
        key=lambda item: (
            -item[1].dst.length,
            -item[1].tos,
            default if item[1].metric is None else item[1].metric,
            item[0],
        ),
    )
    lines: list[Guarded] = []
    for _, route in ordered:
        line = _route_line(route, name, ignores_linkdown, unknowable)
        if line is not None and route.dst in longer:
            others = (_route_line(other, "main", ignores_linkdown, unknowable) for other in longer[route.dst])
            elsewhere = AnyOf(tuple(other.guard for other in others if other is not None))
            line = replace(line, guard=All((line.guard, Not(elsewhere))))
        lines += [line] if line is not None else []
    return ChainCode(name, tuple(lines))


def _route_line(
    route: Route, table: str, ignores_linkdown: frozenset[str], unknowable: frozenset[str]
) -> Guarded | None:
    guard: Guard = ALWAYS if route.dst.length == 0 else In("dst", IntSet.prefix(route.dst))
    if route.family == 6 and route.dst.overlaps(_LINK_LOCAL):
        guard = _on_its_link(route) if guard == ALWAYS else All((guard, _on_its_link(route)))
    if route.tos:
        guard = All((guard, _of_tos(route.family, route.tos)))
    action = _route_action(route, table, ignores_linkdown, unknowable)
    if action is None:
        return None
    text = route.evidence.text.strip() if route.evidence else ""
    return Guarded(guard, action, 0, text, route.kind, route.evidence)


def _on_its_link(route: Route) -> Guard:
    """Link-local destinations are looked for on the link that the packet came in by, and nowhere else
    (net/ipv6/route.c, ip6_route_input: RT6_LOOKUP_F_IFACE)."""
    devices = tuple(dict.fromkeys(hop.dev or "lo" for hop in route.nexthops)) or ("lo",)
    here = tuple(Interface("iif", name) for name in devices)
    return AnyOf((Not(In("dst", IntSet.prefix(_LINK_LOCAL))), *here))


def route_mtu(attributes: tuple[tuple[str, str], ...]) -> tuple[int | None, bool]:
    """A route's own MTU, and whether it is locked (``mtu lock 1400``)."""
    text = dict(attributes).get("mtu", "")
    number = text.removeprefix("lock ")
    return (integer(number) if is_number(number) else None), text != number


def _route_action(
    route: Route, table: str, ignores_linkdown: frozenset[str], unknowable: frozenset[str]
) -> Action | None:
    if route.kind == "throw":
        return Return()
    if route.kind in _REFUSING[route.family]:
        return _REFUSING[route.family][route.kind]
    if route.kind not in ("unicast", "local", "broadcast", "multicast", "anycast"):
        return NotUnderstood(Doubt("route-not-understood", (route.kind,), route.evidence))
    if any(key == "encap" for key, _ in route.attributes):
        return NotUnderstood(Doubt("route-encapsulates", (), route.evidence))
    mtu = route_mtu(route.attributes)
    ways = tuple(
        Way(hop.dev, unseen(route.family) if hop.hidden else hop.via, hop.weight, hop.flags, *mtu)
        for hop in route.nexthops
        if "dead" not in hop.flags
        and not ("linkdown" in hop.flags and hop.dev is not None and hop.dev in ignores_linkdown)
    )
    if route.kind == "unicast" and any(way.dev is None for way in ways):
        return NotUnderstood(Doubt("route-without-device", (), route.evidence))
    if not ways:
        return None  # every way is dead: the lookup passes over the route
    found = RouteTo(route.kind, ways, route.src, route.scope, table, route.dst.length)
    asked = (hop for hop in route.nexthops if hop.hidden and (hop.dev is None or hop.dev in unknowable))
    hidden = next((hop.hidden for hop in asked), "")
    if hidden:
        return NotUnderstood(Doubt("route-gateway-hidden", (hidden,), route.evidence), found)
    return found


def looking_back(tables: Mapping[str, ChainCode]) -> dict[str, ChainCode]:
    """The tables for looking a sender up: by which interface, whatever the gateway's address is."""
    return {name: replace(chain, lines=tuple(map(_by_device, chain.lines))) for name, chain in tables.items()}


def _by_device(line: Guarded) -> Guarded:
    action = line.action
    if isinstance(action, NotUnderstood) and action.but_for_gateway is not None:
        return replace(line, action=action.but_for_gateway)
    return line


def rule_chains(
    rules: Sequence[PolicyRule] | None, family: Family, tables: dict[str, ChainCode]
) -> tuple[ChainCode, dict[str, ChainCode]]:
    """The base chain of the policy rules, and the tables plus the chains that rules need besides."""
    chains = dict(tables)
    end: Action = NO_ROUTE[family]
    if rules is None:
        lines = tuple(
            Guarded(ALWAYS, Jump(table), priority, f"{priority}: from all lookup {table}", "lookup")
            for priority, table in DEFAULT_RULES[family]
        )
        for line in lines:
            if isinstance(line.action, Jump):
                chains.setdefault(line.action.chain, ChainCode(line.action.chain, ()))
        return ChainCode("rules", lines, end), chains
    mine = sorted((rule for rule in rules if rule.family == family), key=lambda rule: rule.priority)
    if lacks_default(mine, family):
        usual = (PolicyRule(family, number, table=table) for number, table in DEFAULT_RULES[family])
        mine = [next((rule for rule in mine if rule.priority == each.priority), each) for each in usual]
    lines = tuple(_rule_line(rule, chains) for rule in mine)
    for rule in mine:
        if rule.action == "goto" and rule.goto is not None:
            rest = tuple(line for line, other in zip(lines, mine, strict=True) if other.priority >= rule.goto)
            chains[f"rules from {rule.goto}"] = ChainCode(f"rules from {rule.goto}", rest, end)
    return ChainCode("rules", lines, end), chains


def _rule_line(rule: PolicyRule, chains: dict[str, ChainCode]) -> Guarded:
    text = rule.evidence.text.strip() if rule.evidence else f"{rule.priority}: lookup {rule.table}"
    action = _rule_action(rule, chains)
    return Guarded(_rule_guard(rule), action, rule.priority, text, rule.action, rule.evidence)


def _of_tos(family: Family, tos: int) -> Guard:
    """IPv4 looks at three bits (INET_DSCP_LEGACY_TOS_MASK), IPv6 at the whole DSCP, neither at ECN's."""
    mask = 0x1C if family == 4 else 0xFC
    return Masked("tos", mask, tos & mask)


def _rule_guard(rule: PolicyRule) -> Guard:
    guards: list[Guard] = []
    addresses: tuple[tuple[Field, Prefix | None], ...] = (("src", rule.src), ("dst", rule.dst))
    for side, prefix in addresses:
        if prefix is not None and prefix.length:
            guards.append(In(side, IntSet.prefix(prefix)))
    if rule.iif is not None:
        # Locally made packets have the loopback interface as incoming one (flowi_iif).
        guards.append(Interface("iif", rule.iif))
    if rule.oif is not None:
        guards.append(Interface("oif", rule.oif))
    if rule.fwmark is not None:
        guards.append(Masked("mark", rule.fwmark[1], rule.fwmark[0] & rule.fwmark[1]))
    if rule.tos:
        guards.append(_of_tos(rule.family, rule.tos))
    if rule.ipproto is not None:
        guards.append(In("proto", IntSet.of(rule.ipproto)))
    if rule.sport is not None:
        guards.append(In("sport", IntSet.span(*rule.sport)))
    if rule.dport is not None:
        guards.append(In("dport", IntSet.span(*rule.dport)))
    if rule.uidrange is not None:
        guards.append(In("flow_uid", IntSet.span(*rule.uidrange)))
    for key, value in rule.attributes:
        if key not in _DECIDES_NOTHING:
            guards.append(Unsure(Doubt("rule-not-understood", (f"{key} {value}".strip(),), rule.evidence)))
    if rule.l3mdev:
        guards.append(Unsure(Doubt("l3mdev-rule", (), rule.evidence)))
    guard: Guard = guards[0] if len(guards) == 1 else All(tuple(guards))
    return Not(guard) if rule.negated else guard


def _rule_action(rule: PolicyRule, chains: dict[str, ChainCode]) -> Action:
    if rule.action == "lookup":
        table = chains.setdefault(rule.table, ChainCode(rule.table, ()))
        if rule.suppress_ifgroup is not None:
            return NotUnderstood(Doubt("rule-not-understood", ("suppress_ifgroup",), rule.evidence))
        if rule.suppress_prefixlength is None:
            return Jump(rule.table)
        return Jump(_suppressed(table, rule.suppress_prefixlength, chains))
    if rule.action == "goto" and rule.goto is not None and rule.goto <= rule.priority:
        # No kernel takes a rule that leads back (net/core/fib_rules.c: "Backward jumps are prohibited").
        return NotUnderstood(Doubt("rule-not-understood", (f"goto {rule.goto}",), rule.evidence))
    if rule.action == "goto":
        return Goto(f"rules from {rule.goto}")
    if rule.action == "nop":
        return Continue()
    refusing = _REFUSING[rule.family].get(rule.action)
    if rule.action == "unreachable":
        # A rule that refuses says that the network cannot be reached, a route that the host cannot.
        refusing = Stop("unreachable", NO_ROUTE[rule.family].kernel_reason, NO_ROUTE[rule.family].answer)
    return refusing or NotUnderstood(Doubt("rule-not-understood", (rule.action,), rule.evidence))


def _suppressed(table: ChainCode, length: int, chains: dict[str, ChainCode]) -> str:
    """The table without its answers of ``length`` bits or less.

    The longest match is at the same time the first line, so if it is short enough to be suppressed
    nothing after it can be longer: leaving the short routes out means the same.
    """
    name = f"{table.name} longer than {length}"
    lines = tuple(
        line
        for line in table.lines
        if not (isinstance(line.action, RouteTo) and line.action.prefix_length <= length)
    )
    chains[name] = ChainCode(name, lines)
    return name
