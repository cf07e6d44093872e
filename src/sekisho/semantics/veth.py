"""Which interfaces of two namespaces are the two ends of one veth pair.

    eth0@if7 of web, index 6   ◄──►   vethA@if6 of the host, index 7

Each shows the other's index. Indexes are counted by namespace, so that two pairs may show the same numbers:
then what shares a subnet belongs together, and where that tells nothing either, nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sekisho.semantics.host import HostCode
from sekisho.values.numbers import integer, is_number

# An interface of a namespace.
End = tuple[str, str]


def veth_pairs(nodes: Mapping[str, HostCode]) -> dict[End, End]:
    """By each end the other, in both directions."""
    by_indexes: dict[tuple[int, int], list[End]] = {}
    for node, host in nodes.items():
        for item in host.facts.interfaces or ():
            number = (item.peer or "").removeprefix("if")
            if item.index is not None and item.peer != number and is_number(number):
                by_indexes.setdefault((item.index, integer(number)), []).append((node, item.name))
    candidates = {
        end: [other for other in by_indexes.get((far, near), ()) if other[0] != end[0]]
        for (near, far), ends in by_indexes.items()
        for end in ends
    }
    one = {end: found for end, others in candidates.items() if (found := _likely(nodes, end, others))}
    return {end: other for end, other in one.items() if one.get(other) == end}


def _likely(nodes: Mapping[str, HostCode], end: End, others: list[End]) -> End | None:
    """The only candidate, or the only one that shares a subnet."""
    if len(others) > 1:
        mine = set(_subnets(nodes, end))
        others = [other for other in others if not mine.isdisjoint(_subnets(nodes, other))]
    return others[0] if len(others) == 1 else None


def _subnets(nodes: Mapping[str, HostCode], end: End) -> Iterator[object]:
    """The subnets of an interface; of a bridge's port those of the bridge."""
    node, name = end
    host = nodes[node]
    master = next((item.master for item in host.facts.interfaces or () if item.name == name), None)
    for addresses in host.addresses.values():
        for item in addresses:
            if item.interface in (name, master) and item.scope != "link":
                yield item.subnet
