"""``docker network ls``: id, name, driver and scope of each network; neither subnets nor bridges.

::

    NETWORK ID     NAME      DRIVER    SCOPE
    3f1c2d4e5a6b   app       bridge    local
"""

from __future__ import annotations

from sekisho.model.docker import ListedNetwork
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.columns import Head, head_of, row_of
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines
from sekisho.values.names import network_name

COLUMNS = frozenset(
    {"NETWORK ID", "NAME", "DRIVER", "SCOPE", "IPV4", "IPV6", "INTERNAL", "CREATED AT", "LABELS"}
)
_NEEDED = frozenset({"NETWORK ID", "NAME", "DRIVER"})


def is_head(line: str) -> bool:
    """Whether the line is the head of such a listing."""
    head = head_of(line, COLUMNS) if line.isupper() and "NETWORK ID" in line else None
    return head is not None and {name for name, _ in head} >= _NEEDED


def parse(text: str, file: str) -> Parsed[ListedNetwork]:
    """Read the rows below the head."""
    facts: list[ListedNetwork] = []
    unread: list[Unread] = []
    head: Head | None = None
    for number, line in numbered_lines(text):
        if is_head(line):
            head = head_of(line, COLUMNS)
            continue
        place = Evidence(file, number, line)
        try:
            if head is None:
                raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
            row = row_of(line, head)
            id_ = row["NETWORK ID"]
            # swarm's ids have other letters than those of this host's networks
            if not id_.isascii() or not id_.isalnum() or not row["DRIVER"] or len(id_) > 64:
                raise Unreadable("columns-moved", id_)
            name = named(network_name, row["NAME"])
        except Unreadable as fault:
            unread.append(fault.at(place))
            continue
        facts.append(ListedNetwork(name, id_, row["DRIVER"], row.get("SCOPE", ""), place))
    return Parsed(tuple(facts), tuple(unread))
