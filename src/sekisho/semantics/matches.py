"""The meaning of every match of iptables: options -> guard.

The options of one module in one rule are read together, since some modify others (``--limit-iface-in``,
``--loose``). What is not understood becomes ``Unsure`` and names itself; nothing is skipped.
Sources: iptables-extensions(8) and net/netfilter/xt_*.c for what each match looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import UNKNOWN_MODULE, IpSet, Option
from sekisho.semantics import ipsets
from sekisho.semantics.icmp_names import icmp_type_code
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    DNAT_BIT,
    ESTABLISHED,
    INVALID,
    NEVER,
    NEW,
    RELATED,
    SNAT_BIT,
    UNTRACKED,
    All,
    AnyOf,
    Guard,
    In,
    Interface,
    Masked,
    Not,
    ReversePath,
    Unsure,
)
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP_FLAG_BITS, protocol_number


@dataclass(frozen=True, slots=True)
class AddressTypes:
    """What ``-m addrtype`` asks the local routing table: the addresses of each type, and the same
    for routes on one device. UNICAST is what has no other type."""

    by_type: dict[str, IntSet]
    by_device: dict[str, dict[str, IntSet]]


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What the meaning of a match depends on besides its own words."""

    family: Family
    address_types: AddressTypes
    ipsets: dict[str, IpSet] | None = field(default=None)


def rule_guard(options: Sequence[Option], context: MatchContext, evidence: Evidence | None = None) -> Guard:
    """The condition of a whole rule: every module's condition holds."""
    groups: dict[tuple[str, int], list[Option]] = {}
    for index, option in enumerate(options):
        # A module may be named twice with the same option (-m comment twice, two sets): those are separate.
        key = (option.module, index if option.module in _ONE_BY_ONE else 0)
        groups.setdefault(key, []).append(option)
    guards = [_module_guard(module, group, context, evidence) for (module, _), group in groups.items()]
    kept = tuple(guard for guard in guards if guard != ALWAYS)
    return kept[0] if len(kept) == 1 else All(kept)


def _module_guard(
    module: str, options: Sequence[Option], context: MatchContext, evidence: Evidence | None
) -> Guard:
    if module == UNKNOWN_MODULE:
        words = " ".join(word for option in options for word in (option.name, *option.values) if word)
        return Unsure(Doubt("match-not-understood", (words,), evidence))
    if module in _IRRELEVANT:
        return ALWAYS
    if module in _UNDECIDABLE:
        return Unsure(Doubt(_UNDECIDABLE[module], (_text(module, options),), evidence))
    reader = _READERS.get(module)
    if reader is None:
        return Unsure(Doubt("match-not-understood", (_text(module, options),), evidence))
    try:
        guard = reader(options, context)
    except (ValueError, IndexError) as error:
        return Unsure(Doubt("match-not-readable", (_text(module, options), str(error)), evidence))
    if guard is None:
        return Unsure(Doubt("match-not-understood", (_text(module, options),), evidence))
    return guard


def _text(module: str, options: Sequence[Option]) -> str:
    words = [f"-m {module}"] if module else []
    for option in options:
        if option.name:
            words += ["!"] * option.negated + [f"--{option.name}", *option.values]
    return " ".join(words)


Reader = Callable[[Sequence[Option], MatchContext], Guard | None]


def _each(read: Callable[[Option, MatchContext], Guard | None]) -> Reader:
    """A module whose options stand for themselves: each is a condition, ``!`` negates it."""

    def reader(options: Sequence[Option], context: MatchContext) -> Guard | None:
        guards: list[Guard] = []
        for option in options:
            if not option.name:
                continue  # the module was named without an option: no condition
            guard = read(option, context)
            if guard is None:
                return None
            guards.append(Not(guard) if option.negated else guard)
        return guards[0] if len(guards) == 1 else All(tuple(guards))

    return reader


# ---------------------------------------------------------------------------- the generic matches


def _generic(option: Option, context: MatchContext) -> Guard | None:
    if option.name == "fragment":
        return In("fragment", IntSet.of(1))
    value = option.values[0]
    if option.name in ("source", "destination"):
        return In("src" if option.name == "source" else "dst", addresses(value, context.family))
    if option.name in ("in-interface", "out-interface"):
        return interface("iif" if option.name[0] == "i" else "oif", value)
    if option.name == "protocol":
        number = protocol_number(value)
        return ALWAYS if (number == 0 and value != "0") or number == 0 else In("proto", IntSet.of(number))
    return None


def addresses(text: str, family: Family) -> IntSet:
    """``10.0.0.0/8``, a host, a list with commas, or a mask with holes (``10.0.0.1/255.0.255.0``)."""
    found = IntSet(())
    for part in text.split(","):
        prefix = Prefix.parse(part)
        if prefix.family != family:
            raise ValueError(f"{part} is not an IPv{family} address")
        found |= IntSet.prefix(prefix)
    return found


def interface(field_name: str, pattern: str) -> Guard:
    """``eth0``, or ``br-+`` for every interface whose name starts with br-."""
    side = "iif" if field_name == "iif" else "physin" if field_name == "physin" else field_name
    if side not in ("iif", "oif", "physin", "physout"):
        raise ValueError(field_name)
    if pattern.endswith("+"):
        return Interface(side, pattern[:-1], prefix=True)  # type: ignore[arg-type]
    return Interface(side, pattern)  # type: ignore[arg-type]


def numbers(text: str, separator: str = ":", bits: int = 16) -> IntSet:
    """``80``, ``1024:``, ``:1023``, ``80:90`` and lists of these with commas."""
    intervals: list[tuple[int, int]] = []
    for part in text.split(","):
        first, sep, last = part.partition(separator)
        low = int(first, 0) if first else 0
        high = (int(last, 0) if last else (1 << bits) - 1) if sep else low
        if low > high or high >= 1 << bits:
            raise ValueError(f"not a range: {part}")
        intervals.append((low, high))
    return IntSet.from_intervals(intervals)


# -------------------------------------------------------------------------- transport protocols


def _ports(option: Option, context: MatchContext) -> Guard | None:
    if option.name in ("sport", "source-port", "sports", "source-ports"):
        return In("sport", numbers(option.values[0]))
    if option.name in ("dport", "destination-port", "dports", "destination-ports"):
        return In("dport", numbers(option.values[0]))
    if option.name == "ports":
        values = numbers(option.values[0])
        return AnyOf((In("sport", values), In("dport", values)))
    return None


def _tcp(option: Option, context: MatchContext) -> Guard | None:
    if option.name == "tcp-flags":
        mask, value = (_flag_bits(part) for part in option.values)
        return Masked("tcp_flags", mask, value)
    if option.name == "syn":
        return Masked("tcp_flags", _flag_bits("FIN,SYN,RST,ACK"), _flag_bits("SYN"))
    return _ports(option, context)


def _flag_bits(text: str) -> int:
    bits = 0
    for name in text.split(","):
        bits |= int(name, 16) if name.lower().startswith("0x") else _flag(name)
    return bits


def _flag(name: str) -> int:
    if name not in TCP_FLAG_BITS:
        raise ValueError(f"unknown TCP flag {name}")
    return TCP_FLAG_BITS[name]


def _icmp(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("icmp-type", "icmpv6-type"):
        return None
    kind, codes = icmp_type_code(option.values[0], context.family)
    if kind is None:
        return ALWAYS
    here = In("icmp_type", IntSet.of(kind))
    return here if codes is None else All((here, In("icmp_code", IntSet.span(*codes))))


# ------------------------------------------------------------------------- connection tracking

_STATES = {
    "INVALID": INVALID, "NEW": NEW, "ESTABLISHED": ESTABLISHED, "RELATED": RELATED, "UNTRACKED": UNTRACKED,
}  # fmt: skip
_STATUS = {"EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8}


def _states(text: str) -> Guard:
    states: list[int] = []
    status = 0
    for name in text.split(","):
        if name in _STATES:
            states.append(_STATES[name])
        elif name in ("SNAT", "DNAT"):
            status |= SNAT_BIT if name == "SNAT" else DNAT_BIT
        else:
            raise ValueError(f"unknown state {name}")
    guards: list[Guard] = [In("ctstate", IntSet.of(*states))] if states else []
    guards += [Not(Masked("ctstatus", bit, 0)) for bit in (SNAT_BIT, DNAT_BIT) if status & bit]
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))


_CT_ADDRESSES = {
    "ctorigsrc": "ctorigsrc", "ctorigdst": "ctorigdst", "ctreplsrc": "ctreplsrc", "ctrepldst": "ctrepldst",
}  # fmt: skip
_CT_PORTS = {
    "ctorigsrcport": "ctorigsport", "ctorigdstport": "ctorigdport",
    "ctreplsrcport": "ctreplsport", "ctrepldstport": "ctrepldport",
}  # fmt: skip


def _conntrack(option: Option, context: MatchContext) -> Guard | None:
    value = option.values[0] if option.values else ""
    if option.name in ("ctstate", "state"):
        return _states(value)
    if option.name == "ctproto":
        return In("ctproto", IntSet.of(protocol_number(value)))
    if option.name in _CT_ADDRESSES:
        return In(_CT_ADDRESSES[option.name], addresses(value, context.family))
    if option.name in _CT_PORTS:
        return In(_CT_PORTS[option.name], numbers(value))
    if option.name == "ctdir":
        return In("ctdir", IntSet.of({"ORIGINAL": 0, "REPLY": 1}[value]))
    if option.name == "ctstatus":
        if value == "NONE":
            return Masked("ctstatus", 0x3FF, 0)
        bits = sum(_STATUS[name] for name in set(value.split(",")))
        return Not(Masked("ctstatus", bits, 0))
    return None


# ------------------------------------------------------------------------------ other modules

_ADDRESS_TYPES = frozenset({
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
    "PROHIBIT", "THROW", "NAT", "XRESOLVE",
})  # fmt: skip


def _addrtype(options: Sequence[Option], context: MatchContext) -> Guard | None:
    names = {option.name for option in options}
    if not names <= {"src-type", "dst-type", "limit-iface-in", "limit-iface-out"}:
        return None
    device: str | None = None
    if "limit-iface-in" in names or "limit-iface-out" in names:
        device = "iif" if "limit-iface-in" in names else "oif"
    guards: list[Guard] = []
    for option in options:
        if option.name not in ("src-type", "dst-type"):
            continue
        side = "src" if option.name == "src-type" else "dst"
        kinds = option.values[0].split(",")
        if not set(kinds) <= _ADDRESS_TYPES:
            raise ValueError(f"unknown address type in {option.values[0]}")
        parts = tuple(_address_type(side, kind, device, context) for kind in kinds)
        guard = parts[0] if len(parts) == 1 else AnyOf(parts)
        guards.append(Not(guard) if option.negated else guard)
    return guards[0] if len(guards) == 1 else All(tuple(guards))


def _address_type(side: str, kind: str, device: str | None, context: MatchContext) -> Guard:
    types = context.address_types
    if device is None:
        if kind == "UNICAST":
            return Not(In(side, _union(types.by_type.values())))
        return In(side, types.by_type.get(kind, IntSet(())))
    # With --limit-iface only routes on that interface count; everything else is unicast.
    cases: list[Guard] = []
    for name, by_type in types.by_device.items():
        others = _union(by_type.values())
        here: Guard = Not(In(side, others)) if kind == "UNICAST" else In(side, by_type.get(kind, IntSet(())))
        cases.append(All((Interface("iif" if device == "iif" else "oif", name), here)))
    if kind == "UNICAST":
        known = tuple(Interface("iif" if device == "iif" else "oif", name) for name in types.by_device)
        cases.append(Not(AnyOf(known)))
    return AnyOf(tuple(cases))


def _union(sets: object) -> IntSet:
    found = IntSet(())
    for item in sets:  # type: ignore[attr-defined]
        found |= item
    return found


def _mark(option: Option, context: MatchContext) -> Guard | None:
    return _masked("mark", option) if option.name == "mark" else None


def _connmark(option: Option, context: MatchContext) -> Guard | None:
    return _masked("ctmark", option) if option.name == "mark" else None


def _masked(field_name: str, option: Option) -> Guard:
    value, slash, mask = option.values[0].partition("/")
    return Masked(field_name, int(mask, 0) if slash else 0xFFFFFFFF, int(value, 0))


def _mac(option: Option, context: MatchContext) -> Guard | None:
    if option.name != "mac-source":
        return None
    return In("src_mac", IntSet.of(int(option.values[0].replace(":", ""), 16)))


def _iprange(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("src-range", "dst-range"):
        return None
    first, sep, last = option.values[0].partition("-")
    low, high = Address.parse(first), Address.parse(last if sep else first)
    if low.family != context.family or high.family != context.family:
        raise ValueError(f"{option.values[0]} is not an IPv{context.family} range")
    return In(option.name[:3], IntSet.span(low.value, high.value))


def _owner(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("uid-owner", "gid-owner"):
        return None
    return In(option.name[:3], numbers(option.values[0], "-", 32))


def _length(option: Option, context: MatchContext) -> Guard | None:
    return In("length", numbers(option.values[0])) if option.name == "length" else None


def _ttl(option: Option, context: MatchContext) -> Guard | None:
    value = int(option.values[0])
    if option.name in ("ttl-eq", "ttl", "hl-eq"):
        return In("ttl", IntSet.of(value))
    if option.name in ("ttl-lt", "hl-lt"):
        return In("ttl", IntSet.span(0, value - 1))
    if option.name in ("ttl-gt", "hl-gt"):
        return In("ttl", IntSet.span(value + 1, 255))
    return None


_TOS_NAMES = {
    "Minimize-Delay": 0x10, "Maximize-Throughput": 0x08, "Maximize-Reliability": 0x04,
    "Minimize-Cost": 0x02, "Normal-Service": 0,
}  # fmt: skip
_DSCP_CLASSES = {
    "CS0": 0, "CS1": 8, "CS2": 16, "CS3": 24, "CS4": 32, "CS5": 40, "CS6": 48, "CS7": 56, "BE": 0, "EF": 46,
    "AF11": 10, "AF12": 12, "AF13": 14, "AF21": 18, "AF22": 20, "AF23": 22, "AF31": 26, "AF32": 28,
    "AF33": 30, "AF41": 34, "AF42": 36, "AF43": 38,
}  # fmt: skip


def _tos(option: Option, context: MatchContext) -> Guard | None:
    if option.name != "tos":
        return None
    value, slash, mask = option.values[0].partition("/")
    if value in _TOS_NAMES:
        return Masked("tos", 0x3F, _TOS_NAMES[value])
    return Masked("tos", int(mask, 0) if slash else 0xFF, int(value, 0))


def _dscp(option: Option, context: MatchContext) -> Guard | None:
    value = option.values[0]
    if option.name == "dscp-class":
        return Masked("tos", 0xFC, _DSCP_CLASSES[value.upper()] << 2)
    return Masked("tos", 0xFC, int(value, 0) << 2) if option.name == "dscp" else None


def _ecn(option: Option, context: MatchContext) -> Guard | None:
    if option.name == "ecn-ip-ect":
        return Masked("tos", 0x03, int(option.values[0], 0))
    flags = {"ecn-tcp-cwr": 0x80, "ecn-tcp-ece": 0x40}
    return Masked("tcp_flags", flags[option.name], flags[option.name]) if option.name in flags else None


def _pkttype(option: Option, context: MatchContext) -> Guard | None:
    kinds = {"unicast": 0, "host": 0, "broadcast": 1, "bcast": 1, "multicast": 2, "mcast": 2}
    return In("pkttype", IntSet.of(kinds[option.values[0]])) if option.name == "pkt-type" else None


def _physdev(option: Option, context: MatchContext) -> Guard | None:
    if option.name in ("physdev-in", "physdev-out"):
        return interface("physin" if option.name.endswith("in") else "physout", option.values[0])
    if option.name == "physdev-is-bridged":
        return All((Interface("physin", "", True), Interface("physout", "", True)))
    if option.name in ("physdev-is-in", "physdev-is-out"):
        return Interface("physin" if option.name.endswith("in") else "physout", "", True)
    return None


def _rpfilter(options: Sequence[Option], context: MatchContext) -> Guard | None:
    names = {option.name for option in options if option.name}
    if not names <= {"loose", "validmark", "invert"}:
        return None
    guard = ReversePath(strict="loose" not in names, use_mark="validmark" in names)
    return Not(guard) if "invert" in names else guard


def _set(options: Sequence[Option], context: MatchContext) -> Guard | None:
    return ipsets.match(options, context.ipsets, context.family)


def _absent_header(options: Sequence[Option], context: MatchContext) -> Guard | None:
    # Journeys are those of packets without IPv6 extension headers (and without IPv4 options).
    return NEVER


_READERS: dict[str, Reader] = {
    "": _each(_generic), "tcp": _each(_tcp), "udp": _each(_ports), "udplite": _each(_ports),
    "sctp": _each(_ports), "dccp": _each(_ports), "multiport": _each(_ports), "icmp": _each(_icmp),
    "icmp6": _each(_icmp), "state": _each(_conntrack), "conntrack": _each(_conntrack), "addrtype": _addrtype,
    "mark": _each(_mark), "connmark": _each(_connmark), "mac": _each(_mac), "iprange": _each(_iprange),
    "owner": _each(_owner), "length": _each(_length), "ttl": _each(_ttl), "hl": _each(_ttl),
    "tos": _each(_tos), "dscp": _each(_dscp), "ecn": _each(_ecn), "pkttype": _each(_pkttype),
    "physdev": _each(_physdev), "rpfilter": _rpfilter, "set": _set, "frag": _absent_header,
    "hbh": _absent_header, "dst": _absent_header, "rt": _absent_header, "mh": _absent_header,
    "ah": _absent_header, "esp": _absent_header, "ipv6header": _absent_header,
}  # fmt: skip

# Modules that hold for every packet.
_IRRELEVANT = frozenset({"comment", "nfacct", "standard"})
_ONE_BY_ONE = frozenset({"set", "comment"})

# Modules whose answer is in no snapshot, and why.
_UNDECIDABLE: dict[str, str] = {
    "limit": "rate-limit", "hashlimit": "rate-limit", "dstlimit": "rate-limit", "recent": "recent-list",
    "connlimit": "connection-count", "connbytes": "connection-volume", "quota": "quota",
    "statistic": "random-choice", "random": "random-choice", "nth": "random-choice",
    "string": "payload", "u32": "payload", "bpf": "payload", "layer7": "payload", "time": "time-of-day",
    "cgroup": "cgroup", "socket": "socket-lookup", "policy": "ipsec-policy", "helper": "conntrack-helper",
    "realm": "realm", "cpu": "cpu", "cluster": "cluster", "devgroup": "device-group", "osf": "payload",
    "rateest": "rate-limit", "condition": "condition-file", "geoip": "geoip", "connlabel": "connection-label",
    "ipvs": "ipvs", "tcpmss": "tcp-option", "account": "rate-limit",
}  # fmt: skip
