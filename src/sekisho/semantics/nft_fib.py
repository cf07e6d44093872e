"""``fib``: what the routing tables say of a packet's addresses.

``fib daddr type local`` asks what ``-m addrtype`` asks; ``fib saddr . iif oif missing`` is a reverse path
filter (net/ipv4/netfilter/nft_fib_ipv4.c, net/ipv6/netfilter/nft_fib_ipv6.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sekisho.model.nft_expression import Exists, Expression, Fib, Mapping, Number, Word
from sekisho.semantics.fields import Field
from sekisho.semantics.match_address_type import MULTICAST6, UNICAST6, address_type
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_values import plain
from sekisho.semantics.program import NEVER, All, AnyOf, Guard, In, Interface, Not, ReversePath
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMPV6

# Types that table local alone decides in IPv6, too, and those of routes that refuse.
_BY_TABLE = frozenset({"local", "multicast", "anycast"})
_REFUSED = frozenset({"unreachable", "blackhole", "prohibit"})
# What IPv6 calls an address that a plain route leads to.
_PLAIN6 = {"unicast": UNICAST6, "unspec": (UNICAST6 | MULTICAST6).complement(128)}
_SIDES: dict[str, Field] = {"saddr": "src", "daddr": "dst"}
# Of IPv4's routes only a local one is no way back; IPv6 takes none but plain ones.
_WAYS = {4: ("unicast", "broadcast", "anycast", "multicast"), 6: ("unicast", "multicast")}
_LINK_LOCAL6 = IntSet.from_intervals(
    [(0xFE80 << 112, (0xFEC0 << 112) - 1)]
    + [(0xFF02 + (flags << 4) << 112, (0xFF03 + (flags << 4) << 112) - 1) for flags in range(16)]
)
_ASKS_FOR_ADDRESS: dict[int, Guard] = {
    4: All((In("src", IntSet.span(0, (1 << 24) - 1)),
            In("dst", IntSet.of((1 << 32) - 1) | IntSet.span(0xE0 << 24, (0xE0 << 24) + 255)))),
    6: All((In("src", IntSet.of(0)), In("dst", _LINK_LOCAL6), In("proto", IntSet.of(ICMPV6)))),
}  # fmt: skip


def fib_guard(
    fib: Fib, operator: str, values: Sequence[Expression | Mapping], context: NftContext
) -> Guard | None:
    """The condition, None where nobody can say. Raises ValueError for a value that is none of fib's."""
    sides = [flag for flag in fib.flags if flag in _SIDES]
    devices = [flag for flag in fib.flags if flag in ("iif", "oif")]
    if len(sides) != 1 or len(devices) > 1 or operator not in ("==", "!="):
        return None
    if fib.result == "type":
        held = _types(_SIDES[sides[0]], devices[0] if devices else None, "mark" in fib.flags, values, context)
    elif fib.result in ("oif", "oifname", "check") and devices in ([], ["iif"]):
        found = _way(_SIDES[sides[0]], bool(devices), "mark" in fib.flags, values, context)
        if found is None:
            return None
        held = found
    else:
        return None
    return Not(held) if operator == "!=" else held


def _types(
    side: Field,
    device: str | None,
    use_mark: bool,
    values: Sequence[Expression | Mapping],
    context: NftContext,
) -> Guard:
    """The address on that side is of one of the types. IPv6 asks all routes: where none leads to the address
    it is unreachable."""
    guards: list[Guard] = []
    for value in values:
        word = plain(value)
        if not isinstance(word, Word):
            raise ValueError("an address type without a name")
        if context.family == 6 and word.text not in _BY_TABLE:
            guards.append(_type6(side, device, use_mark, word.text, context))
        else:
            guards.append(address_type(side, word.text.upper(), device, context.address_types))
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))


def _type6(side: Field, device: str | None, use_mark: bool, kind: str, context: NftContext) -> Guard:
    """What a lookup of all routes finds, as from a local process (__nft_fib6_eval_type). A device only
    tells what is local: another interface's address is unicast then."""
    assert side in ("src", "dst")
    which: Literal["src", "dst"] = "src" if side == "src" else "dst"
    if kind in _REFUSED:
        return ReversePath(False, use_mark, (kind,), "protocol", which, subnets=True)
    if kind not in _PLAIN6:
        return NEVER  # IPv6 has no broadcast; throw, nat and xresolve are no type of an address
    if device is None:
        led = ReversePath(False, use_mark, ("unicast",), "protocol", which, subnets=True)
        return All((In(side, _PLAIN6[kind]), led))
    onward = (side, device) == ("src", "iif")
    led = ReversePath(False, use_mark, ("unicast", "local"), "protocol", which, subnets=True, onward=onward)
    own = address_type(side, "LOCAL", device, context.address_types)
    return All((In(side, _PLAIN6[kind]), Not(own), led))


def _named(value: Expression, context: NftContext) -> Expression:
    """An interface's number as its name, where it is captured."""
    if isinstance(value, Number) and value.value:
        name = next((link.name for link in context.links or () if link.index == value.value), None)
        return value if name is None else Word(name)
    return value


def _way(
    side: str, strict: bool, use_mark: bool, values: Sequence[Expression | Mapping], context: NftContext
) -> Guard | None:
    """Whether the address is routed (by the interface the packet came in by, when ``strict``), and where to.

    What came in by lo is found there. So is, where it came in, what a host without an address yet sends to
    everybody on the link (DHCP, IPv6's neighbour discovery).
    """
    which: Literal["src", "dst"] = "src" if side == "src" else "dst"
    here = AnyOf((Interface("iif", "lo"), _ASKS_FOR_ADDRESS[context.family]))
    led = ReversePath(strict, use_mark, _WAYS[context.family], "protocol", which, onward=strict)
    guards: list[Guard] = []
    for value in values:
        match _named(plain(value), context):
            case Exists() | Number(0) as wanted:  # no interface has the number 0
                found = AnyOf((here, led))
                guards.append(found if wanted == Exists(True) else Not(found))
            case Word(name) if strict:
                # The only interface that can be found is the one it came in by.
                guards.append(All((Interface("iif", name), AnyOf((here, led)))))
            case Word(name):
                by = replace(led, device=name)
                guards.append(AnyOf((All((Interface("iif", name), here)), All((Not(here), by)))))
            case _:
                return None
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))
