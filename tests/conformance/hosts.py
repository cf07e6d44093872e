"""Random hosts as snapshots: two wires, two bridges with two neighbours each, rules, routes, switches."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sekisho.model.links import BridgeEntry, Interface, InterfaceAddress, Neighbour
from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import ip_route, ip_rule, ipset_save, iptables_save, sysctl
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name as iface
from sekisho.values.names import link_address, namespace_name
from tests.conformance.realistic import TOGETHER, combined
from tests.conformance.rules import RuleMaker
from tests.conformance.sets import further_sets
from tests.conformance.vocabulary import BRIDGES, INTERFACES, VOCABULARIES, Vocabulary, sets_text


@dataclass(frozen=True, slots=True)
class Host:
    """A random host: ``kind`` tells how its rules were made; ``texts`` are the files it is made of."""

    seed: int
    kind: str
    family: Family
    snapshot: Snapshot
    texts: tuple[tuple[str, str], ...]

    @property
    def words(self) -> Vocabulary:
        """The vocabulary of its family."""
        return VOCABULARIES[self.family]


def random_host(seed: int) -> Host:
    """The host of a seed: always the same."""
    chance = Random(seed)
    kind = chance.choices(
        ("random", "random legacy", "random both", "programs", "random ipv6"), (40, 10, 8, 20, 22)
    )[0]
    family: Family = 6 if kind == "random ipv6" else 4
    words = VOCABULARIES[family]
    maker = RuleMaker(chance, words)
    texts: list[tuple[str, str]] = []
    six = "6" if family == 6 else ""
    if kind == "programs":
        names = chance.choice(TOGETHER)
        kind = " + ".join(names)
        texts.append(("iptables-save.txt", combined(names, chance)))
    else:
        if kind != "random legacy":
            texts.append((f"ip{six}tables-save.txt", maker.rule_set("nft")))
        if kind in ("random legacy", "random both"):
            texts.append((f"ip{six}tables-legacy-save.txt", maker.rule_set("legacy")))
    switches = _sysctls(chance, family)
    routes = _routes(chance, words)
    if "net.ipv6.conf.all.forwarding = 1" in switches:
        routes += _anycast(words)
    texts.append((f"ip{six}-route.txt", routes))
    texts.append((f"ip{six}-rule.txt", _rules(chance, words)))
    texts.append(("sysctl.txt", switches))
    texts.append(("ipset-save.txt", sets_text(words) + further_sets(words)))
    return Host(seed, kind, family, snapshot_of(tuple(texts), family, chance), tuple(texts))


def snapshot_of(texts: tuple[tuple[str, str], ...], family: Family, chance: Random | None = None) -> Snapshot:
    """The snapshot that the texts and the fixed part of the network make."""
    words = VOCABULARIES[family]
    files = dict(texts)
    six = "6" if family == 6 else ""
    rulesets: list[Ruleset] = []
    for name in (f"ip{six}tables-save.txt", f"ip{six}tables-legacy-save.txt"):
        if name in files:
            parsed = iptables_save.parse(files[name], name, family)
            assert not parsed.unread, parsed.unread
            rulesets += parsed.facts
    routes = ip_route.parse(files[f"ip{six}-route.txt"], f"ip{six}-route.txt", family)
    rules = ip_rule.parse(files[f"ip{six}-rule.txt"], f"ip{six}-rule.txt", family)
    assert not routes.unread, routes.unread
    assert not rules.unread, rules.unread
    hairpin = [bool(chance and chance.random() < 0.3) for _ in range(4)]
    interfaces, neighbours, entries = _links(words, hairpin)
    host = Namespace(
        namespace_name("host"),
        routes=routes.facts,
        route_tables=frozenset({(family, "all")}),
        rules=rules.facts,
        interfaces=interfaces,
        addresses=_addresses(words),
        neighbours=neighbours,
        bridge_entries=entries,
        rulesets=tuple(rulesets),
        ipsets=ipset_save.parse(files["ipset-save.txt"], "ipset-save.txt").facts,
        sysctls=sysctl.parse(files["sysctl.txt"], "sysctl.txt").facts,
        sockets=(),
    )
    return Snapshot("random", host)


def link_local(index: int) -> str:
    """The address that the kernel gives an interface of ours (EUI-64 of its MAC address)."""
    return f"fe80::ff:fe00:{index:x}"


def _links(
    words: Vocabulary, hairpin: list[bool]
) -> tuple[tuple[Interface, ...], tuple[Neighbour, ...], tuple[BridgeEntry, ...]]:
    up = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
    links = [Interface(iface("lo"), 1, "loopback", ("LOOPBACK", "UP", "LOWER_UP"))]
    for index, name in enumerate(INTERFACES, 2):
        kind = "bridge" if name in BRIDGES else "veth"
        links.append(
            Interface(iface(name), index, kind, up, "UP", 1500, link_address(f"02:00:00:00:00:{index:02x}"))
        )
    neighbours: list[Neighbour] = []
    entries: list[BridgeEntry] = []
    for at, bridge in enumerate(BRIDGES):
        for slot, address in enumerate(words.behind[bridge]):
            port, index = f"v{bridge[:3]}{slot}", 10 + 2 * at + slot
            mac = f"02:42:ac:{17 + at:02x}:00:{2 + slot:02x}"
            links.append(
                Interface(iface(port), index, "veth", up, "UP", 1500,
                          link_address(f"02:00:00:00:01:{index:02x}"), iface(bridge),
                          hairpin=hairpin[2 * at + slot])
            )  # fmt: skip
            neighbours.append(
                Neighbour(Address.parse(address), iface(bridge), link_address(mac), "PERMANENT")
            )
            entries.append(BridgeEntry(link_address(mac), iface(port), iface(bridge)))
    for wire in ("eth0", "eth1"):
        network = Prefix.parse(words.network(wire))
        near = [
            a for a in (*words.behind[wire], *words.snat, *words.dnat) if network.contains(Address.parse(a))
        ]
        for number, text in enumerate(dict.fromkeys(near)):
            if text != words.own(wire):
                mac = f"02:42:{wire[-1]}0:00:00:{number:02x}"
                neighbours.append(Neighbour(Address.parse(text), iface(wire), link_address(mac), "PERMANENT"))
    return tuple(links), tuple(neighbours), tuple(entries)


def _addresses(words: Vocabulary) -> tuple[InterfaceAddress, ...]:
    found = []
    if words.family == 4:
        found.append(InterfaceAddress(iface("lo"), 4, Address.parse("127.0.0.1"), 8, scope="host"))
    else:
        found.append(InterfaceAddress(iface("lo"), 6, Address.parse("::1"), 128, scope="host"))
    for index, name in enumerate(INTERFACES, 2):
        length = int(words.addresses[name].partition("/")[2])
        address = Address.parse(words.own(name))
        broadcast = Address(4, Prefix.parse(words.network(name)).last) if words.family == 4 else None
        found.append(InterfaceAddress(iface(name), words.family, address, length, broadcast, scope="global"))
        if words.family == 6:
            own = Address.parse(link_local(index))
            found.append(InterfaceAddress(iface(name), 6, own, 64, scope="link"))
    return tuple(found)


def _routes(chance: Random, words: Vocabulary) -> str:
    gateway = words.behind["eth0"][0]
    four = words.family == 4
    metric = "" if four else " metric 1024 pref medium"
    lines = [f"default via {gateway} dev eth0{metric}"]
    if chance.random() < 0.1:
        other = words.behind["eth1"][0]
        lines = (
            [
                f"default{metric[:12]}\n\tnexthop via {gateway} dev eth0 weight 1\n"
                f"\tnexthop via {other} dev eth1 weight 1"
            ]
            if four
            else lines
        )
    for index, name in enumerate(INTERFACES, 2):
        net, own = words.network(name), words.own(name)
        if four:
            last = Address(4, Prefix.parse(net).last)
            lines.append(f"{net} dev {name} proto kernel scope link src {own}")
            lines.append(f"local {own} dev {name} table local proto kernel scope host src {own}")
            lines.append(f"broadcast {last} dev {name} table local proto kernel scope link src {own}")
        else:
            lines.append(f"{net} dev {name} proto kernel metric 256 pref medium")
            lines.append(f"fe80::/64 dev {name} proto kernel metric 256 pref medium")
            lines.append(f"local {own} dev {name} table local proto kernel metric 0 pref medium")
            lines.append(
                f"local {link_local(index)} dev {name} table local proto kernel metric 0 pref medium"
            )
            lines.append(f"multicast ff00::/8 dev {name} table local proto kernel metric 256 pref medium")
    if four:
        lines.append("local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1")
        lines.append("local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1")
        lines.append("broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1")
    else:
        lines.append("local ::1 dev lo table local proto kernel metric 0 pref medium")
    lines += dict.fromkeys(chance.choices(words.routes, k=chance.randint(0, 3)))
    lines.append(words.elsewhere)
    container = words.network(BRIDGES[1])
    lines += {
        0: [],
        1: [f"{container} dev {BRIDGES[1]} table 101 scope link" if four
            else f"{container} dev {BRIDGES[1]} table 101 metric 1024 pref medium"],
        2: ["throw 8.8.8.0/24 table 100"] if four else [],
        3: ["blackhole default table 101"] if four
           else ["blackhole default dev lo table 101 metric 1024 pref medium"],
    }[chance.randint(0, 3)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _anycast(words: Vocabulary) -> str:
    """The subnets' own addresses, which a router takes (RFC 4291, 2.6.1)."""
    lines = []
    for name in INTERFACES:
        for prefix in (words.network(name), "fe80::/64"):
            address = prefix.partition("/")[0]
            lines.append(f"anycast {address} dev {name} table local proto kernel metric 0 pref medium\n")
    return "".join(lines)


def _rules(chance: Random, words: Vocabulary) -> str:
    container, own = words.network(BRIDGES[1]), words.own("eth1")
    far = words.prefixes[7]
    choices = (
        f"from {own} lookup 100", "from all fwmark 0x1 lookup 100", "from all fwmark 0x2/0x2 lookup 101",
        "from all iif docker0 lookup 101", f"from {container} lookup 100",
        "not from all fwmark 0x1 lookup 101", f"from all to {far} lookup 100", "from all iif lo lookup 101",
        "from all ipproto udp lookup 100", "from all lookup main suppress_prefixlength 0",
        "from all fwmark 0x1 blackhole", "from all fwmark 0x2 unreachable",
        f"from {words.network('docker0')} prohibit", "from all tos 0x10 lookup 100",
        "from all uidrange 1000-2000 lookup 100", "from all sport 1000-2000 lookup 100",
    )  # fmt: skip
    lines = ["0:\tfrom all lookup local"]
    for number in range(chance.choice((0, 0, 1, 2))):
        lines.append(f"{100 + number}:\t{chance.choice(choices)}")
    if chance.random() < 0.05:
        lines.append("200:\tfrom all goto 32766")
    lines.append("32766:\tfrom all lookup main")
    if words.family == 4:
        lines.append("32767:\tfrom all lookup default")
    return "\n".join(lines) + "\n"


def _sysctls(chance: Random, family: Family) -> str:
    on = chance.random() < 0.9
    values = {"net.bridge.bridge-nf-call-iptables": chance.choice("01")}
    values["net.bridge.bridge-nf-call-ip6tables"] = chance.choice("01")
    if family == 6:
        values["net.ipv6.conf.all.forwarding"] = "1" if on else "0"
        return "".join(f"{key} = {value}\n" for key, value in values.items())
    values["net.ipv4.ip_forward"] = "1" if on else "0"
    for key, odds in (("rp_filter", "0001"), ("accept_local", "0001"), ("route_localnet", "0001")):
        values[f"net.ipv4.conf.all.{key}"] = chance.choice(odds)
    values["net.ipv4.conf.all.src_valid_mark"] = "0"
    values["net.ipv4.conf.lo.rp_filter"] = "0"
    for name in INTERFACES:
        conf = f"net.ipv4.conf.{name}"
        values[f"{conf}.rp_filter"] = chance.choice("00012")
        values[f"{conf}.forwarding"] = (
            values["net.ipv4.ip_forward"] if chance.random() < 0.9 else chance.choice("01")
        )
        values[f"{conf}.src_valid_mark"] = chance.choice("0001")
        values[f"{conf}.route_localnet"] = chance.choice("0001")
        values[f"{conf}.accept_local"] = chance.choice("0000001")
    return "".join(f"{key} = {value}\n" for key, value in values.items())
