"""Header fields of a packet that a question may state besides its ends: as an option and as a flow's field.

--tos 0x10   --ttl 3   --length 1500 --df 1   --tcp-flags syn,ack   --mac 02:42:ac:11:00:02   --uid 33
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sekisho.errors import UsageError, said
from sekisho.values.address import Family
from sekisho.values.names import ethernet_address, mac_number, mac_text
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import ICMP, ICMPV6, SYN, TCP, TCP_FLAG_BITS, Packet

Stated = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field ``name`` of ``Packet`` with so many bits. ``of``: the packets that have it: all, ipv4, tcp,
    icmp, those of a process, or those that come by a wire."""

    name: str
    bits: int
    of: str = "all"

    def is_of(self, proto: int, process: bool, family: Family = 4) -> bool:
        """Whether such a packet has the field."""
        if self.of == "icmp":
            return proto in (ICMP, ICMPV6)
        if self.of in ("tcp", "ipv4"):
            return proto == TCP if self.of == "tcp" else family == 4
        return self.of == "all" or (self.of == "process") is process

    def usual(self, proto: int) -> int | None:
        """What it is where nobody states it; None: left open."""
        if self.name == "icmp_type":
            return 128 if proto == ICMPV6 else 8
        return {"tos": 0, "icmp_code": 0, "icmp_id": 1, "tcp_flags": SYN}.get(self.name)

    def text(self, value: int) -> str:
        """The value as the option takes it."""
        if self.name == "tcp_flags":
            names = [name.lower() for name, bit in _FLAGS.items() if value & bit]
            return ",".join(names) or "none"
        return mac_text(value) if self.name == "src_mac" else str(value)

    def value(self, option: str, given: object) -> int:
        """What an option or a flow says. Raises UsageError for what the field cannot be."""
        found = -1
        try:
            if self.name == "src_mac":
                found = mac_number(ethernet_address(str(given)))
            elif self.name == "tcp_flags" and isinstance(given, str) and not is_number(given[:1]):
                found = sum({TCP_FLAG_BITS[flag] for flag in given.upper().split(",")})
            elif self.name == "df" and isinstance(given, bool):
                found = int(given)
            elif isinstance(given, int | str) and not isinstance(given, bool):
                found = integer(given, 0) if isinstance(given, str) else given
        except (ValueError, KeyError):
            pass
        if not 0 <= found < 1 << self.bits:
            raise UsageError(said("not a value of {0}: {1!r}", option, given))
        return found


_FLAGS = {name: bit for name, bit in TCP_FLAG_BITS.items() if name not in ("ALL", "NONE")}
FIELDS: dict[str, Field] = {
    "tos": Field("tos", 8),
    "ttl": Field("ttl", 8),
    "length": Field("length", 16),
    "df": Field("df", 1, "ipv4"),
    "tcp_flags": Field("tcp_flags", 8, "tcp"),
    "mac": Field("src_mac", 48, "wire"),
    "uid": Field("uid", 32, "process"),
    "gid": Field("gid", 32, "process"),
    "icmp_type": Field("icmp_type", 8, "icmp"),
    "icmp_code": Field("icmp_code", 8, "icmp"),
    "icmp_id": Field("icmp_id", 16, "icmp"),
}


def words_of(stated: Stated) -> list[str]:
    """The options of ``sekisho trace``."""
    return [
        word for name, value in stated for word in (f"--{name.replace('_', '-')}", FIELDS[name].text(value))
    ]


def with_stated(packet: Packet, stated: Sequence[tuple[str, int]], process: bool) -> Packet:
    """The packet with the fields that were stated. Raises UsageError for one that it does not have."""
    for name, value in stated:
        field = FIELDS[name]
        if not field.is_of(packet.proto, process, packet.family):
            raise UsageError(said("{0}: such a packet has none", name))
        if field.name == "src_mac":
            packet = replace(packet, src_mac=mac_text(value))
        else:
            packet = replace(packet, **{field.name: value})  # type: ignore[arg-type]
    return packet
