"""Which of the questions that ICMP may ask the host itself answers.

    net.ipv4.icmp_echo_ignore_all = 1          no echo at all
    net.ipv4.icmp_echo_ignore_broadcasts = 1   (the default) none that was for everybody, and no timestamp
    net.ipv6.icmp.echo_ignore_all, _multicast, _anycast = 1

Of other questions IPv4 answers that for a timestamp alone, and none of the rest. Source: net/ipv4/icmp.c
(icmp_rcv, icmp_echo), net/ipv6/icmp.c (icmpv6_echo_reply).
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.snapshot import Namespace
from sekisho.semantics.fields import ANYCAST, BROADCAST, MULTICAST
from sekisho.semantics.program import Accept, All, ChainCode, Guard, Guarded, In, Not, Stop
from sekisho.semantics.switches import because, no_number
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6

ECHO = {4: (ICMP, 8), 6: (ICMPV6, 128)}
_EVERYBODY = In("route_kind", IntSet.of(BROADCAST, MULTICAST))
_TIMESTAMP = 13
# Information and address mask (icmp_discard); node information (icmpv6_rcv).
_NEVER = {4: (15, 17), 6: (139,)}
_UNHEARD = Stop("no_socket")
_REFUSED = Stop("no_socket", "INVALID_PROTO")


def echo_chain(namespace: Namespace, family: Family) -> ChainCode:
    """What takes the host's own ICMP packets away unanswered; what is left is answered, or says something."""
    lines = _ipv4(namespace) if family == 4 else _ipv6(namespace)
    return ChainCode("icmp", tuple(lines), Accept())


def switch(namespace: Namespace, key: str) -> bool:
    """Whether a setting is on; all but icmp_echo_ignore_broadcasts are off where nobody changes them."""
    value = namespace.sysctl(key)
    return value != "0" if value is not None else key.endswith("_broadcasts")


def keys(family: Family) -> tuple[str, ...]:
    """The settings that decide."""
    if family == 4:
        return tuple(f"net.ipv4.icmp_echo_ignore_{what}" for what in ("all", "broadcasts"))
    return tuple(f"net.ipv6.icmp.echo_ignore_{what}" for what in ("all", "multicast", "anycast"))


def asked_of(family: Family, route_kind: int) -> tuple[str, ...]:
    """The settings that decide about an echo to an address of a kind."""
    every, *special = keys(family)
    kinds = (MULTICAST, ANYCAST) if family == 6 else (BROADCAST,)
    kind = BROADCAST if family == 4 and route_kind == MULTICAST else route_kind
    return (every, *(key for key, one in zip(special, kinds, strict=True) if one == kind))


def _asks(number: int, *kinds: int) -> Guard:
    return All((In("proto", IntSet.of(number)), In("icmp_type", IntSet.of(*kinds))))


def _line(namespace: Namespace, key: str, guard: Guard, stop: Stop) -> Iterator[Guarded]:
    if strange := no_number(namespace, key):
        yield because(guard, strange, namespace, key)
    elif switch(namespace, key):
        yield because(guard, stop, namespace, key)


def _ipv4(namespace: Namespace) -> Iterator[Guarded]:
    every, broadcasts = keys(4)
    echo, to_all = _asks(*ECHO[4]), All((_asks(ICMP, ECHO[4][1], _TIMESTAMP), _EVERYBODY))
    yield from _line(namespace, broadcasts, to_all, _REFUSED)
    yield from _line(namespace, every, echo, _UNHEARD)
    yield Guarded(_asks(ICMP, *_NEVER[4]), _UNHEARD)
    others = Not(In("icmp_type", IntSet.of(ECHO[4][1], _TIMESTAMP, 17, 18)))
    yield Guarded(All((In("proto", IntSet.of(ICMP)), _EVERYBODY, others)), _REFUSED)


def _ipv6(namespace: Namespace) -> Iterator[Guarded]:
    yield Guarded(_asks(ICMPV6, *_NEVER[6]), _UNHEARD)
    echo = _asks(*ECHO[6])
    for key, kinds in zip(keys(6), ((), (MULTICAST,), (ANYCAST,)), strict=True):
        asked = All((echo, In("route_kind", IntSet.of(*kinds)))) if kinds else echo
        yield from _line(namespace, key, asked, _UNHEARD)
