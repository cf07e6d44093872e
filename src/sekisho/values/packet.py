"""A packet as one host sees it: the headers that decide, and nothing else."""

from __future__ import annotations

from sekisho.errors import said
from sekisho.values.address import Address, Family, format_ip
from sekisho.values.numbers import integer, is_number
from sekisho.values.slotted import value

ICMP, IGMP, TCP, UDP, GRE, ESP, AH, ICMPV6, OSPF, VRRP, SCTP, UDPLITE, DCCP = (
    1, 2, 6, 17, 47, 50, 51, 58, 89, 112, 132, 136, 33,
)  # fmt: skip

# /etc/protocols as Debian ships it, for the names that iptables and nft print.
PROTOCOL_NAMES: dict[int, str] = {
    ICMP: "icmp", IGMP: "igmp", 3: "ggp", 4: "ipencap", 5: "st", TCP: "tcp", 8: "egp", 9: "igp",
    12: "pup", UDP: "udp", 20: "hmp", 22: "xns-idp", 27: "rdp", 29: "iso-tp4", DCCP: "dccp",
    36: "xtp", 37: "ddp", 38: "idpr-cmtp", 41: "ipv6", 43: "ipv6-route", 44: "ipv6-frag",
    45: "idrp", 46: "rsvp", GRE: "gre", ESP: "esp", AH: "ah", 57: "skip", ICMPV6: "ipv6-icmp",
    59: "ipv6-nonxt", 60: "ipv6-opts", 73: "rspf", 81: "vmtp", 88: "eigrp", OSPF: "ospf",
    93: "ax.25", 94: "ipip", 97: "etherip", 98: "encap", 103: "pim", 108: "ipcomp", VRRP: "vrrp",
    115: "l2tp", 124: "isis", SCTP: "sctp", 133: "fc", 135: "mobility-header",
    UDPLITE: "udplite", 137: "mpls-in-ip", 138: "manet", 139: "hip", 140: "shim6", 141: "wesp",
    142: "rohc", 143: "ethernet",
}  # fmt: skip
PROTOCOL_NUMBERS: dict[str, int] = {
    **{name: number for number, name in PROTOCOL_NAMES.items()},
    "icmpv6": ICMPV6, "icmp6": ICMPV6, "mh": 135, "ipv6-mh": 135, "all": 0,
}  # fmt: skip

PORT_PROTOCOLS = frozenset({TCP, UDP, SCTP, UDPLITE, DCCP})

# TCP header flag bits, RFC 9293.
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
TCP_FLAG_BITS: dict[str, int] = {
    "FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK, "URG": URG, "ECE": ECE, "CWR": CWR,
    "ALL": FIN | SYN | RST | PSH | ACK | URG, "NONE": 0,
}  # fmt: skip


def protocol_number(text: str) -> int:
    """``tcp`` or ``6`` as a number; ``all`` is 0. Raises ValueError for an unknown name."""
    if is_number(text) and integer(text) < 256:
        return integer(text)
    try:
        return PROTOCOL_NUMBERS[text.lower()]
    except KeyError:
        raise ValueError(said("unknown protocol: {0!r}", text)) from None


def protocol_name(number: int) -> str:
    """``tcp`` for 6; the number itself where there is no name."""
    return PROTOCOL_NAMES.get(number, str(number))


@value
class Packet:
    """Header fields by value; None means "this packet has none" or "not stated".

    Addresses are unsigned integers of the packet's family. ``iif`` and ``oif`` are interface names
    of the namespace that the packet is in (``iif`` is None for a locally made packet). ``df`` is IPv4's
    "don't fragment" bit.
    """

    family: Family
    src: int
    dst: int
    proto: int
    sport: int | None = None
    dport: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    icmp_id: int | None = None
    tcp_flags: int | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int = 0
    tos: int = 0
    ttl: int = 64
    length: int | None = None
    src_mac: str | None = None
    uid: int | None = None
    gid: int | None = None
    next_hop: Address | None = None
    df: int | None = None

    def __str__(self) -> str:
        src, dst = format_ip(self.family, self.src), format_ip(self.family, self.dst)
        if self.sport is None and self.dport is None:
            return f"{protocol_name(self.proto)} {src} -> {dst}"
        left, right = (f"[{src}]", f"[{dst}]") if self.family == 6 else (src, dst)
        sport = "*" if self.sport is None else self.sport
        dport = "*" if self.dport is None else self.dport
        return f"{protocol_name(self.proto)} {left}:{sport} -> {right}:{dport}"
