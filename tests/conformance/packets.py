"""Random packets aimed at the edges of what hosts of the vocabulary mention."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from sekisho.values.address import Address, Prefix
from sekisho.values.packet import (
    ACK,
    CWR,
    DCCP,
    ECE,
    FIN,
    ICMP,
    ICMPV6,
    PSH,
    RST,
    SCTP,
    SYN,
    TCP,
    UDP,
    URG,
    Packet,
)
from tests.conformance.routes import rare_destinations
from tests.conformance.vocabulary import BRIDGES, INTERFACES, PORTS, Vocabulary

ROUTER_MAC = "02:52:00:00:00:01"
HEADER = {4: 20, 6: 40}
TRANSPORT = {TCP: 20, UDP: 8, ICMP: 8, ICMPV6: 8, SCTP: 32, DCCP: 24}


# None, a scan's, and such as connection tracking takes or refuses.
ODD_FLAGS = (0, FIN, SYN | FIN, SYN | RST, PSH | ACK, URG | ACK, FIN | PSH | URG, RST | ACK, SYN | URG,
             SYN | ECE | CWR, 63, FIN | RST, SYN | ACK | URG, PSH)  # fmt: skip
STRANGE_SOURCES = {
    4: ("127.0.0.1", "127.1.2.3", "0.0.0.0", "255.255.255.255", "224.0.0.5", "240.0.0.1", "10.0.1.255",
        "172.18.255.255", "169.254.1.1", "0.1.2.3"),
    6: ("::1", "::", "ff02::1", "fe80::1", "::ffff:10.0.0.1", "fd00:1::ffff"),
}  # fmt: skip
STRANGE_DESTINATIONS = {
    4: ("127.0.0.1", "127.9.9.9", "0.0.0.0", "255.255.255.255", "240.0.0.1", "172.17.255.255", "10.0.2.255",
        "169.254.1.1", "10.0.1.0", "172.18.0.0"),
    6: ("::1", "fe80::1", "fd00:1::", "::ffff:10.0.0.1", "fd00:18::ffff", "2001:db8::1"),
}  # fmt: skip


def random_packet(chance: Random, words: Vocabulary) -> Packet:
    """A first packet, one in eight with something unusual."""
    packet = _usual(chance, words)
    return _rarer(chance, words, packet) if chance.random() < 0.125 else packet


def _usual(chance: Random, words: Vocabulary) -> Packet:
    """A first packet; ``length`` is what the oracle's packets of that kind have."""
    echo = ICMP if words.family == 4 else ICMPV6
    local = chance.random() < 0.2
    proto = chance.choice(
        (TCP, TCP, UDP, UDP, echo) if local else (TCP, TCP, TCP, UDP, UDP, echo, SCTP, TCP, UDP, DCCP)
    )
    iif = None if local else chance.choice(INTERFACES)
    src = _source(chance, words, iif)
    dst = _destination(chance, words, iif, src)
    more: dict[str, Any] = {}
    if proto == echo:
        kinds = (8, 8, 8, 0) if words.family == 4 else (128, 128, 128, 129)
        more = {"icmp_type": chance.choice(kinds), "icmp_code": 0, "icmp_id": chance.randint(1, 60000)}
        if local:
            more["icmp_type"] = kinds[0]
    else:
        sport, dport = chance.choice((chance.randint(1024, 60999), 1000, 2001)), chance.choice(PORTS)
        while local and sport in (*words.busy, dport):  # TCP would connect to itself
            sport = chance.randint(1024, 60999)
        more = {"sport": sport, "dport": dport}
    if proto == TCP:
        more["tcp_flags"] = SYN if local else chance.choice((SYN,) * 8 + (ACK, SYN | ACK, RST, FIN | ACK))
    if local:
        more |= {"uid": 0, "gid": 0}
        if chance.random() < 0.3 and proto != ICMPV6:
            src = 0  # the kernel finds one
    segment = 4 if more.get("tcp_flags", 0) & SYN else 0  # the option that every SYN carries
    mac = None
    if iif is not None:
        mac = ROUTER_MAC
        if iif in BRIDGES:
            slot = [Address.parse(a).value for a in words.behind[iif]].index(src)
            mac = f"02:42:ac:{17 + BRIDGES.index(iif):02x}:00:{2 + slot:02x}"
    return Packet(
        words.family, src, dst, proto, iif=iif, src_mac=mac,
        tos=0 if local and (words.family == 6 or proto == echo) else chance.choice((0, 0, 0, 0x10)),
        ttl=chance.choice((64, 64, 64, 2, 1) if iif not in BRIDGES else (64, 64, 63)),
        length=None if local and proto == TCP else HEADER[words.family] + TRANSPORT[proto] + segment, **more,
    )  # fmt: skip


def _rarer(chance: Random, words: Vocabulary, packet: Packet) -> Packet:
    """The packet with something unusual about it."""
    four = words.family == 4
    if packet.iif is None:
        # What the oracle sends through a raw socket is root's.
        user = chance.choice((0, 33, 1000, 1001)) if packet.proto in (TCP, UDP) else 0
        mark = chance.choice((0, 0, 1, 2, 0x10)) if chance.random() < 0.5 else 0
        return replace(packet, uid=user, gid=user, mark=mark)
    kind = chance.random()
    if kind < 0.25:
        proto = chance.choice((47, 50, 89, 4, 94, 115) if four else (47, 50, 89, 4))
        return replace(
            packet, proto=proto, sport=None, dport=None, icmp_type=None, icmp_code=None, icmp_id=None,
            tcp_flags=None, length=HEADER[words.family] + 8,
        )  # fmt: skip
    if kind < 0.45 and packet.proto == TCP:
        flags = chance.choice(ODD_FLAGS)
        return replace(
            packet, tcp_flags=flags, length=HEADER[words.family] + 20 + (4 if flags & SYN else 0)
        )  # fmt: skip
    if kind < 0.55 and packet.proto in (TCP, UDP):
        return replace(packet, length=(packet.length or 0) + chance.choice((1, 8, 12, 100, 700)))
    if kind < 0.65:
        return replace(packet, tos=chance.choice((0x08, 0x02, 0x03, 0xB8, 0x10, 0x20)))
    if kind < 0.75:
        return replace(packet, ttl=chance.choice((255, 3, 254)))
    if kind < 0.85:
        strange = STRANGE_SOURCES[words.family]
        return replace(packet, src=Address.parse(chance.choice(strange)).value, src_mac=ROUTER_MAC)
    strange = STRANGE_DESTINATIONS[words.family]
    if packet.iif in BRIDGES:  # a frame for everybody goes to the other ports as well
        strange = tuple(text for text in strange if not text.endswith(".255"))
    return replace(packet, dst=Address.parse(chance.choice(strange)).value)


def _source(chance: Random, words: Vocabulary, iif: str | None) -> int:
    if iif is None:
        if words.family == 4 and chance.random() < 0.05:
            return (127 << 24) + 1
        return Address.parse(chance.choice(words.held)).value
    near = [address for address in words.behind[iif] if address not in words.shut]
    if iif in BRIDGES or chance.random() < 0.8:
        return Address.parse(chance.choice(near)).value
    every = [a for name in INTERFACES for a in words.behind[name]]
    return Address.parse(chance.choice((*every, *words.held))).value


def _destination(chance: Random, words: Vocabulary, iif: str | None, src: int) -> int:
    every = [a for name in INTERFACES for a in words.behind[name]]
    every += [*words.held, *words.held]
    if chance.random() < 0.05:
        every = list(rare_destinations(words.family))
    while True:
        dst = Address.parse(chance.choice((*every, *words.beyond))).value
        if words.family == 4 and iif == "eth0" and chance.random() < 0.03:
            dst = Prefix.parse(words.network("eth0")).last
        if dst != src and not (iif is None and dst >> 24 == 127):
            return dst
