"""How IPv6 finds a neighbour, and whether a host's own rules let it.

host ── solicitation ─► OUTPUT ─► POSTROUTING ─► link (to ff02::1:ffxx:xxxx)
host ◄─ INPUT ◄─ route ◄─ PREROUTING ◄─── advertisement ── neighbour

ARP passes no table of iptables. What does the same for IPv6 are ICMPv6 packets like others
(net/ipv6/ndisc.c, ndisc_send_skb): a host whose rules refuse them sends nothing to whom it does not know yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Step
from sekisho.values.address import Address
from sekisho.values.intset import IntSet


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


def told_apart(host: HostCode) -> tuple[IntSet, ...]:
    """The neighbours' addresses by what policy rules ask of sources: all of one set fare alike."""
    found = [IntSet.span(0, (1 << 128) - 1)]
    for rule in host.facts.rules or ():
        if rule.family == 6 and rule.src is not None:
            inside = IntSet.prefix(rule.src)
            parts = ((each & inside, each.minus(inside, 128)) for each in found)
            found = [part for pair in parts for part in pair if part.intervals]
    return tuple(found)


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
