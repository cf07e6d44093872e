"""Whether a packet fits where it has to go: the longest packet (MTU) of links and routes, against its length.

                     longer than the MTU, and
forwarded   IPv4     DF is set: ICMP 3/4 before FORWARD, with the MTU     DF is not set: goes on in pieces
forwarded   IPv6     of the link, or of a route whose MTU is locked:      of any other route: the same after
                     "packet too big" before FORWARD                      POSTROUTING (ip6_fragment)
sent here   IPv4     DF is set: the sender's own socket refuses it        DF is not set: goes out in pieces
sent here   IPv6                                                          goes out in pieces

Sources: net/ipv4/ip_forward.c (ip_exceeds_mtu), include/net/ip.h (ip_dst_mtu_maybe_forward),
net/ipv6/ip6_output.c (ip6_forward, ip6_fragment), include/net/ip6_route.h (ip6_dst_mtu_maybe_forward).
What the kernel has learned from others' messages (PMTU) is not in a snapshot and not modelled.
"""

from __future__ import annotations

from sekisho.model.links import Interface
from sekisho.model.snapshot import Namespace
from sekisho.semantics.fib import route_mtu
from sekisho.semantics.program import Way
from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number

# No link may have a smaller one: RFC 791, RFC 8200.
LEAST: dict[Family, int] = {4: 68, 6: 1280}
_LARGEST = 65535
TOO_BIG: dict[Family, str] = {4: "fragmentation-needed", 6: "packet-too-big"}


def link_mtu(host: Namespace, interface: str | None, family: Family) -> int | None:
    """The longest packet of an interface, in bytes; None where it was not captured."""
    found = next((item for item in host.interfaces or () if item.name == interface), None)
    return None if found is None else _own_mtu(host, found, family)


def _own_mtu(host: Namespace, link: Interface, family: Family) -> int | None:
    if family == 4 or link.mtu is None:
        return link.mtu
    own = host.sysctl(f"net.ipv6.conf.{link.name.replace('.', '/')}.mtu") or ""
    return min(link.mtu, integer(own)) if is_number(own) else link.mtu


def way_mtu(host: Namespace, way: Way, family: Family, forwards: bool = False) -> int | None:
    """The longest packet that may go that way; ``forwards``: as seen before FORWARD."""
    link = link_mtu(host, way.dev, family)
    if way.mtu is None or (forwards and family == 6 and not way.mtu_locked):
        return link
    return way.mtu if link is None else min(way.mtu, link)


def smallest(host: Namespace, family: Family) -> int:
    """A length that fits everywhere: every link, and every route."""
    links = [_own_mtu(host, link, family) for link in host.interfaces or ()]
    known = [mtu for mtu in links if mtu is not None]
    if not links or len(known) < len(links):
        return LEAST[family]
    routes = (route_mtu(route.attributes)[0] for route in host.routes if route.family == family)
    return min(*known, *(mtu for mtu in routes if mtu is not None), _LARGEST)
