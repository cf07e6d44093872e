"""What of a journey nobody can say, and why its answer need not be that of the sets."""

from __future__ import annotations

from sekisho.semantics.journey import ARRIVED, Journey
from sekisho.values.packet import PORT_PROTOCOLS


def gave_up(found: Journey) -> bool:
    """Whether trace met more questions than it follows, and none of the ways that it knows arrives: that of
    a packet that goes round asks anew in each turn."""
    ways = found.forward.ways
    return (
        found.works is None
        and bool(ways)
        and not any(way.disposition in (*ARRIVED, "undetermined") for way in ways)
    )


def picks_port(found: Journey) -> bool:
    """Whether nobody knows at which port the packet ends."""
    legs = [found.forward, *(() if found.onward is None else (found.served,))]
    return any(leg.packet.proto in PORT_PROTOCOLS and leg.packet.dport is None for leg in legs)


def is_open(found: Journey) -> bool:
    """Whether questions that nobody can decide lead to different takers, or to a port that nobody knows."""
    legs = [found.forward, *(() if found.onward is None else (found.served,))]
    return picks_port(found) or any(
        len({(way.where, way.packet.oif) for way in leg.ways}) > 1 for leg in legs
    )
