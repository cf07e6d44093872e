"""The header of one packet as values, and a packet's state made of it."""

from __future__ import annotations

from operator import attrgetter

from sekisho.semantics.fields import HEADER
from sekisho.symbolic.bits import Bits
from sekisho.symbolic.domain import state_of_header
from sekisho.symbolic.one_packet import value_of
from sekisho.symbolic.state import OneState
from sekisho.symbolic.unstated import ANY, Unstated
from sekisho.values.names import mac_number
from sekisho.values.packet import SYN, TCP, Packet
from sekisho.values.slotted import replace

# Fields of which a packet shows the usual value where nobody stated one.
_SHOWN = ("src", "dst", "ttl")
_stated = attrgetter(*HEADER)


def header_of(packet: Packet, unstated: frozenset[str], how: str) -> dict[str, Bits]:
    """The header of a packet that sets out."""
    found: dict[str, int | Unstated | None] = dict(zip(HEADER, _stated(packet), strict=True))
    found["src_mac"] = None if packet.src_mac is None else mac_number(packet.src_mac)
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
    return replace(
        state_of_header(OneState, header, packet.iif, packet.mark), src_mac=header["src_mac"],
        uid=header["uid"], gid=header["gid"], oif=packet.oif, df=packet.df,
    )  # fmt: skip
