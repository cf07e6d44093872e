"""What values of a packet's fields stand for."""

from __future__ import annotations

from sekisho.values.intset import IntSet

# Values of ``pkttype`` (xt_pkttype): for this host or another one, for everybody, for a group. ``route_kind``
# has a fourth: for any router on the link (IPv6).
UNICAST, BROADCAST, MULTICAST, ANYCAST = 0, 1, 2, 3
# What a guard sees of the ports in a connection's tuples.
CT_PORTS = frozenset({"ctorigsport", "ctorigdport", "ctreplsport", "ctrepldport"})
# The TTL of a packet of which nobody states it, when it sets out: no router lets it die on its way.
LIVING = IntSet.span(32, 255)
