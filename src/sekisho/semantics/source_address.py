"""Which of its addresses the kernel takes as a source on an interface.

IPv4 (net/ipv4/devinet.c, inet_select_addr) takes the interface's first primary address whose subnet holds
what it looks at, else its first, else another interface's:

    MASQUERADE          the next hop                          as far as the whole world
    a packet of its own the route's gateway; without one,     as far as the route reaches (its scope)
                        none: the first address
IPv6 looks at the destination (RFC 6724; net/ipv6/addrconf.c, ipv6_dev_get_saddr). Where no route leads there
from ::, it takes the best address of all interfaces and looks up once more (ip6_dst_lookup_tail).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.program import RouteTo, Way
from sekisho.values.address import Address, Prefix, host_prefix
from sekisho.values.numbers import integer, is_number

Preference = tuple[Prefix | None, HostAddress]
Rivals = tuple[HostAddress, ...]

_LINK_LOCAL = Prefix(6, 0xFE80 << 112, 10)
# The prefixes of Linux's address labels (net/ipv6/addrlabel.c) that tell kinds of addresses apart.
_LABELS = (Prefix(6, 0xFC << 120, 7), Prefix(6, 0x2002 << 112, 16), Prefix(6, 0, 0))
# How far an address or a route reaches (include/uapi/linux/rtnetlink.h): the more the nearer.
_SCOPES = {"global": 0, "universe": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}


def preferred_addresses(
    addresses: Iterable[HostAddress], device: str, scope: str | None = None
) -> tuple[Preference, ...]:
    """The candidates on an interface, best first, each with the prefix for which it is taken (None: any).

    The prefix is compared with the next hop (IPv4) or the destination (IPv6). ``scope``: how far
    the packet is to go.
    """
    every = tuple(addresses)
    if every and every[0].family == 6:
        return _ipv6(every, device)
    limit = _reach(scope)
    primary = [address for address in every if not address.secondary and _reach(address.scope) <= limit]
    here = [address for address in primary if address.interface == device]
    elsewhere = [address for address in primary if address.scope != "link"]
    by_subnet: list[Preference] = [(address.subnet, address) for address in here]
    return (*by_subnet, *((None, address) for address in (*here, *elsewhere)[:1]))


def preferred_by_route(
    addresses: Iterable[HostAddress], route: RouteTo, way: Way, device: str
) -> tuple[Preference, ...]:
    """The same for what a process sends by a route that names no source."""
    found = preferred_addresses(addresses, device, route.scope)
    if not found or found[0][1].family == 6:
        return found
    via = way.via if way.via is not None and way.via.family == 4 else None
    if via is None:
        return tuple((None, item) for _, item in found[:1])
    fitting = (item for prefix, item in found if prefix is None or prefix.contains(via))
    return tuple((None, item) for item in list(fitting)[:1])


def _reach(scope: str | None) -> int:
    if scope is None:
        return 0
    return _SCOPES.get(scope) or (integer(scope) if is_number(scope) else 0)


def _ipv6(addresses: Sequence[HostAddress], device: str) -> tuple[Preference, ...]:
    """In the order of RFC 6724's rules: the destination itself, a fitting scope, what is not deprecated, the
    outgoing interface, the same label, the longest common prefix."""
    own: list[Preference] = [(host_prefix(Address(6, item.value)), item) for item in addresses]
    local = [item for item in addresses if item.scope == "link" and item.interface == device]
    found: list[Preference] = [*own, *((_LINK_LOCAL, item) for item in local[:1])]
    wide = _wide(addresses)
    candidates = [item for item in wide if item.interface == device] or wide
    if len(candidates) < 2:
        return (*found, *((None, item) for item in candidates))
    for label in _LABELS:
        same = [item for item in candidates if _label(item) == label]
        for length in range(64, label.length - 1, -1):
            found += [
                (_cut(item, length), item) for item in same if length <= item.length or length <= label.length
            ]
    return (*found, (None, candidates[0]))


def preferred_anywhere(addresses: Iterable[HostAddress]) -> tuple[tuple[Prefix | None, Rivals], ...]:
    """IPv6's sources where no route leads to a destination, best first, each with the prefix for which they
    are taken: one of each interface that is as good, see ``second_lookup``."""
    every = tuple(addresses)
    found: dict[Prefix | None, list[HostAddress]] = {}
    for prefix, item in _ipv6(every, ""):
        found.setdefault(prefix, []).append(item)
    if None in found:
        found[None] = _wide(every)
    return tuple((prefix, _one_of_each(items)) for prefix, items in found.items())


def _wide(addresses: Iterable[HostAddress]) -> list[HostAddress]:
    wide = [item for item in addresses if item.scope not in ("link", "host")]
    return [item for item in wide if not item.deprecated] or wide


def _one_of_each(items: Iterable[HostAddress]) -> Rivals:
    """The first of each interface."""
    return tuple({item.interface: item for item in reversed(tuple(items))}.values())


def _label(item: HostAddress) -> Prefix:
    return next(label for label in _LABELS if label.contains(Address(6, item.value)))


def _cut(item: HostAddress, length: int) -> Prefix:
    return Prefix(6, item.value >> (128 - length) << (128 - length), length)
