"""How IPv6 finds a neighbour, and whether a host's own rules let it.

host ── solicitation ─► OUTPUT ─► POSTROUTING ─► link (to ff02::1:ffxx:xxxx)
host ◄─ INPUT ◄─ route ◄─ PREROUTING ◄─── advertisement ── neighbour

ARP passes no table of iptables. What does the same for IPv6 are ICMPv6 packets like others
(net/ipv6/ndisc.c, ndisc_send_skb): a host whose rules refuse them sends nothing to whom it does not know yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.semantics import routing
from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.choices import Choices, explored
from sekisho.semantics.conntrack import Tracker
from sekisho.semantics.fib import has_custom_rules
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Hook, Step
from sekisho.semantics.program import NotUnderstood, RouteTo
from sekisho.semantics.traveller import traveller
from sekisho.semantics.visit import Visit
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMPV6, Packet

_SOLICITATION, _ADVERTISEMENT = 135, 136
_GROUP = 0xFF02 << 112 | 1 << 32 | 0xFF << 24
_HOP_LIMIT = 255  # with another one it may come from afar and counts for nothing (ndisc_rcv)
_LENGTH = 72  # 40 of IPv6, 24 of ICMPv6, 8 with the link-layer address
_MAX_RUNS = 64
# Whether it goes out, its type, the hooks on its way.
_Way = tuple[bool, int, tuple[Hook, ...]]
_OUT: tuple[Hook, ...] = ("output", "postrouting")
_IN: tuple[Hook, ...] = ("prerouting", "input")
_ASKS: tuple[_Way, ...] = ((True, _SOLICITATION, _OUT), (False, _ADVERTISEMENT, _IN))
_IS_ASKED: tuple[_Way, ...] = ((False, _SOLICITATION, _IN), (True, _ADVERTISEMENT, _OUT))


@dataclass(frozen=True, slots=True)
class Solicited:
    """Whether a neighbour can be found. ``refusal``: what the host's own rules do to the question or the
    answer, None where both pass. ``doubts``: what it depends on, where nobody can say."""

    refusal: Step | None = None
    doubts: tuple[Doubt, ...] = ()


def asks(host: HostCode, interface: str) -> bool:
    """Whether neighbours are asked for on the interface at all."""
    known = next((item for item in host.facts.interfaces or () if item.name == interface), None)
    return interface != "lo" and not (known and {"NOARP", "POINTOPOINT"} & set(known.flags))


def source_for(host: HostCode, interface: str, src: int) -> int | None:
    """Who asks: the source of the packet that is to go there, where it is the interface's own, else the
    link-local address (ndisc_solicit). None: not captured, or one of several."""
    if src in own_sources(host, interface):
        return src
    local = [item.value for item in _here(host, interface) if item.scope == "link"]
    return local[0] if len(local) == 1 else None


def own_sources(host: HostCode, interface: str) -> frozenset[int]:
    """The interface's own addresses, which ask for themselves."""
    return frozenset(item.value for item in _here(host, interface))


def _here(host: HostCode, interface: str) -> list[HostAddress]:
    return [item for item in host.addresses[6] if item.interface == interface]


def sought(host: HostCode, interface: str, next_hop: Address, src: int) -> Solicited:
    """What comes of a packet's need for its next hop; ``src`` is the packet's."""
    if host.knows(interface, next_hop) or not asks(host, interface):
        return Solicited()
    source = source_for(host, interface, src)
    return _worse(solicited(host, interface, next_hop, source), routed(host, interface, next_hop, source))


def solicited(host: HostCode, interface: str, next_hop: Address | None, source: int | None) -> Solicited:
    """Ask for a neighbour (None: for any) as the host would, from ``source`` (None: not known)."""
    return _told(host, interface, next_hop, source, _ASKS)


def _worse(one: Solicited, other: Solicited) -> Solicited:
    """What comes of two things that may each keep a neighbour from being found."""
    for each in (one, other):
        if each.refusal is not None and not each.doubts:
            return each
    return Solicited(one.refusal or other.refusal, (*one.doubts, *other.doubts))


def answered(host: HostCode, interface: str, own: int) -> Solicited:
    """Let any neighbour ask for the host's ``own`` address."""
    return _told(host, interface, None, own, _IS_ASKED)


def _told(
    host: HostCode, interface: str, next_hop: Address | None, source: int | None, ways: tuple[_Way, ...]
) -> Solicited:
    runs, cut = explored(lambda each: _refusal(host, interface, next_hop, source, each, ways), _MAX_RUNS)
    return _gathered(runs, cut)


def _gathered(runs: list[tuple[Choices, tuple[Step | None, tuple[Doubt, ...]]]], cut: bool) -> Solicited:
    doubts: dict[Doubt, None] = {}
    for choices, (_, reasons) in runs:
        asked = (doubt for each in choices.taken for doubt in each.doubts)
        doubts.update(dict.fromkeys((*asked, *reasons)))
    refused = [step for _, (step, _) in runs if step is not None]
    if not refused and not cut:
        return Solicited()
    certain = len(refused) == len(runs) and not cut and not any(reasons for _, (_, reasons) in runs)
    refusal = refused[0] if refused else Step("neighbour", "DROP")  # too many questions to ask them all
    return Solicited(refusal, () if certain else tuple(doubts))


def _refusal(
    host: HostCode,
    interface: str,
    next_hop: Address | None,
    source: int | None,
    choices: Choices,
    ways: tuple[_Way, ...],
) -> tuple[Step | None, tuple[Doubt, ...]]:
    """The step that stops the question or the answer, and what that depends on."""
    for goes_out, number, hooks in ways:
        near, far = source or 0, next_hop.value if next_hop else 0
        src, dst = (near, far) if goes_out else (far, near)
        group = _GROUP | dst & 0xFFFFFF
        packet = traveller(
            Packet(
                6, src, group if number == _SOLICITATION else dst, ICMPV6, icmp_type=number, icmp_code=0,
                iif=None if goes_out else interface, oif=interface if goes_out else None,
                ttl=_HOP_LIMIT, length=_LENGTH,
            ),
            frozenset(_unstated(source is None, next_hop is None, goes_out)),
        )  # fmt: skip
        packet.local = goes_out
        visit = Visit(host, packet, Tracker(), choices, {})
        for hook in hooks:
            if hook == "postrouting":  # it was made for its interface (ndisc_alloc_skb; ip6_output: indev)
                packet.iif = interface
            end = visit.prerouting() if hook == "prerouting" else visit.hook(hook)
            if end is not None:
                return next((s for s in reversed(visit.steps) if s.table), Step(hook, "DROP")), end.doubts
        if packet.ttl != _HOP_LIMIT:
            changed = (s for s in visit.steps if any(name == "ttl" for name, _, _ in s.changes))
            return next(changed, Step("neighbour", "DROP")), ()
    return None, ()


def routed(host: HostCode, interface: str, neighbour: Address, source: int | None) -> Solicited:
    """Whether routing lets the neighbour's advertisement get to the host that asked: a policy rule may refuse
    its source, or table local not be asked. Such rules see it without a mark."""
    if source is None or not has_custom_rules(host.facts.rules, 6):
        return Solicited()
    runs, cut = explored(lambda each: _astray(host, interface, neighbour, source, each), _MAX_RUNS)
    return _gathered(runs, cut)


def _astray(
    host: HostCode, interface: str, neighbour: Address, source: int, choices: Choices
) -> tuple[Step | None, tuple[Doubt, ...]]:
    packet = traveller(
        Packet(6, neighbour.value, source, ICMPV6, icmp_type=_ADVERTISEMENT, icmp_code=0, iif=interface,
               ttl=_HOP_LIMIT, length=_LENGTH)
    )  # fmt: skip
    passed = routing.lookup(host.programs[6], packet, choices)
    action = passed.action
    if isinstance(action, RouteTo) and routing.stays(action, 6):
        return None, ()
    step = routing.route_step(passed, "DROP", None, packet)
    return step, (action.doubt,) if isinstance(action, NotUnderstood) else ()


def told_apart(host: HostCode) -> tuple[IntSet, ...]:
    """The neighbours' addresses by what policy rules ask of sources: all of one set fare alike."""
    found = [IntSet.span(0, (1 << 128) - 1)]
    for rule in host.facts.rules or ():
        if rule.family == 6 and rule.src is not None:
            inside = IntSet.prefix(rule.src)
            parts = ((each & inside, each.minus(inside, 128)) for each in found)
            found = [part for pair in parts for part in pair if part.intervals]
    return tuple(found)


def _unstated(any_source: bool, any_neighbour: bool, goes_out: bool) -> Iterator[str]:
    """What nobody knows of the packet."""
    if any_source:
        yield "src" if goes_out else "dst"
    if any_neighbour:
        yield "dst" if goes_out else "src"
    if not goes_out:
        yield from ("physin", "src_mac")


def place(refusal: Step) -> str:
    """Which rule or policy it was; the hook where it is none."""
    if refusal.table is None:
        return refusal.hook
    return f"{refusal.table} {refusal.chain}{'' if refusal.rule is None else f' {refusal.rule}'}"


def refused(refusal: Step, interface: str, next_hop: Address) -> Step:
    """The step of the packet that waited for the neighbour."""
    return Step(
        "neighbour", "NEIGHBOUR_FAILED", code="solicitation-refused",
        args=(interface, str(next_hop), place(refusal)), evidence=refusal.evidence,
    )  # fmt: skip
