"""Routes, policy rules, interfaces, addresses and neighbours as real systems have them.

Every strategy gives facts in the order and spelling that a reader gives, so that printing and reading
them again must give them back.
"""

from __future__ import annotations

from hypothesis import strategies as st

from sekisho.model.links import Interface, InterfaceAddress, Neighbour
from sekisho.model.routing import NextHop, PolicyRule, Route
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.names import interface_name as iface
from sekisho.values.names import link_address

Pairs = tuple[tuple[str, str], ...]

SCOPES = (None, "link", "host", "global", "88")
LINK_FLAGS = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
families: st.SearchStrategy[Family] = st.sampled_from((4, 6))
interface_names = st.from_regex(r"[a-z][a-z0-9_.-]{0,13}", fullmatch=True).map(iface)
protos = st.none() | st.sampled_from(("kernel", "dhcp", "static", "ra", "bird", "77"))
numbers32 = st.integers(0, 0xFFFFFFFF)
encaps = st.sampled_from((
    "ip id 5 src 10.0.0.1 dst 10.0.0.2 ttl 64 tos 0", "mpls 100/200",
    "seg6 mode encap segs 2 [ fc00::1 fc00::2 ]",
    "ip6 id 1 src :: dst fc00::9 hoplimit 0 tc 0", "seg6local action End.DT4 table 100",
))  # fmt: skip
macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))


def addresses(family: Family) -> st.SearchStrategy[Address]:
    """Any address, near ones more often."""
    near = (
        st.integers(0x0A000000, 0x0A0000FF)
        if family == 4
        else st.integers(0xFE80 << 112, (0xFE80 << 112) + 255)
    )
    return (near | st.integers(0, (1 << BITS[family]) - 1)).map(lambda value: Address(family, value))


@st.composite
def prefixes(draw: st.DrawFn, family: Family, shortest: int = 0) -> Prefix:
    """Any prefix of at least this length."""
    length = draw(st.integers(shortest, BITS[family]))
    value = draw(st.integers(0, (1 << length) - 1)) << (BITS[family] - length)
    return Prefix(family, value, length)


@st.composite
def next_hops(draw: st.DrawFn, family: Family, multipath: bool) -> NextHop:
    """One way out; only one among several carries a weight and attributes."""
    via: Address | None = draw(st.none() | addresses(family))
    if family == 4 and draw(st.integers(0, 9)) == 0:
        via = draw(addresses(6))
    flags = draw(
        st.lists(st.sampled_from(("onlink", "linkdown", "dead", "pervasive", "offload")), unique=True)
    )
    attributes: Pairs = ()
    if multipath and draw(st.integers(0, 9)) == 0:
        attributes = (("encap", draw(encaps)),)
    if multipath and family == 4 and draw(st.booleans()):
        attributes += (("realms", f"{draw(st.integers(0, 255))}/{draw(st.integers(0, 255))}"),)
    weight = draw(st.integers(1, 256)) if multipath else 1
    return NextHop(draw(interface_names), via, weight, tuple(flags), attributes)


@st.composite
def route_attributes(draw: st.DrawFn, family: Family, locks: bool, single: bool) -> Pairs:
    """What does not decide; ``locks`` as the text form can say them, JSON cannot."""
    found: list[tuple[str, str]] = []
    if family == 6 and draw(st.integers(0, 9)) == 0:
        source = draw(prefixes(6, shortest=1))
        found.append(("from", str(source)))
    if single and draw(st.integers(0, 9)) == 0:
        found.append(("encap", draw(encaps)))
    if draw(st.integers(0, 5)) == 0:
        found.append(("realm", str(draw(st.integers(1, 255)))))
    for name, unit in (("mtu", ""), ("rtt", "ms"), ("advmss", ""), ("hoplimit", ""), ("initcwnd", "")):
        if draw(st.integers(0, 5)) == 0:
            lock = "lock " if locks and draw(st.booleans()) else ""
            found.append((name, f"{lock}{draw(st.integers(1, 65535))}{unit}"))
    if draw(st.integers(0, 9)) == 0:
        found += [("features", "ecn"), ("congctl", "cubic")]
    if family == 6 and draw(st.booleans()):
        found.append(("pref", draw(st.sampled_from(("low", "medium", "high")))))
    return tuple(found)


@st.composite
def routes(draw: st.DrawFn, family: Family, locks: bool = True) -> Route:
    """One route of any kind."""
    kind = draw(st.sampled_from(("unicast",) * 6 + ("local", "broadcast", "multicast", "anycast")
                                + ("blackhole", "unreachable", "prohibit", "throw")))  # fmt: skip
    hopless = kind in ("blackhole", "unreachable", "prohibit", "throw")
    count = draw(st.sampled_from((0, 1))) if hopless else draw(st.sampled_from((1, 1, 1, 2, 3)))
    hops = tuple(draw(next_hops(family, count > 1)) for _ in range(count))
    return Route(
        family=family, dst=draw(prefixes(family)), kind=kind,
        table=draw(st.sampled_from(("main", "main", "local", "default", "100", "10001"))), nexthops=hops,
        src=draw(st.none() | addresses(family)), metric=draw(st.none() | numbers32), proto=draw(protos),
        scope=draw(st.sampled_from(SCOPES if family == 4 else (None, "global"))),
        tos=draw(st.sampled_from((0, 0, 0, 4, 0x10, 0x20, 0xB8))) if family == 4 else 0,
        nhid=draw(st.none() | st.integers(1, 99999)),
        attributes=draw(route_attributes(family, locks, count == 1)),
    )  # fmt: skip


@st.composite
def rules(draw: st.DrawFn, family: Family) -> PolicyRule:
    """One policy rule of any action."""
    action = draw(st.sampled_from(("lookup",) * 4 + ("goto", "nop", "blackhole", "unreachable", "prohibit")))
    l3mdev = action == "lookup" and draw(st.integers(0, 9)) == 0
    table = draw(st.sampled_from(("main", "local", "default", "100", "4000000000")))
    ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted).map(lambda p: (p[0], p[1]))
    attributes: list[tuple[str, str]] = []
    iif, oif = draw(st.none() | interface_names), draw(st.none() | interface_names)
    attributes += [("iif_detached", "")] if iif is not None and draw(st.booleans()) else []
    attributes += [("oif_detached", "")] if oif is not None and draw(st.booleans()) else []
    attributes += [("tun_id", "5")] if draw(st.integers(0, 9)) == 0 else []
    attributes += [("realms", "3/4")] if draw(st.integers(0, 9)) == 0 else []
    attributes += [("unresolved", "")] if action == "goto" and draw(st.booleans()) else []
    return PolicyRule(
        family=family, priority=draw(numbers32), action=action,
        table="main" if action != "lookup" else "" if l3mdev else table,
        goto=draw(numbers32) if action == "goto" else None, negated=draw(st.booleans()),
        src=draw(st.none() | prefixes(family, shortest=1)),
        dst=draw(st.none() | prefixes(family, shortest=1)),
        iif=iif, oif=oif, fwmark=draw(st.none() | st.tuples(numbers32, numbers32)),
        tos=draw(st.none() | st.integers(1, 255)), ipproto=draw(st.none() | st.integers(0, 255)),
        sport=draw(st.none() | ports), dport=draw(st.none() | ports),
        uidrange=draw(st.none() | st.tuples(numbers32, numbers32)), l3mdev=l3mdev,
        suppress_prefixlength=draw(st.none() | st.integers(0, 32)) if action == "lookup" else None,
        suppress_ifgroup=draw(st.none() | st.just("5")) if action == "lookup" else None,
        proto=draw(protos), attributes=tuple(attributes),
    )  # fmt: skip


@st.composite
def interfaces(draw: st.DrawFn) -> Interface:
    """One interface of ``ip link`` or ``ip -d link``: physical, veth, bridge, or a bridge's port."""
    detailed = draw(st.booleans())
    kind = draw(st.sampled_from(("", "veth", "bridge", "macvlan"))) if detailed else None
    slave = detailed and kind == "veth" and draw(st.booleans())
    hairpin, isolated = (draw(st.booleans()) if slave else None for _ in range(2))
    state = draw(st.sampled_from(("forwarding", "disabled", "blocking"))) if slave else None
    details: list[tuple[str, str]] = [
        ("qdisc", "noqueue"), ("mode", "DEFAULT"), ("group", draw(st.sampled_from(("default", "7")))),
        ("qlen", "1000"), ("link", "ether"), ("brd", "ff:ff:ff:ff:ff:ff"),
    ]  # fmt: skip
    if detailed:
        details += [("promiscuity", "0"), ("allmulti", "0"), ("minmtu", "68"), ("maxmtu", "65535")]
        details += [(kind, "")] if kind else []
        details += [("mode", "bridge")] if kind == "macvlan" else []
        details += [("vlan_filtering", "0"), ("gc_timer", "12.34")] if kind == "bridge" else []
        if state is not None:
            details += [
                ("bridge_slave", ""),
                ("state", state),
                ("hairpin", "on" if hairpin else "off"),
                ("isolated", "on" if isolated else "off"),
            ]
        details += [("addrgenmode", "eui64"), ("numtxqueues", "2")]
    peer = draw(st.none() | interface_names | st.integers(1, 99).map(lambda index: f"if{index}"))
    return Interface(
        name=draw(interface_names), index=draw(st.integers(1, 9999)), kind=kind,
        flags=tuple(draw(st.lists(st.sampled_from(LINK_FLAGS), unique=True))),
        state=draw(st.sampled_from(("UP", "DOWN", "UNKNOWN"))), mtu=draw(st.integers(68, 65535)),
        mac=link_address(draw(macs)), master=draw(st.none() | interface_names), peer=peer,
        peer_namespace=draw(st.none() | st.sampled_from(("0", "3", "blue"))), hairpin=hairpin,
        isolated=isolated, port_state=state, details=tuple(details),
    )  # fmt: skip


@st.composite
def interface_addresses(draw: st.DrawFn, interface: str) -> InterfaceAddress:
    """One address of this interface."""
    family = draw(families)
    flags = ("secondary", "dynamic", "noprefixroute", "deprecated", "tentative", "mngtmpaddr", "nodad")
    lifetime = draw(st.sampled_from(("forever", "0sec", "3600sec")))
    metric: Pairs = (("metric", "100"),) if draw(st.booleans()) else ()
    proto: Pairs = (("proto", "kernel_lo"),) if draw(st.booleans()) else ()
    return InterfaceAddress(
        interface=iface(interface), family=family, address=draw(addresses(family)),
        length=draw(st.integers(1, BITS[family])),
        broadcast=draw(st.none() | addresses(4)) if family == 4 else None,
        peer=draw(st.none() | addresses(family)),
        scope=draw(st.sampled_from(("global", "link", "host", "site", "200"))),
        label=draw(st.none() | st.sampled_from((interface, f"{interface}:1"))) if family == 4 else None,
        flags=tuple(draw(st.lists(st.sampled_from(flags), unique=True))),
        details=(*metric, *proto, ("valid_lft", lifetime), ("preferred_lft", lifetime)),
    )  # fmt: skip


@st.composite
def neighbours(draw: st.DrawFn) -> Neighbour:
    """One entry of ``ip neigh``."""
    flags = draw(st.lists(st.sampled_from(("router", "proxy", "managed", "extern_learn")), unique=True))
    state = draw(st.none() | st.sampled_from(("REACHABLE", "STALE", "FAILED", "PERMANENT", "STALE,NOARP")))
    details: Pairs = (("proto", "static"),) if draw(st.booleans()) else ()
    mac = draw(st.none() | macs)
    return Neighbour(
        draw(families.flatmap(addresses)), draw(interface_names),
        None if mac is None else link_address(mac), state, tuple(flags), details,
    )  # fmt: skip
