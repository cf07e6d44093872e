"""From which addresses IPv4 lets this host itself send: those of its interfaces, and those for which table
local has a local route. A local route of another table (``local default dev lo table 100``) makes the host
take packets, but not answer them:

    TCP's connect(), which was given a source and looks the route up again with it    refused
    what the kernel answers: pings, ICMP errors, resets                               never sent
    what a process answers                              only a transparent socket's (IP_TRANSPARENT)

Source: net/ipv4/devinet.c (__ip_dev_find), net/ipv4/route.c (ip_route_output_key_hash_rcu: unless
FLOWI_FLAG_ANYSRC), include/net/inet_sock.h (inet_sk_flowi_flags).
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_context import AddressTypes
from sekisho.semantics.program import Accept, All, AnyOf, ChainCode, Guarded, In, Masked, NotUnderstood, Stop
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, RST, TCP

REFUSED = Stop("no_route")


def own_sources(family: Family, addresses: Iterable[HostAddress], types: AddressTypes) -> IntSet | None:
    """The addresses, and 0.0.0.0, of which nobody asks; None: any (IPv6 does not ask), or nobody knows."""
    if family == 6 or types.unseen:
        return None
    return IntSet.of(0, *(item.value for item in addresses)) | types.by_type.get("LOCAL", IntSet(()))


def connecting(own: IntSet | None) -> ChainCode:
    """What asks for a route again with the source that it was given."""
    return ChainCode("connect", _own(own), Accept() if own is None else REFUSED)


def answering(own: IntSet | None) -> ChainCode:
    """What answers from the address that a packet was for."""
    if own is None:
        return ChainCode("answer", (), Accept())
    reset = All((In("proto", IntSet.of(TCP)), Masked("tcp_flags", RST, RST)))
    by_kernel = AnyOf((In("proto", IntSet.of(ICMP)), reset))
    lines = (*_own(own), Guarded(by_kernel, REFUSED))
    return ChainCode("answer", lines, NotUnderstood(Doubt("socket-transparent")))


def _own(own: IntSet | None) -> tuple[Guarded, ...]:
    return () if own is None else (Guarded(In("src", own), Accept()),)
