"""Names of ICMP and ICMPv6 types as iptables writes them (iptables -p icmp -h)."""

from __future__ import annotations

from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number

Codes = tuple[int, int]
_ALL: Codes = (0, 255)

# name -> (type, codes); a name of a type alone stands for every code.
_ICMP: dict[str, tuple[int, Codes]] = {
    "echo-reply": (0, _ALL), "pong": (0, _ALL), "destination-unreachable": (3, _ALL),
    "network-unreachable": (3, (0, 0)), "host-unreachable": (3, (1, 1)),
    "protocol-unreachable": (3, (2, 2)), "port-unreachable": (3, (3, 3)),
    "fragmentation-needed": (3, (4, 4)), "source-route-failed": (3, (5, 5)),
    "network-unknown": (3, (6, 6)), "host-unknown": (3, (7, 7)), "network-prohibited": (3, (9, 9)),
    "host-prohibited": (3, (10, 10)), "TOS-network-unreachable": (3, (11, 11)),
    "TOS-host-unreachable": (3, (12, 12)), "communication-prohibited": (3, (13, 13)),
    "host-precedence-violation": (3, (14, 14)), "precedence-cutoff": (3, (15, 15)),
    "source-quench": (4, _ALL), "redirect": (5, _ALL), "network-redirect": (5, (0, 0)),
    "host-redirect": (5, (1, 1)), "TOS-network-redirect": (5, (2, 2)), "TOS-host-redirect": (5, (3, 3)),
    "echo-request": (8, _ALL), "ping": (8, _ALL), "router-advertisement": (9, _ALL),
    "router-solicitation": (10, _ALL), "time-exceeded": (11, _ALL), "ttl-exceeded": (11, _ALL),
    "ttl-zero-during-transit": (11, (0, 0)), "ttl-zero-during-reassembly": (11, (1, 1)),
    "parameter-problem": (12, _ALL), "ip-header-bad": (12, (0, 0)),
    "required-option-missing": (12, (1, 1)), "timestamp-request": (13, _ALL),
    "timestamp-reply": (14, _ALL), "address-mask-request": (17, _ALL), "address-mask-reply": (18, _ALL),
}  # fmt: skip
_ICMPV6: dict[str, tuple[int, Codes]] = {
    "destination-unreachable": (1, _ALL), "no-route": (1, (0, 0)),
    "communication-prohibited": (1, (1, 1)), "beyond-scope": (1, (2, 2)),
    "address-unreachable": (1, (3, 3)), "port-unreachable": (1, (4, 4)),
    "failed-policy": (1, (5, 5)), "reject-route": (1, (6, 6)), "packet-too-big": (2, _ALL),
    "time-exceeded": (3, _ALL), "ttl-exceeded": (3, _ALL), "ttl-zero-during-transit": (3, (0, 0)),
    "ttl-zero-during-reassembly": (3, (1, 1)), "parameter-problem": (4, _ALL), "bad-header": (4, (0, 0)),
    "unknown-header-type": (4, (1, 1)), "unknown-option": (4, (2, 2)), "echo-request": (128, _ALL),
    "ping": (128, _ALL), "echo-reply": (129, _ALL), "pong": (129, _ALL),
    "mld-listener-query": (130, _ALL), "mld-listener-report": (131, _ALL),
    "mld-listener-done": (132, _ALL), "mld-listener-reduction": (132, _ALL),
    "router-solicitation": (133, _ALL), "router-advertisement": (134, _ALL),
    "neighbour-solicitation": (135, _ALL), "neighbor-solicitation": (135, _ALL),
    "neighbour-advertisement": (136, _ALL), "neighbor-advertisement": (136, _ALL), "redirect": (137, _ALL),
}  # fmt: skip


def icmp_names(family: Family) -> frozenset[str]:
    """The names of ICMP types that iptables knows."""
    return frozenset(_ICMP if family == 4 else _ICMPV6)


def icmp_type_code(text: str, family: Family) -> tuple[int | None, Codes | None]:
    """``8``, ``3/1``, ``echo-request`` or ``any`` as (type, code range).

    Type None stands for every type, code None for every code. Raises ValueError for another word.
    """
    text = text.lower()
    if text in ("any", "255") and family == 4:
        return None, None
    if text == "any":
        return None, None
    if is_number(text[:1]):
        kind, slash, code = text.partition("/")
        if not slash:
            return integer(kind), None
        first, dash, last = code.partition("-")
        return integer(kind), (integer(first), integer(last if dash else first))
    names = _ICMP if family == 4 else _ICMPV6
    if text not in names:
        raise ValueError(f"unknown ICMP type {text}")
    kind_number, codes = names[text]
    return kind_number, None if codes == _ALL else codes
