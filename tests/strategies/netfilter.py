"""Random rules in the spelling of ``iptables-save``, such as every kernel takes.

Each value is drawn in the one form that iptables prints, so that what is written, read by the
kernel's tools and written back is the same text.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import strategies as st

from sekisho.model.netfilter import Chain, Option, Rule, Ruleset, Table, Target
from sekisho.values.address import Family

Options = tuple[Option, ...]

INTERFACES = st.sampled_from(["eth0", "eth+", "docker0", "br-528a7aa7b156", "lo", "veth1a2b3c4", "wg0.7"])
PORTS = st.integers(0, 65535)
TEXT = st.text(st.sampled_from("abcXYZ019 _-.:,;/!?*'\"\\()[]{}<>@#$%&=+|~^`"), min_size=1, max_size=20)
# A listing shows a comment between /* and */, so that one which holds these is ambiguous there, and
# blanks at its ends or doubled do not survive everywhere.
WORDS = st.lists(
    st.text(st.sampled_from("abcXYZ019_-.:'\"\\"), min_size=1, max_size=6), min_size=1, max_size=3
)


def option(module: str, name: str, *values: str, negated: bool = False) -> Option:
    return Option(module, name, negated, values)


@st.composite
def networks(draw: st.DrawFn, family: Family) -> str:
    """A prefix with its length and no host bits; never the one that holds everything."""
    if family == 4:
        length = draw(st.integers(1, 32))
        return str(IPv4Network((draw(st.integers(0, 2**32 - 1)), length), strict=False))
    return str(IPv6Network((draw(_addresses(6)), draw(st.integers(1, 128))), strict=False))


def _addresses(family: Family) -> st.SearchStrategy[int]:
    """Addresses that every printer writes alike (``::1.2.3.4`` is not)."""
    return (
        st.integers(0x01000000, 0xDF000000)
        if family == 4
        else st.integers(0x2001 << 112, (0x3FFF << 112) - 1)
    )


def hosts(family: Family) -> st.SearchStrategy[str]:
    return _addresses(family).map(
        lambda value: str(IPv4Address(value) if family == 4 else IPv6Address(value))
    )


@st.composite
def port_ranges(draw: st.DrawFn) -> str:
    # The nft back end writes "! 0:5" as "6:65535": ranges here begin at 1.
    low, high = sorted((draw(st.integers(1, 65535)), draw(st.integers(1, 65535))))
    if draw(st.booleans()) or low == high:
        return str(low)
    return f"{low}:{high}"


@st.composite
def port_lists(draw: st.DrawFn) -> str:
    return ",".join(draw(st.lists(port_ranges(), min_size=1, max_size=5)))


@st.composite
def marks(draw: st.DrawFn) -> str:
    value = draw(st.integers(0, 0xFFFFFFFF))
    mask = draw(st.one_of(st.just(0xFFFFFFFF), st.integers(0, 0xFFFFFFFF)))
    return f"0x{value:x}" if mask == 0xFFFFFFFF else f"0x{value & mask:x}/0x{mask:x}"


_ORDER = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")


def states(names: tuple[str, ...] = _ORDER) -> st.SearchStrategy[str]:
    chosen = st.sets(st.sampled_from(names), min_size=1)
    return chosen.map(lambda found: ",".join(name for name in names if name in found))


_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")


@st.composite
def tcp_flags(draw: st.DrawFn) -> Option:
    mask = draw(st.sets(st.sampled_from(_FLAGS), min_size=1))
    wanted = draw(st.sets(st.sampled_from(sorted(mask))))
    shown = [",".join(flag for flag in _FLAGS if flag in one) or "NONE" for one in (mask, wanted)]
    return option("tcp", "tcp-flags", *shown, negated=draw(st.booleans()))


@st.composite
def transport(draw: st.DrawFn, module: str) -> Options:
    """``-m tcp`` with any of its options; a bare one is what stands for none."""
    found: list[Option] = []
    for name in ("sport", "dport"):
        if draw(st.booleans()):
            found.append(option(module, name, draw(port_ranges()), negated=draw(st.booleans())))
    if module == "tcp" and draw(st.booleans()):
        found.append(draw(tcp_flags()))
    return tuple(found) or (Option(module, ""),)


@st.composite
def protocols(draw: st.DrawFn, family: Family) -> Options:
    """``-p`` and the options that it allows."""
    name = draw(st.sampled_from(["tcp", "udp", "icmp", "gre", "99", "sctp", "esp", "all"]))
    if name == "all":
        return ()
    if name == "icmp":
        name, module, kind = (
            ("icmp", "icmp", "icmp-type") if family == 4 else ("ipv6-icmp", "icmp6", "icmpv6-type")
        )
        value = draw(st.one_of(st.integers(0, 200).map(str), st.just("3/1"), st.just("1/4")))
        return (
            option("", "protocol", name),
            option(module, kind, value, negated=draw(st.booleans())),
        )
    if name in ("tcp", "udp") and draw(st.booleans()):
        more: Options = draw(transport(name))
        if draw(st.booleans()):
            ports = option(
                "multiport", draw(st.sampled_from(["sports", "dports", "ports"])), draw(port_lists()),
                negated=draw(st.booleans()),
            )  # fmt: skip
            more += (ports,)
        return (option("", "protocol", name), *more)
    return (option("", "protocol", name, negated=draw(st.booleans())),)


def _one(made: st.SearchStrategy[Option]) -> st.SearchStrategy[Options]:
    return made.map(lambda found: (found,))


@st.composite
def _signed(draw: st.DrawFn, module: str, name: str, value: st.SearchStrategy[str]) -> Options:
    return (option(module, name, draw(value), negated=draw(st.booleans())),)


@st.composite
def _range(draw: st.DrawFn, family: Family) -> Options:
    low, high = sorted((draw(_addresses(family)), draw(_addresses(family))))
    hosts_of = IPv4Address if family == 4 else IPv6Address
    name = draw(st.sampled_from(["src-range", "dst-range"]))
    return (option("iprange", name, f"{hosts_of(low)}-{hosts_of(high)}", negated=draw(st.booleans())),)


@st.composite
def _limit(draw: st.DrawFn) -> Options:
    rate = draw(st.sampled_from(["3/min", "1/sec", "20/min", "100/sec"]))
    burst = draw(st.integers(1, 40))  # the kernel refuses bursts that take days to refill
    more = () if burst == 5 else (option("limit", "limit-burst", str(burst)),)
    return (option("limit", "limit", rate), *more)


@st.composite
def _recent(draw: st.DrawFn, family: Family) -> Options:
    verb = draw(st.sampled_from(["set", "rcheck", "update", "remove"]))
    found = [option("recent", verb, negated=draw(st.booleans()))]
    if verb in ("rcheck", "update") and draw(st.booleans()):
        found.append(option("recent", "seconds", str(draw(st.integers(1, 999)))))
    found.append(option("recent", "name", draw(st.sampled_from(["DEFAULT", "bad-hosts"]))))
    mask = "255.255.255.255" if family == 4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    found.append(option("recent", "mask", mask))
    found.append(option("recent", draw(st.sampled_from(["rsource", "rdest"]))))
    return tuple(found)


@st.composite
def _statistic(draw: st.DrawFn) -> Options:
    negated = draw(st.booleans())
    if draw(st.booleans()):
        chance = draw(st.integers(1, 0x7FFFFFFF)) / 0x80000000
        return (
            option("statistic", "mode", "random"),
            option("statistic", "probability", f"{chance:.11f}", negated=negated),
        )
    every = draw(st.integers(2, 50))
    return (
        option("statistic", "mode", "nth"),
        option("statistic", "every", str(every), negated=negated),
        option("statistic", "packet", str(draw(st.integers(0, every - 1)))),
    )


# The kernel refuses BROADCAST, BLACKHOLE and those from PROHIBIT on for IPv6.
_ADDRESS_TYPES = ("LOCAL", "UNICAST", "MULTICAST", "UNREACHABLE", "ANYCAST")
_ADDRESS_TYPES_4 = (*_ADDRESS_TYPES, "BROADCAST", "BLACKHOLE", "PROHIBIT")


@st.composite
def _addrtype(draw: st.DrawFn, family: Family) -> Options:
    types = st.sampled_from(_ADDRESS_TYPES_4 if family == 4 else _ADDRESS_TYPES)
    found = []
    for name in ("src-type", "dst-type"):
        if draw(st.booleans()):
            found.append(option("addrtype", name, draw(types), negated=draw(st.booleans())))
    return tuple(found) or (option("addrtype", "dst-type", "LOCAL"),)


@st.composite
def extensions(draw: st.DrawFn, family: Family, chain: str) -> Options:
    """The options of one ``-m`` that this chain may have."""
    wanted = _extensions(family)
    if chain in ("OUTPUT", "POSTROUTING"):  # a packet that leaves has no source MAC yet
        wanted = wanted.filter(lambda found: found[0].module != "mac")
    return draw(wanted)


def _extensions(family: Family) -> st.SearchStrategy[Options]:
    lengths = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted)
    macs = st.lists(st.integers(0, 255), min_size=6, max_size=6)
    hop = ("ttl", "ttl") if family == 4 else ("hl", "hl")
    return st.one_of(
        _signed("conntrack", "ctstate", states()),
        _signed("state", "state", states(("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"))),
        _addrtype(family),
        _signed("mark", "mark", marks()),
        _signed("connmark", "mark", marks()),
        _one(WORDS.map(lambda words: option("comment", "comment", " ".join(words)))),
        _limit(),
        _signed("mac", "mac-source", macs.map(lambda parts: ":".join(f"{part:02x}" for part in parts))),
        _range(family),
        _signed("length", "length", lengths.map(lambda p: str(p[0]) if p[0] == p[1] else f"{p[0]}:{p[1]}")),
        _one(st.integers(0, 255).map(lambda value: option(hop[0], f"{hop[1]}-eq", str(value)))),
        _one(st.integers(1, 254).map(lambda value: option(hop[0], f"{hop[1]}-lt", str(value)))),
        _signed("dscp", "dscp", st.integers(0, 63).map(lambda value: f"0x{value:02x}")),
        _signed("pkttype", "pkt-type", st.sampled_from(["unicast", "broadcast", "multicast"])),
        _recent(family),
        _statistic(),
        _signed("u32", "u32", st.integers(0, 255).map(lambda v: f"0x0&0xff=0x{v:x}")),
    )  # fmt: skip


_PLAIN = ("ACCEPT", "DROP", "RETURN")


def _target(name: str, *options: Option) -> Target:
    return Target(name, False, tuple(options))


@st.composite
def _log(draw: st.DrawFn) -> Target:
    found = [
        option("LOG", "log-prefix", draw(TEXT.filter(lambda text: '"' not in text and text.strip() == text)))
    ]
    level = draw(st.integers(0, 7))
    if level != 4:
        found.append(option("LOG", "log-level", str(level)))
    for name in ("log-tcp-sequence", "log-tcp-options", "log-ip-options", "log-uid"):
        if draw(st.booleans()):
            found.append(option("LOG", name))
    return _target("LOG", *found)


@st.composite
def _nat(draw: st.DrawFn, name: str, option_name: str, family: Family, ports: bool) -> Target:
    address = draw(hosts(family))
    if ports and draw(st.booleans()):
        first = draw(st.integers(1, 65000))
        last = draw(st.one_of(st.just(first), st.integers(first, 65535)))
        shown = str(first) if first == last else f"{first}-{last}"
        address = f"{address}:{shown}" if family == 4 else f"[{address}]:{shown}"
    found = [option(name, option_name, address)]
    if draw(st.booleans()):
        found.append(option(name, "random"))
    if draw(st.booleans()):
        found.append(option(name, "persistent"))
    return _target(name, *found)


@st.composite
def _mark_target(draw: st.DrawFn) -> Target:
    value, mask = draw(st.integers(0, 0xFFFFFFFF)), draw(st.integers(0, 0xFFFFFFFF))
    which = draw(st.sampled_from(["any", "set", "or", "and", "xor"]))
    value, mask = {
        "any": (value, mask), "set": (value, 0xFFFFFFFF), "or": (value, value), "and": (0, mask),
        "xor": (value, 0),
    }[which]  # fmt: skip
    name = draw(st.sampled_from(["MARK", "CONNMARK"]))
    return _target(name, option(name, "set-xmark", f"0x{value:x}/0x{mask:x}"))


def targets(
    family: Family, table: str, chain: str, with_ports: bool, user_chains: tuple[str, ...]
) -> st.SearchStrategy[Target | None]:
    """A target that the chain of this table may have."""
    found: list[st.SearchStrategy[Target | None]] = [
        st.none(),
        st.sampled_from(_PLAIN if table != "nat" else ("ACCEPT", "RETURN")).map(Target),
        _log(),
        st.integers(0, 65535).map(lambda n: _target("NFQUEUE", option("NFQUEUE", "queue-num", str(n)))),
    ]
    if user_chains:
        goto = st.builds(Target, st.sampled_from(user_chains), st.booleans())
        found.append(goto)
    if table == "filter":
        kinds = ["port-unreachable", "admin-prohibited"] if family == 4 else ["no-route", "port-unreachable"]
        prefix = "icmp-" if family == 4 else "icmp6-"
        found.append(
            st.sampled_from(kinds).map(
                lambda kind: _target("REJECT", option("REJECT", "reject-with", prefix + kind))
            )
        )
    if table == "mangle":
        found.append(_mark_target())
    if table == "nat" and chain in ("PREROUTING", "OUTPUT", "USER"):
        found.append(_nat("DNAT", "to-destination", family, with_ports))
    if table == "nat" and chain == "POSTROUTING":
        found.append(_nat("SNAT", "to-source", family, with_ports))
        found.append(st.just(_target("MASQUERADE")))
    if table == "raw":
        found.append(st.just(_target("CT", option("CT", "notrack"))))
    return st.one_of(found)


_WITHOUT_IN = ("OUTPUT", "POSTROUTING", "USER")
_WITHOUT_OUT = ("PREROUTING", "INPUT", "USER")


@st.composite
def rules(draw: st.DrawFn, family: Family, table: str, chain: str, user_chains: tuple[str, ...] = ()) -> Rule:
    """One rule of ``chain``, conditions in the order of ``iptables-save``."""
    found: list[Option] = []
    for name in ("source", "destination"):
        if draw(st.booleans()):
            found.append(option("", name, draw(networks(family)), negated=draw(st.booleans())))
    for name, without in (("in-interface", _WITHOUT_IN), ("out-interface", _WITHOUT_OUT)):
        if chain not in without and draw(st.booleans()):
            found.append(option("", name, draw(INTERFACES), negated=draw(st.booleans())))
    protocol = draw(protocols(family))
    found.extend(protocol)
    used = {one.module for one in protocol}
    for more in draw(st.lists(extensions(family, chain), max_size=2)):
        if more[0].module not in used:
            used.add(more[0].module)
            found.extend(more)
    with_ports = bool(used & {"tcp", "udp"})
    target = draw(targets(family, table, chain, with_ports, user_chains))
    return Rule(tuple(found), target, draw(st.integers(0, 10**12)), draw(st.integers(0, 10**15)))


_CHAINS = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}  # fmt: skip
# The chains from which USER may be reached, such that its rules are allowed there.
_CALLERS = {"raw": "PREROUTING", "mangle": "PREROUTING", "nat": "PREROUTING", "filter": "INPUT"}


@st.composite
def tables(draw: st.DrawFn, family: Family, name: str, most: int = 5) -> Table:
    """A table with all its built-in chains and a chain USER."""
    chains = []
    for chain in _CHAINS[name]:
        callable_from_here = ("USER",) if chain == _CALLERS[name] else ()
        found = draw(st.lists(rules(family, name, chain, callable_from_here), max_size=most))
        policy = "ACCEPT" if name == "nat" else draw(st.sampled_from(["ACCEPT", "DROP"]))
        chains.append(Chain(chain, policy, tuple(found), packets=0, bytes=0))
    own = draw(st.lists(rules(family, name, "USER"), max_size=most))
    calls = sum(1 for chain in chains for rule in chain.rules if rule.target and rule.target.name == "USER")
    chains.append(Chain("USER", None, tuple(own), references=calls, packets=0, bytes=0))
    return Table(name, tuple(chains))


@st.composite
def rulesets(draw: st.DrawFn, family: Family, most: int = 3) -> Ruleset:
    """All four tables."""
    return Ruleset(family, "", tuple(draw(tables(family, name, most)) for name in _CHAINS))
