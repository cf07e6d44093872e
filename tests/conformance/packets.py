"""Random packets aimed at the edges of what hosts of the vocabulary mention."""

from __future__ import annotations

from random import Random
from typing import Any

from sekisho.values.address import Address, Prefix
from sekisho.values.packet import ACK, DCCP, FIN, ICMP, ICMPV6, RST, SCTP, SYN, TCP, UDP, Packet
from tests.conformance.vocabulary import BRIDGES, INTERFACES, PORTS, Vocabulary

ROUTER_MAC = "02:52:00:00:00:01"
HEADER = {4: 20, 6: 40}
TRANSPORT = {TCP: 20, UDP: 8, ICMP: 8, ICMPV6: 8, SCTP: 32, DCCP: 24}


def random_packet(chance: Random, words: Vocabulary) -> Packet:
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
        more = {
            "sport": chance.choice((chance.randint(1024, 60999), 1000, 2001)),
            "dport": chance.choice(PORTS),
        }
    if proto == TCP:
        more["tcp_flags"] = SYN if local else chance.choice((SYN,) * 8 + (ACK, SYN | ACK, RST, FIN | ACK))
    if local:
        more |= {"uid": 0, "gid": 0}
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


def _source(chance: Random, words: Vocabulary, iif: str | None) -> int:
    if iif is None:
        return Address.parse(words.own(chance.choice(INTERFACES))).value
    if iif in BRIDGES or chance.random() < 0.8:
        return Address.parse(chance.choice(words.behind[iif])).value
    every = [a for name in INTERFACES for a in (*words.behind[name], words.own(name))]
    return Address.parse(chance.choice(every)).value


def _destination(chance: Random, words: Vocabulary, iif: str | None, src: int) -> int:
    every = [a for name in INTERFACES for a in (*words.behind[name], words.own(name), words.own(name))]
    while True:
        dst = Address.parse(chance.choice((*every, *words.beyond))).value
        if words.family == 4 and iif == "eth0" and chance.random() < 0.03:
            dst = Prefix.parse(words.network("eth0")).last
        if dst != src and not (iif is None and dst >> 24 == 127):
            return dst
