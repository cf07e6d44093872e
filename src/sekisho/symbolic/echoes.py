"""ICMP queries and their answers (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c)."""

from sekisho.values.packet import ICMP, ICMPV6

ANSWERS: dict[int, dict[int, int]] = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129, 139: 140}}


def query_of(proto: int, answer: int | None) -> int | None:
    """The type of the query that an ICMP type is the answer to; None: it is none."""
    return next((query for query, kind in ANSWERS.get(proto, {}).items() if kind == answer), None)
