"""From which source ports and addresses only, where not every caller of a kind gets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.answers.places import Origin, Reading
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows
from sekisho.values.address import Address
from sekisho.values.intset import EMPTY, IntSet

# What a client's socket has where nobody chose: Linux's net.ipv4.ip_local_port_range.
EPHEMERAL = IntSet.span(32768, 60999)


@dataclass(frozen=True, slots=True)
class Limits:
    """``sports``: the source ports that get through, where clients' ordinary ones do not all; ``sources``:
    the addresses that do, where not all of the kind do. None: not limited."""

    sports: IntSet | None = None
    sources: IntSet | None = None

    def __bool__(self) -> bool:
        return self.sports is not None or self.sources is not None


NO_LIMITS = Limits()


def usual_source(origin: Origin, family: int) -> int | None:
    """The address that stands for a caller outside, where it is one of the origin's."""
    texts = ("203.0.113.9", "10.0.1.1") if family == 4 else ("2001:db8:ffff::9",)
    values = (Address.parse(text).value for text in texts)
    return next((value for value in values if value in origin.addresses), None)


def limits(reading: Reading, ways: Sequence[tuple[Origin, Flows, Set]], ported: bool, usual: bool) -> Limits:
    """What all the packets that get through have in common. ``usual``: an everyday source address is among
    them, so that those are not looked at; processes choose theirs."""
    space = reading.space
    sports: IntSet | None = EMPTY if ported else None
    sources: IntSet | None = None if usual else EMPTY
    every = EMPTY
    for origin, flow, some in ways:
        if sports is not None:
            # Nearly no flow does as a whole: then no part of it does.
            limited = reading.depends_on(flow.some, "sport") and reading.depends_on(some, "sport")
            sports = sports | space.values(some, space.field["sport"]) if limited else None
        outside = origin.kind in ("internet", "vpc", "address")
        if sources is not None:
            every |= origin.addresses
            sources = sources | space.values(some, space.field["src"]) if outside else None
    if sports is not None and not EPHEMERAL.minus(sports, 16):
        sports = None
    if sources is not None and not every.minus(sources, space.width("src")):
        sources = None
    return Limits(sports, sources) if sports is not None or sources is not None else NO_LIMITS
