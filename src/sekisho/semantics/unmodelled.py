"""Settings and what interfaces are that decides and is not modelled (``settings``, ``link_settings``), as
doubtful lines where it could act.

in by an interface       before any hook           entrance
for another interface    before FORWARD            forwarding
sent by the host         after its route           departure
answered by the host     before it sends           answer
echo and the like        when nobody else takes it icmp
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.model.host import Sysctl
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.beside import beside_lines
from sekisho.semantics.fields import ANYCAST
from sekisho.semantics.journey import Doubt
from sekisho.semantics.link_settings import link_doubt
from sekisho.semantics.program import (
    ALWAYS,
    All,
    AnyOf,
    ChainCode,
    Guard,
    Guarded,
    In,
    Interface,
    Masked,
    NotUnderstood,
    Station,
    Unsure,
)
from sekisho.semantics.settings import Setting, doubtful
from sekisho.semantics.switches import interfaces_of
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import ICMP, ICMPV6, RST, TCP

_ROUTING_HEADER = 43
_PROBE = {4: (ICMP, 42), 6: (ICMPV6, 160)}
_ECHO6 = (ICMPV6, 128)
# arp_ignore: 3 keeps quiet of addresses of scope host alone, 1 and 2 answer for the interface's own.
_KEEPS_TO_ITS_OWN = ("1", "2", "3")
_COUNT, _MOST = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """The doubtful lines of one namespace for one IP version, by the chain that they stand in."""

    entrance: tuple[Guarded, ...] = ()
    forwarding: tuple[Guarded, ...] = ()
    departure: tuple[Guarded, ...] = ()
    answering: tuple[Guarded, ...] = ()
    echo: tuple[Guarded, ...] = ()


def before(lines: tuple[Guarded, ...], chain: ChainCode) -> ChainCode:
    """The chain with lines at its head."""
    return replace(chain, lines=(*lines, *chain.lines)) if lines else chain


def unmodelled(
    namespace: Namespace,
    family: Family,
    addresses: tuple[HostAddress, ...],
    everybody: IntSet,
    marks: bool,
) -> Unmodelled:
    """What settings may do to packets of a family. ``everybody``: the broadcast addresses; ``marks``: rules
    ask for marks."""
    found: dict[str, list[Guarded]] = {}
    names = ("lo", *interfaces_of(namespace)) if namespace.sysctls else ()
    for pattern, row in doubtful().items():
        if not _of_version(pattern, row, family):
            continue
        for fact, where in _acting(namespace, pattern, row, names):
            for chain, guard in _places(row, where, fact, namespace, family, addresses, everybody, marks):
                found.setdefault(chain, []).append(_line(guard, fact))
    for fact in _full(namespace):
        for chain in ("entrance", "departure"):
            found.setdefault(chain, []).append(_line(ALWAYS, fact))
    for line, chains in (*_links(namespace), *beside_lines(namespace, family)):
        for chain in chains:
            found.setdefault(chain, []).append(line)
    return Unmodelled(**{chain: tuple(lines) for chain, lines in found.items()})


def asks_marks(namespace: Namespace, family: Family, stations: Iterable[Station]) -> bool:
    """Whether a policy rule, or a line of any table, may look at a packet's mark."""
    if any(rule.fwmark is not None for rule in namespace.rules or () if rule.family == family):
        return True
    chains = (chain for station in stations for chain in station.every)
    return any("mark" in line.text for chain in chains for line in chain.lines)


def _line(guard: Guard, fact: Sysctl) -> Guarded:
    doubt = Doubt("setting-not-modelled", (f"{fact.key} = {fact.value}",), fact.evidence)
    guard = Unsure(doubt) if guard == ALWAYS else All((guard, Unsure(doubt)))
    return Guarded(guard, NotUnderstood(doubt), 0, f"{fact.key} = {fact.value}", "", fact.evidence)


def _links(namespace: Namespace) -> Iterator[tuple[Guarded, tuple[str, ...]]]:
    """What has packets before IP, or after it, at an interface."""
    for link in namespace.interfaces or ():
        if said := link_doubt(link):
            doubt = Doubt("link-not-modelled", (link.name, said), link.evidence)
            for side, chains in (("iif", ("entrance",)), ("oif", ("departure", "forwarding"))):
                if side == "oif" and said == "XDP":
                    continue  # it sees what comes in
                here = Interface("iif" if side == "iif" else "oif", link.name)
                text = f"{link.name}: {said}"
                guard = All((here, Unsure(doubt)))
                yield Guarded(guard, NotUnderstood(doubt), 0, text, "", link.evidence), chains


def _of_version(pattern: str, row: Setting, family: Family) -> bool:
    if row.version is not None:
        return row.version == family
    if not pattern.startswith(("net.ipv4.conf", "net.ipv6.conf", "net.ipv4.neigh", "net.ipv6.neigh")):
        return True
    return pattern.startswith(f"net.ipv{family}.")


def _acting(
    namespace: Namespace, pattern: str, row: Setting, names: Iterable[str]
) -> Iterator[tuple[Sysctl, str | None]]:
    """The settings whose value is not harmless, and the interface that each is about (None: any)."""
    if "*" not in pattern:
        fact = namespace.sysctl_fact(pattern)
        if fact is not None and row.acts(fact.value):
            yield fact, None
        return
    everywhere = namespace.sysctl_fact(pattern.replace("*", "all"))
    of_all = everywhere if everywhere is not None and row.acts(everywhere.value) else None
    if of_all is not None and row.joint == "either":
        yield of_all, None
    for name in names:
        own = namespace.sysctl_fact(pattern.replace("*", name.replace(".", "/")))
        if own is None and row.joint == "own" and of_all is not None:
            yield of_all, name
        if own is not None and row.acts(own.value) and (row.joint != "both" or of_all is not None):
            yield own, name


def _places(
    row: Setting,
    name: str | None,
    fact: Sysctl,
    namespace: Namespace,
    family: Family,
    addresses: tuple[HostAddress, ...],
    everybody: IntSet,
    marks: bool,
) -> Iterator[tuple[str, Guard]]:
    """The chains in which a setting could act, and on what."""
    arriving = ALWAYS if name is None else Interface("iif", name)
    leaving = ALWAYS if name is None else Interface("oif", name)
    match row.touches:
        case "in-everybody":
            yield "entrance", _and(arriving, In("dst", everybody))
        case "in-routing-header":
            yield "entrance", _and(arriving, In("proto", IntSet.of(_ROUTING_HEADER)))
        case "in-arp":
            others = _asked_of_another(name, fact, addresses, namespace)
            if others is not None:
                yield "entrance", _and(arriving, others)
        case "answers" if marks:
            reset = All((In("proto", IntSet.of(TCP)), Masked("tcp_flags", RST, RST)))
            yield "answering", AnyOf((In("proto", IntSet.of(ICMP, ICMPV6)), reset))
        case "tcp-answers" if marks:
            yield "answering", In("proto", IntSet.of(TCP))
        case "sent":
            yield "departure", leaving
        case "onward":
            yield "departure", leaving
            yield "forwarding", leaving
        case "probe":
            yield "echo", _asks(*_PROBE[family])
        case "anycast-echo":
            yield "echo", All((_asks(*_ECHO6), In("route_kind", IntSet.of(ANYCAST))))


def _asks(number: int, kind: int) -> Guard:
    return All((In("proto", IntSet.of(number)), In("icmp_type", IntSet.of(kind))))


def _and(one: Guard, other: Guard) -> Guard:
    return other if one == ALWAYS else All((one, other))


def _asked_of_another(
    name: str | None, fact: Sysctl, addresses: tuple[HostAddress, ...], namespace: Namespace
) -> Guard | None:
    """The packets for which somebody would have to ask ARP for an address that the interface does not have:
    the host's other addresses inside its subnets; with a value that answers nobody all packets."""
    quiet = fact.key.endswith("arp_ignore") and fact.value not in _KEEPS_TO_ITS_OWN
    if quiet:
        return ALWAYS
    guards: list[Guard] = []
    for each in (name,) if name is not None else interfaces_of(namespace):
        near = [item.subnet for item in addresses if item.interface == each]
        elsewhere = (item.value for item in addresses if item.interface != each)
        others = IntSet.of(*(value for value in elsewhere if any(n.first <= value <= n.last for n in near)))
        if others.intervals:
            guards.append(All((Interface("iif", each), In("dst", others))))
    return AnyOf(tuple(guards)) if guards else None


def _full(namespace: Namespace) -> Iterator[Sysctl]:
    """The table of connections is full: packets that would open one are dropped (nf_conntrack_alloc)."""
    count, most = (namespace.sysctl_fact(key) for key in (_COUNT, _MOST))
    if count is None or most is None or not (is_number(count.value) and is_number(most.value)):
        return
    if 0 < integer(most.value) <= integer(count.value):
        yield count
