"""What a reading of a program brings along for a walk: of many packets (``all_packets``) or of one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sekisho.semantics.control import Passed
from sekisho.semantics.fields import Field
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import ChainCode, Guard, Guarded, ReversePath, Station
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.state import Front, Name, State
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.slotted import value


@value
class Cond:
    """``yes`` are the packets that fit, ``maybe`` (a superset) those of which it cannot be excluded; they are
    one object where everything is decided."""

    yes: Set
    maybe: Set


ReverseLookup: TypeAlias = Callable[[State, ReversePath], Cond]
# The packets of one state that a decision took.
Decided: TypeAlias = tuple[Passed, State, Set]


@value
class Within(Passed):
    """A translating line of a run: the packets that reach it are those of ``within`` that its set takes.

    Long runs of such lines are not intersected one by one with all that comes to them.
    """

    within: Set | None = None


class Asking(Protocol):
    """Which packets fit a guard. ``ported``, ``icmp`` and ``tcp`` are those of such protocols; ``reverse``
    looks the way back up, ``back_unknown`` is why some of what it was asked for is open."""

    ported: Set
    icmp: Set
    tcp: Set
    reverse: ReverseLookup | None
    back_unknown: dict[Doubt, None]

    @property
    def space(self) -> Domain:
        """What the packets are."""

    def holds(self, guard: Guard, state: State) -> Cond:
        """Which packets fit."""

    def field_in(self, name: Field, values: IntSet, state: State) -> Set:
        """The packets that have the field, with a value in the set."""

    def named(self, name: Name, wanted: str | None) -> Set:
        """The packets of which the name is the wanted one."""


class Running(Protocol):
    """Runs chains; ``leans`` is what lines that any packet passed took for granted."""

    leans: dict[Lean, None]

    def run(
        self,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: Hashable,
        asked: list[Set] | None = None,
        station: Station | None = None,
    ) -> list[Decided]:
        """Walk a base chain (of a ``station``). Every packet ends in one of the results, its action never a
        jump or return.

        ``key`` tells this passage from others of the same packets, so that open questions are asked anew.
        With ``asked``, packets for which a guard cannot be decided are noted there and taken not to fit.
        """

    def takers(self, chain: ChainCode, state: State, some: Set) -> Iterator[tuple[Guarded | None, Set]]:
        """The packets by the line of a chain without calls that fits them first; None: no line does."""


class Seeking(Protocol):
    """Which packets do not find their IPv6 neighbour, because a namespace's own rules keep them from it."""

    def refused(
        self, host: HostCode, interface: str, next_hop: Address | Bits, state: State, some: Set,
        neighbours: Callable[[], IntSet],
    ) -> Set:  # fmt: skip
        """``neighbours``: the addresses of who is known to be there."""


class Sharing(Protocol):
    """Puts packets together that may go together."""

    def shared(self, front: Front) -> Front:
        """The front with packets together that only differ in the link by which they are to be handed to
        their own destination."""


@dataclass(frozen=True, slots=True)
class Reading:
    """See the module's text."""

    space: Domain
    guards: Asking
    flow: Running
    sought: Seeking
    together: Sharing | None = None
