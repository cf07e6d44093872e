"""What ``-m addrtype`` asks of the local routing table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.model.netfilter import Option
from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_context import AddressTypes, MatchContext
from sekisho.semantics.program import All, AnyOf, Guard, In, Interface, Not, Unsure
from sekisho.values.address import Prefix
from sekisho.values.intset import IntSet

_ADDRESS_TYPES = frozenset({
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
    "PROHIBIT", "THROW", "NAT", "XRESOLVE",
})  # fmt: skip


# IPv4 addresses that are so on every interface (net/ipv4/fib_frontend.c, __inet_dev_addr_type).
_EVERYWHERE = {
    "BROADCAST": IntSet.of(0, (1 << 32) - 1), "MULTICAST": IntSet.span(0xE0 << 24, (0xF0 << 24) - 1)
}  # fmt: skip


def addrtype_guard(options: Sequence[Option], context: MatchContext) -> Guard | None:
    """The condition of all the module's options together; None where one is not known."""
    names = {option.name for option in options}
    if not names <= {"src-type", "dst-type", "limit-iface-in", "limit-iface-out"}:
        return None
    device: str | None = None
    if "limit-iface-in" in names or "limit-iface-out" in names:
        device = "iif" if "limit-iface-in" in names else "oif"
    guards: list[Guard] = []
    for option in options:
        if option.name not in ("src-type", "dst-type"):
            continue
        side: Field = "src" if option.name == "src-type" else "dst"
        kinds = option.values[0].upper().split(",")
        if not set(kinds) <= _ADDRESS_TYPES:
            raise ValueError(f"unknown address type in {option.values[0]}")
        if context.family == 6:
            guard = _address_type6(side, kinds, device, context.address_types)
            guards.append(Not(guard) if option.negated else guard)
            continue
        parts = tuple(address_type(side, kind, device, context.address_types) for kind in kinds)
        guard = parts[0] if len(parts) == 1 else AnyOf(parts)
        guards.append(Not(guard) if option.negated else guard)
    return guards[0] if len(guards) == 1 else All(tuple(guards))


# What ipv6_addr_type() calls unicast: all but multicast, the unspecified and IPv4-mapped addresses.
MULTICAST6 = IntSet.prefix(Prefix(6, 0xFF << 120, 8))
UNICAST6 = (MULTICAST6 | IntSet.of(0) | IntSet.prefix(Prefix(6, 0xFFFF << 32, 96))).complement(128)


def _address_type6(side: Field, kinds: list[str], device: str | None, types: AddressTypes) -> Guard:
    """IPv6 asks the address itself first, and every named kind must hold; only LOCAL, ANYCAST and
    UNREACHABLE look at routes (net/netfilter/xt_addrtype.c, match_type6)."""
    guards: list[Guard] = []
    for kind, values in (("MULTICAST", MULTICAST6), ("UNICAST", UNICAST6), ("UNSPEC", IntSet.of(0))):
        if kind in kinds:
            guards.append(In(side, values))
    looked_up: list[Guard] = [
        address_type(side, kind, device, types) for kind in ("LOCAL", "ANYCAST") if kind in kinds
    ]
    if "UNREACHABLE" in kinds:
        looked_up.append(Unsure(Doubt("address-type-by-route", (side,))))
    if looked_up:
        guards.append(AnyOf(tuple(looked_up)))
    return guards[0] if len(guards) == 1 else All(tuple(guards))


def address_type(side: Field, kind: str, device: str | None, types: AddressTypes) -> Guard:
    """The address on one side is of the type (LOCAL, BROADCAST...); ``device``: iif or oif where only the
    routes of that interface count. Where not all of the host's addresses were seen, an address that is known
    to be of no type may be of any."""
    held = _of_known_type(side, kind, device, types)
    if types.by_rules:
        routed = Unsure(Doubt("address-type-by-route", (side,)))
        held = AnyOf((held, routed)) if kind == "UNICAST" else All((held, routed))
    if not types.unseen:
        return held
    unsure: Guard = Unsure(Doubt("addresses-not-captured", (side,)))
    if types.within is not None:
        unsure = All((In(side, types.within), unsure))
    if kind == "UNICAST":
        return All((held, unsure if types.within is None else AnyOf((_outside(side, types.within), unsure))))
    if device is not None:
        return AnyOf((held, unsure))
    others = _union(values for name, values in types.by_type.items() if name != kind)
    return AnyOf((held, All((Not(In(side, others)), unsure))))


def _outside(side: Field, within: IntSet) -> Guard:
    return Not(In(side, within))


def _of_known_type(side: Field, kind: str, device: str | None, types: AddressTypes) -> Guard:
    if device is None:
        if kind == "UNICAST":
            return Not(In(side, _union(types.by_type.values())))
        return In(side, types.by_type.get(kind, IntSet(())))
    # With --limit-iface only routes on that interface count; everything else is unicast.
    cases: list[Guard] = []
    for name, by_type in types.by_device.items():
        others = _union(by_type.values())
        here: Guard = Not(In(side, others)) if kind == "UNICAST" else In(side, by_type.get(kind, IntSet(())))
        cases.append(All((Interface("iif" if device == "iif" else "oif", name), here)))
    if kind == "UNICAST":
        known = tuple(Interface("iif" if device == "iif" else "oif", name) for name in types.by_device)
        cases.append(Not(AnyOf(known)))
        return All((Not(In(side, _union(_EVERYWHERE.values()))), AnyOf(tuple(cases))))
    return AnyOf((In(side, _EVERYWHERE.get(kind, IntSet(()))), *cases))


def _union(sets: Iterable[IntSet]) -> IntSet:
    found = IntSet(())
    for item in sets:
        found |= item
    return found
