"""Whether a stranger gets as far as a published port: what a trap says is open must not be shut elsewhere."""

from __future__ import annotations

from functools import cached_property

from sekisho.answers.trace import Question, trace
from sekisho.errors import UsageError
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import ARRIVED, Doubt, Lean
from sekisho.semantics.world import World
from sekisho.values.address import Address, format_ip


class Outside:
    """Packets from the Internet to the host, followed when first asked. ``leans``: what was taken for granted
    on their way, ``doubts``: why nobody can say how it ends."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.leans: list[Lean] = []
        self.doubts: list[Doubt] = []
        self._known: dict[tuple[Address | None, int, str], bool | None] = {}

    @cached_property
    def _world(self) -> World:
        return World(self._snapshot)

    def arrives(self, host_address: Address | None, port: int, proto: str) -> bool | None:
        """Whether such a packet gets in, by one of the host's IPv4 addresses at least; None where nobody can
        say, because its way is undetermined or cannot be asked."""
        if host_address is not None and (host_address.family == 6 or not host_address.value):
            host_address = None
        key = (host_address, port, proto)
        if key not in self._known:
            self._known[key] = self._ask(host_address, port, proto)
        return self._known[key]

    def _ask(self, host_address: Address | None, port: int, proto: str) -> bool | None:
        called = [format_ip(4, host_address.value)] if host_address is not None else self._addresses()
        unsure = not called
        for address in called:
            try:
                found = trace(self._world, Question("internet", f"{address}:{port}", proto, with_reply=False))
            except UsageError:
                unsure = True
                continue
            self.leans += found.leans_on
            self.doubts += found.open_doubts
            if found.forward.disposition in ARRIVED:
                return True
            unsure |= found.forward.disposition == "undetermined"
        return None if unsure else False

    def _addresses(self) -> list[str]:
        """The host's own addresses, but for its loopback and those on bridges."""
        host = self._world.site.host
        return [
            format_ip(4, item.value)
            for item in host.addresses[4]
            if item.interface not in self._world.site.bridges and item.value >> 24 != 127
        ]
