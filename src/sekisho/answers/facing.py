"""Which interfaces of a host face the outside, and by which address others call it."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.site import Site
from sekisho.values.address import Address, Family, Prefix

# So short is the prefix of a default route, or of a part of one (0.0.0.0/1 and 128.0.0.0/1 of OpenVPN).
_MOST_DEFAULT: dict[Family, int] = {4: 1, 6: 3}


def internet_interface(site: Site, family: Family) -> str | None:
    """The interface that faces the Internet: the role in snapshot.toml, else the default route's."""
    for interface, role in site.snapshot.roles:
        if role == "internet":
            return interface
    return next(iter(default_interfaces(site, family)), None)


def is_default(prefix: Prefix) -> bool:
    """Whether a route to the prefix stands for the rest of the world."""
    return prefix.length <= _MOST_DEFAULT[prefix.family]


def default_interfaces(site: Site, family: Family) -> tuple[str, ...]:
    """The interfaces of default routes. First comes what has the best whole one of table main, last what
    only other tables have one by: policy rules lead there (WireGuard, a second network card)."""
    found: list[tuple[bool, bool, int, str]] = []
    for route in site.host.facts.routes:
        if route.family == family and route.kind == "unicast" and is_default(route.dst):
            rank = (route.table != "main", route.dst.length > 0, route.metric or 0)
            found += ((*rank, hop.dev) for hop in route.nexthops if hop.dev)
    return tuple(dict.fromkeys(name for *_, name in sorted(found, key=lambda each: each[:3])))


def front_of(site: Site, family: Family, to: Address | None) -> str | None:
    """Of several interfaces that face the Internet, the one that has the address."""
    if to is None or site.snapshot.roles:
        return None
    fronts = default_interfaces(site, family)
    own = (item.interface for item in site.host.addresses[family] if item.value == to.value)
    return next((name for name in own if name in fronts), None)


def first_address(site: Site, family: Family) -> Address | None:
    """The address by which others call a host: that of the interface which faces the Internet, else its
    first; None where it is not known."""
    outward = internet_interface(site, family)
    candidates = list(called_by_others(site, family))
    for item in candidates:
        if item.interface == outward:
            return Address(family, item.value)
    if not candidates or (outward is not None and site.host.hidden[family].of(outward) is not None):
        return None
    return Address(family, candidates[0].value)


def called_by_others(site: Site, family: Family) -> Iterator[HostAddress]:
    for item in site.host.addresses[family]:
        if item.scope not in ("host", "link") and item.interface != "lo":
            yield item


def towards(address: Address, site: Site) -> str | None:
    """The interface by which the main table reaches the address: where its packets are expected."""
    best: tuple[int, int, str] | None = None
    for route in site.host.facts.routes:
        if route.family != address.family or route.table != "main" or not route.dst.contains(address):
            continue
        device = route.nexthops[0].dev if route.nexthops else None
        if route.kind != "unicast" or device is None:
            continue
        key = (-route.dst.length, route.metric or 0, device)
        if best is None or key < best:
            best = key
    return best[2] if best else None
