"""All packets at once: the reading that walks decision diagrams."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.journey import Doubt
from sekisho.semantics.world import World
from sekisho.symbolic.asked import asks_for
from sekisho.symbolic.bits import Bits
from sekisho.symbolic.flow import Flow
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.reading import Reading
from sekisho.symbolic.solicitation import Solicitations
from sekisho.symbolic.space import Space
from sekisho.symbolic.together import Together
from sekisho.symbolic.walk import Walk
from sekisho.values.address import Family


class SymbolicWalk(Walk):
    """Walks sets of packets. Worlds that are to be compared share a ``space``."""

    space: Space
    guards: Guards
    flow: Flow

    def __init__(
        self,
        world: World,
        family: Family,
        extra: Iterable[Attachment] = (),
        space: Space | None = None,
    ) -> None:
        space = space or Space(family)
        guards = Guards(space)
        self.together = Together(space)
        reading = Reading(space, guards, Flow(guards), Solicitations(guards), self.together)
        super().__init__(world, reading, extra)

    @cached_property
    def answer_ttl(self) -> Bits:
        """With which TTL an answer sets out nobody states; any will do where no rule asks."""
        programs = (node.programs[self.family] for node in self.world.nodes.values())
        if not any(asks_for(each, "ttl") for each in programs):
            return self.space.constant(64, 8)
        return self.space.open_number("ttl of answers", 8, (Doubt("field-not-stated", ("ttl",)),))
