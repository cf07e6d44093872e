"""Random small hosts, written as the commands' own text: bridges, containers, NAT, marks, policy routing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sekisho.model.docker import DockerContainer, DockerEndpoint, DockerNetwork
from sekisho.model.host import Socket, Sysctl
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.netfilter import IpSet, Ruleset
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.world import World
from sekisho.sources import ip_route, ip_rule, iptables_save
from sekisho.values.address import Address, Family
from sekisho.values.names import (
    container_name,
    namespace_name,
    network_name,
    sysctl_key,
)
from sekisho.values.names import (
    interface_name as iface,
)
from tests.symbolic.idioms import TableRules, random_idiom

ADDRESSES = [
    "10.0.0.10",
    "10.0.0.77",
    "10.9.0.1",
    "10.9.0.5",
    "172.18.0.1",
    "172.18.0.2",
    "172.18.0.3",
    "172.17.0.1",
    "172.17.0.2",
    "172.17.0.9",
    "203.0.113.9",
    "127.0.0.1",
    "8.8.8.8",
    "192.168.7.7",
    "10.0.0.255",
]
PORTS = (22, 53, 80, 443, 3306, 8080, 8081)
DEVICES = ("eth0", "eth1", "docker0", "br-a", "lo")
_BRIDGES = (("docker0", "172.17.0.1", 16), ("br-a", "172.18.0.1", 24))


def random_world(seed: int) -> World:
    """A host; the same seed gives the same one."""
    draw = Random(seed)
    return World(_snapshot(draw))


def random_crowd(seed: int, containers: int = 4) -> World:
    """A host whose containers were all captured, each with rules of its own."""
    draw = Random(seed)
    snapshot = _snapshot(draw)
    inner, known, ports = [], [], []
    apart = draw.random() < 0.4
    for at in range(containers):
        name, (bridge, gateway, _) = f"c{at}", _BRIDGES[at % 3 == 0]
        value = f"{gateway.rpartition('.')[0]}.{2 + at}"
        hairpin = draw.choice((None, False, False, True))
        ports.append(_port(draw, f"veth{6 + at}", 6 + at, bridge, hairpin, apart))
        inner.append(_container_namespace(draw, name, bridge, value, 6 + at))
        known.append(
            DockerContainer(
                container_name(name),
                name * 4,
                True,
                bridge,
                (DockerEndpoint(network_name(bridge), (Address.parse(value),)),),
            )
        )
    kept = tuple(item for item in snapshot.host.interfaces or () if item.kind != "veth")
    host = replace(snapshot.host, interfaces=(*kept, *ports))
    docker = None if snapshot.containers is None else tuple(known)
    return World(replace(snapshot, host=host, namespaces=tuple(inner), containers=docker))


# Of the second of two hosts on one wire: its own addresses, and the gateway that is the first.
_SECOND = {"10.0.0.10": "10.0.0.77", "10.9.0.1": "10.9.0.5", "10.9.0.5": "10.9.0.1"}


def random_hosts(seed: int) -> World:
    """Two hosts, with the same networks behind them; each is a gateway of the other's."""
    draw = Random(seed)
    first, second = _snapshot(draw), _snapshot(draw)
    alone = tuple(item for item in first.host.addresses or () if str(item.address) != "10.0.0.77")
    first = replace(first, host=replace(first.host, addresses=alone))
    second = replace(second, host=_as_second(second.host))
    return World(_of_site(first, "a"), _of_site(second, "b"))


def _as_second(host: Namespace) -> Namespace:
    def other(address: Address) -> Address:
        return Address.parse(_SECOND.get(str(address), str(address)))

    addresses = {(item.interface, other(item.address)): item for item in host.addresses or ()}
    routes = tuple(
        replace(
            route,
            src=None if route.src is None else other(route.src),
            nexthops=tuple(replace(hop, via=hop.via and other(hop.via)) for hop in route.nexthops),
        )
        for route in host.routes
    )
    moved = tuple(replace(item, address=address) for (_, address), item in addresses.items())
    return replace(host, addresses=moved, routes=routes)


def _of_site(snapshot: Snapshot, site: str) -> Snapshot:
    inner = tuple(replace(each, site=site) for each in snapshot.namespaces)
    return replace(snapshot, host=replace(snapshot.host, site=site), namespaces=inner)


def _snapshot(draw: Random) -> Snapshot:
    hairpin = draw.choice((None, False, True))
    apart = draw.random() < 0.3
    interfaces = [
        Interface(iface("lo"), 1), Interface(iface("eth0"), 2), _unsteady(draw, Interface(iface("eth1"), 3)),
        _unsteady(draw, Interface(iface("docker0"), 4, kind="bridge")),
        Interface(iface("br-a"), 5, kind="bridge", details=(
            ("nf_call_iptables", draw.choice("0001")), ("vlan_filtering", draw.choice("0000001")),
        )),
        _port(draw, "veth6", 6, "br-a", hairpin, apart), _port(draw, "veth7", 7, "br-a", hairpin, apart),
        _port(draw, "veth8", 8, "docker0", hairpin, apart),
    ]  # fmt: skip
    host = _namespace(draw, "host", tuple(interfaces), _host_addresses(draw), _host_routes(draw), True)
    inner = []
    containers = []
    for at, (name, bridge, value) in enumerate(
        (("web", "br-a", "172.18.0.2"), ("db", "br-a", "172.18.0.3"), ("app", "docker0", "172.17.0.2"))
    ):
        containers.append(
            DockerContainer(
                container_name(name),
                name * 4,
                True,
                bridge,
                (DockerEndpoint(network_name(bridge), (Address.parse(value),)),),
            )
        )
        if draw.random() < 0.4:
            inner.append(_container_namespace(draw, name, bridge, value, 6 + at))
    networks = tuple(
        DockerNetwork(network_name(name), name, "bridge", bridge=iface(name)) for name, _, _ in _BRIDGES
    )
    docker = draw.random() < 0.7
    return Snapshot(
        "random", host, tuple(inner), networks if docker else None, tuple(containers) if docker else None
    )


def _port(draw: Random, name: str, index: int, bridge: str, hairpin: bool | None, apart: bool) -> Interface:
    """A port of a bridge; ``apart``: one that may be isolated or shut."""
    isolated = draw.choice((None, False, True, True)) if apart else None
    state = draw.choice((None, "forwarding", "disabled")) if apart and draw.random() < 0.3 else None
    port = Interface(
        iface(name),
        index,
        kind="veth",
        master=iface(bridge),
        hairpin=hairpin,
        isolated=isolated,
        port_state=state,
    )
    return _unsteady(draw, port) if apart else port


def _unsteady(draw: Random, interface: Interface) -> Interface:
    """The interface, now and then switched off or without carrier."""
    kind = draw.random()
    if kind < 0.04:
        return replace(interface, flags=("BROADCAST", "MULTICAST"))
    return replace(interface, flags=("NO-CARRIER", "BROADCAST", "UP")) if kind < 0.08 else interface


def _host_addresses(draw: Random) -> tuple[InterfaceAddress, ...]:
    given = [("lo", "127.0.0.1", 8), ("eth0", "10.0.0.10", 24), ("eth1", "10.9.0.1", 24), *_BRIDGES]
    if draw.random() < 0.3:
        given.append(("eth0", "10.0.0.77", 24))
    return tuple(
        InterfaceAddress(
            iface(name), 4, Address.parse(value), length, scope="host" if name == "lo" else "global"
        )
        for name, value, length in given
    )


def _host_routes(draw: Random) -> str:
    lines = [
        "default via 10.0.0.1 dev eth0",
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10",
        "10.9.0.0/24 dev eth1 proto kernel scope link src 10.9.0.1",
        "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1" + draw.choice(("", " linkdown")),
        "172.18.0.0/24 dev br-a proto kernel scope link src 172.18.0.1",
    ]
    extra = (
        "192.168.0.0/16 via 10.9.0.5 dev eth1", "8.8.8.0/24 via 172.18.0.3 dev br-a", "blackhole 8.0.0.0/8",
        "unreachable 192.168.7.0/24", "203.0.113.0/24\n\tnexthop via 10.0.0.1 dev eth0 weight 1\n\tnexthop via 10.9.0.5 dev eth1 weight 1",  # noqa: E501
        "throw 8.8.8.8", "prohibit 203.0.113.9",
    )  # fmt: skip
    lines += draw.sample(extra, draw.randrange(4))
    return "\n".join(lines)


def _namespace(
    draw: Random,
    name: str,
    interfaces: tuple[Interface, ...],
    addresses: tuple[InterfaceAddress, ...],
    routes: str,
    router: bool,
) -> Namespace:
    parsed = ip_route.parse(routes, "ip-route.txt", 4)
    assert not parsed.unread, parsed.unread
    facts = parsed.facts
    rules = None
    if router and draw.random() < 0.4:
        rules = ip_rule.parse(_policy_rules(draw), "ip-rule.txt", 4).facts
        extra = ip_route.parse("default via 10.9.0.5 dev eth1 table 77", "ip-route.txt", 4).facts
        facts = facts + extra
    sysctls = {"net.ipv4.ip_forward": draw.choice(("1", "1", "1", "0"))}
    if router:
        if draw.random() < 0.8:
            sysctls["net.bridge.bridge-nf-call-iptables"] = draw.choice("01")
        for key in ("all", "eth0", "eth1", "br-a"):
            if draw.random() < 0.4:
                sysctls[f"net.ipv4.conf.{key}.rp_filter"] = draw.choice("012")
        if draw.random() < 0.3:
            sysctls["net.ipv4.conf.br-a.route_localnet"] = "1"
        if draw.random() < 0.2:
            sysctls["net.ipv4.conf.eth1.forwarding"] = "0"
    return Namespace(
        namespace_name(name),
        routes=tuple(facts),
        route_tables=frozenset({(4, "main"), (6, "main"), *((each.family, each.table) for each in facts)}),
        rules=rules,
        interfaces=interfaces,
        addresses=addresses,
        rulesets=_rulesets(draw, router),
        ipsets=_ipsets(draw),
        sysctls=tuple(Sysctl(sysctl_key(key), value) for key, value in sysctls.items()),
        sockets=_sockets(draw),
    )


def _container_namespace(draw: Random, name: str, bridge: str, value: str, index: int) -> Namespace:
    gateway, length = next((gw, bits) for dev, gw, bits in _BRIDGES if dev == bridge)
    interfaces = (Interface(iface("lo"), 1), Interface(iface("eth0"), 9, kind="veth", peer=f"if{index}"))
    addresses = (
        InterfaceAddress(iface("lo"), 4, Address.parse("127.0.0.1"), 8, scope="host"),
        InterfaceAddress(iface("eth0"), 4, Address.parse(value), length, scope="global"),
    )
    subnet = "172.17.0.0/16" if bridge == "docker0" else "172.18.0.0/24"
    routes = f"default via {gateway} dev eth0\n{subnet} dev eth0 proto kernel scope link src {value}"
    return _namespace(draw, name, interfaces, addresses, routes, False)


def _policy_rules(draw: Random) -> str:
    extra = (
        "100: from 172.18.0.0/24 lookup 77", "110: from all fwmark 0x1 lookup 77", "120: from all iif br-a lookup 77",  # noqa: E501
        "130: not from 10.0.0.0/8 ipproto tcp dport 443 lookup 77", "140: from 172.17.0.2 blackhole",
        "150: from all to 8.8.8.0/24 lookup main suppress_prefixlength 0", "160: from all uidrange 0-100 lookup 77",  # noqa: E501
    )  # fmt: skip
    lines = ["0: from all lookup local", *draw.sample(extra, draw.randrange(1, 4))]
    return "\n".join((*lines, "32766: from all lookup main", "32767: from all lookup default"))


def _sockets(draw: Random) -> tuple[Socket, ...] | None:
    if draw.random() < 0.4:
        return None
    found = []
    for _ in range(draw.randrange(6)):
        address = draw.choice((None, Address(4, 0), Address.parse(draw.choice(ADDRESSES)), Address(6, 0)))
        proto, state = draw.choice((("tcp", "LISTEN"), ("udp", "UNCONN")))
        found.append(Socket(proto, state, address, draw.choice(PORTS)))
    return tuple(found)


def _ipsets(draw: Random) -> tuple[IpSet, ...] | None:
    if draw.random() < 0.2:
        return None
    nets = tuple((_prefix(draw), ()) for _ in range(3))
    pairs = tuple(
        (f"{draw.choice(ADDRESSES)},{draw.choice(('tcp:80', 'udp:53', 'icmp:8/0', '443'))}", ())
        for _ in range(3)
    )
    faces = tuple((f"{_prefix(draw)},{draw.choice(DEVICES)}", ()) for _ in range(3))
    return (
        IpSet("nets", "hash:net", (("family", "inet"),), nets),
        IpSet("pairs", "hash:ip,port", (("family", "inet"),), pairs),
        IpSet("faces", "hash:net,iface", (("family", "inet"),), faces),
        IpSet("ports", "bitmap:port", (("range", "0-65535"),), tuple((str(port), ()) for port in PORTS[:3])),
    )


# ------------------------------------------------------------------------------------------ rules

_BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}


def _rulesets(draw: Random, router: bool) -> tuple[Ruleset, ...]:
    backends = ("nft", "legacy") if router and draw.random() < 0.15 else ("nft",)
    return tuple(replace(_ruleset(draw, 4, router), backend=backend) for backend in backends)


def _ruleset(draw: Random, family: Family, router: bool) -> Ruleset:
    idiom = random_idiom(draw) if router and draw.random() < 0.5 else {}
    text = "\n".join(
        _table(draw, table, router, idiom.get(table, TableRules()))
        for table in _BUILT_IN
        if router or draw.random() < 0.3
    )
    parsed = iptables_save.parse(text + "\n", "iptables-save.txt", family)
    assert not parsed.unread, parsed.unread
    return parsed.facts[0] if parsed.facts else Ruleset(family, "nft", (), True)


def _table(draw: Random, table: str, router: bool, idiom: TableRules) -> str:
    """A table of random rules behind those of a case."""
    users = ["U1", "U2", "U3"]
    lines = [f"*{table}"]
    for chain in _BUILT_IN[table]:
        policy = "DROP" if table == "filter" and draw.random() < 0.15 else "ACCEPT"
        lines.append(f":{chain} {policy} [0:0]")
    lines += [f":{chain} - [0:0]" for chain in (*users, *idiom.chains)]
    lines += [f"-A {chain} {rule}" for chain, rules in idiom.rules.items() for rule in rules]
    busy = {"nat": 4, "filter": 5, "mangle": 1, "raw": 1}[table] if router else 1
    for chain in _BUILT_IN[table]:
        for _ in range(draw.randrange(busy + 1)):
            lines.append(f"-A {chain} {_rule(draw, table, chain, users)}")
    for at, chain in enumerate(users):
        for _ in range(draw.randrange(busy + 1)):
            lines.append(f"-A {chain} {_rule(draw, table, chain, users[at + 1 :])}")
    return "\n".join((*lines, "COMMIT"))


def _rule(draw: Random, table: str, chain: str, users: list[str]) -> str:
    proto = draw.choice(("", "", "tcp", "tcp", "udp", "icmp"))
    return f"{_matches(draw, chain, proto)} {_target(draw, table, chain, proto, users)}".strip()


def _matches(draw: Random, chain: str, proto: str) -> str:
    words: list[str] = []
    if draw.random() < 0.3:
        words.append(f"{_not(draw)}-s {_prefix(draw)}")
    if draw.random() < 0.4:
        words.append(f"{_not(draw)}-d {_prefix(draw)}")
    if draw.random() < 0.25 and chain not in ("OUTPUT", "POSTROUTING"):
        words.append(f"{_not(draw)}-i {draw.choice(('eth0', 'br-a', 'docker0', 'br-+', 'eth+', 'lo'))}")
    if draw.random() < 0.2 and chain not in ("PREROUTING", "INPUT"):
        words.append(f"{_not(draw)}-o {draw.choice(('eth0', 'br-a', 'docker0', 'br-+', 'eth1', 'lo'))}")
    if proto:
        words.append(f"-p {proto}")
    if proto in ("tcp", "udp") and draw.random() < 0.6:
        port = draw.choice((str(draw.choice(PORTS)), "80:443", "1024:"))
        words.append(f"-m {proto} {_not(draw)}--{draw.choice(('dport', 'dport', 'sport'))} {port}")
    if proto == "tcp" and draw.random() < 0.15:
        words.append("-m multiport --dports 22,80,8080:8081")
    if proto == "icmp" and draw.random() < 0.5:
        words.append("-m icmp --icmp-type " + draw.choice(("8", "0", "3/1", "13")))
    words += draw.sample(_ODD, draw.choice((0, 0, 0, 0, 0, 1)))
    return " ".join(words)


_ODD = (
    "-m conntrack --ctstate RELATED,ESTABLISHED", "-m conntrack --ctstate NEW", "-m conntrack --ctstate INVALID",  # noqa: E501
    "-m conntrack --ctstate DNAT", "-m conntrack --ctorigdst 10.0.0.10", "-m conntrack --ctorigdstport 8080",
    "-m conntrack --ctdir REPLY", "-m conntrack ! --ctstate NEW", "-m addrtype --dst-type LOCAL",
    "-m addrtype ! --dst-type LOCAL", "-m addrtype --src-type UNICAST", "-m addrtype --dst-type LOCAL --limit-iface-in",  # noqa: E501
    "-m mark --mark 0x1/0x1", "-m mark ! --mark 0x2/0x3", "-m connmark --mark 0x1", "-m limit --limit 5/sec",
    "-m statistic --mode random --probability 0.5", "-m iprange --src-range 10.0.0.5-10.0.0.99",
    "-m set --match-set nets src", "-m set --match-set pairs dst,dst", "-m set ! --match-set pairs src,src",
    "-m rpfilter", "-m rpfilter --loose --invert", "-m physdev --physdev-in veth6", "-m physdev --physdev-is-bridged",  # noqa: E501
    "-m mac --mac-source 02:00:00:00:00:01", "-m length --length 0:100", "-m ttl --ttl-lt 64", "-m tos --tos 0x10",  # noqa: E501
    "-m owner --uid-owner 0-1000", "-m u32 --u32 0", "-m dscp --dscp 0x04", "-m pkttype --pkt-type unicast",
    "-m conntrack --ctstate UNTRACKED", "-m conntrack ! --ctstate UNTRACKED",
    "-m conntrack --ctstate RELATED", "-m conntrack --ctstatus CONFIRMED", "-m conntrack --ctstatus NONE",
    "-m conntrack ! --ctproto 17", "-m addrtype --dst-type BROADCAST --limit-iface-in",
    "-m addrtype --dst-type UNICAST", "-m mark --mark 0x5", "-m mac ! --mac-source 02:00:00:00:00:99",
    "-m set --match-set faces src,src", "-m set --match-set ports dst",
)  # fmt: skip


def _target(draw: Random, table: str, chain: str, proto: str, users: list[str]) -> str:
    if users and draw.random() < 0.25:
        return draw.choice(("-j", "-j", "-j", "-g")) + f" {draw.choice(users)}"
    if draw.random() < 0.12:
        return draw.choice(("-j RETURN", "-j LOG", "", "-j RETURN"))
    if table == "nat":
        return _translation(draw, chain, proto)
    if table == "mangle":
        return draw.choice(
            (
                "-j MARK --set-xmark 0x1/0xffffffff",
                "-j MARK --set-xmark 0x2/0x2",
                "-j CONNMARK --save-mark",
                "-j CONNMARK --restore-mark",
                "-j ACCEPT",
                "-j DROP",
                "-j TOS --set-tos 0x10/0x3f",
                "-j TTL --ttl-set 1",
                "-j DSCP --set-dscp 0x04",
                "-j CONNMARK --set-xmark 0x1/0x1",
            )
        )
    if table == "raw":
        return draw.choice(_RAW)
    return draw.choice(
        (
            "-j ACCEPT",
            "-j ACCEPT",
            "-j DROP",
            "-j REJECT --reject-with icmp-port-unreachable",
            "-j NFQUEUE --queue-num 1",
        )
        if draw.random() < 0.1
        else ("-j ACCEPT", "-j ACCEPT", "-j DROP", "-j REJECT --reject-with icmp-host-prohibited")
    )


_RAW = (
    "-j CT --notrack", "-j NOTRACK", "-j ACCEPT", "-j ACCEPT", "-j DROP", "-j CT --zone 5",
    "-j CT --zone-orig 5", "-j CT --zone-reply 5", "-j MARK --set-xmark 0x5/0xffffffff",
    "-j CONNMARK --restore-mark",
)  # fmt: skip


def _translation(draw: Random, chain: str, proto: str) -> str:
    ported = proto in ("tcp", "udp")
    if chain in ("INPUT", "POSTROUTING"):
        port = ":1000-2000" if ported and draw.random() < 0.3 else ""
        return draw.choice(
            ("-j ACCEPT", f"-j SNAT --to-source 10.0.0.10{port}", "-j MASQUERADE")
            if chain == "POSTROUTING"
            else ("-j ACCEPT", f"-j SNAT --to-source 10.0.0.77{port}")
        )
    if chain.startswith("U"):
        return "-j ACCEPT"
    address = draw.choice(
        ("172.18.0.2", "172.18.0.3", "172.17.0.2", "10.9.0.5", "10.0.0.10", "172.18.0.2-172.18.0.3")
    )
    port = draw.choice((":80", ":3306", ":80-81", "")) if ported else ""
    choices = [f"-j DNAT --to-destination {address}{port}"] * 5 + [
        "-j NETMAP --to 172.18.0.0/24",
        "-j ACCEPT",
    ]
    if ported:
        choices += ["-j REDIRECT --to-ports 8080", "-j REDIRECT", "-j DNAT --to-destination :3306"]
    return draw.choice(choices)


def _prefix(draw: Random) -> str:
    address = Address.parse(draw.choice(ADDRESSES))
    length = draw.choice((32, 32, 24, 16, 8))
    return f"{Address(4, address.value >> (32 - length) << (32 - length))}/{length}"


def _not(draw: Random) -> str:
    return "! " if draw.random() < 0.15 else ""
