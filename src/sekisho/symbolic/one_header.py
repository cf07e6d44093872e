"""The header of one packet as values, and a packet's state made of it."""

from __future__ import annotations

from sekisho.symbolic.bits import Bits, Ends
from sekisho.symbolic.one_packet import value_of
from sekisho.symbolic.state import OneState
from sekisho.symbolic.unstated import ANY, Unstated
from sekisho.values.names import mac_number
from sekisho.values.packet import SYN, TCP, Packet

# Fields of which a packet shows the usual value where nobody stated one.
_SHOWN = ("src", "dst", "ttl")


def header_of(packet: Packet, unstated: frozenset[str], how: str) -> dict[str, Bits]:
    """The header of a packet that sets out."""
    found: dict[str, int | Unstated | None] = {
        "src": packet.src, "dst": packet.dst, "proto": packet.proto, "icmp_type": packet.icmp_type,
        "icmp_code": packet.icmp_code, "icmp_id": packet.icmp_id, "tos": packet.tos,
        "sport": packet.sport, "dport": packet.dport, "length": packet.length, "uid": packet.uid,
        "gid": packet.gid, "ttl": packet.ttl, "tcp_flags": packet.tcp_flags,
        "src_mac": None if packet.src_mac is None else mac_number(packet.src_mac),
    }  # fmt: skip
    for name in unstated & found.keys():
        found[name] = Unstated(getattr(packet, name)) if name in _SHOWN else ANY
    if how == "process":
        for name in ("uid", "gid"):
            found[name] = ANY if found[name] is None else found[name]
    if packet.proto == TCP and packet.tcp_flags is None:
        found["tcp_flags"] = SYN
    return {name: value_of(number) for name, number in found.items()}


def state_of(packet: Packet, unstated: frozenset[str] = frozenset()) -> OneState:
    """A packet as it comes in, or is made by somebody else than a local process."""
    header = header_of(packet, unstated, "interface")
    return OneState(
        Ends(header["src"], header["dst"], header["sport"], header["dport"]), header["icmp_type"],
        header["icmp_code"], header["icmp_id"], header["tcp_flags"], header["tos"], header["length"],
        header["ttl"], header["proto"], src_mac=header["src_mac"], uid=header["uid"], gid=header["gid"],
        mark=packet.mark, iif=packet.iif, oif=packet.oif, df=packet.df,
    )  # fmt: skip
