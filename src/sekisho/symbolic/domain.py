"""What a walk asks of its packets: many at once (``space``), or one (``one_packet``).

    a set      which packets: `&`, `|`, `~`, and whether there are any       diagrams    all or nothing
    a value    a header field, which the walk hands on and never looks into  Bits        a number

Questions that nobody can decide are ``choice``s: a set of its own for each, so that all answers are followed
at once, or the answer that the run's script has. What happens on the way is told (``note``, ``lean``,
``hop``) where one packet walks; sets tell no story.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sekisho.semantics.fields import Field, width
from sekisho.semantics.journey import Doubt, Lean, Step
from sekisho.symbolic.bits import Bits, ByOrigin, Cases, Ends, Set
from sekisho.symbolic.state import Name, State
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.intset import IntSet

# The destination that a translation gave, beside the original one, where one set holds packets with many.
TRANSLATED: dict[str, Field] = {"tdst": "dst", "tdport": "dport"}


Kind = TypeVar("Kind", bound=State)


class Domain(ABC):
    """``nothing`` and ``everything`` are the two sets that every domain has, ``field`` the header of the
    packets as they set out, ``nowhere`` the ends of an empty connection, ``state`` what states are.
    ``tells``: whether it is told what happens."""

    tells = False
    state: type[State]
    family: Family
    nothing: Set
    everything: Set
    field: dict[str, Bits]
    nowhere: Ends

    def width(self, name: Field) -> int:
        """A field's number of bits."""
        return width(name, BITS[self.family])

    # ---------------------------------------------------------------------------------- values

    @abstractmethod
    def constant(self, value: int, width: int) -> Bits:
        """A number as a value."""

    @abstractmethod
    def number(self, bits: Bits) -> int | None:
        """The number, where it is known and the same for all packets."""

    @abstractmethod
    def set_bits(self, bits: Bits, mask: int, value: int) -> Bits:
        """``(bits & ~mask) ^ value``."""

    @abstractmethod
    def with_prefix(self, prefix: Prefix, address: Bits) -> Bits:
        """The address with its first bits replaced."""

    @abstractmethod
    def group_mac(self, address: Bits) -> Bits:
        """The MAC address of a frame for a group (RFC 1112, RFC 2464)."""

    @abstractmethod
    def open_number(self, key: object, width: int, doubts: tuple[Doubt, ...]) -> Bits:
        """A number that nobody can foretell; the same key is the same number."""

    @abstractmethod
    def extra(self, name: str, width: int) -> Bits:
        """A field that is not of the original header (a mark, say), of which nothing is known."""

    @abstractmethod
    def hidden(self, within: IntSet, why: Doubt) -> Bits:
        """An address that nobody knows; ``within``: where it lies all the same."""

    @abstractmethod
    def is_open(self, bits: Bits) -> bool:
        """Whether the number is one that nobody can foretell."""

    # ------------------------------------------------------------------------------------ sets

    @abstractmethod
    def member(self, bits: Bits, values: IntSet) -> Set:
        """The packets whose field is in the set, which may have values that the field never has."""

    @abstractmethod
    def masked(self, bits: Bits, mask: int, value: int) -> Set:
        """The packets with ``field & mask == value``."""

    @abstractmethod
    def equal(self, some: Set, one: Bits, other: Bits) -> Set:
        """The packets of ``some`` whose two fields are equal."""

    @abstractmethod
    def union(self, sets: Sequence[Set]) -> Set:
        """What is in any of the sets."""

    @abstractmethod
    def values(self, some: Set, bits: Bits) -> IntSet:
        """Every value that a field takes in the set."""

    @abstractmethod
    def by_origin(self, cases: Cases) -> ByOrigin | str | int | None:
        """A name or number that depends on the packet."""

    # --------------------------------------------------------------------------------- choices

    @abstractmethod
    def choice(self, key: object, doubts: tuple[Doubt, ...]) -> Set:
        """The packets for which a question that nobody can decide is answered with yes; the same key is the
        same question."""

    @abstractmethod
    def pick(self, key: object, doubts: tuple[Doubt, ...], answers: int) -> tuple[Set, ...]:
        """The packets by the answer to a question that has several; they share none."""

    # ----------------------------------------------------------------------------------- story

    def note(self, step: Step) -> None:  # noqa: B027
        """Something happens to the packets."""

    def lean(self, *leans: Lean) -> None:  # noqa: B027
        """Something is taken for granted."""

    def hop(self, node: str, iif: object, oif: object) -> None:  # noqa: B027
        """The packets leave a namespace, or end there."""

    def before_the_search(self) -> None:  # noqa: B027
        """What was noted of an interface's egress comes after a search for the neighbour that failed."""

    def address(self, hop: Address | Bits) -> Address:
        """A next hop that is the same for all packets."""
        value = hop if isinstance(hop, Address) else self.number(hop)
        assert value is not None
        return value if isinstance(value, Address) else Address(self.family, value)

    def said(self, hop: Address | Bits) -> str:
        """A next hop as text."""
        return str(hop)


def at_start(space: Domain, *, iif: Name = None, mark: int = 0) -> State:
    """A packet as it sets out: every field is the original's."""
    return state_of_header(space.state, space.field, iif, mark)


def state_of_header(kind: type[Kind], field: Mapping[str, Bits], iif: Name, mark: int) -> Kind:
    """A state with these fields in its header."""
    return kind(
        Ends(field["src"], field["dst"], field["sport"], field["dport"]),
        field["icmp_type"], field["icmp_code"], field["icmp_id"], field["tcp_flags"], field["tos"],
        field["length"], field["ttl"], field["proto"], iif=iif, mark=mark,
    )  # fmt: skip
