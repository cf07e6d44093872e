"""The meaning of every match of iptables: options -> guard.

The options of one module in one rule are read together, since some modify others (``--limit-iface-in``,
``--loose``). What is not understood becomes ``Unsure`` and names itself; nothing is skipped.
Sources: iptables-extensions(8) and net/netfilter/xt_*.c for what each match looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import UNKNOWN_MODULE, Option
from sekisho.semantics import ipsets
from sekisho.semantics.conjunction import both, leaves
from sekisho.semantics.icmp_names import icmp_type_code
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_address_type import addrtype_guard
from sekisho.semantics.match_conntrack import TRACKED, conntrack_guard
from sekisho.semantics.match_context import AddressTypes, MatchContext
from sekisho.semantics.match_values import (
    DSCP_CLASSES,
    TOS_NAMES,
    addresses,
    flag_bits,
    interface,
    masked,
    named,
    numbers,
)
from sekisho.semantics.program import (
    ALWAYS,
    NEVER,
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
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.names import mac_number
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import protocol_number


def rule_guard(options: Sequence[Option], context: MatchContext, evidence: Evidence | None = None) -> Guard:
    """The condition of a whole rule: every module's condition holds."""
    guards = [_module_guard(group[0].module, group, context, evidence) for group in _groups(options)]
    return both(*guards)


def _groups(options: Sequence[Option]) -> Iterable[list[Option]]:
    """The options of each module together; of one that a rule may name twice, those of each time."""
    groups: dict[tuple[str, int], list[Option]] = {}
    times: dict[str, int] = {}
    for option in options:
        module, name = option.module, option.name
        if module in _EACH_TIME:
            before = groups.get((module, times.setdefault(module, 0)), ())
            # One without a name stands where nothing else tells one time from the next.
            if not name or any(name == other.name for other in before):
                times[module] += 1
        groups.setdefault((module, times.get(module, 0)), []).append(option)
    return groups.values()


_NOWHERE = AddressTypes({}, {})


@lru_cache(maxsize=4096)
def match_doubts(options: tuple[Option, ...], family: Family) -> tuple[Doubt, ...]:
    """Why nobody can say from a snapshot whether the options of one match hold; none where that is decided.

    Of a set what it holds decides: whether it was captured is not asked here.
    """
    module = options[0].module
    context = MatchContext(family, _NOWHERE, None)
    guard = ALWAYS if module == "set" else _module_guard(module, options, context, None)
    return tuple(dict.fromkeys(leaf.doubt for leaf in leaves(guard) if isinstance(leaf, Unsure)))


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
    except (ValueError, LookupError) as error:
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
        return both(*guards)

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
        mask, value = (flag_bits(part) for part in option.values)
        return Masked("tcp_flags", mask, value)
    if option.name == "syn":
        return Masked("tcp_flags", flag_bits("FIN,SYN,RST,ACK"), flag_bits("SYN"))
    return _ports(option, context)


def _icmp(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("icmp-type", "icmpv6-type"):
        return None
    kind, codes = icmp_type_code(option.values[0], context.family)
    if kind is None:
        return ALWAYS
    here = In("icmp_type", IntSet.of(kind))
    return here if codes is None else All((here, In("icmp_code", IntSet.span(*codes))))


# ------------------------------------------------------------------------------ other modules


def _mark(option: Option, context: MatchContext) -> Guard | None:
    return masked("mark", option.values[0]) if option.name == "mark" else None


def _connmark(option: Option, context: MatchContext) -> Guard | None:
    return masked("ctmark", option.values[0]) if option.name == "mark" else None


def _connmark_of_tracked(options: Sequence[Option], context: MatchContext) -> Guard | None:
    guard = _each(_connmark)(options, context)
    return None if guard is None else All((TRACKED, guard))


def _mac(options: Sequence[Option], context: MatchContext) -> Guard | None:
    """Nothing that came over lo has a sender's MAC address (net/netfilter/xt_mac.c: the device's type)."""
    guard = _each(_mac_source)(options, context)
    return None if guard is None else All((Not(Interface("iif", "lo")), guard))


def _mac_source(option: Option, context: MatchContext) -> Guard | None:
    if option.name != "mac-source":
        return None
    return In("src_mac", IntSet.of(mac_number(option.values[0])))


def _iprange(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("src-range", "dst-range"):
        return None
    first, sep, last = option.values[0].partition("-")
    low, high = Address.parse(first), Address.parse(last if sep else first)
    if low.family != context.family or high.family != context.family:
        raise ValueError(f"{option.values[0]} is not an IPv{context.family} range")
    return In("src" if option.name == "src-range" else "dst", IntSet.span(low.value, high.value))


def _owner(option: Option, context: MatchContext) -> Guard | None:
    if option.name not in ("uid-owner", "gid-owner"):
        return None
    # Of names only root's number is the same everywhere; /etc/passwd is not captured.
    value = "0" if option.values[0] == "root" else option.values[0]
    return In("uid" if option.name == "uid-owner" else "gid", numbers(value, "-", 32))


def _length(option: Option, context: MatchContext) -> Guard | None:
    return In("length", numbers(option.values[0])) if option.name == "length" else None


def _ttl(option: Option, context: MatchContext) -> Guard | None:
    value = integer(option.values[0])
    if option.name in ("ttl-eq", "ttl", "hl-eq"):
        return In("ttl", IntSet.of(value))
    if option.name in ("ttl-lt", "hl-lt"):
        return In("ttl", IntSet.span(0, value - 1))
    if option.name in ("ttl-gt", "hl-gt"):
        return In("ttl", IntSet.span(value + 1, 255))
    return None


def _tos(option: Option, context: MatchContext) -> Guard | None:
    if option.name != "tos":
        return None
    value, slash, mask = option.values[0].partition("/")
    if not is_number(value[:1]):
        return Masked("tos", 0x3F, named(TOS_NAMES, value, "type of service"))
    return Masked("tos", integer(mask, 0) if slash else 0xFF, integer(value, 0))


def _dscp(option: Option, context: MatchContext) -> Guard | None:
    value = option.values[0]
    if option.name == "dscp-class":
        return Masked("tos", 0xFC, named(DSCP_CLASSES, value, "DSCP class") << 2)
    return Masked("tos", 0xFC, integer(value, 0) << 2) if option.name == "dscp" else None


def _ecn(option: Option, context: MatchContext) -> Guard | None:
    if option.name == "ecn-ip-ect":
        return Masked("tos", 0x03, integer(option.values[0], 0))
    flags = {"ecn-tcp-cwr": 0x80, "ecn-tcp-ece": 0x40}
    return Masked("tcp_flags", flags[option.name], flags[option.name]) if option.name in flags else None


# The words of iptables and the kernel's numbers (include/uapi/linux/if_packet.h, PACKET_*).
_PACKET_TYPES = {
    "unicast": 0, "host": 0, "broadcast": 1, "bcast": 1, "multicast": 2, "mcast": 2, "otherhost": 3,
}  # fmt: skip


def _pkttype(option: Option, context: MatchContext) -> Guard | None:
    if option.name != "pkt-type":
        return None
    return In("pkttype", IntSet.of(named(_PACKET_TYPES, option.values[0], "packet type")))


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
    if not names <= {"loose", "validmark", "invert", "accept-local"}:
        return None
    # IPv6 refuses routes that reject, anycast and local ones alone (ip6t_rpfilter.c).
    kinds = ("unicast", "multicast") if context.family == 6 else ("unicast",)
    back = ReversePath(
        strict="loose" not in names,
        use_mark="validmark" in names,
        kinds=("local", *kinds) if "accept-local" in names else kinds,
        sees="protocol" if context.family == 6 else "nothing",
    )
    # Packets on lo pass, whatever the tables say (net/ipv4/netfilter/ipt_rpfilter.c).
    # So do those without an address yet (ip6t_rpfilter.c; of IPv4 only what is for everybody).
    nameless: Guard = In("src", IntSet.of(0))
    if context.family == 4:
        everybody = IntSet.of((1 << 32) - 1) | IntSet.span(0xE0 << 24, (0xE0 << 24) + 255)
        nameless = All((nameless, In("dst", everybody)))
    guard = AnyOf((Interface("iif", "lo"), nameless, back))
    return Not(guard) if "invert" in names else guard


def _set(options: Sequence[Option], context: MatchContext) -> Guard | None:
    return ipsets.match(options, context)


def _absent_header(options: Sequence[Option], context: MatchContext) -> Guard | None:
    # Journeys are those of packets without IPv6 extension headers (and without IPv4 options).
    return NEVER


def _own_header(number: int) -> Reader:
    """A match inside a protocol's own header, of which a question states nothing."""

    def reader(options: Sequence[Option], context: MatchContext) -> Guard | None:
        words = " ".join(word for o in options for word in (f"--{o.name}", *o.values) if o.name)
        return All((In("proto", IntSet.of(number)), Unsure(Doubt("payload", (words,)))))

    return reader


_READERS: dict[str, Reader] = {
    "": _each(_generic), "tcp": _each(_tcp), "udp": _each(_ports), "udplite": _each(_ports),
    "sctp": _each(_ports), "dccp": _each(_ports), "multiport": _each(_ports), "icmp": _each(_icmp),
    "icmp6": _each(_icmp), "state": conntrack_guard, "conntrack": conntrack_guard,
    "addrtype": addrtype_guard,
    "mark": _each(_mark), "connmark": _connmark_of_tracked, "mac": _mac, "iprange": _each(_iprange),
    "owner": _each(_owner), "length": _each(_length), "ttl": _each(_ttl), "hl": _each(_ttl),
    "tos": _each(_tos), "dscp": _each(_dscp), "ecn": _each(_ecn), "pkttype": _each(_pkttype),
    "physdev": _each(_physdev), "rpfilter": _rpfilter, "set": _set, "frag": _absent_header,
    "hbh": _absent_header, "dst": _absent_header, "rt": _absent_header, "mh": _own_header(135),
    "ah": _own_header(51), "esp": _own_header(50), "ipv6header": _absent_header,
}  # fmt: skip

# Modules that hold for every packet.
_IRRELEVANT = frozenset({"comment", "standard"})
# Modules that a rule may name twice with the same option (two sets).
_EACH_TIME = frozenset({"set", "comment"})

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
    "nfacct": "quota",  # holds unless the object has a quota that is not used up (xt_nfacct.c, nfacct_mt)
}  # fmt: skip

# The modules whose meaning is known here, for the tests that hold them to a kernel.
CLAIMED = frozenset(_READERS) | _IRRELEVANT
