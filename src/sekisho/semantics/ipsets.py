"""Membership in an ipset as a guard: ``-m set --match-set NAME src,dst``.

Each dimension of the set's type is matched against the side (src or dst) that the rule names at the
same place (ipset(8), "generic types"). Names of the dimensions: ip, net, port, mac, iface, mark.
"""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.model.netfilter import IpSet, Option
from sekisho.semantics.fields import field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.match_values import Side
from sekisho.semantics.program import (
    NEVER,
    All,
    AnyOf,
    Guard,
    In,
    Interface,
    Members,
    Not,
    Unsure,
)
from sekisho.values.address import Address, Family, Prefix, parse_value
from sekisho.values.intset import Interval, IntSet
from sekisho.values.names import mac_number
from sekisho.values.numbers import integer
from sekisho.values.packet import ICMP, ICMPV6, TCP, UDP, protocol_number

_MAX_NESTING = 4
# Sets of so many elements are taken element by element.
_FEW = 256


def match(options: Sequence[Option], context: MatchContext) -> Guard | None:
    """The guard of one ``--match-set``; None when an option is not understood.

    Raises ValueError when the set's elements cannot be read.
    """
    wanted = [option for option in options if option.name == "match-set"]
    rest = {option.name for option in options if option.name} - {"match-set"}
    if len(wanted) != 1 or not rest <= {"return-nomatch"}:
        return None
    option = wanted[0]
    name, sides, sets = option.values[0], tuple(option.values[1].split(",")), context.ipsets
    if sets is None:
        return Unsure(Doubt("sets-not-captured", (name,)))
    if name not in sets:
        return Unsure(Doubt("set-not-captured", (name,)))
    if name in context.moving:
        return Unsure(Doubt("set-moves", (name,)))
    if sets[name].incomplete is not None:
        return Unsure(Doubt("set-incomplete", (name,), sets[name].incomplete))
    asked = (name, sides, "return-nomatch" in rest)
    guard = context.memberships.get(asked)
    if guard is None:
        guard = membership(sets[name], sides, sets, context.family, "return-nomatch" in rest)
        context.memberships[asked] = guard
    return Not(guard) if option.negated else guard


def membership(
    ipset: IpSet,
    sides: tuple[str, ...],
    sets: dict[str, IpSet],
    family: Family,
    nomatch: bool = False,
    depth: int = 0,
) -> Guard:
    """Whether a packet's fields are an element of the set."""
    if depth > _MAX_NESTING:
        raise ValueError(f"sets nested too deeply at {ipset.name}")
    kind, _, dimensions = ipset.type.partition(":")
    options = dict(ipset.options)
    if ipset.type == "list:set":
        members = [sets[element] for element, _ in ipset.entries if element in sets]
        return AnyOf(tuple(membership(m, sides, sets, family, nomatch, depth + 1) for m in members))
    own_family = 6 if options.get("family") == "inet6" else 4
    if own_family != family and kind != "bitmap" and "mac" not in dimensions:
        return NEVER
    if kind == "bitmap" and family != 4 and "ip" in dimensions:
        return NEVER
    names = dimensions.split(",")
    if len(sides) < len(names):
        # The kernel fills missing sides with the last flag unset: such a rule is refused at load time.
        raise ValueError(f"set {ipset.name} has {len(names)} dimensions, the rule names {len(sides)}")
    fields = tuple(
        name for dimension, side in zip(names, sides, strict=False) for name in _fields(dimension, side)
    )
    if ipset.type == "hash:net,iface":
        return _net_and_interface(ipset, fields, sides[1], nomatch)
    exceptions = nomatch or any(word == "nomatch" for _, words in ipset.entries for word, _ in words)
    if fields in (("src",), ("dst",)) and not exceptions:
        return In(field(fields[0]), _addresses(ipset, options))
    entries = []
    for element, words in ipset.entries:
        entry_options = dict(words)
        excluded = "nomatch" in entry_options
        boxes = _box(names, element, options, 4 if kind == "bitmap" else own_family, kind == "bitmap")
        entries.append((_specificity(boxes), boxes, excluded == nomatch))
    if all(holds for _, _, holds in entries) and len(fields) == 1 and fields[0] in ("src", "dst"):
        union = IntSet.from_intervals(interval for _, boxes, _ in entries for interval in _numbers(boxes[0]))
        return In(field(fields[0]), union)
    # A more specific entry decides before a wider one (hash:net types look up long prefixes first).
    entries.sort(key=lambda entry: entry[0])
    ordered = tuple((boxes, holds) for _, boxes, holds in entries)
    return Members(fields, _together(ordered) if all(holds for _, holds in ordered) else ordered)


def _addresses(ipset: IpSet, options: dict[str, str]) -> IntSet:
    """The addresses of a set of one dimension: most are single ones, and there may be very many."""
    plain = "netmask" not in options
    single = [text for text, _ in ipset.entries if plain and "/" not in text and "-" not in text]
    found = IntSet.of_values(map(parse_value, single))
    if len(single) == len(ipset.entries):
        return found
    others = (text for text, _ in ipset.entries if not plain or "/" in text or "-" in text)
    return found | IntSet.from_intervals(
        span for text in others for span in _element_addresses(text, options)
    )


_Boxes = tuple[IntSet | str, ...]


def _together(entries: tuple[tuple[_Boxes, bool], ...]) -> tuple[tuple[_Boxes, bool], ...]:
    """Elements that differ in their first dimension only, as one: very many addresses have few ports."""
    if len(entries) <= _FEW or not isinstance(entries[0][0][0], IntSet):
        return entries
    first: dict[_Boxes, list[Interval]] = {}
    for (box, *others), _ in entries:
        assert isinstance(box, IntSet)
        first.setdefault(tuple(others), []).extend(box)
    return tuple(((IntSet.from_intervals(spans), *others), True) for others, spans in first.items())


def _net_and_interface(ipset: IpSet, fields: tuple[str, ...], side: str, nomatch: bool) -> Guard:
    """The most specific network alone decides, and the interface must be one that stands beside it: a
    wider network is not tried where it is not (ipset(8), hash:net,iface; ip_set_hash_gen.h, multi)."""
    interfaces: dict[IntSet, list[Guard]] = {}
    for element, words in ipset.entries:
        network, _, name = element.partition(",")
        flags = dict(words)
        beside = interfaces.setdefault(_element_addresses(network, dict(ipset.options)), [])
        if ("nomatch" in flags) == nomatch:
            beside.append(_set_interface(name, side, "wildcard" in flags))
    found: Guard = NEVER
    for addresses, beside in sorted(interfaces.items(), key=lambda item: -item[0].size()):
        here = In(field(fields[0]), addresses)
        fits: tuple[Guard, ...] = (All((here, AnyOf(tuple(beside)))),)
        found = AnyOf(fits) if found == NEVER else AnyOf((*fits, All((Not(here), found))))
    return found


def _set_interface(name: str, side: str, prefix: bool) -> Guard:
    port = name.startswith("physdev:")
    field: Side = ("physin" if port else "iif") if side == "src" else ("physout" if port else "oif")
    return Interface(field, name.removeprefix("physdev:"), prefix)


def _numbers(box: IntSet | str) -> tuple[tuple[int, int], ...]:
    return box.intervals if isinstance(box, IntSet) else ()


def _specificity(boxes: tuple[IntSet | str, ...]) -> int:
    size = 1
    for box in boxes:
        size *= box.size() if isinstance(box, IntSet) else 1
    return size


def _fields(dimension: str, side: str) -> tuple[str, ...]:
    if side not in ("src", "dst"):
        raise ValueError(f"a set's side is src or dst, not {side!r}")
    if dimension in ("ip", "net"):
        return (side,)
    if dimension == "port":
        return ("setproto", "setsport" if side == "src" else "setdport")
    if dimension == "iface":
        return ("iif" if side == "src" else "oif",)
    if dimension == "mac":
        if side != "src":
            raise ValueError("a destination MAC is not known here")
        return ("src_mac",)
    if dimension == "mark":
        return ("mark",)
    raise ValueError(f"unknown dimension {dimension}")


def _box(
    names: Sequence[str], element: str, options: dict[str, str], family: int, bitmap: bool
) -> tuple[IntSet | str, ...]:
    parts = element.split(",")
    if len(parts) != len(names):
        raise ValueError(f"element {element!r} does not fit the set's type")
    boxes: list[IntSet | str] = []
    for name, part in zip(names, parts, strict=True):
        if name in ("ip", "net"):
            boxes.append(_element_addresses(part, options))
        elif name == "port":
            proto, port = _element_port(part, family)
            if bitmap:  # bitmap:port has no protocol of its own: any that it takes ports from
                proto = IntSet.of(TCP, UDP)
            boxes += [proto, port]
        elif name == "mac":
            boxes.append(IntSet.of(mac_number(part)))
        elif name == "mark":
            mask = integer(options.get("markmask", "0xffffffff"), 0)
            if mask != 0xFFFFFFFF:
                raise ValueError("markmask")
            boxes.append(IntSet.of(integer(part, 0)))
    return tuple(boxes)


def _element_addresses(text: str, options: dict[str, str]) -> IntSet:
    if "-" in text:
        first, last = (Address.parse(part) for part in text.split("-"))
        return IntSet.span(first.value, last.value)
    prefix = Prefix.parse(text)
    netmask = options.get("netmask")
    if netmask and prefix.length == prefix.bits:
        host = prefix.bits - integer(netmask)
        first_value = prefix.value >> host << host
        return IntSet.span(first_value, first_value | ((1 << host) - 1))
    return IntSet.prefix(prefix)


def _element_port(text: str, family: int) -> tuple[IntSet, IntSet]:
    proto, colon, port = text.rpartition(":")
    number = protocol_number(proto) if colon else 6
    if number in (ICMP, ICMPV6) and "/" in port:
        kind, _, code = port.partition("/")
        value = integer(kind) << 8 | integer(code)
        return IntSet.of(number), IntSet.of(value)
    first, dash, last = port.partition("-")
    return IntSet.of(number), IntSet.span(integer(first), integer(last if dash else first))
