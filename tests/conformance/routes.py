"""Routes and policy rules of random hosts, as iproute2 prints them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sekisho.model.links import InterfaceAddress
from sekisho.values.address import BITS, Address, Family, Prefix
from tests.conformance.vocabulary import BRIDGES, Vocabulary

# Routes by second addresses' neighbours, on links without an address there, and what only few add: local
# and anycast ones, longer ones inside them, by TOS, with a realm.
_RARE: dict[Family, tuple[str, ...]] = {
    4: (
        "192.0.2.0/24 via 10.0.3.9 dev eth0", "192.0.2.128/25 via 10.0.4.9 dev eth1",
        "100.64.0.0/10 dev eth0 scope link", "100.64.7.0/24 dev eth1 scope link src 10.0.4.5",
        "8.8.8.0/24 via 10.0.3.9 dev eth0 src 10.0.3.5", "172.19.5.0/24 via 172.19.0.2 dev docker0",
        "local 10.77.0.0/24 dev lo table local scope host", "10.77.0.5 via 10.0.2.9 dev eth1",
        "local default dev lo table 100 scope host", "anycast 10.0.2.77 dev eth1 table local scope link",
        "8.8.8.0/24 tos 0x10 via 10.0.2.9 dev eth1", "8.8.8.8 tos 0x08 via 10.0.1.77 dev eth0",
        "198.51.100.0/25 via 10.0.1.1 dev eth0 realm 3", "blackhole 10.0.1.99 table local",
        "broadcast 10.0.2.200 dev eth1 table local scope link", "127.7.0.0/16 dev eth1 scope link",
        "unreachable 10.77.0.128/25", "203.0.113.0/24 via 169.254.7.9 dev eth1",
    ),
    6: (
        "2001:db8:c::/48 via fd00:4::9 dev eth1 metric 1024 pref medium",
        "2001:db8:d::/48 via 2001:db8:1::77 dev eth0 metric 1024 pref medium",
        "2001:db8:e::/48 dev eth0 metric 1024 pref medium",
        "2001:db8:e:8000::/49 dev eth1 metric 1024 pref medium",
        "local fd00:77::/64 dev lo table local metric 1024 pref medium",
        "fd00:77::5 via fd00:2::9 dev eth1 metric 1024 pref medium",
    ),
}  # fmt: skip
# What to ask about where they are.
_RARELY: dict[Family, tuple[str, ...]] = {
    4: ("192.0.2.9", "192.0.2.200", "100.64.1.1", "100.64.7.7", "172.19.5.5", "10.77.0.5", "10.77.0.6",
        "10.77.0.200", "10.0.2.77", "10.0.1.99", "10.0.2.200", "127.7.0.1", "198.51.100.4"),
    6: ("2001:db8:c::1", "2001:db8:d::1", "2001:db8:e::1", "2001:db8:e:8000::1", "fd00:77::5", "fd00:77::6"),
}  # fmt: skip


def rare_destinations(family: Family) -> tuple[str, ...]:
    """Addresses that the rarer routes are about."""
    return _RARELY[family]


def random_routes(
    chance: Random, words: Vocabulary, addresses: tuple[InterfaceAddress, ...], router: bool
) -> str:
    """``ip route show table all``."""
    gateway = words.behind["eth0"][0]
    four = words.family == 4
    metric = "" if four else " metric 1024 pref medium"
    lines = [f"default via {gateway} dev eth0{metric}"]
    usable = "eth1" not in words.bare
    if four and usable and chance.random() < 0.1:
        other = words.behind["eth1"][0]
        lines = [
            f"default\n\tnexthop via {gateway} dev eth0 weight 1\n\tnexthop via {other} dev eth1 weight 1"
        ]
    lines += dict.fromkeys(line for item in addresses for line in _of_address(item, router))
    if words.bare and chance.random() < 0.7:
        lines.append(f"{words.network('eth1')} dev eth1 scope link")
    lines += dict.fromkeys(chance.choices(words.routes, k=chance.randint(0, 3)))
    lines += dict.fromkeys(chance.choices(_RARE[words.family], k=chance.choice((0, 0, 1, 2))))
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
    return "\n".join(line for line in lines if _possible(line, addresses, words)) + "\n"


def _of_address(item: InterfaceAddress, router: bool) -> Iterator[str]:
    """What comes with an address (fib_add_ifaddr, addrconf_prefix_route)."""
    name, own, family = item.interface, item.address, item.family
    host = BITS[family] - item.length
    net = Prefix(family, (item.peer or own).value >> host << host, item.length)
    if family == 6:
        if name == "lo" and own.value == 1:
            yield "local ::1 dev lo table local proto kernel metric 0 pref medium"
            return
        if item.length < 128:
            yield f"{net} dev {name} proto kernel metric 256 pref medium"
        yield f"local {own} dev {name} table local proto kernel metric 0 pref medium"
        if name != "lo":
            yield f"multicast ff00::/8 dev {name} table local proto kernel metric 256 pref medium"
        if router and item.length < 127:
            first = Address(6, net.value)
            yield f"anycast {first} dev {name} table local proto kernel metric 0 pref medium"
        return
    if name == "lo" and own.value >> 24 == 127:
        yield "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1"
    elif (item.length < 32 or item.peer) and "secondary" not in item.flags:
        written = net.address if item.length == 32 else net
        yield f"{written} dev {name} proto kernel scope link src {own}"
    yield f"local {own} dev {name} table local proto kernel scope host src {own}"
    everybody = [] if item.broadcast is None else [item.broadcast]
    everybody += [Address(4, net.last)] if item.length < 31 and "secondary" not in item.flags else []
    for last in dict.fromkeys(everybody):
        yield f"broadcast {last} dev {name} table local proto kernel scope link src {own}"


def _possible(line: str, addresses: tuple[InterfaceAddress, ...], words: Vocabulary) -> bool:
    """Whether the kernel takes the route: its gateway is on a link, its source is the host's."""
    parts = line.split()
    held = {str(item.address) for item in addresses}
    if "src" in parts and parts[parts.index("src") + 1] not in held:
        return False
    if "via" not in parts or "nexthop" in parts:
        return True
    via, dev = parts[parts.index("via") + 1], parts[parts.index("dev") + 1]
    near = Address.parse(via)
    for item in addresses:
        host = BITS[item.family] - item.length
        if item.peer is not None and item.peer == near and item.interface == dev:
            return True
        same = item.address.value >> host == near.value >> host
        if item.peer is None and item.interface == dev and same and str(near) not in held:
            return True
    return dev in words.bare and f"{words.network(dev)} dev {dev} scope link" in line


def random_policy(chance: Random, words: Vocabulary) -> str:
    """``ip rule``; now and then table local is not asked first, or not at all."""
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
    head = chance.choices((0, 150, 32000, None), (88, 5, 5, 2))[0]
    lines = [] if head is None else [(head, "from all lookup local")]
    lines += [(100 + number, chance.choice(choices)) for number in range(chance.choice((0, 0, 1, 2)))]
    if chance.random() < 0.05:
        lines.append((200, "from all goto 32766"))
    lines.append((32766, "from all lookup main"))
    if words.family == 4 and chance.random() < 0.97:
        lines.append((32767, "from all lookup default"))
    return "".join(f"{number}:\t{words_}\n" for number, words_ in sorted(lines, key=lambda each: each[0]))
