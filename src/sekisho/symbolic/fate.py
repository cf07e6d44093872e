"""How sets of packets end."""

from __future__ import annotations

from sekisho.semantics.attachment import Link
from sekisho.semantics.journey import Disposition, Doubt, Hook
from sekisho.semantics.program import ChainCode, Guarded
from sekisho.values.slotted import value


@value
class Fate:
    """How packets end, and the line that decides it (``line`` None: a policy or no line at all).

    ``where`` is the namespace that takes them; with ``bridge`` (one of ``node``'s), what hangs there at the
    state's next hop.
    The line of packets delivered to a socket is given where the socket is docker-proxy's.
    """

    disposition: Disposition
    node: str
    where: str = ""
    bridge: str = ""
    answer: str | None = None
    kernel_reason: str | None = None
    doubts: tuple[Doubt, ...] = ()
    hook: Hook | None = None
    table: str = ""
    chain: ChainCode | None = None
    line: Guarded | None = None
    backend: str = ""

    @property
    def link(self) -> Link:
        """The bridge on which somebody takes them."""
        return Link(self.node, self.bridge)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells two ends apart; lines and chains are compared as objects."""
        return (self.disposition, self.node, self.where, self.bridge, self.answer, self.kernel_reason,
                self.doubts, self.hook, self.table, id(self.chain), id(self.line), self.backend)  # fmt: skip
