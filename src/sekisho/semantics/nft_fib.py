"""``fib``: what the routing tables say of a packet's addresses.

``fib daddr type local`` asks what ``-m addrtype`` asks; ``fib saddr . iif oif missing`` is a reverse path
filter (net/ipv4/netfilter/nft_fib_ipv4.c, net/ipv6/netfilter/nft_fib_ipv6.c).
"""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.model.nft_rule import Exists, Expression, Fib, Mapping, Word
from sekisho.semantics.match_address_type import address_type
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_values import plain
from sekisho.semantics.program import All, AnyOf, Guard, Interface, Not, ReversePath

# Types that table local alone decides in IPv6, too.
_BY_TABLE = frozenset({"local", "multicast", "anycast"})
_SIDES = {"saddr": "src", "daddr": "dst"}
# Of IPv4's routes only a local one is no way back; IPv6 takes none but plain ones.
_WAYS = {4: ("unicast", "broadcast", "anycast", "multicast"), 6: ("unicast",)}


def fib_guard(
    fib: Fib, operator: str, values: Sequence[Expression | Mapping], context: NftContext
) -> Guard | None:
    """The condition, None where nobody can say. Raises ValueError for a value that is none of fib's."""
    sides = [flag for flag in fib.flags if flag in _SIDES]
    devices = [flag for flag in fib.flags if flag in ("iif", "oif")]
    if len(sides) != 1 or len(devices) > 1 or operator not in ("==", "!="):
        return None
    if fib.result == "type":
        types = _types(_SIDES[sides[0]], devices[0] if devices else None, values, context)
        if types is None:
            return None
        held = types
    elif sides == ["saddr"] and devices in ([], ["iif"]):
        found = _way_back(bool(devices), "mark" in fib.flags, values, _WAYS[context.family])
        if found is None:
            return None
        held = found
    else:
        return None
    return Not(held) if operator == "!=" else held


def _types(
    side: str, device: str | None, values: Sequence[Expression | Mapping], context: NftContext
) -> Guard | None:
    """IPv6 asks all routes: an address that has none is of type unreachable. What that needs of the
    destination's routes is not worked out here."""
    guards: list[Guard] = []
    for value in values:
        word = plain(value)
        if not isinstance(word, Word):
            raise ValueError("an address type without a name")
        if context.family == 6 and word.text not in _BY_TABLE:
            if (word.text, side, device) != ("unicast", "src", None):
                return None
            guards.append(ReversePath(strict=False, sees="protocol"))
            continue
        guards.append(address_type(side, word.text.upper(), device, context.address_types))
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))


def _way_back(
    strict: bool, use_mark: bool, values: Sequence[Expression | Mapping], kinds: tuple[str, ...]
) -> Guard | None:
    """Whether the source is routed (by the interface the packet came in by, when ``strict``).

    A packet that came in by lo has its way back there.
    """
    back = AnyOf((Interface("iif", "lo"), ReversePath(strict, use_mark, kinds, "protocol")))
    guards: list[Guard] = []
    for value in values:
        match plain(value):
            case Exists(wanted):
                guards.append(back if wanted else Not(back))
            case Word(name) if strict:
                # The only interface that can be found is the one it came in by.
                guards.append(All((Interface("iif", name), back)))
            case _:
                return None
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))
