"""Whether a source address is believable on the interface that a packet came in by.

IPv4 (net/ipv4/fib_frontend.c, fib_validate_source):

    rp_filter, the greater of ``all`` and the interface   ─┐
    realms on any route or policy rule                    ─┤
    it goes out where it came in, and send_redirects      ─┼─► the way back is looked up: what it finds must
    no accept_local, and a policy rule or a local route   ─┘   be unicast (or local, with accept_local); with
    of somebody's own                                          rp_filter the interface must fit as well
    none of these                                         ───► no address of this host's own, or accept_local

1 (strict) wants the interface itself, 2 (loose) any; but an interface that has no IPv4 address is held
strictly by 2 as well. Whether a policy rule or a local route was there once and has gone, which counts like
one that is there, no listing tells: taken is that there was none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.model.snapshot import Namespace
from sekisho.semantics import whose
from sekisho.semantics.addresses import HostAddress, added_to_local
from sekisho.semantics.fib import has_custom_rules
from sekisho.semantics.journey import Doubt
from sekisho.semantics.missing import addresses_told
from sekisho.semantics.program import (
    NEVER,
    Accept,
    All,
    AnyOf,
    ChainCode,
    Continue,
    Guard,
    Guarded,
    In,
    Interface,
    Not,
    ReversePath,
    Stop,
    Unsure,
)
from sekisho.semantics.switches import (
    because,
    conf,
    either,
    greater,
    interfaces_of,
    key_of,
    unknown_key,
    unreadable,
)
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet

_NOBODYS = ("broadcast", "multicast", "anycast")
_ZERO = IntSet.of(0)
_LINK_LOCAL6 = IntSet.prefix(Prefix(6, 0xFE80 << 112, 10))
_LOCAL_SOURCE = Stop("martian", "IP_LOCAL_SOURCE")
_NOBODYS_SOURCE = Stop("martian", "IP_INVALID_SOURCE")


def source_check(namespace: Namespace, family: Family, addresses: Iterable[HostAddress]) -> ChainCode:
    """The check as a chain: what it does not refuse it accepts."""
    if family == 6:
        return _source_check6(namespace)
    known = _Known.of(namespace, tuple(addresses))
    lines: list[Guarded] = []
    # Over lo comes only what was translated again on its way in: the rest still has its route.
    for name in ("lo", *interfaces_of(namespace)):
        settings = ("rp_filter", "accept_local", "src_valid_mark", "send_redirects")
        if strange := unreadable(namespace, name, *settings):
            lines.append(Guarded(Interface("iif", name), strange))
        else:
            lines += _lines(namespace, name, known)
    return ChainCode("source", tuple(lines), Accept())


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a namespace the checks of all interfaces rest on. ``numbered`` are the interfaces that have
    an IPv4 address, ``certain``: no other has one. ``marks``: some policy rule asks for marks."""

    own: IntSet
    custom: bool
    classed: bool
    numbered: frozenset[str]
    certain: bool
    marks: bool

    @staticmethod
    def of(namespace: Namespace, addresses: tuple[HostAddress, ...]) -> _Known:
        told = addresses_told(namespace, 4)
        return _Known(
            IntSet.of(*(address.value for address in addresses)),
            has_custom_rules(namespace.rules, 4) or _has_local_routes(namespace),
            _has_realms(namespace),
            frozenset(address.interface for address in addresses),
            told and not any(unread.about == "addresses" for unread in namespace.unread),
            any(rule.fwmark is not None for rule in namespace.rules or () if rule.family == 4),
        )


def _lines(namespace: Namespace, name: str, known: _Known) -> Iterator[Guarded]:
    """Where rp_filter was not captured no value is the usual one (the kernel has 0, systemd sets 2, many 1):
    what the least strict value refuses is refused, what the strictest refuses besides is open. So it is with
    src_valid_mark where policy rules ask for marks (wg-quick sets it)."""
    accepts_local = either(namespace, name, "accept_local")
    local = None if accepts_local else unknown_key(namespace, name, "accept_local")
    mildest, strictest = _strictness(namespace, name)
    marked = either(namespace, name, "src_valid_mark")
    open_: dict[Guarded, str] = {}
    certain = tuple(_lines_with(namespace, name, known, mildest, marked))
    if strictest != mildest:
        key = unknown_key(namespace, name, "rp_filter") or ""
        open_ |= dict.fromkeys(_lines_with(namespace, name, known, strictest, marked), key)
    mark_key = None if marked or not known.marks else unknown_key(namespace, name, "src_valid_mark")
    if mark_key is not None:
        other = tuple(_lines_with(namespace, name, known, strictest, True))
        open_ |= dict.fromkeys((*certain, *other), mark_key)
        certain = tuple(line for line in certain if line in other)
    for line in (*certain, *(line for line in open_ if line not in certain)):
        if line.action == _LOCAL_SOURCE and local is not None:
            yield Guarded(line.guard, Continue(whose.lean(namespace, "sysctl-not-captured", local, "0")))
        if line not in certain:
            doubt = whose.doubt(namespace, "sysctl-decides", open_[line])
            line = replace(line, guard=All((line.guard, Unsure(doubt))))
        yield line


def _strictness(namespace: Namespace, name: str) -> tuple[int, int]:
    """The mildest and the strictest value that rp_filter may have: 2 refuses less than 1."""
    least = greater(namespace, name, "rp_filter")
    if least == 2 or unknown_key(namespace, name, "rp_filter") is None:
        return least, least
    return (2 if least else 0), 1


def _lines_with(
    namespace: Namespace, name: str, known: _Known, rp_filter: int, marked: bool
) -> Iterator[Guarded]:
    here = Interface("iif", name)
    accepts_local = either(namespace, name, "accept_local")
    looked_up = _looked_up(namespace, name)
    if rp_filter or known.classed or (known.custom and not accepts_local):
        looked_up = here
    elif not accepts_local and known.own:
        yield Guarded(All((here, Not(looked_up), In("src", known.own))), _LOCAL_SOURCE)
    if looked_up != NEVER:
        if not accepts_local:
            yield Guarded(All((looked_up, ReversePath(False, marked, ("local",)))), _LOCAL_SOURCE)
        yield Guarded(All((looked_up, ReversePath(False, marked, _NOBODYS))), _NOBODYS_SOURCE)
    if rp_filter and name != "lo":  # over lo every address of one's own is right (fib_validate_source)
        yield _reverse_path(namespace, name, known, rp_filter, marked, accepts_local)


def _looked_up(namespace: Namespace, name: str) -> Guard:
    """What goes out where it came in, if its sender would be told of a better way (IN_DEV_TX_REDIRECTS): the
    kernel's default, but a setting that many change."""
    turning = (Interface("iif", name), Interface("oif", name))
    values = {each: conf(namespace, each, "send_redirects") for each in ("all", name)}
    if any(values.values()):
        return All(turning)
    unknown = next((each for each, value in values.items() if value is None), None)
    if unknown is None:
        return NEVER
    return All(
        (*turning, Unsure(whose.doubt(namespace, "sysctl-decides", key_of(unknown, "send_redirects"))))
    )


def _reverse_path(
    namespace: Namespace, name: str, known: _Known, rp_filter: int, marked: bool, accepts_local: bool
) -> Guarded:
    believed = ("unicast", "local") if accepts_local else ("unicast",)
    strict, loose = (ReversePath(each, marked, believed) for each in (True, False))
    fits: Guard = strict if rp_filter == 1 else loose
    if rp_filter != 1 and name not in known.numbered:
        whose = Doubt("address-decides", (name,))
        fits = strict if known.certain else AnyOf((strict, All((loose, Unsure(whose)))))
    keys = [key_of(name, "rp_filter"), key_of("all", "rp_filter")]
    if (conf(namespace, "all", "rp_filter") or 0) == rp_filter:
        keys.reverse()
    guard = All((Interface("iif", name), Not(fits)))
    return because(guard, Stop("rpfilter", "IP_RPFILTER"), namespace, *keys)


def looks_sources_up(namespace: Namespace) -> bool:
    """Whether policy rules, local routes or realms have the sources of IPv4 packets looked up, whatever
    rp_filter says."""
    custom = has_custom_rules(namespace.rules, 4) or _has_local_routes(namespace)
    return custom or _has_realms(namespace)


def _has_local_routes(namespace: Namespace) -> bool:
    """Whether anybody but the kernel added a route of type local, to any table (inet_rtm_newroute)."""
    return any(route.kind == "local" for route in added_to_local(namespace))


def _has_realms(namespace: Namespace) -> bool:
    """Whether anything classifies sources: then they are always looked up (fib_num_tclassid_users)."""
    routes = [route for route in namespace.routes if route.family == 4]
    said = [route.attributes for route in routes]
    said += [hop.attributes for route in routes for hop in route.nexthops]
    said += [rule.attributes for rule in namespace.rules or () if rule.family == 4]
    return any(key in ("realm", "realms") for pairs in said for key, _ in pairs)


def _source_check6(namespace: Namespace) -> ChainCode:
    """Unspecified and link-local sources do not get from one interface to another (ip6_forward)."""
    names = interfaces_of(namespace)
    crossing = AnyOf(tuple(All((Interface("oif", name), Not(Interface("iif", name)))) for name in names))
    nobody = Stop("martian", "IP_INADDRERRORS")
    beyond = Stop("martian", "IP_INADDRERRORS", "icmp6-beyond-scope")
    lines = (
        Guarded(All((In("src", _ZERO), crossing)), nobody),
        Guarded(All((In("src", _LINK_LOCAL6), crossing)), beyond),
    )
    return ChainCode("source", lines, Accept())
