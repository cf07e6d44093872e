"""How the kernel's own words for an end are called here: drop reasons, ICMP answers, errno."""

from __future__ import annotations

import errno

from sekisho.semantics.journey import Disposition
from sekisho.values.packet import ACK, ICMP, ICMPV6, RST, SYN, TCP, Packet

# enum skb_drop_reason -> the end of a packet that no rule dropped.
BY_REASON: dict[str, Disposition] = {
    "IP_RPFILTER": "rpfilter",
    "IP_LOCALNET": "martian", "IP_LOCAL_SOURCE": "martian", "IP_INVALID_SOURCE": "martian",
    "IP_INVALID_DEST": "martian", "UNICAST_IN_L2_MULTICAST": "martian",
    "IP_INADDRERRORS": "not_forwarding",
    "IP_INNOROUTES": "no_route", "IP_OUTNOROUTES": "no_route",
    "NEIGH_FAILED": "neighbour_failed", "NEIGH_CREATEFAIL": "neighbour_failed",
    "NEIGH_DEAD": "neighbour_failed", "NEIGH_QUEUEFULL": "neighbour_failed",
    "NETFILTER_DROP": "dropped",
    "NO_SOCKET": "no_socket", "IP_NOPROTO": "no_socket",
    "DEV_READY": "link_down",
}  # fmt: skip

# What a local send returns (connect, sendto) -> the end of the packet.
BY_ERRNO: dict[int, Disposition] = {
    errno.ENETUNREACH: "no_route", errno.EHOSTUNREACH: "unreachable", errno.EACCES: "prohibited",
    errno.EINVAL: "blackhole", errno.EPERM: "dropped", errno.EMSGSIZE: "too_big",
}  # fmt: skip

# The ICMP errors as REJECT's --reject-with spells them, and the others as iptables' -p icmp -h does.
ICMP_ANSWERS: dict[tuple[int, int, int], str] = {
    (ICMP, 3, 0): "icmp-net-unreachable", (ICMP, 3, 1): "icmp-host-unreachable",
    (ICMP, 3, 2): "icmp-proto-unreachable", (ICMP, 3, 3): "icmp-port-unreachable",
    (ICMP, 3, 4): "fragmentation-needed",
    (ICMP, 3, 9): "icmp-net-prohibited", (ICMP, 3, 10): "icmp-host-prohibited",
    (ICMP, 3, 13): "icmp-admin-prohibited", (ICMP, 11, 0): "ttl-zero-during-transit",
    (ICMPV6, 1, 0): "icmp6-no-route", (ICMPV6, 1, 1): "icmp6-adm-prohibited",
    (ICMPV6, 1, 2): "icmp6-beyond-scope", (ICMPV6, 1, 3): "icmp6-addr-unreachable",
    (ICMPV6, 1, 4): "icmp6-port-unreachable",
    (ICMPV6, 1, 5): "icmp6-policy-fail", (ICMPV6, 1, 6): "icmp6-reject-route",
    (ICMPV6, 2, 0): "packet-too-big", (ICMPV6, 3, 0): "ttl-zero-during-transit",
}  # fmt: skip
_OTHER_ICMP = {
    (ICMP, 0): "icmp-echo-reply",
    (ICMP, 14): "icmp-timestamp-reply",
    (ICMPV6, 129): "icmp-echo-reply",
}

# Routes that refuse, by the error that the kernel sends for them.
BY_ICMP: dict[tuple[int, int, int], Disposition] = {
    (ICMP, 3, 0): "no_route", (ICMP, 3, 1): "unreachable", (ICMP, 3, 13): "prohibited",
    (ICMP, 11, 0): "ttl_expired", (ICMPV6, 3, 0): "ttl_expired",
    (ICMP, 3, 4): "too_big", (ICMPV6, 2, 0): "too_big",
    (ICMPV6, 1, 0): "no_route", (ICMPV6, 1, 1): "prohibited", (ICMPV6, 1, 2): "martian",
    (ICMPV6, 1, 3): "unreachable",
}  # fmt: skip


def answer_name(packet: Packet) -> str:
    """What kind of answer a packet is: an ICMP error's name, tcp-reset, tcp-syn-ack..."""
    if packet.icmp_type is not None:
        kind, code = packet.icmp_type, packet.icmp_code or 0
        named = ICMP_ANSWERS.get((packet.proto, kind, code)) or _OTHER_ICMP.get((packet.proto, kind))
        return named or f"icmp-{kind}/{code}"
    if packet.proto == TCP and packet.tcp_flags is not None:
        if packet.tcp_flags & RST:
            return "tcp-reset"
        return "tcp-syn-ack" if packet.tcp_flags & (SYN | ACK) == SYN | ACK else "tcp"
    return "packet"
