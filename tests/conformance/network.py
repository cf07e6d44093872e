"""The network of a random host beyond its two wires and two bridges: further addresses, who is near, who is
silent, what listens, and how bridges' ports stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from sekisho.model.host import Socket
from sekisho.model.links import BridgeEntry, Interface, InterfaceAddress, Neighbour
from sekisho.values.address import BITS, Address, Family, Prefix, host_prefix
from sekisho.values.names import interface_name as iface
from sekisho.values.names import link_address
from tests.conformance.vocabulary import BRIDGES, INTERFACES, PORTS, Vocabulary

UP = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
NO_CARRIER = ("NO-CARRIER", "BROADCAST", "MULTICAST", "UP")

# (interface, address, scope, neighbours there): a second one of a subnet, other subnets, single ones, one
# with a peer, one that does not reach far.
_MORE: dict[Family, tuple[tuple[str, str, str, tuple[str, ...]], ...]] = {
    4: (
        ("eth0", "10.0.1.24/24", "global", ()),
        ("eth0", "10.0.3.5/24", "global", ("10.0.3.9", "10.0.3.77")),
        ("eth1", "10.0.4.5/24", "global", ("10.0.4.9",)),
        ("docker0", "172.19.0.1/16", "global", ("172.19.0.2",)),
        ("eth1", "198.51.100.44/32", "global", ()),
        ("lo", "203.0.113.50/32", "global", ()),
        ("eth0", "10.0.5.1 peer 10.0.5.2/32", "global", ("10.0.5.2",)),
        ("eth1", "169.254.7.7/16", "link", ("169.254.7.9",)),
    ),
    6: (
        ("eth0", "fd00:1::24/64", "global", ()),
        ("eth0", "2001:db8:1::23/64", "global", ("2001:db8:1::77",)),
        ("eth1", "fd00:4::5/64", "global", ("fd00:4::9",)),
        ("eth1", "2001:db8:2::5/64", "global", ()),
        ("docker0", "fd00:19::1/64", "global", ("fd00:19::2",)),
        ("lo", "fd00:50::1/128", "global", ()),
    ),
}


@dataclass(frozen=True, slots=True)
class Network:
    """``silent`` are neighbours whose port takes no frame; ``words`` the vocabulary with what was added."""

    words: Vocabulary
    interfaces: tuple[Interface, ...]
    addresses: tuple[InterfaceAddress, ...]
    neighbours: tuple[Neighbour, ...]
    entries: tuple[BridgeEntry, ...]
    sockets: tuple[Socket, ...]


def random_network(chance: Random, words: Vocabulary) -> Network:
    """The network of a host of the family."""
    addresses, near = _addresses(chance, words)
    words = _widened(words, addresses, near)
    interfaces, shut = _interfaces(chance, words)
    neighbours, entries = _neighbours(chance, words, addresses)
    silent = tuple(str(item.address) for item in neighbours if shut & {_port_of(words, str(item.address))})
    sockets = _sockets(chance, words)
    words = replace(words, shut=silent, busy=frozenset(item.port for item in sockets))
    return Network(words, interfaces, addresses, neighbours, entries, sockets)


class _Usual(Random):
    """A chance that never takes what is drawn rarely."""

    def random(self) -> float:
        return 0.9


def plain_network(words: Vocabulary) -> Network:
    """The two wires and two bridges, and nothing besides."""
    return random_network(_Usual(0), words)


def link_local(index: int) -> str:
    """The address that the kernel gives an interface of ours (EUI-64 of its MAC address)."""
    return f"fe80::ff:fe00:{index:x}"


def _addresses(
    chance: Random, words: Vocabulary
) -> tuple[tuple[InterfaceAddress, ...], list[tuple[str, tuple[str, ...]]]]:
    """The addresses of every interface in order, and who is near by those that were added."""
    family = words.family
    loopback = ("127.0.0.1", 8) if family == 4 else ("::1", 128)
    found = [InterfaceAddress(iface("lo"), family, Address.parse(loopback[0]), loopback[1], scope="host")]
    added = [each for each in _MORE[family] if chance.random() < 0.15]
    bare = family == 4 and chance.random() < 0.06  # eth1 without any address
    for index, name in enumerate(INTERFACES, 2):
        own = [_address(name, words.addresses[name], "global", chance)]
        more = [_address(name, text, scope, chance) for on, text, scope, _ in added if on == name]
        both = [*more, *own] if chance.random() < 0.3 else [*own, *more]
        found += () if bare and name == "eth1" else _marked(both, chance)
        if family == 6:
            found.append(InterfaceAddress(iface(name), 6, Address.parse(link_local(index)), 64, scope="link"))
    found += [_address(on, text, scope, chance) for on, text, scope, _ in added if on == "lo"]
    kept = {item.interface for item in found}
    return tuple(found), [(on, near) for on, _, _, near in added if on in kept]


def _address(name: str, text: str, scope: str, chance: Random) -> InterfaceAddress:
    own, _, rest = text.partition(" peer ")
    address, _, length = own.partition("/")
    peer = None
    if rest:
        word, _, length = rest.partition("/")
        peer = Address.parse(word)
    found = Address.parse(address)
    if found.family == 6:
        return InterfaceAddress(iface(name), 6, found, int(length), scope=scope)
    kind, last = chance.random(), found.value | (1 << (32 - int(length))) - 1
    usual = Address(4, last - 1 if kind < 0.05 else last)
    brd = None if int(length) > 30 or kind > 0.92 else usual
    return InterfaceAddress(iface(name), 4, found, int(length), brd, peer, scope)


def _marked(addresses: list[InterfaceAddress], chance: Random) -> list[InterfaceAddress]:
    """With what the kernel says of them: secondary (IPv4), deprecated (IPv6)."""
    if addresses and addresses[0].family == 6:
        return [replace(item, flags=("deprecated",)) if chance.random() < 0.1 else item for item in addresses]
    found: list[InterfaceAddress] = []
    subnets: set[tuple[int, int]] = set()
    for item in addresses:
        subnet = (item.address.value >> (32 - item.length), item.length)
        found.append(replace(item, flags=("secondary",)) if subnet in subnets and not item.peer else item)
        subnets.add(subnet)
    primary = [item for item in found if not item.flags]
    return [*primary, *(item for item in found if item.flags)]  # as the kernel lists them


def _widened(
    words: Vocabulary, addresses: tuple[InterfaceAddress, ...], near: list[tuple[str, tuple[str, ...]]]
) -> Vocabulary:
    behind = dict(words.behind)
    for name, who in near:
        if name in behind:
            behind[name] = (*behind[name], *who)
    usual = {words.own(name) for name in INTERFACES} | {"127.0.0.1", "::1"}
    more = tuple(str(a.address) for a in addresses if str(a.address) not in usual and a.scope == "global")
    held = {str(item.address) for item in addresses}
    lost = tuple(name for name in INTERFACES if words.own(name) not in held)
    return replace(words, behind=behind, more=more, bare=lost)


# ------------------------------------------------------------------------------------------------ links


def _interfaces(chance: Random, words: Vocabulary) -> tuple[tuple[Interface, ...], set[str]]:
    """The links, and the ports that take no frame."""
    links = [Interface(iface("lo"), 1, "loopback", ("LOOPBACK", "UP", "LOWER_UP"))]
    option = "nf_call_iptables" if words.family == 4 else "nf_call_ip6tables"
    for index, name in enumerate(INTERFACES, 2):
        kind = "bridge" if name in BRIDGES else "veth"
        own = ((option, "1"),) if kind == "bridge" and chance.random() < 0.1 else ()
        links.append(
            Interface(
                iface(name),
                index,
                kind,
                UP,
                "UP",
                1500,
                link_address(f"02:00:00:00:00:{index:02x}"),
                details=own,
            )
        )
    apart, shut = chance.random() < 0.2, set()
    for at, bridge in enumerate(BRIDGES):
        for slot in range(2):
            port, index = f"v{bridge[:3]}{slot}", 10 + 2 * at + slot
            dead = slot == 1 and chance.random() < 0.04
            shut |= {port} if dead else set()
            flags, state = (NO_CARRIER, "DOWN") if dead else (UP, "UP")
            links.append(
                Interface(iface(port), index, "veth", flags, state, 1500,
                          link_address(f"02:00:00:00:01:{index:02x}"), iface(bridge),
                          hairpin=chance.random() < 0.3, isolated=apart and chance.random() < 0.7)
            )  # fmt: skip
    return tuple(links), shut


def _port_of(words: Vocabulary, address: str) -> str:
    """The port of a bridge's neighbour, "" for others: every second one is behind the second port."""
    for bridge in BRIDGES:
        if address in words.behind[bridge]:
            return f"v{bridge[:3]}{words.behind[bridge].index(address) % 2}"
    return ""


def _neighbours(
    chance: Random, words: Vocabulary, addresses: tuple[InterfaceAddress, ...]
) -> tuple[tuple[Neighbour, ...], tuple[BridgeEntry, ...]]:
    """Who is known by MAC address; some are not, and have to be asked for; some do not answer."""
    neighbours: list[Neighbour] = []
    entries: list[BridgeEntry] = []
    absent = chance.random() < 0.3
    for at, bridge in enumerate(BRIDGES):
        for number, text in enumerate(words.behind[bridge]):
            mac = link_address(f"02:42:ac:{17 + at:02x}:00:{2 + number:02x}")
            if not (absent and chance.random() < 0.3):
                neighbours.append(Neighbour(Address.parse(text), iface(bridge), mac, "PERMANENT"))
                entries.append(BridgeEntry(mac, iface(_port_of(words, text)), iface(bridge)))
    for wire in ("eth0", "eth1"):
        links = [_link(item) for item in addresses if item.interface == wire]
        named = dict.fromkeys((*words.behind[wire], *words.snat, *words.dnat))
        held = {str(item.address) for item in addresses}
        near = [a for a in named if any(link.contains(Address.parse(a)) for link in links) and a not in held]
        for number, text in enumerate(near):
            mac = link_address(f"02:42:{wire[-1]}0:00:00:{number:02x}")
            kind = chance.random() if absent else 1.0
            if kind < 0.1:
                neighbours.append(Neighbour(Address.parse(text), iface(wire), None, "FAILED"))
            elif kind > 0.35:
                neighbours.append(Neighbour(Address.parse(text), iface(wire), mac, "PERMANENT"))
    return tuple(neighbours), tuple(entries)


def _link(item: InterfaceAddress) -> Prefix:
    """Who is on the link of an address."""
    if item.peer is not None:
        return host_prefix(item.peer)
    host = BITS[item.family] - item.length
    return Prefix(item.family, item.address.value >> host << host, item.length)


def _sockets(chance: Random, words: Vocabulary) -> tuple[Socket, ...]:
    """What listens: nothing on half of the hosts."""
    if chance.random() < 0.5:
        return ()
    own = [words.own(name) for name in INTERFACES if name not in words.bare]
    wildcards = ("0.0.0.0", "0.0.0.0", None) if words.family == 4 else ("::", "::", None)
    found: dict[tuple[str, str | None, int], Socket] = {}
    for _ in range(chance.randint(1, 6)):
        proto, state = chance.choice((("tcp", "LISTEN"), ("udp", "UNCONN")))
        where = chance.choice((*wildcards, *own, *words.more))
        port = chance.choice(PORTS)
        address = None if where is None else Address.parse(where)
        found[proto, where, port] = Socket(proto, state, address, port)
    return tuple(found.values())
